"""A run or a bundle as something to measure: asked, it draws, a seed a picture."""

from pathlib import Path
from typing import Any, Protocol

import numpy as np
from keras import ops

from stackgan_k3.bundle.manifest import FILE_NAME
from stackgan_k3.bundle.noise import normal
from stackgan_k3.errors import UserError
from stackgan_k3.inference import TextToImage
from stackgan_k3.layers.pictures import to_uint8
from stackgan_k3.models.pipeline import Pipeline
from stackgan_k3.training.held_out import Part
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


def open_drawer(path: str | Path, *, best: bool = False) -> Drawer:
    """Opens a run directory (Keras draws) or a bundle (onnxruntime draws).

    Args:
        path: Its path.
        best: Of a run, take the best generator that it kept instead of the newest.

    Raises:
        UserError: If it is neither, is damaged, no generator has been trained, or the best of a bundle is
            asked for, which has one only.

    Example:
        ```python
        pictures = open_drawer("runs/birds").draw(["a red bird"], np.array([7]))
        ```
    """
    if is_bundle(path):
        if best:
            raise UserError(
                f"{path} is a bundle, which holds one generator; leave --best out, or name its run"
            )
        return _OfBundle(TextToImage.load(path))
    if not Path(path).is_dir():
        raise UserError(f"there is no folder {path}; give a run directory or a bundle, or `shipped`")
    return PipelineDrawer(Run.open(path, best=best).pipeline())


def is_bundle(path: str | Path) -> bool:
    """Whether a path is that of a bundle, by what lies there.

    Example:
        >>> is_bundle("no/such/folder")
        False
    """
    return (Path(path) / FILE_NAME).is_file()


def drawing(drawer: Drawer, asked: Any, seeds: np.ndarray, *, previews: bool = False) -> Part:
    """Gives what a drawer draws, a part at a time.

    Args:
        drawer: The drawer.
        asked: See :meth:`stackgan_k3.training.drawer.Drawer.draw`.
        seeds: int64 ``[N]``.
        previews: The sketches of the first generator instead.

    Example:
        ```python
        show(drawing(drawer, captions, np.arange(500)), 500, extractor.read)
        ```
    """

    def part(some: slice) -> np.ndarray:
        return drawer.draw(None if asked is None else asked[some], seeds[some], previews=previews)

    return part


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


class PipelineDrawer:
    """Draws with Keras; see :class:`Drawer`.

    Args:
        pipeline: The networks.

    Example:
        See :func:`open_drawer`.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self.condition: str = pipeline.condition

    def draw(self, asked: Any, seeds: np.ndarray, *, previews: bool = False) -> np.ndarray:
        """Draws picture *i* for ``asked[i]`` from seed ``seeds[i]``; see :meth:`Drawer.draw`."""
        name, rows = self.pipeline.rows(asked)
        drawn = []
        for start in range(0, len(seeds), 16):
            some = slice(start, start + 16)
            noise = np.stack([normal(int(seed), 0, self.pipeline.noise_size) for seed in seeds[some]])
            entries = {} if name is None else {name: ops.convert_to_tensor(rows[some])}
            painted = self.pipeline.paint(entries, ops.convert_to_tensor(noise))
            drawn.append(ops.convert_to_numpy(to_uint8(painted["preview" if previews else "image"])))
        return np.concatenate(drawn)
