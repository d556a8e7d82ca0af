"""Batches of a loader with more entries."""

from collections.abc import Callable

import grain
import numpy as np

from stackgan_k3.data.loader import Loader

Batch = dict[str, np.ndarray]


class AddingLoader:
    """A loader whose batches are changed by a function, as ``train_phase`` takes it.

    Args:
        loader: The batches.
        change: Makes a batch of a batch.

    Example:
        ```python
        counted = AddingLoader(loader, lambda batch: {**batch, "row": np.arange(len(batch["image"]))})
        ```
    """

    def __init__(self, loader: "Loader | AddingLoader", change: Callable[[Batch], Batch]) -> None:
        self.loader = loader
        self.change = change
        self.batch_size: int = loader.batch_size
        self.steps_per_epoch: int = loader.steps_per_epoch

    def batch(self, step: int) -> Batch:
        """Makes one batch; see :meth:`Loader.batch`."""
        return self.change(self.loader.batch(step))

    def dataset(self, start_step: int = 0) -> grain.IterDataset:
        """Returns the batches without end; see :meth:`Loader.dataset`."""
        return self.loader.dataset(start_step).map(self.change)
