"""The discriminator of a DCGAN: is this digit real?"""

from typing import Any

import keras

from stackgan_k3.layers.blocks import leaky_relu, normal
from stackgan_k3.layers.conv2d import Conv2D
from stackgan_k3.layers.keyed_dropout import KeyedDropout


@keras.saving.register_keras_serializable("stackgan_k3")
class DCGANDiscriminator(keras.Model):
    """The discriminator of a DCGAN (Radford et al., 2016) for 28 px grey pictures.

    Two 5 × 5 convolutions of stride 2 (width, 2·width channels), each with leaky ReLU and
    dropout, then one dense layer to a logit.

    Args:
        width: Channels of the first convolution; 64 in the lecture notes.
        dropout: Part of the values that are dropped in training.
        **kwargs: Of ``keras.Model``.

    Inputs (a dict of float32): ``image`` ``[batch, 28, 28, 1]`` in [-1, 1] and ``key`` ``[batch]`` in
    [0, 1), which the dropout draws its masks from.

    Output (a dict of float32): ``logit`` ``[batch, 1]``.

    Example:
        >>> DCGANDiscriminator().count_params()
        212865
    """

    def __init__(self, width: int = 64, *, dropout: float = 0.3, **kwargs: Any) -> None:
        image = keras.Input((28, 28, 1), name="image", dtype="float32")
        key = keras.Input((), name="key", dtype="float32")
        logit = judge_digit(image, key, width, dropout)

        super().__init__(inputs={"image": image, "key": key}, outputs={"logit": logit}, **kwargs)
        self.width = width
        self.dropout = dropout

    def get_config(self) -> dict[str, Any]:
        return {"width": self.width, "dropout": self.dropout, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "DCGANDiscriminator":
        return cls(**config)


def judge_digit(x: Any, key: Any, width: int, dropout: float) -> Any:
    """Turns pictures into logits: the layers of a DCGAN's discriminator.

    Args:
        x: Float ``[batch, 28, 28, channels]``: a picture, and what else is judged with it.
        key: float32 ``[batch]`` in [0, 1), for the dropout.
        width: Channels of the first convolution.
        dropout: Part of the values that are dropped in training.

    Returns:
        float32 ``[batch, 1]``.

    Example:
        >>> judge_digit(keras.Input((28, 28, 3)), keras.Input(()), 4, 0.3).shape
        (None, 1)
    """
    for number, filters in enumerate((width, 2 * width)):  # 14, 7 px
        convolution = Conv2D(filters, 5, 2, padding="same", kernel_initializer=normal())
        x = KeyedDropout(dropout, salt=number)([leaky_relu(convolution(x)), key])
    x = keras.layers.Dense(1, kernel_initializer=normal())(keras.layers.Flatten()(x))
    return keras.layers.Activation("linear", dtype="float32", name="logit")(x)
