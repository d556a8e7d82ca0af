"""Variational autoencoder: one phase, ``vae``."""

import keras
import numpy as np

from stackgan_k3.config.vae import VAEConfig
from stackgan_k3.data.records import Records
from stackgan_k3.errors import UserError
from stackgan_k3.layers.pictures import to_float, to_grey
from stackgan_k3.models.pipeline import Pipeline
from stackgan_k3.models.vae.decoder import VAEDecoder
from stackgan_k3.models.vae.encoder import VAEEncoder
from stackgan_k3.models.vae.vae import VAE
from stackgan_k3.training.callbacks.encoding_sampler import EncodingSampler
from stackgan_k3.training.callbacks.sampler import Sampler
from stackgan_k3.training.checkpoints import Checkpoints
from stackgan_k3.training.phase import train_phase
from stackgan_k3.training.run import Run
from stackgan_k3.training.setting_up import halving, open_loader, precision, seed_weights


def networks(config: VAEConfig) -> dict[str, keras.Model]:
    """Builds every network of a configuration with fresh weights, by name.

    Example:
        >>> from stackgan_k3.config import load_preset
        >>> sorted(networks(load_preset("vae-digits")))
        ['decoder', 'encoder']
    """
    vae = config.vae
    return {
        "encoder": VAEEncoder(vae.width, latent_dim=vae.latent_dim),
        "decoder": VAEDecoder(vae.width, latent_dim=vae.latent_dim),
    }


def build(config: VAEConfig) -> VAE:
    """Builds the model of a configuration with fresh weights, not yet compiled."""
    seed_weights(config, "vae")
    with precision(config.precision):
        return VAE(**networks(config), kl_weight=config.vae.kl_weight, seed=config.seed)


def train_vae(run: Run, records: Records, deadline: float | None = None) -> bool:
    """Trains the encoder and the decoder together.

    Args:
        run: The run.
        records: The training split.
        deadline: Time (of ``time.monotonic``) after which to stop.

    Returns:
        Whether the phase is finished.
    """
    model = build(run.config)
    loader = open_loader(run.config, "vae", records, captions=None, draws=model.draws)
    _compile(model, run.config, loader.steps_per_epoch)
    samples = run.folder / "samples"
    return train_phase(
        run,
        "vae",
        model,
        loader,
        run.config.vae.epochs,
        products={"generator": model.decoder, "encoder": model.encoder},
        callbacks=[
            Sampler(samples, "vae", [], None, columns=8, rows=8),
            EncodingSampler(samples, _held_out(records, run.config.picture_size("vae"))),
        ],
        deadline=deadline,
    )


TRAINERS = {"vae": train_vae}


def examples(records: Records) -> list[str]:
    """Returns nothing: the pictures are drawn from noise alone."""
    return []


def pipeline(run: Run) -> Pipeline:
    """Returns the trained decoder.

    Raises:
        UserError: If it has not been trained.
    """
    return Pipeline([run.trained(networks(run.config)["decoder"], "vae", "generator")])


def extras(run: Run) -> dict[str, keras.Model]:
    """Returns what is exported beside the decoder: ``encoder``, from picture bytes to latents.

    Its input is ``image`` uint8 ``[batch, 28, 28, 3]``; its outputs are ``mean`` and
    ``log_variance``, float32 ``[batch, Z]``.

    Raises:
        UserError: If it has not been trained.
    """
    encoder = run.trained(networks(run.config)["encoder"], "vae", "encoder")
    size = run.config.picture_size("vae")
    image = keras.Input((size, size, 3), name="image", dtype="uint8")
    return {"encoder": keras.Model({"image": image}, encoder({"image": to_grey(to_float(image))}))}


def load(run: Run) -> VAE:
    """Returns the model with its weights and optimizer.

    Raises:
        UserError: If it has not been trained.
    """
    pipeline(run)  # says so where nothing has been trained
    model = build(run.config)
    checkpoints = Checkpoints(run.phase("vae") / "checkpoints")
    _compile(model, run.config, checkpoints.steps_per_epoch())
    checkpoints.restore(model)
    return model


def _compile(model: VAE, config: VAEConfig, steps_per_epoch: int) -> None:
    model.compile(
        keras.optimizers.Adam(halving(config.vae.learning_rate, config.vae.halve_every, steps_per_epoch))
    )
    model.optimizer.build(model.trainable_variables)


def _held_out(records: Records, size: int, count: int = 16) -> np.ndarray:
    """Takes pictures, evenly spread, of the test split; of the training split where there is no other."""
    try:
        test = Records(records.folder, "test")
    except UserError:
        test = records
    held_out = test if len(test) > 1 else records
    count = min(count, len(held_out))
    return np.stack([held_out[i * len(held_out) // count].picture(size) for i in range(count)])
