"""The discriminator of a conditional GAN: is this a real digit of this class?"""

from typing import Any

import keras
from keras import ops

from stackgan_k3.layers.blocks import join_condition
from stackgan_k3.models.dcgan.discriminator import judge_digit


@keras.saving.register_keras_serializable("stackgan_k3")
class ConditionalDiscriminator(keras.Model):
    """The discriminator of a DCGAN that also sees the class (Mirza & Osindero, 2014).

    The one-hot class is repeated over all positions and joined to the picture as further
    channels: → the layers of :class:`DCGANDiscriminator`.

    Args:
        width: Channels of the first convolution.
        num_classes: How many classes there are.
        dropout: Part of the values that are dropped in training.
        **kwargs: Of ``keras.Model``.

    Inputs (a dict): ``image`` float32 ``[batch, 28, 28, 1]`` in [-1, 1], ``label`` int32 ``[batch]``, 0 to
    ``num_classes − 1``, and ``key`` float32 ``[batch]`` in [0, 1), which the dropout draws its masks from.

    Output (a dict of float32): ``logit`` ``[batch, 1]``.

    Example:
        >>> ConditionalDiscriminator().count_params() - 212_865 == 5 * 5 * 10 * 64  # more than DCGAN's
        True
    """

    def __init__(
        self, width: int = 64, *, num_classes: int = 10, dropout: float = 0.3, **kwargs: Any
    ) -> None:
        image = keras.Input((28, 28, 1), name="image", dtype="float32")
        label = keras.Input((), name="label", dtype="int32")
        key = keras.Input((), name="key", dtype="float32")
        asked = ops.one_hot(label, num_classes, dtype="float32")
        logit = judge_digit(join_condition(image, asked), key, width, dropout)

        super().__init__(
            inputs={"image": image, "label": label, "key": key}, outputs={"logit": logit}, **kwargs
        )
        self.width = width
        self.num_classes = num_classes
        self.dropout = dropout

    def get_config(self) -> dict[str, Any]:
        return {
            "width": self.width,
            "num_classes": self.num_classes,
            "dropout": self.dropout,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "ConditionalDiscriminator":
        return cls(**config)
