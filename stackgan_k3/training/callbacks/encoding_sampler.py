"""Draws what an autoencoder makes of the same pictures after every epoch."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
from PIL import Image

from stackgan_k3 import engine
from stackgan_k3.files import replacing
from stackgan_k3.training.callbacks.sampler import tile


class EncodingSampler(keras.callbacks.Callback):
    """Saves reconstructions, and walks from the latents of one picture to those of the next.

    ``reconstructions-0001.png``: pairs of rows, real pictures above, what becomes of them below,
    through the mean of their latents. ``walk-0001.png``: each row goes in a straight line from
    the latents of one picture to those of another.

    Args:
        folder: Where the pictures go.
        images: Pictures that are not trained on, uint8 ``[N, H, W, 3]``, at least two.
        columns: Pictures a row.
        walks: Rows of the walk, at most; each takes two of the pictures.

    The model has ``encode`` and ``decode``, as :class:`stackgan_k3.models.vae.vae.VAE`.

    Example:
        >>> EncodingSampler("samples", np.zeros((16, 28, 28, 3), "uint8")).columns
        8
    """

    def __init__(self, folder: str | Path, images: np.ndarray, *, columns: int = 8, walks: int = 6) -> None:
        super().__init__()
        self.folder = Path(folder)
        self.images = images
        self.columns = columns
        self.walks = min(walks, len(images) // 2)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if getattr(self.model, "stop_training", False):
            return
        engine.sync(self.model)
        latents, _ = self.model.encode(self.images)
        again = self.model.decode(latents)
        rows = []
        for start in range(0, len(self.images), self.columns):
            chosen = slice(start, start + self.columns)
            rows += [self._row(self.images[chosen]), self._row(again[chosen])]
        self._save("reconstructions", epoch, np.concatenate(rows))
        weights = np.linspace(0, 1, self.columns, dtype=np.float32)[:, np.newaxis]
        ways = [
            latents[2 * row] * (1 - weights) + latents[2 * row + 1] * weights for row in range(self.walks)
        ]
        self._save("walk", epoch, self.model.decode(np.concatenate(ways)))

    def _row(self, pictures: np.ndarray) -> np.ndarray:
        """Fills a row that is not full with white pictures."""
        missing = self.columns - len(pictures)
        white = np.full((missing, *pictures.shape[1:]), 255, np.uint8)
        return np.concatenate([pictures, white])

    def _save(self, name: str, epoch: int, pictures: np.ndarray) -> None:
        with replacing(self.folder / f"{name}-{epoch + 1:04d}.png") as beside:
            Image.fromarray(tile(pictures, self.columns)).save(beside, format="PNG")
