"""Draws the same captions with the same noise after every epoch."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
from PIL import Image

from stackgan_k3 import engine
from stackgan_k3.files import replacing
from stackgan_k3.training.diversity import diversity


class Sampler(keras.callbacks.Callback):
    """Saves a grid of pictures by the averaged generator: a row a caption or class.

    The captions, in the order of the rows, stand beside the grids in
    ``captions.txt``; row and column fix the noise, so a cell shows one picture
    growing from epoch to epoch. How much the pictures of one caption differ (see
    :func:`stackgan_k3.training.diversity.diversity`), divided by how much real pictures do, is added
    to the epoch's logs as ``diversity``, where it is known how much those do.

    Args:
        folder: Where the grids go, as ``<phase>-0001.png`` and so on.
        phase: Name of the phase.
        captions: The captions, or the names of the classes.
        conditions: What the model's ``generate`` takes for them, such as their embeddings, float32
            ``[N, T]``. None for a model that draws from noise alone.
        columns: Pictures a caption.
        rows: Rows of a model that draws from noise alone.
        seed: Seed of the first column.

    Attributes:
        real_diversity: The diversity of real pictures; None where it is not known, or 0.

    Example:
        >>> Sampler("samples", "stage1", ["a red bird"], np.zeros((1, 8), "float32")).columns
        4
    """

    def __init__(
        self,
        folder: str | Path,
        phase: str,
        captions: list[str],
        conditions: Any,
        *,
        columns: int = 4,
        rows: int = 4,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.folder = Path(folder)
        self.phase = phase
        self.captions = captions
        self.conditions = conditions
        self.rows = rows
        self.columns = columns
        self.seed = seed
        self.real_diversity: float | None = None

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if getattr(self.model, "stop_training", False):
            return
        engine.sync(self.model)
        each = self.columns if self.conditions is not None else self.columns * self.rows
        pictures = self.model.generate(self.conditions, num_images=each, seed=self.seed)
        if logs is not None and self.real_diversity and each > 1:
            groups = np.arange(len(pictures)) // each
            logs["diversity"] = diversity(pictures, groups) / self.real_diversity
        if self.captions:
            with replacing(self.folder / "captions.txt") as beside:
                beside.write_text("\n".join(self.captions) + "\n", encoding="utf-8")
        with replacing(self.folder / f"{self.phase}-{epoch + 1:04d}.png") as beside:
            Image.fromarray(tile(pictures, self.columns)).save(beside, format="PNG")


def tile(pictures: np.ndarray, columns: int, gap: int = 2) -> np.ndarray:
    """Lays pictures out in a grid, row by row.

    Args:
        pictures: uint8 ``[N, H, W, 3]``.
        columns: Pictures a row.
        gap: White pixels between two pictures.

    Returns:
        uint8 ``[rows · (H + gap) − gap, columns · (W + gap) − gap, 3]``.

    Example:
        >>> tile(np.zeros((5, 4, 4, 3), "uint8"), 3, gap=1).shape
        (9, 14, 3)
    """
    count, height, width, _ = pictures.shape
    rows = -(-count // columns)
    sheet = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, 3), 255, np.uint8)
    for number, picture in enumerate(pictures):
        y, x = (number // columns) * (height + gap), (number % columns) * (width + gap)
        sheet[y : y + height, x : x + width] = picture
    return sheet
