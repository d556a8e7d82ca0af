"""The encoder of a variational autoencoder: which latents may have made this digit?"""

from typing import Any

import keras

from stackgan_k3.layers.conv2d import Conv2D


@keras.saving.register_keras_serializable("stackgan_k3")
class VAEEncoder(keras.Model):
    """The recognition model q(z|x) = N(μ, diag σ²) (Kingma & Welling, 2014) for 28 px grey pictures.

    Two 3 × 3 convolutions of stride 2 (width, 2·width channels) with ReLU, then one dense layer
    to μ and log σ².

    Args:
        width: Channels of the first convolution.
        latent_dim: Number Z of latents.
        **kwargs: Of ``keras.Model``.

    Input (a dict of float32): ``image`` ``[batch, 28, 28, 1]`` in [-1, 1].

    Outputs (a dict of float32): ``mean`` and ``log_variance``, each ``[batch, Z]``.

    Example:
        >>> VAEEncoder().count_params()
        119200
    """

    def __init__(self, width: int = 32, *, latent_dim: int = 16, **kwargs: Any) -> None:
        image = keras.Input((28, 28, 1), name="image", dtype="float32")
        x = image
        for filters in (width, 2 * width):  # 14, 7 px
            x = Conv2D(filters, 3, 2, padding="same", activation="relu")(x)
        x = keras.layers.Dense(2 * latent_dim)(keras.layers.Flatten()(x))
        mean = keras.layers.Activation("linear", dtype="float32", name="mean")(x[:, :latent_dim])
        log_variance = keras.layers.Activation("linear", dtype="float32", name="log_variance")(
            x[:, latent_dim:]
        )

        super().__init__(
            inputs={"image": image}, outputs={"mean": mean, "log_variance": log_variance}, **kwargs
        )
        self.width = width
        self.latent_dim = latent_dim

    def get_config(self) -> dict[str, Any]:
        return {"width": self.width, "latent_dim": self.latent_dim, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "VAEEncoder":
        return cls(**config)
