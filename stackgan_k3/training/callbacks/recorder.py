"""Writes down what each epoch measured: metrics.jsonl and TensorBoard events."""

import sys
import time
from typing import Any

import keras
from tensorboard.summary import Writer

from stackgan_k3.training.run import Run
from stackgan_k3.training.warning_signs import due_warnings


class Recorder(keras.callbacks.Callback):
    """Adds a row to ``metrics.jsonl`` and scalars to ``events/`` after every epoch.

    A row holds ``phase``, ``epoch`` (from 1), ``step``, ``seconds``,
    ``images_per_second``, ``learning_rate``, every mean that the model logs, what the callbacks
    before this one added to them (``diversity``), and, where a warning is due, ``warnings``: the
    names of those that are (see :mod:`stackgan_k3.training.warning_signs`). A warning
    is printed when it becomes due. An epoch that was taken up in its middle is measured
    from there on.

    Args:
        run: The run.
        phase: Name of the phase.
        batch_size: Pictures a step.

    Example:
        >>> Recorder.__name__
        'Recorder'
    """

    def __init__(self, run: Run, phase: str, batch_size: int) -> None:
        super().__init__()
        self.run = run
        self.phase = phase
        self.batch_size = batch_size
        self._steps = 0
        self._started = self._ended = 0.0

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._writer = Writer(str(self.run.folder / "events" / self.phase))

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self._writer.close()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._steps = 0
        self._started = self._ended = time.monotonic()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._steps += 1
        self._ended = time.monotonic()  # the samples, drawn when the epoch is over, are not training

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if getattr(self.model, "stop_training", False):
            return  # stopped in its middle: the epoch will be measured when it is finished
        seconds = self._ended - self._started
        optimizer = getattr(self.model, "generator_optimizer", self.model.optimizer)
        row: dict[str, Any] = {
            "phase": self.phase,
            "epoch": epoch + 1,
            "step": int(optimizer.iterations),
            "seconds": round(seconds, 3),
            "images_per_second": round(self._steps * self.batch_size / max(seconds, 1e-9), 2),
            "learning_rate": float(optimizer.learning_rate),
            **{name: float(value) for name, value in (logs or {}).items()},
        }
        before = [past for past in self.run.metrics() if past["phase"] == self.phase]
        due, known = due_warnings([*before, row]), due_warnings(before)
        for name, text in due.items():
            if name not in known:
                print(f"warning ({self.phase}, epoch {epoch + 1}): {text}", file=sys.stderr)
        self.run.record({**row, "warnings": list(due)} if due else row)
        for name, value in row.items():
            if name not in ("phase", "epoch", "step"):
                self._writer.add_scalar(f"{self.phase}/{name}", value, epoch + 1)
        self._writer.flush()
