"""The generator of GAN-CLS: an embedding and noise become a picture."""

import math
from typing import Any

import keras

from stackgan_k3.errors import UserError
from stackgan_k3.layers.blocks import batch_norm, leaky_relu, normal, relu
from stackgan_k3.layers.uniform_noise import UniformNoise


@keras.saving.register_keras_serializable("stackgan_k3")
class GANCLSGenerator(keras.Model):
    """The text-conditioned generator of Reed et al., 2016, for 64, 128 or 256 px.

    ``embedding`` → dense to ``text_dim``, leaky ReLU → joined to the noise → dense to
    4 × 4, batch norm, ReLU → 4 × 4 transposed convolutions of stride 2, each halving
    the channels and followed by batch norm and ReLU, the last one to RGB by tanh. At 64 px the 4 × 4
    features have 8·width channels; each doubling of the picture doubles them.

    Args:
        width: Channels of the last hidden layer; 128 in the published code.
        image_size: 64, 128 or 256, in pixels.
        embedding_dim: Size T of a caption's embedding.
        text_dim: What the embedding is compressed to.
        noise_dim: Size Z of the noise.
        noise: Whether the layers see ``"normal"`` noise, N(0, 1), or ``"uniform"``, U(−1, 1).
        **kwargs: Of ``keras.Model``.

    Inputs (a dict of float32): ``embedding`` ``[batch, T]`` and ``noise`` ``[batch, Z]`` from
    N(0, 1), whichever noise the layers see.

    Output (a dict of float32): ``image`` ``[batch, S, S, 3]`` in [-1, 1].

    Raises:
        UserError: If ``image_size`` is another.

    Example:
        >>> generator = GANCLSGenerator(4, embedding_dim=8, text_dim=4, noise_dim=6)
        >>> generator.output["image"].shape, generator.count_params()
        ((None, 64, 64, 3), 16340)
    """

    def __init__(
        self,
        width: int = 128,
        *,
        image_size: int = 64,
        embedding_dim: int = 1024,
        text_dim: int = 128,
        noise_dim: int = 128,
        noise: str = "normal",
        **kwargs: Any,
    ) -> None:
        if image_size not in (64, 128, 256):
            raise UserError(f"a generator draws pictures of 64, 128 or 256 pixels, not of {image_size}")
        embedding = keras.Input((embedding_dim,), name="embedding", dtype="float32")
        given = keras.Input((noise_dim,), name="noise", dtype="float32")
        z = UniformNoise()(given) if noise == "uniform" else given
        text = leaky_relu(keras.layers.Dense(text_dim, kernel_initializer=normal())(embedding))

        doublings = int(math.log2(image_size // 4))
        channels = width * 2 ** (doublings - 1)
        x = keras.layers.Concatenate()([z, text])  # [batch, Z + text_dim]
        x = keras.layers.Dense(4 * 4 * channels, use_bias=False, kernel_initializer=normal())(x)
        x = keras.layers.Reshape((4, 4, channels))(x)
        # Normalized by channel, as what it is in the published code: a transposed convolution of one pixel.
        x = relu(batch_norm(x))
        for _ in range(doublings - 1):  # 8, 16, 32, … px
            channels //= 2
            x = relu(batch_norm(_doubled(x, channels)))
        image = keras.layers.Activation("tanh", dtype="float32", name="image")(_doubled(x, 3))

        super().__init__(inputs={"embedding": embedding, "noise": given}, outputs={"image": image}, **kwargs)
        self.width = width
        self.image_size = image_size
        self.embedding_dim = embedding_dim
        self.text_dim = text_dim
        self.noise_dim = noise_dim
        self.noise = noise

    def get_config(self) -> dict[str, Any]:
        return {
            "width": self.width,
            "image_size": self.image_size,
            "embedding_dim": self.embedding_dim,
            "text_dim": self.text_dim,
            "noise_dim": self.noise_dim,
            "noise": self.noise,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "GANCLSGenerator":
        return cls(**config)


def _doubled(x: Any, filters: int) -> Any:
    layer = keras.layers.Conv2DTranspose(
        filters, 4, 2, padding="same", use_bias=False, kernel_initializer=normal()
    )
    return layer(x)
