"""What every recipe does before it fits: seeds, batches, precision, optimizers."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras

from stackgan_k3.adversarial.adversarial_model import AdversarialModel
from stackgan_k3.config import RunConfig
from stackgan_k3.config.parts import AdversarialConfig
from stackgan_k3.data.loader import Loader
from stackgan_k3.data.records import Records
from stackgan_k3.engine.devices import suited_precision


def phase_seed(config: RunConfig, phase: str) -> int:
    """Returns the seed of a phase: each has its own order of pictures and its own noise.

    Example:
        >>> from stackgan_k3.config import load_preset
        >>> phase_seed(load_preset("stackgan-tiny", {"seed": 2}), "stage1")
        7
    """
    return (config.seed * len(config.phases) + config.phases.index(phase)) % 2**63


def seed_weights(config: RunConfig, phase: str) -> None:
    """Makes the weights that are built next those of the run's seed."""
    keras.utils.set_random_seed(phase_seed(config, phase) % 2**32)


def open_loader(config: RunConfig, phase: str, records: Records, **settings: Any) -> Loader:
    """Opens the batches of a phase.

    Args:
        config: The run's configuration.
        phase: Name of the phase.
        records: The training split.
        **settings: Of :class:`Loader`: captions, embeddings, draws.
    """
    data = config.data
    return Loader(
        records,
        image_size=config.picture_size(phase),
        batch_size=config.part(phase).batch_size,
        seed=phase_seed(config, phase),
        crop=data.crop,
        flip=data.flip,
        workers=data.workers,
        **settings,
    )


def settled(policy: str, side: int = 64) -> str:
    """Returns the dtype policy that a configuration's ``precision`` comes to on this machine.

    Args:
        policy: Of a configuration: ``auto`` is the one that suits the device.
        side: Of the pictures that are trained on, in pixels; ``auto`` depends on it on a processor.

    Example:
        >>> settled("float32")
        'float32'
    """
    return suited_precision(side) if policy == "auto" else policy


@contextmanager
def precision(policy: str, side: int = 64) -> Iterator[None]:
    """Makes a dtype policy that of the layers built inside.

    Args:
        policy: See :func:`settled`.
        side: Likewise.

    Example:
        >>> with precision("mixed_bfloat16"):
        ...     keras.layers.Dense(1).compute_dtype
        'bfloat16'
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(settled(policy, side))
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def halving(
    rate: float, every: int, steps_per_epoch: int
) -> keras.optimizers.schedules.LearningRateSchedule | float:
    """Returns a learning rate that is halved every so many epochs; 0 for never.

    Example:
        >>> halving(2e-4, 0, 100)
        0.0002
    """
    if not every:
        return rate
    return keras.optimizers.schedules.ExponentialDecay(rate, every * steps_per_epoch, 0.5, staircase=True)


def adversarial_settings(config: RunConfig, phase: str) -> dict[str, Any]:
    """Returns what the model of an adversarial phase takes from its configuration, by argument.

    Example:
        >>> from stackgan_k3.config import load_preset
        >>> adversarial_settings(load_preset("dcgan-digits"), "gan")["adversarial_loss"]
        'logistic'
    """
    part = config.part(phase)
    names = (
        "real_labels",
        "adversarial_loss",
        "generator_loss",
        "augment",
        "average_decay",
        "r1_weight",
        "r1_every",
    )
    return {"seed": config.seed, **{name: getattr(part, name) for name in names}}


def compile_adversarial(model: AdversarialModel, part: AdversarialConfig, steps_per_epoch: int) -> None:
    """Compiles a model with the optimizers and rates of a phase.

    Example:
        See :func:`stackgan_k3.training.recipes.dcgan.train_gan`.
    """

    def optimizer(name: str, rate: float) -> keras.optimizers.Optimizer:
        schedule = halving(rate, part.halve_every, steps_per_epoch)
        if name == "sgd":
            return keras.optimizers.SGD(schedule)
        return keras.optimizers.Adam(schedule, beta_1=part.beta_1, beta_2=0.999)

    model.compile(
        optimizer(part.generator_optimizer, part.generator_rate),
        optimizer(part.discriminator_optimizer, part.discriminator_rate),
    )
