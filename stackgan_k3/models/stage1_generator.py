"""Stage-I: a caption's embedding and noise become a 64 px sketch."""

from typing import Any

import keras

from stackgan_k3.errors import unknown
from stackgan_k3.layers.blocks import batch_norm, convolution, normal, relu
from stackgan_k3.layers.conditional_batch_norm import normalizer
from stackgan_k3.layers.conditioning import condition_on
from stackgan_k3.layers.kernel_upsampling import upsample
from stackgan_k3.layers.uniform_noise import UniformNoise


@keras.saving.register_keras_serializable("stackgan_k3")
class Stage1Generator(keras.Model):
    """The Stage-I generator of StackGAN (Zhang et al., 2017).

    ``[noise, c]`` → dense to 4 × 4 × 8·width, batch norm, ReLU → four times
    (nearest ×2, 3 × 3 convolution, batch norm, ReLU), halving the channels down
    to width/2 → 3 × 3 to RGB, tanh. The last four arguments change a part each; their
    defaults are the published network.

    Args:
        width: GF of the paper; 192 for COCO, 128 for birds. A multiple of 2.
        embedding_dim: Size T of a caption's embedding.
        conditioning_dim: Size C of the condition drawn near it.
        noise_dim: Size Z of the noise.
        noise: Whether the layers see ``"normal"`` noise, N(0, 1), or ``"uniform"``, U(−1, 1).
        conditioning: How the condition comes from the embedding: ``"augmentation"``, ``"plain"``
            or ``"mixture"``; see :func:`condition_on`.
        normalization: ``"batch"``, or ``"conditional"`` on the condition after every convolution
            (the dense layer, which sees the condition itself, keeps its batch norm).
        upsampling: ``"nearest"``, ``"bilinear"`` or ``"bicubic"``.
        **kwargs: Of ``keras.Model``.

    Inputs (a dict of float32): ``embedding`` ``[batch, T]``, ``noise`` ``[batch, Z]``,
    ``conditioning_noise`` ``[batch, C]`` (not of the plain condition), ``component_noise``
    ``[batch, 3]`` (of the mixture), all noises from N(0, 1).

    Outputs (a dict of float32): ``image`` ``[batch, 64, 64, 3]`` in [-1, 1], and the
    condition's parameters: ``mean`` and ``log_variance`` ``[batch, C]``, or those that
    :func:`condition_on` names for the other two.

    Raises:
        UserError: For a noise, conditioning, normalization or upsampling that there is not.

    Example:
        >>> generator = Stage1Generator(width=8, embedding_dim=32, conditioning_dim=4, noise_dim=6)
        >>> {name: tensor.shape for name, tensor in generator.output.items()}["image"]
        (None, 64, 64, 3)
    """

    def __init__(
        self,
        width: int = 192,
        *,
        embedding_dim: int = 1024,
        conditioning_dim: int = 128,
        noise_dim: int = 100,
        noise: str = "normal",
        conditioning: str = "augmentation",
        normalization: str = "batch",
        upsampling: str = "nearest",
        **kwargs: Any,
    ) -> None:
        if noise not in ("normal", "uniform"):
            raise unknown("noise", noise, ("normal", "uniform"))
        embedding = keras.Input((embedding_dim,), name="embedding", dtype="float32")
        given = keras.Input((noise_dim,), name="noise", dtype="float32")

        c, noises, parameters = condition_on(embedding, conditioning_dim, conditioning)
        norm = normalizer(normalization, c)
        z = UniformNoise()(given) if noise == "uniform" else given
        x = keras.layers.Concatenate()([z, c])  # [batch, Z + C]
        x = keras.layers.Dense(4 * 4 * 8 * width, use_bias=False, kernel_initializer=normal())(x)
        x = relu(batch_norm(x))
        x = keras.layers.Reshape((4, 4, 8 * width))(x)
        for filters in (4 * width, 2 * width, width, width // 2):  # 8, 16, 32, 64 px
            x = relu(norm(upsample(x, filters, upsampling)))
        x = convolution(x, 3, 3)
        image = keras.layers.Activation("tanh", dtype="float32", name="image")(x)

        super().__init__(
            inputs={"embedding": embedding, "noise": given, **noises},
            outputs={"image": image, **parameters},
            **kwargs,
        )
        self.width = width
        self.embedding_dim = embedding_dim
        self.conditioning_dim = conditioning_dim
        self.noise_dim = noise_dim
        self.noise = noise
        self.conditioning = conditioning
        self.normalization = normalization
        self.upsampling = upsampling

    def get_config(self) -> dict[str, Any]:
        return {
            "width": self.width,
            "embedding_dim": self.embedding_dim,
            "conditioning_dim": self.conditioning_dim,
            "noise_dim": self.noise_dim,
            "noise": self.noise,
            "conditioning": self.conditioning,
            "normalization": self.normalization,
            "upsampling": self.upsampling,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "Stage1Generator":
        return cls(**config)
