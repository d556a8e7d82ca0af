"""Keeps the report of a run up to date."""

from typing import Any

import keras

from stackgan_k3.training.report import Report
from stackgan_k3.training.run import Run


class Reporter(keras.callbacks.Callback):
    """Writes ``report.html`` into the run folder after every epoch.

    It comes after the checkpoint is saved, so whatever keeps a report from being written (a full
    disk) costs no training.

    Args:
        run: The run.

    Example:
        >>> Reporter.__name__
        'Reporter'
    """

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.report = Report(run.folder)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.report.write()
