"""A variational autoencoder as a model to ``fit()``."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import ops

from stackgan_k3.draws import Draw
from stackgan_k3.errors import UserError
from stackgan_k3.layers.pictures import to_float, to_grey, to_uint8
from stackgan_k3.models.pipeline import Pipeline
from stackgan_k3.models.vae.losses import latent_kl, reconstruction_loss, reparameterize


@keras.saving.register_keras_serializable("stackgan_k3")
class VAE(keras.Model):
    """Auto-encoding variational Bayes (Kingma & Welling, 2014).

    It minimizes ``E[−log p(x|z)] + kl_weight · KL(q(z|x) ‖ N(0, I))`` with one z = μ + σ·ε for
    each picture: the negative evidence lower bound where ``kl_weight`` is 1. Compile it with an
    optimizer alone and `fit` it on dict batches without targets.

    Metrics: ``loss``, and its two terms apart, in nats a picture: ``reconstruction`` and ``kl``.

    Args:
        encoder: A :class:`VAEEncoder`.
        decoder: A :class:`VAEDecoder`.
        kl_weight: At least 0; 1 is the paper's.
        seed: Seed of the noise that a batch does not bring.
        name: Name of the model.
        **kwargs: Of ``keras.Model``.

    Batches are dicts: ``image`` uint8 ``[B, 28, 28, 3]`` or float in [-1, 1], and ``noise`` (ε) float32
    ``[B, Z]``; see :attr:`draws`. Called on one it returns ``image`` (reconstructed, in [-1, 1]), ``logits``,
    ``mean`` and ``log_variance``.

    Raises:
        UserError: If ``kl_weight`` is negative, or the networks disagree on the number of latents.

    Example:
        >>> from stackgan_k3.models.vae.decoder import VAEDecoder
        >>> from stackgan_k3.models.vae.encoder import VAEEncoder
        >>> model = VAE(VAEEncoder(4, latent_dim=2), VAEDecoder(4, latent_dim=2))
        >>> model.compile(keras.optimizers.Adam(1e-3))
        >>> history = model.fit({"image": np.zeros((2, 28, 28, 3), "uint8")}, batch_size=2, verbose=0)
        >>> sorted(history.history)
        ['kl', 'loss', 'reconstruction']
        >>> model.generate(num_images=2, seed=1).shape
        (2, 28, 28, 3)
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        *,
        kl_weight: float = 1.0,
        seed: int = 0,
        name: str = "vae",
        **kwargs: Any,
    ) -> None:
        if kl_weight < 0:
            raise UserError(f"kl_weight is {kl_weight}; it must be at least 0")
        if encoder.latent_dim != decoder.latent_dim:
            raise UserError(
                f"the encoder has {encoder.latent_dim} latents and the decoder {decoder.latent_dim}; build "
                "both with the same latent_dim"
            )
        super().__init__(name=name, **kwargs)
        self.encoder = encoder
        self.decoder = decoder
        self.kl_weight = kl_weight
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed % 2**31)  # the most that every backend takes
        self.reconstruction = keras.metrics.Mean(name="reconstruction")
        self.kl = keras.metrics.Mean(name="kl")
        self.built = True  # both networks are functional and have their weights

    @property
    def draws(self) -> Mapping[str, Draw]:
        """``noise``, the ε of each picture."""
        return self.pipeline.draws

    @property
    def pipeline(self) -> Pipeline:
        """The decoder, which draws new pictures from z out of N(0, I)."""
        return Pipeline([self.decoder])

    def call(self, inputs: dict[str, Any], training: bool | None = None) -> dict[str, Any]:
        """Encodes pictures, draws a z for each, and decodes it; see the class."""
        image = to_grey(to_float(inputs["image"]))
        found = self.encoder({"image": image}, training=training)
        noise = inputs.get("noise")
        if noise is None:
            noise = keras.random.normal(ops.shape(found["mean"]), seed=self.seed_generator)
        latents = reparameterize(found["mean"], found["log_variance"], noise)
        return {**self.decoder({"noise": latents}, training=training), **found}

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Returns the objective of a batch, a float32 scalar; ``y_pred`` is what :meth:`call` returned."""
        reconstruction, kl = self._terms(x, y_pred)
        return sum(self.losses, reconstruction + self.kl_weight * kl)

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Follows the two terms of the objective apart."""
        for metric, value in zip((self.reconstruction, self.kl), self._terms(x, y_pred), strict=True):
            metric.update_state(value)
        return self.get_metrics_result()

    def _terms(self, x: dict[str, Any], y_pred: dict[str, Any]) -> tuple[Any, Any]:
        image = to_grey(to_float(x["image"]))
        kl = latent_kl(y_pred["mean"], y_pred["log_variance"])
        return reconstruction_loss(y_pred["logits"], image), kl

    def encode(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns mean and log-variance of the latents of pictures.

        Args:
            images: uint8 ``[N, 28, 28, 3]`` or float in [-1, 1].

        Returns:
            Two float32 ``[N, Z]``.
        """
        found = self.encoder({"image": to_grey(to_float(images))}, training=False)
        mean, log_variance = (ops.convert_to_numpy(found[name]) for name in ("mean", "log_variance"))
        return mean, log_variance

    def decode(self, latents: np.ndarray) -> np.ndarray:
        """Draws the pictures of latents float32 ``[N, Z]``, as uint8 ``[N, 28, 28, 3]``."""
        drawn = self.pipeline.paint({}, ops.convert_to_tensor(latents.astype(np.float32)))
        pictures: np.ndarray = ops.convert_to_numpy(to_uint8(drawn["image"]))
        return pictures

    def generate(
        self, conditions: None = None, *, num_images: int = 1, seed: int = 0, batch_size: int = 16
    ) -> np.ndarray:
        """Draws new pictures; see :meth:`Pipeline.generate`."""
        return self.pipeline.generate(conditions, num_images=num_images, seed=seed, batch_size=batch_size)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments, the networks serialized."""
        return {
            "encoder": keras.saving.serialize_keras_object(self.encoder),
            "decoder": keras.saving.serialize_keras_object(self.decoder),
            "kl_weight": self.kl_weight,
            "seed": self.seed,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "VAE":
        """Builds a model from what :meth:`get_config` returned."""
        networks = {
            key: keras.saving.deserialize_keras_object(config[key], custom_objects=custom_objects)
            for key in ("encoder", "decoder")
        }
        return cls(**{**config, **networks})
