"""CUB-200-2011: photographs of birds with their boxes and, from Reed et al., ten captions each."""

import math
import os
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np

from stackgan_k3.data.by_class import Split, spread_places, zero_shot_splits
from stackgan_k3.data.caption_file import read_captions
from stackgan_k3.data.class_lists import listed_splits
from stackgan_k3.data.inside import inside
from stackgan_k3.data.pictures import open_picture
from stackgan_k3.data.source import BadExample, Example
from stackgan_k3.errors import UserError, unknown

LAYOUT = (
    "images.txt, bounding_boxes.txt, image_class_labels.txt, train_test_split.txt, classes.txt, "
    "images/001.Black_footed_Albatross/… and text_c10/001.Black_footed_Albatross/….txt"
)
"""The layout of the folder, for messages."""

SPLITS = ("zero-shot", "published")
"""The values of the option ``split``."""

_TEXTS = ("text_c10", "text")

Value = TypeVar("Value")
Box = tuple[float, float, float, float]


class _Item(NamedTuple):
    picture: str  # as images.txt has it: 001.Black_footed_Albatross/….jpg
    box: Box
    label: int
    split: Split


class Cub:
    """Birds of 200 species, cropped around each as the StackGAN papers do.

    The layout, below ``root`` (or ``root/CUB_200_2011``), as published:

    * ``images.txt``: ``<picture's number> <class folder>/<file>`` a line, and the
      pictures themselves in ``images/``;
    * ``bounding_boxes.txt``: ``<number> <x> <y> <width> <height>`` in pixels;
    * ``image_class_labels.txt``: ``<number> <class number>``;
    * ``classes.txt``: ``<class number> <class folder>``;
    * ``train_test_split.txt``, for the published split: ``<number> <1 for training>``;
    * ``text_c10/<class folder>/<stem>.txt`` (or ``text/…``), also beside
      ``CUB_200_2011``: a picture's captions, one a line.

    A picture without captions is a bad example, and so is a link that leads out of the
    root. Classes are numbered in the order of ``classes.txt``'s numbers and named
    without number and underscores: ``"Black footed Albatross"``.

    The zero-shot split is by class: ``trainvalclasses.txt`` and ``testclasses.txt``, or the
    StackGAN code's ``train/filenames.pickle`` and ``test/filenames.pickle``, in the root or
    beside ``images.txt``, name the classes of each split. Where there are none, the classes
    are ranked by SHA-256 of ``"<seed>/<class folder>"`` and the first quarter is the test
    split, which makes 150 and 50 classes. The published split is by picture: every class is
    in both.

    Args:
        root: The folder.
        seed: Chooses the classes of the test split, where no list does.
        limit: Take only this many pictures, spread evenly over the classes and
            over both splits.
        split: ``"zero-shot"`` or ``"published"``.

    Raises:
        UserError: If the folder is not laid out like that, a line of an index file is
            damaged, or ``split`` is neither.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> root = Path(tempfile.mkdtemp())
        >>> for folder in (root / "images" / "001.Wren", root / "text_c10" / "001.Wren"):
        ...     folder.mkdir(parents=True)
        >>> Image.new("RGB", (100, 80)).save(root / "images" / "001.Wren" / "a.jpg")
        >>> for name, line in (("images", "1 001.Wren/a.jpg"), ("classes", "1 001.Wren"),
        ...                    ("image_class_labels", "1 1"), ("bounding_boxes", "1 30 20 40.0 20.0")):
        ...     _ = (root / f"{name}.txt").write_text(line)
        >>> _ = (root / "text_c10" / "001.Wren" / "a.txt").write_text("a black bird")
        >>> source = Cub(root)
        >>> source.classes, source[0].captions, source[0].image.shape
        (('Wren',), ('a black bird',), (60, 60, 3))
    """

    name = "cub"
    title = "Caltech-UCSD Birds 200-2011"
    licence = "none is stated: for research; each photograph belongs to its author"
    homepage = "https://www.vision.caltech.edu/datasets/cub_200_2011/"

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
        if not self.root.is_dir():
            raise UserError(f"there is no folder {self.root}; cub expects {LAYOUT} in its root")
        nested = (self.root / "CUB_200_2011" / "images.txt").is_file()
        self._folder = "CUB_200_2011/" if nested else ""
        self._texts = self._find_texts()
        folders = self._read("classes.txt", "<class number> <class folder>", str)
        numbers = sorted(folders)
        self.classes = tuple(_class_name(folders[number]) for number in numbers)
        labels = {number: label for label, number in enumerate(numbers)}
        by_class: Sequence[Split] | None = None
        if split == "zero-shot":
            in_order = [folders[number] for number in numbers]
            by_class = listed_splits([self.root, self.root / self._folder], in_order)
            by_class = by_class or zero_shot_splits(in_order, seed, 1 / 4)
        items = self._read_items(labels, by_class)
        places = spread_places([item.label for item in items], [item.split for item in items])[:limit]
        self._items = [items[place] for place in sorted(places)]

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: int) -> Example:
        """Returns example ``index``; see ``Source``.

        Raises:
            BadExample: If the picture or its captions are missing, empty or damaged, or
                its box lies outside of the picture.
        """
        item = self._items[index]
        captions_name = f"{self._texts}/{Path(item.picture).with_suffix('.txt').as_posix()}"
        captions_path = inside(self.root, captions_name)
        if not captions_path.is_file():
            raise BadExample(item.picture, f"there are no captions {captions_name}")
        captions = read_captions(captions_path, captions_name)
        name = f"{self._folder}images/{item.picture}"
        image = crop(open_picture(inside(self.root, name), name=item.picture), item.box)
        if not image.size:
            raise BadExample(item.picture, f"its box {item.box} leaves nothing of the picture")
        return Example(item.picture, image, captions, item.label, item.split)

    def _find_texts(self) -> str:
        for name in (f"{folder}{text}" for folder in ("", self._folder) for text in _TEXTS):
            if (self.root / name).is_dir():
                return name
        raise UserError(
            f"there is no folder {self.root / _TEXTS[0]} (nor {_TEXTS[1]}) with the captions, "
            f"which are not part of the photographs' archive; cub expects {LAYOUT} in its root"
        )

    def _read_items(self, label_of: dict[int, int], by_class: Sequence[Split] | None) -> list[_Item]:
        pictures = self._read("images.txt", "<number> <class folder>/<file>", str)
        boxes = self._read("bounding_boxes.txt", "<number> <x> <y> <width> <height>", _box, pictures)
        classes = self._read("image_class_labels.txt", "<number> <class number>", int, pictures)
        sides = {}
        if by_class is None:
            form = "<number> <1 for training, else 0>"
            sides = self._read("train_test_split.txt", form, _side, pictures)
        items = []
        for number in sorted(pictures):
            if classes[number] not in label_of:
                raise UserError(
                    f"{self._index('image_class_labels.txt')}: picture {number} has class "
                    f"{classes[number]}, which classes.txt lacks"
                )
            label = label_of[classes[number]]
            split = sides[number] if by_class is None else by_class[label]
            items.append(_Item(pictures[number], boxes[number], label, split))
        if len(set(pictures.values())) < len(pictures):
            twice = sorted(pictures.values())
            name = next(name for name, after in pairwise(twice) if name == after)
            raise UserError(f"{self._index('images.txt')} lists '{name}' twice; extract it again")
        return items

    def _index(self, name: str) -> Path:
        return self.root / self._folder / name

    def _read(
        self, name: str, form: str, parse: Callable[[str], Value], wanted: dict[int, str] | None = None
    ) -> dict[int, Value]:
        # The numbers of an index file and what it says of each; of those wanted, of all.
        path = self._index(name)
        if not path.is_file():
            raise UserError(f"there is no file {path}; cub expects {LAYOUT} in its root")
        values: dict[int, Value] = {}
        for line_number, line in _lines(path):
            try:
                first, rest = line.split(maxsplit=1)
                number, value = int(first), parse(rest)
            except ValueError:
                raise UserError(
                    f"{path}, line {line_number}: '{line[:80]}' is not {form}; extract it again"
                ) from None
            if number in values:
                raise UserError(f"{path}, line {line_number}: {number} is there twice; extract it again")
            values[number] = value
        if not values:
            raise UserError(f"{path} is empty; extract it again")
        missing = (wanted or {}).keys() - values.keys()
        if wanted and missing:
            first_missing = min(missing)
            raise UserError(
                f"{path} has no line for picture {first_missing}, {wanted[first_missing]}; extract it again"
            )
        return values


def crop(image: np.ndarray, box: Box) -> np.ndarray:
    """Crops a square around a box, as the StackGAN papers do; what lies outside is cut off.

    Its centre is (x + width/2, y + height/2), half its side 0.75·max(width, height), both
    rounded down to whole pixels, so that the bird takes at least about two thirds of a side.

    Args:
        image: uint8 ``[height, width, 3]``.
        box: x and y of the upper left corner, width and height, in pixels.

    Returns:
        A view of the picture, uint8 ``[h, w, 3]``: square unless cut off at an edge, and
        empty if the box lies outside.

    Example:
        >>> crop(np.zeros((300, 400, 3), np.uint8), (100, 50, 80, 120)).shape
        (180, 180, 3)
    """
    x, y, width, height = (int(number) for number in box)
    centre_x, centre_y = int(x + width / 2), int(y + height / 2)
    half = int(0.75 * max(width, height))
    top, left = max(0, centre_y - half), max(0, centre_x - half)
    return image[top : max(0, centre_y + half), left : max(0, centre_x + half)]


def _lines(path: Path) -> list[tuple[int, str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text: {error}; extract it again") from None
    numbered = ((number, line.strip()) for number, line in enumerate(text.split("\n"), 1))
    return [(number, line) for number, line in numbered if line]


def _class_name(folder: str) -> str:
    number, dot, name = folder.partition(".")
    return (name if dot and number.isdigit() else folder).replace("_", " ")


def _box(text: str) -> Box:
    x, y, width, height = (float(number) for number in text.split())
    if not all(map(math.isfinite, (x, y, width, height))) or not (width > 0 and height > 0):
        raise ValueError(text)
    return x, y, width, height


def _side(text: str) -> Split:
    if text not in ("0", "1"):
        raise ValueError(text)
    return "train" if text == "1" else "test"
