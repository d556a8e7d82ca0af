"""DCGAN: one phase, ``gan``."""

from typing import TypeVar

import keras

from stackgan_k3.config.dcgan import DCGANConfig
from stackgan_k3.data.records import Records
from stackgan_k3.models.dcgan.dcgan import DCGAN
from stackgan_k3.models.dcgan.discriminator import DCGANDiscriminator
from stackgan_k3.models.dcgan.generator import DCGANGenerator
from stackgan_k3.models.pipeline import Pipeline
from stackgan_k3.training.callbacks.sampler import Sampler
from stackgan_k3.training.checkpoints import Checkpoints
from stackgan_k3.training.phase import train_phase
from stackgan_k3.training.run import Run
from stackgan_k3.training.setting_up import (
    adversarial_settings,
    compile_adversarial,
    open_loader,
    precision,
    seed_weights,
)

Model = TypeVar("Model", bound=DCGAN)


def networks(config: DCGANConfig) -> dict[str, keras.Model]:
    """Builds every network of a configuration with fresh weights, by name.

    Example:
        >>> from stackgan_k3.config import load_preset
        >>> sorted(networks(load_preset("dcgan-digits")))
        ['discriminator', 'generator']
    """
    gan = config.gan
    return {
        "generator": DCGANGenerator(gan.width, noise_dim=gan.noise_dim, noise=gan.noise),
        "discriminator": DCGANDiscriminator(gan.discriminator_width, dropout=gan.dropout),
    }


def build(config: DCGANConfig) -> DCGAN:
    """Builds the model of a configuration with fresh weights, not yet compiled."""
    seed_weights(config, "gan")
    with precision(config.precision):
        return DCGAN(
            **networks(config),
            **adversarial_settings(config, "gan"),
        )


def train_gan(run: Run, records: Records, deadline: float | None = None) -> bool:
    """Trains the networks against each other.

    Args:
        run: The run.
        records: The training split.
        deadline: Time (of ``time.monotonic``) after which to stop.

    Returns:
        Whether the phase is finished.
    """
    sampler = Sampler(run.folder / "samples", "gan", [], None, columns=8, rows=8)
    return fit_gan(run, records, build(run.config), sampler, deadline)


TRAINERS = {"gan": train_gan}


def examples(records: Records) -> list[str]:
    """Returns nothing: the pictures are drawn from noise alone."""
    return []


def pipeline(run: Run) -> Pipeline:
    """Returns the trained generator.

    Raises:
        UserError: If it has not been trained.
    """
    return Pipeline([run.trained(networks(run.config)["generator"], "gan", "generator")])


def load(run: Run) -> DCGAN:
    """Returns the model with its weights and optimizers.

    Raises:
        UserError: If it has not been trained.
    """
    pipeline(run)  # says so where nothing has been trained
    return restored(run, build(run.config))


def fit_gan(run: Run, records: Records, model: DCGAN, sampler: Sampler, deadline: float | None) -> bool:
    """Fits a model of digits from wherever its phase ``gan`` stands.

    Args:
        run: The run.
        records: The training split.
        model: The model, not yet compiled.
        sampler: What draws the samples.
        deadline: Time (of ``time.monotonic``) after which to stop.

    Returns:
        Whether the phase is finished.
    """
    loader = open_loader(run.config, "gan", records, captions=None, draws=model.draws)
    compile_adversarial(model, run.config.gan, loader.steps_per_epoch)
    return train_phase(
        run,
        "gan",
        model,
        loader,
        run.config.gan.epochs,
        products={"generator": model.averaged_generator},
        callbacks=[sampler],
        deadline=deadline,
    )


def restored(run: Run, model: Model) -> Model:
    """Compiles a model of digits and gives it the state of the newest checkpoint of ``gan``."""
    checkpoints = Checkpoints(run.phase("gan") / "checkpoints")
    compile_adversarial(model, run.config.gan, checkpoints.steps_per_epoch())
    checkpoints.restore(model)
    return model
