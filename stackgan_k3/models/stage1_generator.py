"""Stage-I: a caption's embedding and noise become a 64 px sketch."""

from typing import Any

import keras

from stackgan_k3.layers.blocks import batch_norm, convolution, normal, relu
from stackgan_k3.layers.conditioning_augmentation import ConditioningAugmentation
from stackgan_k3.layers.upsample_convolution import UpsampleConvolution


@keras.saving.register_keras_serializable("stackgan_k3")
class Stage1Generator(keras.Model):
    """The Stage-I generator of StackGAN (Zhang et al., 2017).

    ``[noise, c]`` → dense to 4 × 4 × 8·width, batch norm, ReLU → four times
    (nearest ×2, 3 × 3 convolution, batch norm, ReLU), halving the channels down
    to width/2 → 3 × 3 to RGB, tanh.

    Args:
        width: GF of the paper; 192 for COCO, 128 for birds. A multiple of 2.
        embedding_dim: Size T of a caption's embedding.
        conditioning_dim: Size C of the condition drawn near it.
        noise_dim: Size Z of the noise.
        **kwargs: Of ``keras.Model``.

    Inputs (a dict of float32): ``embedding`` ``[batch, T]``, ``noise`` ``[batch, Z]``,
    ``conditioning_noise`` ``[batch, C]``, both noises from N(0, 1).

    Outputs (a dict of float32): ``image`` ``[batch, 64, 64, 3]`` in [-1, 1],
    ``mean`` and ``log_variance`` ``[batch, C]`` of the condition.

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
        **kwargs: Any,
    ) -> None:
        embedding = keras.Input((embedding_dim,), name="embedding", dtype="float32")
        noise = keras.Input((noise_dim,), name="noise", dtype="float32")
        conditioning_noise = keras.Input((conditioning_dim,), name="conditioning_noise", dtype="float32")

        c, mean, log_variance = ConditioningAugmentation(conditioning_dim, name="conditioning")(
            [embedding, conditioning_noise]
        )
        x = keras.layers.Concatenate()([noise, c])  # [batch, Z + C]
        x = keras.layers.Dense(4 * 4 * 8 * width, use_bias=False, kernel_initializer=normal())(x)
        x = relu(batch_norm(x))
        x = keras.layers.Reshape((4, 4, 8 * width))(x)
        for filters in (4 * width, 2 * width, width, width // 2):  # 8, 16, 32, 64 px
            x = relu(batch_norm(UpsampleConvolution(filters)(x)))
        x = convolution(x, 3, 3)
        image = keras.layers.Activation("tanh", dtype="float32", name="image")(x)

        super().__init__(
            inputs={"embedding": embedding, "noise": noise, "conditioning_noise": conditioning_noise},
            outputs={"image": image, "mean": mean, "log_variance": log_variance},
            **kwargs,
        )
        self.width = width
        self.embedding_dim = embedding_dim
        self.conditioning_dim = conditioning_dim
        self.noise_dim = noise_dim

    def get_config(self) -> dict[str, Any]:
        return {
            "width": self.width,
            "embedding_dim": self.embedding_dim,
            "conditioning_dim": self.conditioning_dim,
            "noise_dim": self.noise_dim,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "Stage1Generator":
        return cls(**config)
