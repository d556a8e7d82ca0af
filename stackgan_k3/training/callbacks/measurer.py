"""Measures a generator every few epochs, and keeps the best."""

from collections.abc import Callable
from typing import Any

import keras

from stackgan_k3 import engine
from stackgan_k3.models.pipeline import Pipeline
from stackgan_k3.training.checkpoints import Position
from stackgan_k3.training.metric_rows import best_row
from stackgan_k3.training.run import BEST, Run


class Measurer(keras.callbacks.Callback):
    """Adds metrics of the averaged generator to the logs of every so many epochs.

    It comes before what records the epoch. The rows of ``metrics.jsonl`` are all that says which epoch was
    the best, and its generator is written after the epoch's checkpoint, so a run that was stopped at any
    moment goes on as if it had not been.

    Args:
        run: The run, whose configuration has ``metrics``.
        phase: Name of the phase.
        measure: Measures the networks that draw, by name.

    Example:
        See :func:`stackgan_k3.training.phase.train_phase`, which adds one where a run is measured.
    """

    def __init__(self, run: Run, phase: str, measure: Callable[[Pipeline], dict[str, float]]) -> None:
        super().__init__()
        self.run = run
        self.phase = phase
        self.measure = measure

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if getattr(self.model, "stop_training", False) or (epoch + 1) % self.run.config.metrics.every:
            return
        engine.sync(self.model)
        if logs is not None:
            logs.update(self.measure(self.model.pipeline))

    def keep(self, position: Position, generator: keras.Model) -> None:
        """Keeps the generator, if the phase has just ended its best epoch so far.

        Args:
            position: How far the phase has come, as its newest checkpoint says.
            generator: What draws, as it was then.
        """
        metric = self.run.config.metrics.keep_best
        if not metric or position.step:
            return
        best = best_row(self.run.metrics(), self.phase, metric)
        tag = f"epoch {position.epoch}"
        if best is not None and best["epoch"] == position.epoch and not self.run.keeps(self.phase, BEST, tag):
            self.run.keep(self.phase, BEST, generator, tag)
