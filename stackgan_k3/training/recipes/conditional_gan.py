"""Conditional GAN: one phase, ``gan``."""

from collections.abc import Sequence

import keras

from stackgan_k3.config.conditional_gan import ConditionalGANConfig
from stackgan_k3.data.records import Records
from stackgan_k3.errors import UserError
from stackgan_k3.models.conditional_gan.conditional_gan import ConditionalGAN
from stackgan_k3.models.conditional_gan.discriminator import ConditionalDiscriminator
from stackgan_k3.models.conditional_gan.generator import ConditionalGenerator
from stackgan_k3.models.pipeline import Pipeline
from stackgan_k3.training.callbacks.sampler import Sampler
from stackgan_k3.training.recipes.dcgan import fit_gan, restored
from stackgan_k3.training.run import Run
from stackgan_k3.training.setting_up import adversarial_settings, precision, seed_weights

_MAX_ROWS = 20  # of a sample grid


def networks(config: ConditionalGANConfig) -> dict[str, keras.Model]:
    """Builds every network of a configuration with fresh weights, by name.

    Example:
        >>> from stackgan_k3.config import load_preset
        >>> sorted(networks(load_preset("conditional-gan-digits")))
        ['discriminator', 'generator']
    """
    gan = config.gan
    return {
        "generator": ConditionalGenerator(
            gan.width, num_classes=gan.num_classes, noise_dim=gan.noise_dim, noise=gan.noise
        ),
        "discriminator": ConditionalDiscriminator(
            gan.discriminator_width, num_classes=gan.num_classes, dropout=gan.dropout
        ),
    }


def build(config: ConditionalGANConfig, classes: Sequence[str] = ()) -> ConditionalGAN:
    """Builds the model of a configuration with fresh weights, not yet compiled."""
    seed_weights(config, "gan")
    with precision(config.precision):
        return ConditionalGAN(
            **networks(config),
            classes=classes,
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

    Raises:
        UserError: If the data set has another number of classes than the configuration.
    """
    classes = _classes(run)
    sampler = Sampler(run.folder / "samples", "gan", run.examples, run.examples, columns=8)
    return fit_gan(run, records, build(run.config, classes), sampler, deadline)


TRAINERS = {"gan": train_gan}


def examples(records: Records) -> list[str]:
    """Returns the names of the classes, each a row of the samples: the first 20 where there are more."""
    return list(records.info["classes"][:_MAX_ROWS])


def pipeline(run: Run) -> Pipeline:
    """Returns the trained generator with the names of its classes.

    Raises:
        UserError: If it has not been trained.
    """
    generator = run.trained(networks(run.config)["generator"], "gan", "generator")
    return Pipeline([generator], classes=_classes(run))


def load(run: Run) -> ConditionalGAN:
    """Returns the model with its weights and optimizers.

    Raises:
        UserError: If it has not been trained.
    """
    pipeline(run)  # says so where nothing has been trained
    return restored(run, build(run.config, _classes(run)))


def _classes(run: Run) -> tuple[str, ...]:
    classes, expected = tuple(run.data_info["classes"]), run.config.gan.num_classes
    if len(classes) != expected:
        raise UserError(
            f"{run.data_info['folder']} has {len(classes)} classes and gan.num_classes is {expected}; "
            f"begin a run with --set gan.num_classes={len(classes)}"
            if len(classes) > 1
            else f"{run.data_info['folder']} has no classes to ask for; train dcgan-digits on it instead"
        )
    return classes
