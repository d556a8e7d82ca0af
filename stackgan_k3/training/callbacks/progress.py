"""Shows a phase's progress: one bar an epoch on a terminal, a line a while elsewhere."""

import sys
from typing import Any

import keras
from tqdm import tqdm


class Progress(keras.callbacks.Callback):
    """A progress bar with the means of the running epoch.

    Args:
        phase: Name of the phase.
        epochs: Number of epochs of the phase.
        steps_per_epoch: Steps in an epoch.
        first_step: Steps that the first epoch has made already.

    Example:
        >>> Progress("stage1", 3, 100).phase
        'stage1'
    """

    def __init__(self, phase: str, epochs: int, steps_per_epoch: int, first_step: int = 0) -> None:
        super().__init__()
        self.phase = phase
        self.epochs = epochs
        self.steps_per_epoch = steps_per_epoch
        self.first_step = first_step
        self._bar: Any = None

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._bar = tqdm(
            total=self.steps_per_epoch,
            initial=self.first_step,
            desc=f"{self.phase} {epoch + 1}/{self.epochs}",
            unit="step",
            mininterval=0.5 if sys.stderr.isatty() else 20.0,
            dynamic_ncols=True,
            file=sys.stderr,
        )
        self.first_step = 0

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._bar.update(1)
        if logs and (self._bar.n % 10 == 0 or self._bar.n == self.steps_per_epoch):
            self._bar.set_postfix({_short(k): f"{float(v):.3f}" for k, v in logs.items()}, refresh=False)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._bar.close()


def _short(name: str) -> str:
    return name.replace("discriminator", "D").replace("generator", "G").replace("_accuracy", "")
