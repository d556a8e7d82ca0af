"""The pickles that StackGAN and its descendants ship: pictures and embeddings of captions."""

import os
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from stackgan_k3.data.caption_file import decode_text, read_captions
from stackgan_k3.data.inside import inside
from stackgan_k3.data.pickled_arrays import PickledArrays
from stackgan_k3.data.pictures import MAX_PIXELS, MIN_SIDE
from stackgan_k3.data.portions import limited
from stackgan_k3.data.safe_pickle import load
from stackgan_k3.data.source import BadExample, Example
from stackgan_k3.data.stored_array import StoredArray
from stackgan_k3.errors import UserError

LAYOUT = ("train/filenames.pickle, train/class_info.pickle, train/char-CNN-RNN-embeddings.pickle, "
          "train/304images.pickle (or 76images.pickle) and the same in test/")  # fmt: skip
"""The layout of the folder, for messages."""

EMBEDDINGS = ("char-CNN-RNN-embeddings.pickle", "char-CNN-GRU-embeddings.pickle",
              "char-CNN-gru-embeddings.pickle", "skip-thought-embeddings.pickle")  # fmt: skip
"""Files of embeddings; the first that is there is read."""

_NO_WORDS = {"image", "img", "picture", "photo", "coco"}  # what cameras and sets call everything
_PICTURES = re.compile(r"(\d{1,4})images\.pickle")


class _Split(NamedTuple):
    split: Literal["train", "test"]
    names: list[str]
    numbers: list[int]  # of the classes, as the file counts them
    pictures: PickledArrays
    embeddings: PickledArrays | None


class StackGANPickles:
    """Pictures and embeddings from the pickles of the published StackGAN code.

    The layout, below ``root``, the same in ``train/`` and ``test/``:

    * ``filenames.pickle``: a list of names such as
      ``001.Black_footed_Albatross/Black_Footed_Albatross_0046_18``;
    * ``class_info.pickle``, if there: a list of the classes' numbers;
    * ``304images.pickle`` or ``76images.pickle``: a list of uint8 arrays ``[304, 304, 3]``;
      the larger is read;
    * ``char-CNN-RNN-embeddings.pickle`` (or another of ``EMBEDDINGS``), if there: the
      embeddings of each picture's captions, ``[captions, T]`` a picture.

    The captions themselves are read from text files, one a picture, if there are any:
    ``<captions>/<name>.txt``, or ``<captions>/class_00012/image_00001.txt`` for
    ``jpg/image_00001`` of class 12. Without them, the caption of a picture is made from its
    name, ``"black footed albatross"``, or from its class where the name says nothing
    (``image_00001``), and repeated for each embedding.

    Args:
        root: The folder.
        seed: Not used: the split is that of the folders.
        limit: Take only this many pictures, spread over both splits and the classes.
        captions: The folder of text files; ``text_c10`` in ``root`` if there.

    Raises:
        UserError: If a file is missing or damaged, holds anything but arrays and plain
            containers, or two files of a split disagree about the number of pictures.

    Example:
        >>> import pickle, tempfile
        >>> root = Path(tempfile.mkdtemp())
        >>> (root / "train").mkdir()
        >>> for name, content in {"filenames": ["002.Laysan_Albatross/Laysan_Albatross_0002_1027"],
        ...                       "76images": [np.zeros((76, 76, 3), np.uint8)],
        ...                       "char-CNN-RNN-embeddings": [np.ones((2, 1024), np.float32)]}.items():
        ...     _ = (root / "train" / f"{name}.pickle").write_bytes(pickle.dumps(content, 2))
        >>> example = StackGANPickles(root)[0]
        >>> example.captions, example.embeddings.shape
        (('laysan albatross', 'laysan albatross'), (2, 1024))
    """

    name = "stackgan-pickles"
    title = "Pickles of StackGAN"
    licence = "that of the pictures: CUB-200-2011 and Oxford 102 flowers are for research use only"
    homepage = "https://github.com/hanzhanggit/StackGAN"

    def __init__(
        self,
        root: str | os.PathLike[str],
        *,
        seed: int = 0,
        limit: int | None = None,
        captions: str | None = None,
    ) -> None:
        self.root = Path(root)
        if not (self.root / "train").is_dir():
            raise UserError(f"there is no folder {self.root / 'train'}; stackgan-pickles expects {LAYOUT}")
        self._captions = Path(captions) if captions is not None else self.root / "text_c10"
        if captions is not None and not self._captions.is_dir():
            raise UserError(f"there is no folder {captions} with captions")
        self._parts = [self._open("train")]
        if (self.root / "test").is_dir():
            self._parts.append(self._open("test"))
        self._check_widths()
        numbers = sorted({number for part in self._parts for number in part.numbers})
        self._labels = {number: label for label, number in enumerate(numbers)}
        self.classes = _class_names(self._parts, numbers)
        labels = [self._labels[number] for part in self._parts for number in part.numbers]
        tests = [part.split == "test" for part in self._parts for _ in part.names]
        self._items = limited(np.array(labels, np.int64), np.array(tests, bool), limit)
        if not len(self._items):
            raise UserError(f"{self.root} holds no pictures; expected {LAYOUT}")

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: int) -> Example:
        """Returns example ``index``; see ``Source``.

        Raises:
            BadExample: If the picture is no picture, or its captions are missing, damaged,
                or not as many as its embeddings.
        """
        item = int(self._items[index])
        part = self._parts[0]
        if item >= len(part.names):
            item, part = item - len(part.names), self._parts[1]
        name = f"{part.split}/{part.names[item]}"
        try:
            image = _picture(part.pictures[item], name)
            embeddings = None if part.embeddings is None else _embeddings(part.embeddings[item], name)
        except BadExample:
            raise
        except UserError as error:
            raise BadExample(name, str(error)) from None
        number = part.numbers[item]
        label = self._labels[number]
        if self._captions.is_dir():
            captions = self._read_captions(part.names[item], number, name)
            if embeddings is not None and len(captions) != len(embeddings):
                raise BadExample(name, f"{len(captions)} captions, but {len(embeddings)} embeddings")
        else:
            made = _words(part.names[item].rsplit("/", 1)[-1]) or self.classes[label].lower()
            captions = (made,) * (1 if embeddings is None else len(embeddings))
        return Example(name, image, captions, label, part.split, embeddings=embeddings)

    def _open(self, split: Literal["train", "test"]) -> _Split:
        folder = self.root / split
        path = folder / "filenames.pickle"
        names = [_name(name, path) for name in _list(path)]
        numbers = _numbers(folder / "class_info.pickle", names)
        sizes = sorted(
            int(found[1]) for file in folder.iterdir() if (found := _PICTURES.fullmatch(file.name))
        )
        if not sizes:
            raise UserError(f"there is no 304images.pickle or 76images.pickle in {folder}; "
                            "the published code writes them from the pictures")  # fmt: skip
        pictures = PickledArrays(folder / f"{sizes[-1]}images.pickle")
        file = next((folder / name for name in EMBEDDINGS if (folder / name).is_file()), None)
        embeddings = None if file is None else PickledArrays(file)
        counts = {folder / "class_info.pickle": len(numbers), pictures.path: len(pictures)}
        if embeddings is not None:
            counts[embeddings.path] = len(embeddings)
        for other, count in counts.items():
            if count != len(names):
                raise UserError(f"{other} is for {count:,} pictures, but {path} names {len(names):,}")
        name, uses = Counter(names).most_common(1)[0] if names else ("", 0)
        if uses > 1:
            raise UserError(f"{path} names {name} more than once")
        return _Split(split, names, numbers, pictures, embeddings)

    def _check_widths(self) -> None:
        if len({part.embeddings is None for part in self._parts}) > 1:
            raise UserError(f"only one of train/ and test/ in {self.root} holds embeddings; "
                            f"both need {EMBEDDINGS[0]}, or neither")  # fmt: skip
        widths = {
            str(part.embeddings.path): np.atleast_1d(part.embeddings[0]).shape[-1]
            for part in self._parts
            if part.embeddings is not None and len(part.embeddings)
        }
        if len(set(widths.values())) > 1:
            found = " and ".join(f"{path} has {width}" for path, width in widths.items())
            raise UserError(f"embeddings must all be of as many numbers, but {found}")

    def _read_captions(self, name: str, number: int, full: str) -> tuple[str, ...]:
        tried = [f"{name}.txt"]
        if name.startswith("jpg/"):
            tried.append(f"class_{number:05d}/{name.removeprefix('jpg/')}.txt")
        for file in tried:
            path = inside(self._captions, file)
            if path.is_file():
                return read_captions(path, full)
        raise BadExample(full, f"there is no {' or '.join(tried)} in {self._captions}")


def _list(path: Path) -> list[Any]:
    """Reads a list of strings or numbers."""
    found = load(path)
    if isinstance(found, StoredArray) and len(found.shape) == 1:
        with open(path, "rb") as file:
            return list(found.read(file).tolist())
    if not isinstance(found, list | tuple):
        raise UserError(f"{path} holds a {type(found).__name__}, where a list is expected")
    return list(found)


def _name(value: Any, path: Path) -> str:
    if isinstance(value, bytes):  # a str of Python 2
        value = decode_text(value)
    if not isinstance(value, str) or not value:
        raise UserError(f"{path} holds {value!r:.40}, where the name of a picture is expected")
    return value.replace("\\", "/").encode("utf-8", "backslashreplace").decode()


def _numbers(path: Path, names: Sequence[str]) -> list[int]:
    if not path.exists():  # as for the published COCO: no classes, or those that the folders say
        found = [re.match(r"(\d{1,6})\.[^/]+/", name) for name in names]
        return [int(match[1]) if match else 0 for match in found] if all(found) else [0] * len(names)
    numbers = _list(path)
    for number in numbers:
        if type(number) is not int or not 0 <= number < 2**31:
            raise UserError(f"{path} holds {number!r:.40}, where the number of a class is expected")
    return numbers


def _class_names(parts: Sequence[_Split], numbers: Sequence[int]) -> tuple[str, ...]:
    """A class is called after its folder if it has one to itself."""
    if list(numbers) == [0]:
        return ("picture",)
    folders: dict[int, set[str]] = {number: set() for number in numbers}
    users: dict[str, set[int]] = {}
    for part in parts:
        for name, number in zip(part.names, part.numbers, strict=True):
            folder = name.rpartition("/")[0]
            folders[number].add(folder)
            users.setdefault(folder, set()).add(number)
    called = []
    for number in numbers:
        folder = next(iter(folders[number]))
        own = folder and len(folders[number]) == 1 and users[folder] == {number}
        words = re.sub(r"^\d+\.", "", folder.rsplit("/", 1)[-1]).replace("_", " ").strip()
        called.append(words if own and words else f"class {number}")
    return tuple(called)


def _words(stem: str) -> str:
    """``"Black_Footed_Albatross_0046_18"`` -> ``"black footed albatross"``."""
    words = re.split(r"[^\w]+|_+", stem)
    said = [word.lower() for word in words if word and not any(c.isdigit() for c in word)]
    return "" if set(said) <= _NO_WORDS else " ".join(said)


def _picture(array: np.ndarray, name: str) -> np.ndarray:
    if array.ndim == 2:
        array = np.repeat(array[..., None], 3, axis=2)
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3:
        raise BadExample(
            name, f"the picture is {array.dtype} {list(array.shape)}, not uint8 [height, width, 3]"
        )
    height, width = array.shape[:2]
    if min(height, width) < MIN_SIDE or height * width > MAX_PIXELS:
        raise BadExample(name, f"{width}x{height} pixels; each side must have {MIN_SIDE} or more, "
                               f"and at most {MAX_PIXELS:,} are read")  # fmt: skip
    return np.ascontiguousarray(array)


def _embeddings(array: np.ndarray, name: str) -> np.ndarray:
    table = array[None] if array.ndim == 1 else array
    if table.ndim != 2 or table.dtype.kind != "f" or not table.size:
        raise BadExample(name, f"its embeddings are {array.dtype} {list(array.shape)}, not [captions, T]")
    values = table.astype(np.float32)
    if not np.isfinite(values).all():
        raise BadExample(name, "its embeddings hold a number that is not finite")
    return values
