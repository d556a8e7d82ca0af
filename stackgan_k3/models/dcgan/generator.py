"""The generator of a DCGAN: noise becomes a picture of a digit."""

from typing import Any

import keras

from stackgan_k3.layers.blocks import batch_norm, leaky_relu, normal
from stackgan_k3.layers.uniform_noise import UniformNoise


@keras.saving.register_keras_serializable("stackgan_k3")
class DCGANGenerator(keras.Model):
    """The generator of a DCGAN (Radford et al., 2016) for 28 px grey pictures.

    ``noise`` → dense to 7 × 7 × 4·width → three 5 × 5 transposed convolutions: 2·width
    channels with stride 1, width with stride 2, 1 with stride 2, tanh. After all but the
    last: batch norm, leaky ReLU. No biases.

    Args:
        width: Channels of the last hidden layer; 64 in the lecture notes.
        noise_dim: Size Z of the noise.
        noise: Whether the networks see ``"normal"`` noise, N(0, 1), or ``"uniform"``, U(−1, 1).
        **kwargs: Of ``keras.Model``.

    Input (a dict of float32): ``noise`` ``[batch, Z]`` from N(0, 1), whichever noise the layers see.

    Output (a dict of float32): ``image`` ``[batch, 28, 28, 1]`` in [-1, 1].

    Example:
        >>> DCGANGenerator().count_params()
        2330944
    """

    def __init__(
        self, width: int = 64, *, noise_dim: int = 100, noise: str = "normal", **kwargs: Any
    ) -> None:
        given = keras.Input((noise_dim,), name="noise", dtype="float32")
        image = paint_digit(seen_noise(given, noise), width)

        super().__init__(inputs={"noise": given}, outputs={"image": image}, **kwargs)
        self.width = width
        self.noise_dim = noise_dim
        self.noise = noise

    def get_config(self) -> dict[str, Any]:
        return {"width": self.width, "noise_dim": self.noise_dim, "noise": self.noise, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "DCGANGenerator":
        return cls(**config)


def seen_noise(given: Any, noise: str) -> Any:
    """Returns what the layers see of the noise N(0, 1): itself (``"normal"``), or U(−1, 1) (``"uniform"``).

    Example:
        >>> given = keras.Input((5,))
        >>> seen_noise(given, "normal") is given
        True
    """
    return UniformNoise()(given) if noise == "uniform" else given


def paint_digit(x: Any, width: int) -> Any:
    """Turns vectors into pictures: the layers of a DCGAN's generator.

    Args:
        x: Float ``[batch, n]``: noise, and what else the picture is to depend on.
        width: Channels of the last hidden layer.

    Returns:
        float32 ``[batch, 28, 28, 1]`` in [-1, 1].

    Example:
        >>> paint_digit(keras.Input((5,)), 4).shape
        (None, 28, 28, 1)
    """
    x = keras.layers.Dense(7 * 7 * 4 * width, use_bias=False, kernel_initializer=normal())(x)
    x = leaky_relu(batch_norm(x))
    x = keras.layers.Reshape((7, 7, 4 * width))(x)
    for filters, strides in ((2 * width, 1), (width, 2)):  # 7, 14 px
        x = leaky_relu(batch_norm(_transposed(x, filters, strides)))
    x = _transposed(x, 1, 2)  # 28 px
    return keras.layers.Activation("tanh", dtype="float32", name="image")(x)


def _transposed(x: Any, filters: int, strides: int) -> Any:
    layer = keras.layers.Conv2DTranspose(
        filters, 5, strides, padding="same", use_bias=False, kernel_initializer=normal()
    )
    return layer(x)
