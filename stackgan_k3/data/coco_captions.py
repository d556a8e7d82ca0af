"""COCO Captions: photographs of everyday scenes with five captions each."""

import operator
import os
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

from stackgan_k3.data.by_class import Split
from stackgan_k3.data.caption_index import CaptionIndex
from stackgan_k3.data.inside import inside
from stackgan_k3.data.pictures import open_picture
from stackgan_k3.data.source import BadExample, Example
from stackgan_k3.errors import UserError

LAYOUT = "annotations/captions_train2017.json … and train2017/000000000009.jpg …"
"""The layout of the folder, for messages."""


class _Part(NamedTuple):
    annotations: str  # within the root
    folder: str  # within the root
    split: Split
    captions: CaptionIndex
    chosen: np.ndarray  # numbers of pictures in it


class CocoCaptions:
    r"""Photographs with about five captions each, and no classes.

    The layout, below ``root``:

    * ``annotations/captions_train2017.json`` and ``captions_val2017.json``;
    * ``train2017/`` and ``val2017/`` (or ``images/train2017/`` …): the pictures, named as
      the annotations have it. The set of 2014, whose pictures are called
      ``COCO_train2014_000000000009.jpg``, is laid out likewise. Where several years are
      there, the latest is taken, because they share their pictures.

    The part called ``train`` is the train split, ``val`` the test split; where the folder
    of the ``val`` pictures is not there, there is no test split. Every caption is kept,
    on one line. A picture that is missing or has no captions is a bad example, and so is
    a link that leads out of the root.

    COCO puts no picture in a class, so there is one for all, ``"picture"``: the text
    encoder then takes every other picture of a batch as a wrong one
    (``JointEmbedding(by_class=False)``).

    The annotations are parsed once, when the source is opened: for the 118,287 pictures
    of 2017 that takes a few seconds and, for that time, about 300 MB. What
    stays, and travels to worker processes, is about 40 MB.

    Args:
        root: The folder.
        seed: Chooses nothing; the split is that of the files.
        limit: Take only this many pictures, spread evenly over each split; the test
            split keeps its share of them, and at least one.

    Raises:
        UserError: If the folder is not laid out like that, or an annotations file is damaged.

    Example:
        >>> import json, tempfile
        >>> from PIL import Image
        >>> root = Path(tempfile.mkdtemp())
        >>> for name in ("annotations", "train2017"):
        ...     (root / name).mkdir()
        >>> Image.new("RGB", (64, 48)).save(root / "train2017" / "000000000009.jpg")
        >>> content = {"images": [{"id": 9, "file_name": "000000000009.jpg"}],
        ...            "annotations": [{"image_id": 9, "id": 1, "caption": "A night.\n"}]}
        >>> _ = (root / "annotations" / "captions_train2017.json").write_text(json.dumps(content))
        >>> example = CocoCaptions(root)[0]
        >>> example.name, example.captions, example.split
        ('train2017/000000000009.jpg', ('A night.',), 'train')
    """

    name = "coco-captions"
    title = "COCO Captions"
    licence = "captions CC BY 4.0; each photograph under its own author's licence, named in the annotations"
    homepage = "https://cocodataset.org/"
    classes = ("picture",)

    def __init__(self, root: str | os.PathLike[str], *, seed: int = 0, limit: int | None = None) -> None:
        self.root = Path(root)
        if not self.root.is_dir():
            raise UserError(f"there is no folder {self.root}; coco-captions expects {LAYOUT} in its root")
        year = self._latest_year()
        parts = [self._part(f"train{year}", "train"), self._part(f"val{year}", "test")]
        self._parts = _limited([part for part in parts if part], limit)

    def __len__(self) -> int:
        return sum(len(part.chosen) for part in self._parts)

    def __getitem__(self, index: int) -> Example:
        """Returns example ``index``; see ``Source``.

        Raises:
            BadExample: If the picture is missing or damaged, or has no captions.
        """
        number = operator.index(index)
        if number < 0:
            raise IndexError(f"there is no example {number}")
        for part in self._parts:
            if number < len(part.chosen):
                return self._example(part, int(part.chosen[number]))
            number -= len(part.chosen)
        raise IndexError(f"there is no example {index}; there are {len(self)}")

    def _example(self, part: _Part, picture: int) -> Example:
        name = f"{part.folder}/{part.captions.file_name(picture)}"
        captions = part.captions.captions(picture)
        if not captions:
            raise BadExample(name, f"{part.annotations} has no caption of it")
        image = open_picture(inside(self.root, name), name=name)
        return Example(name, image, captions, 0, part.split)

    def _latest_year(self) -> str:
        names = [path.name for path in (self.root / "annotations").glob("captions_train*.json")]
        years = sorted(match[1] for name in names if (match := _TRAIN.fullmatch(name)))
        if not years:
            raise UserError(f"there is no {self.root / 'annotations' / 'captions_train2017.json'} (nor of "
                            f"another year); coco-captions expects {LAYOUT} in its root")  # fmt: skip
        with_pictures = [year for year in years if self._folder(f"train{year}")]
        if not with_pictures:
            raise UserError(f"there is no folder {self.root / f'train{years[-1]}'} with the pictures of "
                            f"annotations/captions_train{years[-1]}.json")  # fmt: skip
        return with_pictures[-1]

    def _folder(self, name: str) -> str | None:
        folders = (folder for folder in (name, f"images/{name}") if (self.root / folder).is_dir())
        return next(folders, None)

    def _part(self, name: str, split: Split) -> _Part | None:
        folder = self._folder(name)
        if folder is None:
            return None
        annotations = f"annotations/captions_{name}.json"
        if not (self.root / annotations).is_file():
            raise UserError(f"there is no file {self.root / annotations} with the captions of {folder}")
        index = CaptionIndex(self.root / annotations)
        if not len(index):
            raise UserError(f"{self.root / annotations} has no images; download it again")
        return _Part(annotations, folder, split, index, np.arange(len(index), dtype=np.int32))


_TRAIN = re.compile(r"captions_train(\d{4})\.json")


def _limited(parts: list[_Part], limit: int | None) -> list[_Part]:
    sizes = [len(part.captions) for part in parts]
    if limit is None or limit >= sum(sizes):
        return parts
    counts = [limit]
    if len(parts) == 2:
        tests = min(max(1, round(limit * sizes[1] / sum(sizes))), sizes[1], limit - 1)
        counts = [limit - tests, tests]
    return [
        part._replace(chosen=(np.arange(count) * size // max(count, 1)).astype(np.int32))
        for part, size, count in zip(parts, sizes, counts, strict=True)
    ]
