"""Oxford 102 flowers, with captions as text-to-image GANs use them or with the names of the flowers."""

import os
import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from stackgan_k3.data.by_class import Split, spread, spread_places, zero_shot_splits
from stackgan_k3.data.caption_file import decode_text, lines, read_captions
from stackgan_k3.data.flower_names import FLOWERS
from stackgan_k3.data.inside import inside
from stackgan_k3.data.mat_file import read_numbers
from stackgan_k3.data.pictures import open_picture
from stackgan_k3.data.source import BadExample, Example
from stackgan_k3.errors import UserError, unknown

LAYOUT = "jpg/image_00001.jpg … and text_c10/class_00001/image_00001.txt … or imagelabels.mat"
"""The layout of the folder, for messages."""

TEMPLATES = (
    "a photo of {name}",
    "a flower called {name}",
    "this flower is called {name}",
    "the flower in this photo is called {name}",
)
"""The captions of a picture where there are none but the name of its class."""

SPLITS = ("zero-shot", "published")
"""The values of the option ``split``."""

_IMAGE = re.compile(r"image_(\d+)")
_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff")


class _Item(NamedTuple):
    stem: str  # image_00001
    picture: str  # within the root; empty if there is none
    captions: str  # within the root; empty if there is none
    label: int  # -1 if it is not known


class OxfordFlowers:
    """Photographs of flowers by class, with captions or the names of the classes.

    The layout, below ``root``:

    * ``jpg/image_00001.jpg``: the pictures;
    * ``text_c10/class_00001/image_00001.txt``: a picture's captions, one a
      line, in UTF-8 (or else Windows-1252), in the folder of its class;
    * ``imagelabels.mat``, read where there is no ``text_c10``: the number of each
      picture's class, from which captions are made (``TEMPLATES``);
    * ``classes.txt``, if there: ``<class number> <class name>`` a line. Without it,
      classes are called like their folders, or, with ``imagelabels.mat``, ``FLOWERS``;
    * ``setid.mat``, for the published split only.

    A picture without captions or label and captions without a picture are bad
    examples, and so is a link that leads out of the folder.

    The split is by class, as in zero-shot work (Reed et al., 2016): the classes
    are ranked by SHA-256 of ``"<seed>/<folder name>"`` (``class_00001``) and the first
    fifth of them, rounded, is the test split, so no class is in both and the choice is
    the same everywhere. The published split has every class in both: ``trnid`` and
    ``valid`` of ``setid.mat`` are trained on, ``tstid`` is the test split.

    Args:
        root: The folder.
        seed: Chooses the classes of the test split.
        limit: Take only this many pictures, spread evenly over the classes and
            over both splits. Pictures without captions are then left out.
        split: ``"zero-shot"`` or ``"published"``.

    Raises:
        UserError: If the folder is not laid out like that, or ``split`` is neither.

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

    def __init__(
        self,
        root: str | os.PathLike[str],
        *,
        seed: int = 0,
        limit: int | None = None,
        split: str = "zero-shot",
    ) -> None:
        self.root = Path(root)
        if split not in SPLITS:
            raise unknown("split", split, SPLITS)
        for folder in (self.root, self.root / "jpg"):
            if not folder.is_dir():
                raise UserError(f"there is no folder {folder}; oxford-flowers expects {LAYOUT} in its root")
        self._captioned = (self.root / "text_c10").is_dir()
        if self._captioned:
            folders, classes = self._by_captions()
        elif (self.root / "imagelabels.mat").exists():
            folders, classes = self._by_labels()
        else:
            raise UserError(f"there is neither a file imagelabels.mat nor a folder text_c10 in {self.root}; "
                            f"oxford-flowers expects {LAYOUT} in its root")  # fmt: skip
        names = _class_names(self.root / "classes.txt")
        if not self._captioned:
            names = {str(number): name for number, name in enumerate(FLOWERS, 1)} | names
        self.classes = tuple(names.get(_number(folder), folder) for folder in folders)
        self._by_class = zero_shot_splits(folders, seed, 1 / 5)
        self._published = self._read_published() if split == "published" else None
        self._items = self._choose(classes, limit)
        if not any(item.label >= 0 for item in self._items):
            raise UserError(f"{self.root} holds no captions; expected {LAYOUT}")

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: int) -> Example:
        """Returns example ``index``; see ``Source``.

        Raises:
            BadExample: If the picture or its captions are missing, empty or damaged.
        """
        item = self._items[index]
        if item.label < 0:
            where = "captions file in text_c10" if self._captioned else "label in imagelabels.mat"
            raise BadExample(item.picture, f"it has no {where}")
        captions = tuple(line.format(name=self.classes[item.label]) for line in TEMPLATES)
        if self._captioned:
            captions = read_captions(inside(self.root, item.captions), item.captions)
        name = f"jpg/{item.stem}.jpg"
        if not item.picture:
            raise BadExample(item.captions or name, f"there is no picture {name}")
        split = self._split(item)
        if split is None:
            raise BadExample(item.picture, "setid.mat does not say which split it is in")
        image = open_picture(inside(self.root, item.picture), name=item.picture)
        return Example(item.picture, image, captions, item.label, split)

    def _by_captions(self) -> tuple[list[str], list[list[_Item]]]:
        folders = sorted(path.name for path in (self.root / "text_c10").iterdir()
                         if path.is_dir() and not path.name.startswith("."))  # fmt: skip
        if not folders:
            raise UserError(f"{self.root / 'text_c10'} holds no class folders; expected {LAYOUT}")
        pictures = self._pictures()
        classes = []
        for label, folder in enumerate(folders):
            files = sorted(path for path in (self.root / "text_c10" / folder).glob("*.txt")
                           if not path.name.startswith("."))  # fmt: skip
            classes.append([
                _Item(path.stem, pictures.get(path.stem, ""), f"text_c10/{folder}/{path.name}", label)
                for path in files
            ])  # fmt: skip
        uses = Counter(item.picture for items in classes for item in items if item.picture)
        twice = [picture for picture, count in uses.items() if count > 1]
        if twice:
            raise UserError(f"{self.root / min(twice)} has captions in more than one folder of text_c10; "
                            "keep those of its own class")  # fmt: skip
        return folders, classes

    def _by_labels(self) -> tuple[list[str], list[list[_Item]]]:
        path = self.root / "imagelabels.mat"
        (numbers,) = read_numbers(path, "labels")
        outside = [number for number in numbers if not 1 <= number <= len(FLOWERS)]
        if outside or not len(numbers):
            what = f"class {outside[0]}" if outside else "no classes"
            raise UserError(f"{path} names {what}; classes are 1 to {len(FLOWERS)}; download it again")
        pictures = self._pictures()
        present = sorted({int(number) for number in numbers})
        classes: dict[int, list[_Item]] = {number: [] for number in present}
        for image, number in enumerate(numbers, 1):
            stem = f"image_{image:05d}"
            item = _Item(stem, pictures.get(stem, ""), "", present.index(number))
            classes[int(number)].append(item)
        return [f"class_{number:05d}" for number in present], list(classes.values())

    def _pictures(self) -> dict[str, str]:
        return {
            path.stem: f"jpg/{path.name}"
            for path in sorted((self.root / "jpg").iterdir(), reverse=True)
            if path.suffix.lower() in _SUFFIXES and not path.name.startswith(".")
        }

    def _read_published(self) -> dict[int, Split]:
        path = self.root / "setid.mat"
        train, valid, test = read_numbers(path, "trnid", "valid", "tstid")
        splits: dict[int, Split] = {int(image): "train" for image in (*train, *valid)}
        both = sorted(splits.keys() & {int(image) for image in test})
        if both:
            raise UserError(f"{path} has picture {both[0]} in both splits; download it again")
        return splits | {int(image): "test" for image in test}

    def _split(self, item: _Item) -> Split | None:
        if self._published is None:
            return self._by_class[item.label]
        number = _IMAGE.fullmatch(item.stem)
        return self._published.get(int(number[1])) if number else None

    def _choose(self, classes: list[list[_Item]], limit: int | None) -> list[_Item]:
        if limit is None:
            items = [item for of_class in classes for item in of_class]
            known = {item.picture for item in items}
            items += [
                _Item(stem, picture, "", -1)
                for stem, picture in self._pictures().items()
                if picture not in known
            ]
        elif self._published is None:
            items = spread(classes, self._by_class)[:limit]
        else:
            placed = [
                (item, side) for of_class in classes for item in of_class if (side := self._split(item))
            ]
            places = spread_places([item.label for item, _ in placed], [side for _, side in placed])
            items = [placed[place][0] for place in places[:limit]]
        return sorted(items, key=lambda item: item.picture or f"jpg/{item.stem}")


def _number(folder: str) -> str:
    return folder.removeprefix("class_").lstrip("0")


def _class_names(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    rows = (line.split(maxsplit=1) for line in lines(decode_text(path.read_bytes())))
    return {parts[0].lstrip("0"): parts[1].strip() for parts in rows if len(parts) == 2}
