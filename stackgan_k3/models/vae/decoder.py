"""The decoder of a variational autoencoder: latents become a picture of a digit."""

from typing import Any

import keras


@keras.saving.register_keras_serializable("stackgan_k3")
class VAEDecoder(keras.Model):
    """The generative model p(x|z) (Kingma & Welling, 2014) for 28 px grey pictures.

    ``noise`` → dense to 7 × 7 × width → three 3 × 3 transposed convolutions: 2·width channels
    with stride 2, width with stride 2, 1 with stride 1. After all but the last: ReLU. The last
    gives a logit for each pixel: σ(logit) is its brightness from 0 to 1, the mean of a
    Bernoulli distribution.

    Args:
        width: Channels of the last hidden layer.
        latent_dim: Number Z of latents.
        **kwargs: Of ``keras.Model``.

    Input (a dict of float32): ``noise`` ``[batch, Z]``: the latents z, from N(0, 1) where a new picture
    is drawn.

    Outputs (a dict of float32): ``logits`` ``[batch, 28, 28, 1]``, and ``image`` of the same shape, in
    [-1, 1]: 2·σ(logit) − 1 = tanh(logit / 2).

    Example:
        >>> VAEDecoder().count_params()
        63905
    """

    def __init__(self, width: int = 32, *, latent_dim: int = 16, **kwargs: Any) -> None:
        noise = keras.Input((latent_dim,), name="noise", dtype="float32")
        x = keras.layers.Dense(7 * 7 * width, activation="relu")(noise)
        x = keras.layers.Reshape((7, 7, width))(x)
        for filters in (2 * width, width):  # 14, 28 px
            x = keras.layers.Conv2DTranspose(filters, 3, 2, padding="same", activation="relu")(x)
        x = keras.layers.Conv2DTranspose(1, 3, 1, padding="same")(x)
        logits = keras.layers.Activation("linear", dtype="float32", name="logits")(x)
        image = keras.layers.Activation("tanh", dtype="float32", name="image")(logits * 0.5)

        super().__init__(inputs={"noise": noise}, outputs={"image": image, "logits": logits}, **kwargs)
        self.width = width
        self.latent_dim = latent_dim

    def get_config(self) -> dict[str, Any]:
        return {"width": self.width, "latent_dim": self.latent_dim, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "VAEDecoder":
        return cls(**config)
