"""The probe: one phase, ``probe``; no GAN, but trained, stopped and resumed like one."""

import json
from typing import Any

import keras

from stackgan_k3.config.probe import ProbeConfig
from stackgan_k3.data.records import Records
from stackgan_k3.data.targets import TargetLoader, Targets
from stackgan_k3.errors import UserError
from stackgan_k3.files import replacing
from stackgan_k3.metrics.probe import Probe
from stackgan_k3.training.checkpoints import Checkpoints
from stackgan_k3.training.phase import train_phase
from stackgan_k3.training.run import Run
from stackgan_k3.training.setting_up import halving, open_loader, precision, seed_weights

_VALUES = "values.json"


def networks(config: ProbeConfig) -> dict[str, keras.Model]:
    """Builds the network of a configuration for two values of each attribute, to show its size."""
    return {"probe": build(config, dict.fromkeys(config.probe.attributes or ("class",), 2))}


def build(config: ProbeConfig, heads: dict[str, int]) -> Probe:
    """Builds the probe of a configuration with fresh weights.

    Args:
        config: The configuration.
        heads: Number of values by attribute.
    """
    seed_weights(config, "probe")
    with precision(config.precision):
        return Probe(heads, width=config.probe.width, features=config.probe.features)


def train_probe(run: Run, records: Records, deadline: float | None = None) -> bool:
    """Trains the probe.

    Args:
        run: The run.
        records: The training split.
        deadline: Time (of ``time.monotonic``) after which to stop.

    Returns:
        Whether the phase is finished.

    Example:
        See :func:`stackgan_k3.training.train.train`, which calls it for the phase ``probe``.
    """
    part = run.config.probe
    targets = Targets(records, part.attributes)
    loader = TargetLoader(open_loader(run.config, "probe", records, captions=None), targets)
    run.phase("probe").mkdir(exist_ok=True)
    with replacing(run.phase("probe") / _VALUES) as beside:
        beside.write_text(json.dumps(targets.values, indent=1), encoding="utf-8")
    model = build(run.config, targets.heads)
    model.compile(
        keras.optimizers.Adam(halving(part.learning_rate, part.halve_every, loader.steps_per_epoch))
    )
    model.optimizer.build(model.trainable_variables)
    return train_phase(run, "probe", model, loader, part.epochs, products={"probe": model}, deadline=deadline)


TRAINERS = {"probe": train_probe}


def examples(records: Records) -> list[str]:
    """Returns nothing: nothing is drawn."""
    return []


def pipeline(run: Run) -> Any:
    """Refuses: a probe draws nothing.

    Raises:
        UserError: Always.
    """
    raise UserError(f"{run.folder} is a probe, which reads pictures and draws none; name the run of a GAN")


def load(run: Run) -> Probe:
    """Returns the trained probe.

    Raises:
        UserError: If it has not been trained.
    """
    model = trained_probe(run)
    part = run.config.probe
    checkpoints = Checkpoints(run.phase("probe") / "checkpoints")
    rate = halving(part.learning_rate, part.halve_every, checkpoints.steps_per_epoch())
    model.compile(keras.optimizers.Adam(rate))
    model.optimizer.build(model.trainable_variables)
    checkpoints.restore(model)
    return model


def trained_probe(run: Run) -> Probe:
    """Builds the probe with its trained weights; see :func:`values_of` for what its numbers mean.

    Raises:
        UserError: If the run is no probe's, or it has not been trained.
    """
    heads = {name: len(values) for name, values in values_of(run).items()}
    return run.trained(build(run.config, heads), "probe", "probe")


def values_of(run: Run) -> dict[str, list[str]]:
    """Reads the values of each attribute, in the order of the logits.

    Raises:
        UserError: If the run is no probe's, or it has not been trained.
    """
    path = run.phase("probe") / _VALUES
    if run.config.system != "probe" or not path.is_file():
        raise UserError(f"{run.folder} is not a trained probe; make one with `stackgan-k3 train-probe`")
    try:
        values: dict[str, list[str]] = json.loads(path.read_text(encoding="utf-8"))
        if values and all(
            len(each) > 1 and all(isinstance(text, str) for text in each) for each in values.values()
        ):
            return values
        reason = "it does not hold two or more texts for each attribute"
    except (OSError, ValueError, AttributeError, TypeError) as error:
        reason = str(error)
    raise UserError(f"{path} is damaged ({reason}); copy the probe again, or train another")
