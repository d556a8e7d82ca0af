"""The sample grids of a run, small enough to lie inside its report."""

import base64
import io
import re
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from PIL import Image

Item = TypeVar("Item")

MOST_GRIDS = 60  # in a whole report
MOST_BYTES = 90_000  # of one grid; as base64 all of them then stay below 8 MB

# Quality and scale, from the best on: the first that fits is taken.
_FORMS = ((90, 1.0), (75, 1.0), (75, 0.75), (70, 0.5), (60, 0.35), (50, 0.2), (40, 0.1))


class Grid(NamedTuple):
    """A sample grid of an epoch.

    Example:
        >>> Grid(3, Path("samples/gan-0003.png")).epoch
        3
    """

    epoch: int
    path: Path


class Pictures:
    """Finds the sample grids of a run and turns them into WebP pictures for a page.

    What was encoded is remembered, so that a report that is written every epoch encodes one new grid.

    Args:
        folder: Where the grids are, as ``<series>-<epoch>.png``.

    Example:
        >>> Pictures("no/such/folder").series()
        []
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self._known: dict[tuple[str, int, int], dict[str, Any]] = {}

    def series(self) -> list[tuple[str, list[dict[str, Any]]]]:
        """Returns the grids by series, such as ``stage1``, each series in the order of its epochs.

        Of more than :data:`MOST_GRIDS` in all, some that are evenly spread are taken, the first
        and the last of each series among them.

        Returns:
            For every series its name and its grids: ``epoch``, ``source`` (a ``data:`` address),
            ``width`` and ``height`` of the whole grid, in pixels. A grid that cannot be read is left out,
            with a warning.
        """
        found: dict[str, list[Grid]] = {}
        for path in sorted(self.folder.glob("*.png")):
            named = re.fullmatch(r"(.+)-(\d+)\.png", path.name)
            if named:
                found.setdefault(named[1], []).append(Grid(int(named[2]), path))
        share = max(2, MOST_GRIDS // max(1, len(found)))
        chosen = {name: evenly(sorted(grids), share) for name, grids in found.items()}
        series = []
        for name, grids in chosen.items():
            if read := [encoded for grid in grids if (encoded := self._encoded(grid))]:
                series.append((name, read))
        wanted = {_key(grid.path) for grids in chosen.values() for grid in grids}
        self._known = {key: value for key, value in self._known.items() if key in wanted}
        return series

    def _encoded(self, grid: Grid) -> dict[str, Any] | None:
        key = _key(grid.path)
        if key not in self._known:
            try:
                with Image.open(grid.path) as picture:
                    rgb = picture.convert("RGB")
            except OSError as error:
                warnings.warn(
                    f"the report leaves out {grid.path}, which cannot be read ({error})", stacklevel=2
                )
                return None
            source = "data:image/webp;base64," + base64.b64encode(small_webp(rgb)).decode("ascii")
            size = {"width": rgb.width, "height": rgb.height}
            self._known[key] = {"epoch": grid.epoch, "source": source, **size}
        return self._known[key]


def evenly(items: Sequence[Item], count: int) -> list[Item]:
    """Takes at most so many items, evenly spread, the first and the last among them.

    Args:
        items: Any number.
        count: At least 2.

    Example:
        >>> evenly(range(10), 4)
        [0, 3, 6, 9]
    """
    if len(items) <= count:
        return list(items)
    return [items[i * (len(items) - 1) // (count - 1)] for i in range(count)]


def small_webp(picture: Image.Image, most: int = MOST_BYTES) -> bytes:
    """Encodes a picture as WebP, with less quality and then smaller until it fits.

    Args:
        picture: The picture, RGB.
        most: Bytes it may take.

    Returns:
        The file's content.

    Example:
        >>> small_webp(Image.new("RGB", (64, 64)))[:4]
        b'RIFF'
    """
    data = b""
    for quality, scale in _FORMS:
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        buffer = io.BytesIO()
        scaled = picture if scale == 1 else picture.resize(size, Image.Resampling.BOX)
        scaled.save(buffer, "WEBP", quality=quality, method=2)
        data = buffer.getvalue()
        if len(data) <= most:
            break
    return data


def _key(path: Path) -> tuple[str, int, int]:
    status = path.stat()
    return str(path), status.st_mtime_ns, status.st_size
