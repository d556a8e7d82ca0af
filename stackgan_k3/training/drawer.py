"""A run or a bundle as something to measure: asked, it draws, a seed a picture."""

from pathlib import Path
from typing import Any, Protocol

import numpy as np
from keras import ops

from stackgan_k3.bundle.manifest import FILE_NAME
from stackgan_k3.bundle.noise import normal
from stackgan_k3.inference import TextToImage
from stackgan_k3.layers.pictures import to_uint8
from stackgan_k3.models.pipeline import Pipeline
from stackgan_k3.training.run import Run


class Drawer(Protocol):
    """Draws pictures for measurements.

    Example:
        See :func:`open_drawer`.
    """

    @property
    def condition(self) -> str:
        """What it is asked by: ``characters``, ``embedding``, ``label`` or ``none``."""
        ...

    def draw(self, asked: Any, seeds: np.ndarray, *, previews: bool = False) -> np.ndarray:
        """Draws picture *i* for ``asked[i]`` from seed ``seeds[i]``: uint8 ``[N, S, S, 3]``.

        Args:
            asked: A sequence of captions, classes or embeddings; None where there is no condition.
            seeds: int64 ``[N]``.
            previews: The sketches of the first generator instead.
        """
        ...


def open_drawer(path: str | Path) -> Drawer:
    """Opens a run directory (Keras draws) or a bundle (onnxruntime draws).

    Raises:
        UserError: If it is neither, is damaged, or no generator has been trained.

    Example:
        ```python
        pictures = open_drawer("runs/birds").draw(["a red bird"], np.array([7]))
        ```
    """
    if (Path(path) / FILE_NAME).is_file():
        return _OfBundle(TextToImage.load(path))
    return _OfRun(Run.open(path).pipeline())


class _OfBundle:
    def __init__(self, model: TextToImage) -> None:
        self.model = model
        self.condition: str = model.manifest.condition

    def draw(self, asked: Any, seeds: np.ndarray, *, previews: bool = False) -> np.ndarray:
        drawn = []
        for number, seed in enumerate(seeds):
            wanted = None if asked is None else asked[number]
            if isinstance(wanted, np.ndarray):
                wanted = wanted[np.newaxis]
            drawing = self.model.generate(wanted, seed=int(seed))
            drawn.append(drawing.previews if previews else drawing.images)
        return np.concatenate(drawn)


class _OfRun:
    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self.condition: str = pipeline.condition

    def draw(self, asked: Any, seeds: np.ndarray, *, previews: bool = False) -> np.ndarray:
        name, rows = self.pipeline.rows(asked)
        drawn = []
        for start in range(0, len(seeds), 16):
            some = slice(start, start + 16)
            noise = np.stack([normal(int(seed), 0, self.pipeline.noise_size) for seed in seeds[some]])
            entries = {} if name is None else {name: ops.convert_to_tensor(rows[some])}
            painted = self.pipeline.paint(entries, ops.convert_to_tensor(noise))
            drawn.append(ops.convert_to_numpy(to_uint8(painted["preview" if previews else "image"])))
        return np.concatenate(drawn)
