"""The generator of a conditional GAN: noise and a class become a picture of a digit."""

from typing import Any

import keras
from keras import ops

from stackgan_k3.models.dcgan.generator import paint_digit, seen_noise


@keras.saving.register_keras_serializable("stackgan_k3")
class ConditionalGenerator(keras.Model):
    """The generator of a DCGAN that also sees the class (Mirza & Osindero, 2014).

    [noise, one-hot class] → the layers of :class:`DCGANGenerator`. Its first dense layer has a
    row of weights for each class: what the class adds to what the noise says.

    Args:
        width: Channels of the last hidden layer.
        num_classes: How many classes there are.
        noise_dim: Size Z of the noise.
        noise: Whether the networks see ``"normal"`` noise, N(0, 1), or ``"uniform"``, U(−1, 1).
        **kwargs: Of ``keras.Model``.

    Inputs (a dict): ``noise`` float32 ``[batch, Z]`` from N(0, 1), whichever noise the layers see, and
    ``label`` int32 ``[batch]``, 0 to ``num_classes − 1``.

    Output (a dict of float32): ``image`` ``[batch, 28, 28, 1]`` in [-1, 1].

    Example:
        >>> ConditionalGenerator().count_params() - 2_330_944 == 10 * 7 * 7 * 4 * 64  # more than DCGAN's
        True
    """

    def __init__(
        self,
        width: int = 64,
        *,
        num_classes: int = 10,
        noise_dim: int = 100,
        noise: str = "normal",
        **kwargs: Any,
    ) -> None:
        label = keras.Input((), name="label", dtype="int32")
        given = keras.Input((noise_dim,), name="noise", dtype="float32")
        asked = ops.one_hot(label, num_classes, dtype="float32")
        image = paint_digit(keras.layers.Concatenate()([seen_noise(given, noise), asked]), width)

        super().__init__(inputs={"label": label, "noise": given}, outputs={"image": image}, **kwargs)
        self.width = width
        self.num_classes = num_classes
        self.noise_dim = noise_dim
        self.noise = noise

    def get_config(self) -> dict[str, Any]:
        return {
            "width": self.width,
            "num_classes": self.num_classes,
            "noise_dim": self.noise_dim,
            "noise": self.noise,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "ConditionalGenerator":
        return cls(**config)
