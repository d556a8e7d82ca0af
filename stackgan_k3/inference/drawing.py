"""What came out of one request: pictures, and how to get each of them again."""

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from stackgan_k3.errors import UserError
from stackgan_k3.files import replacing

_GAP = 4  # white pixels between the pictures of a grid
_LONGEST = 65_500  # a side of a JPEG in pixels, by the library that writes them
_FORMATS: dict[str, dict[str, Any]] = {
    ".png": {"format": "PNG"},
    ".jpg": {"format": "JPEG", "quality": 95},
    ".jpeg": {"format": "JPEG", "quality": 95},
}


@dataclass(frozen=True, eq=False)
class Drawing:
    """The pictures of one request: all of the first caption, then of the next.

    Args:
        images: uint8 ``[N, H, W, 3]``, RGB, 0 to 255.
        previews: uint8 ``[N, 64, 64, 3]``, the Stage-I sketches.
        captions: The caption of each of the N pictures.
        seeds: The seed of each; ``generate(caption, seed=that)`` draws it again alone.
        provider: The onnxruntime provider that drew them.

    Example:
        >>> picture = np.zeros((2, 8, 8, 3), np.uint8)
        >>> Drawing(picture, picture, ("a bird",) * 2, (5, 6), "CPUExecutionProvider").grid().shape
        (8, 20, 3)
    """

    images: np.ndarray
    previews: np.ndarray
    captions: tuple[str, ...]
    seeds: tuple[int, ...]
    provider: str

    def __len__(self) -> int:
        return len(self.images)

    def grid(self, columns: int | None = None, *, previews: bool = False) -> np.ndarray:
        """Lays the pictures out on one white sheet, row by row.

        Args:
            columns: Pictures in a row. By default a row for each caption where several
                pictures of several captions were drawn, else about a square.
            previews: Lay out the sketches instead.

        Returns:
            uint8 ``[H', W', 3]``; one picture alone is returned as it is.

        Raises:
            UserError: If ``columns`` is less than 1.

        Example:
            See `Drawing`.
        """
        pictures = self.previews if previews else self.images
        count, height, width, _ = pictures.shape
        if columns is None:
            columns = _columns(count, count // self.seeds.count(self.seeds[0]))
        if columns < 1:
            raise UserError(f"columns is {columns}; a grid needs at least 1")
        columns = min(columns, count)
        sheet = np.full((*_sides(count, columns, height, width), 3), 255, np.uint8)
        for number, picture in enumerate(pictures):
            top, left = (number // columns) * (height + _GAP), (number % columns) * (width + _GAP)
            sheet[top : top + height, left : left + width] = picture
        return sheet

    def save(
        self, path: str | os.PathLike[str], *, columns: int | None = None, previews: bool = False
    ) -> list[Path]:
        """Writes the pictures: a ``.png`` or ``.jpg`` file, or a folder of them.

        Args:
            path: A file (several pictures become a grid), or an existing folder or a
                name that ends in ``/`` (a PNG each, named by number and seed).
            columns: Pictures in a row of the grid, see `grid`.
            previews: Write the sketches instead.

        Returns:
            The files written.

        Raises:
            UserError: If the suffix is neither ``.png`` nor ``.jpg``, the folder to
                write in does not exist, or a JPEG would be larger than such files can be.

        Example:
            >>> import tempfile
            >>> picture = np.zeros((1, 8, 8, 3), np.uint8)
            >>> drawing = Drawing(picture, picture, ("a bird",), (5,), "CPUExecutionProvider")
            >>> [file.name for file in drawing.save(tempfile.mkdtemp() + "/new/")]
            ['0000-seed-5.png']
        """
        target = output_path(path)
        if target.suffix.lower() in _FORMATS and not target.is_dir():
            pictures = self.previews if previews else self.images
            each = len(self) // self.seeds.count(self.seeds[0])
            check_sheet(target, len(self), each, max(pictures.shape[1:3]), columns)
            _write(self.grid(columns, previews=previews), target)
            return [target]
        target.mkdir(exist_ok=True)
        word = "sketch-seed" if previews else "seed"
        files = []
        for number, picture in enumerate(self.previews if previews else self.images):
            files.append(target / f"{number:04d}-{word}-{self.seeds[number]}.png")
            _write(picture, files[-1])
        return files


def output_path(path: str | os.PathLike[str]) -> Path:
    """Checks, before anything is drawn, that pictures can be saved under a name.

    Args:
        path: See `Drawing.save`.

    Returns:
        The path; a folder (which may not exist yet) if it is not a ``.png`` or ``.jpg`` file.

    Raises:
        UserError: As `Drawing.save`.

    Example:
        >>> output_path("bird.gif")
        Traceback (most recent call last):
        ...
        stackgan_k3.errors.UserError: bird.gif: save as .png or .jpg, or in a folder (end its name with /)
    """
    text = os.fspath(path)
    if not text:
        raise UserError("there is no name to save under; give a .png or .jpg file, or a folder")
    target = Path(text)
    folder = target.is_dir() or text.endswith(("/", os.sep))
    if not folder and target.suffix.lower() not in _FORMATS:
        raise UserError(f"{text}: save as .png or .jpg, or in a folder (end its name with /)")
    if folder and target.exists() and not target.is_dir():
        raise UserError(f"{text} is a file; give the name of a folder")
    check_folder(target.parent)
    return target


def check_folder(folder: Path) -> None:
    """Checks that files can be written in a folder.

    Raises:
        UserError: If it does not exist, or must not be written in.

    Example:
        >>> check_folder(Path("."))
    """
    if not folder.is_dir():
        raise UserError(f"the folder {folder} does not exist; make it first")
    if not os.access(folder, os.W_OK):
        raise UserError(f"nothing can be written in the folder {folder}; choose another")


def check_sheet(path: Path, count: int, each: int, side: int, columns: int | None = None) -> None:
    """Checks, before anything is drawn, that a file can hold so many pictures.

    Args:
        path: What `output_path` returned.
        count: The number of pictures.
        each: How many of them there are of one caption.
        side: Pixels of a picture's side.
        columns: See `Drawing.grid`.

    Raises:
        UserError: If it is a JPEG, and one side of the sheet longer than a JPEG's can be.

    Example:
        >>> check_sheet(Path("birds.png"), 1000, 500, 256)
        >>> check_sheet(Path("birds.jpg"), 1000, 500, 256)
        Traceback (most recent call last):
        ...
        stackgan_k3.errors.UserError: birds.jpg would have 129996 x 516 pixels, and a JPEG has at most 65500 \
a side; save as .png, or draw fewer at a time
    """
    if path.is_dir() or _FORMATS.get(path.suffix.lower(), {}).get("format") != "JPEG":
        return
    columns = min(columns or _columns(count, each), count)
    height, width = _sides(count, columns, side, side)
    if max(height, width) > _LONGEST:
        raise UserError(
            f"{path} would have {width} x {height} pixels, and a JPEG has at most {_LONGEST} a side; save as "
            ".png, or draw fewer at a time"
        )


def _columns(count: int, each: int) -> int:
    return each if 1 < each < count else math.ceil(math.sqrt(count))


def _sides(count: int, columns: int, height: int, width: int) -> tuple[int, int]:
    rows = math.ceil(count / columns)
    return rows * (height + _GAP) - _GAP, columns * (width + _GAP) - _GAP


def _write(picture: np.ndarray, path: Path) -> None:
    with replacing(path) as beside:
        Image.fromarray(picture).save(beside, **_FORMATS[path.suffix.lower()])
