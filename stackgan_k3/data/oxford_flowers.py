"""Oxford 102 flowers with captions, in the layout that text-to-image GANs use."""

import hashlib
import os
from collections import Counter
from pathlib import Path
from typing import Literal, NamedTuple

from stackgan_k3.data.caption_file import decode_text, read_captions
from stackgan_k3.data.pictures import open_picture
from stackgan_k3.data.source import BadExample, Example
from stackgan_k3.errors import UserError

LAYOUT = "jpg/image_00001.jpg … and text_c10/class_00001/image_00001.txt …"
"""The layout of the folder, for messages."""

_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff")


class _Item(NamedTuple):
    picture: str  # within the root; empty if there is none
    captions: str  # within the root; empty if there is none
    label: int


class OxfordFlowers:
    """Photographs of flowers by class, with the captions of each in a text file.

    The layout, below ``root``:

    * ``jpg/image_00001.jpg``: the pictures;
    * ``text_c10/class_00001/image_00001.txt``: a picture's captions, one a
      line, in UTF-8 (or else Windows-1252), in the folder of its class;
    * ``classes.txt``, if there: ``<class number> <class name>`` a line.

    A picture without captions and captions without a picture are bad examples.
    The split is by class, as in zero-shot work (Reed et al., 2016): the classes
    are ranked by SHA-256 of ``"<seed>/<folder name>"`` and the first fifth of
    them, rounded, is the test split, so no class is in both and the choice is
    the same everywhere.

    Args:
        root: The folder.
        seed: Chooses the classes of the test split.
        limit: Take only this many pictures, spread evenly over the classes and
            over both splits. Pictures without captions are then left out.

    Raises:
        UserError: If the folder is not laid out like that.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> from PIL import Image
        >>> root = Path(tempfile.mkdtemp())
        >>> for folder in (root / "jpg", root / "text_c10" / "class_00001"):
        ...     folder.mkdir(parents=True)
        >>> Image.new("RGB", (64, 64)).save(root / "jpg" / "image_00001.jpg")
        >>> _ = (root / "text_c10" / "class_00001" / "image_00001.txt").write_text("a black flower")
        >>> OxfordFlowers(root)[0].captions
        ('a black flower',)
    """

    name = "oxford-flowers"
    title = "Oxford 102 flowers"
    licence = "research use only; the photographs must not be redistributed"
    homepage = "https://www.robots.ox.ac.uk/~vgg/data/flowers/102/"

    def __init__(self, root: str | os.PathLike[str], *, seed: int = 0, limit: int | None = None) -> None:
        self.root = Path(root)
        for folder in (self.root, self.root / "jpg", self.root / "text_c10"):
            if not folder.is_dir():
                raise UserError(f"there is no folder {folder}; oxford-flowers expects {LAYOUT} in its root")
        folders = sorted(path.name for path in (self.root / "text_c10").iterdir()
                         if path.is_dir() and not path.name.startswith("."))  # fmt: skip
        if not folders:
            raise UserError(f"{self.root / 'text_c10'} holds no class folders; expected {LAYOUT}")
        names = _class_names(self.root / "classes.txt")
        self.classes = tuple(names.get(_number(folder), folder) for folder in folders)
        self._splits = _splits(folders, seed)
        self._items = self._find(folders, limit)
        if not self._items:
            raise UserError(f"{self.root} holds no captions; expected {LAYOUT}")

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: int) -> Example:
        """Returns example ``index``; see ``Source``.

        Raises:
            BadExample: If the picture or its captions are missing, empty or damaged.
        """
        item = self._items[index]
        if not item.captions:
            raise BadExample(item.picture, "it has no captions file in text_c10")
        captions = read_captions(self.root / item.captions, item.captions)
        if not item.picture:
            raise BadExample(item.captions, f"there is no picture jpg/{Path(item.captions).stem}.jpg")
        image = open_picture(self.root / item.picture, name=item.picture)
        return Example(item.picture, image, captions, item.label, self._splits[item.label])

    def _find(self, folders: list[str], limit: int | None) -> list[_Item]:
        pictures = {
            path.stem: f"jpg/{path.name}"
            for path in sorted((self.root / "jpg").iterdir(), reverse=True)
            if path.suffix.lower() in _SUFFIXES and not path.name.startswith(".")
        }
        classes = []
        for label, folder in enumerate(folders):
            files = sorted(path for path in (self.root / "text_c10" / folder).glob("*.txt")
                           if not path.name.startswith("."))  # fmt: skip
            classes.append([
                _Item(pictures.get(path.stem, ""), f"text_c10/{folder}/{path.name}", label) for path in files
            ])  # fmt: skip
        items = [item for items in classes for item in items]
        uses = Counter(item.picture for item in items if item.picture)
        twice = [picture for picture, count in uses.items() if count > 1]
        if twice:
            raise UserError(f"{self.root / min(twice)} has captions in more than one folder of text_c10; "
                            "keep those of its own class")  # fmt: skip
        if limit is None:
            captioned = {item.picture for item in items}
            items += [_Item(picture, "", 0) for picture in pictures.values() if picture not in captioned]
        else:
            items = self._spread(classes)[:limit]
        return sorted(items, key=lambda item: item.picture or f"jpg/{Path(item.captions).stem}")

    def _spread(self, classes: list[list[_Item]]) -> list[_Item]:
        # One picture of every class, then a second of every class, …; within a round the classes
        # of the test split are spaced evenly among the others, so any part holds both.
        counts = Counter(self._splits)
        seen: Counter[str] = Counter()
        position = []
        for split in self._splits:
            position.append((seen[split] + 0.5) / counts[split])
            seen[split] += 1
        ranked = [
            (rank, position[label], label, item)
            for label, items in enumerate(classes)
            for rank, item in enumerate(items)
        ]
        return [item for *_, item in sorted(ranked)]


def _splits(folders: list[str], seed: int) -> tuple[Literal["train", "test"], ...]:
    ranked = sorted(folders, key=lambda folder: hashlib.sha256(f"{seed}/{folder}".encode()).digest())
    test = set(ranked[: round(len(folders) / 5)])
    return tuple("test" if folder in test else "train" for folder in folders)


def _number(folder: str) -> str:
    return folder.removeprefix("class_").lstrip("0")


def _class_names(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    lines = (line.split(maxsplit=1) for line in decode_text(path.read_bytes()).splitlines())
    return {parts[0].lstrip("0"): parts[1].strip() for parts in lines if len(parts) == 2}
