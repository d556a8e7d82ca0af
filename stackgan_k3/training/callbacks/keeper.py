"""Keeps a phase safe: checkpoints by epoch and by minute, a time limit, no NaN."""

import math
import time
from collections.abc import Callable
from typing import Any

import keras

from stackgan_k3.errors import UserError
from stackgan_k3.training.checkpoints import Checkpoints, Position


class Keeper(keras.callbacks.Callback):
    """Saves a checkpoint after every epoch and every few minutes, and stops in time.

    Args:
        checkpoints: Where to save.
        steps_per_epoch: Steps in an epoch.
        start: Where the phase takes up.
        deadline: Time (of ``time.monotonic``) after which training stops, with a
            checkpoint, at the end of the step. None for no limit.
        every_minutes: Longest time between two checkpoints.
        saved: Called after every checkpoint, to keep what else belongs to it.

    Attributes:
        position: How far the phase has come.
        stopped: Whether the deadline stopped it.

    Raises:
        UserError: From the training, where a loss is no longer a finite number. The
            last checkpoint stays.

    Example:
        >>> import tempfile
        >>> keeper = Keeper(Checkpoints(tempfile.mkdtemp()), 10)
        >>> keeper.position
        Position(epoch=0, step=0)
    """

    def __init__(
        self,
        checkpoints: Checkpoints,
        steps_per_epoch: int,
        *,
        start: Position = Position(),  # noqa: B008 - a tuple
        deadline: float | None = None,
        every_minutes: float = 5.0,
        saved: Callable[[], None] | None = None,
    ) -> None:
        super().__init__()
        self.checkpoints = checkpoints
        self.steps_per_epoch = steps_per_epoch
        self.position = start
        self.deadline = deadline
        self.every = 60.0 * every_minutes
        self.saved = saved
        self.stopped = False
        self._last = time.monotonic()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self.position = self.position._replace(step=self.position.step + 1)
        self._refuse_nan(logs or {})
        now = time.monotonic()
        late = self.deadline is not None and now >= self.deadline
        if self.position.step < self.steps_per_epoch and (late or now - self._last >= self.every):
            self._save()
        if late:
            self.stopped = True
            # At an epoch's last step the epoch is whole, and is still to be recorded and sampled.
            self.model.stop_training = self.position.step < self.steps_per_epoch

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self.position.step == self.steps_per_epoch:
            self.position = Position(self.position.epoch + 1, 0)
            self._save()
        if self.stopped:
            self.model.stop_training = True

    def _save(self) -> None:
        self.checkpoints.save(self.model, self.position, self.steps_per_epoch)
        if self.saved is not None:
            self.saved()
        self._last = time.monotonic()

    def _refuse_nan(self, logs: dict[str, Any]) -> None:
        bad = [name for name, value in logs.items() if not math.isfinite(float(value))]
        if bad:
            latest = self.checkpoints.latest()
            kept = f"the last good checkpoint is {latest}" if latest else "there was no checkpoint yet"
            raise UserError(
                f"{', '.join(bad)} stopped being a finite number at epoch {self.position.epoch + 1}, step "
                f"{self.position.step}; {kept}. Lower the learning rates or train in float32, and start "
                "again from there with --resume or in a new run"
            )
