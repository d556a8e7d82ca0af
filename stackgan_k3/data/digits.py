"""Handwritten digits, or clothes in the same files: MNIST, Fashion-MNIST, scikit-learn's digits."""

import hashlib
import os
import zipfile
import zlib
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from PIL import Image

from stackgan_k3.data.idx import MAX_BYTES, read_idx
from stackgan_k3.data.pictures import MIN_SIDE
from stackgan_k3.data.portions import limited
from stackgan_k3.data.source import Example
from stackgan_k3.errors import UserError, unknown

NAMES = {
    "digits": ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    "fashion": ("t-shirt", "trousers", "pullover", "dress", "coat",
                "sandal", "shirt", "sneaker", "bag", "ankle boot"),
}  # fmt: skip
"""What the classes 0 to 9 are called, by the option ``names``."""

_THINGS = ("a t-shirt", "a pair of trousers", "a pullover", "a dress", "a coat",
           "a sandal", "a shirt", "a sneaker", "a bag", "an ankle boot")  # fmt: skip
_NPZ = "mnist.npz"
_PREFIXES = {"train": "train", "test": "t10k"}
_SPLITS: tuple[Literal["train", "test"], ...] = ("train", "test")
# As published, as Keras caches Fashion-MNIST, and as torchvision unpacks the two.
_FOLDERS = {"digits": ("", "raw", "MNIST/raw"), "fashion": ("", "fashion-mnist", "raw", "FashionMNIST/raw")}


class _Files(NamedTuple):
    kind: Literal["idx", "npz", "scikit-learn"]
    paths: tuple[Path, ...]  # idx: pictures and labels of train, then of test
    stamp: tuple[tuple[int, int], ...]  # sizes and times, so that no changed file is served from memory


class _Arrays(NamedTuple):
    images: np.ndarray  # uint8 [n, side, side]: the pictures of train, then those of test
    labels: np.ndarray  # uint8 [n]
    train: int  # how many are of the training split


class Digits:
    """MNIST, Fashion-MNIST or scikit-learn's digits: small grey pictures of ten classes.

    ``root`` is a folder with the four IDX files as published, gzipped or not
    (``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte``,
    ``t10k-images-idx3-ubyte``, ``t10k-labels-idx1-ubyte``; ``….idx3-ubyte``
    will do), or a folder with Keras's ``mnist.npz``, or that file itself, or None
    for the 1,797 digits inside scikit-learn. Those have 8 x 8 pixels and are
    given enlarged to 32 x 32 (bilinear).

    The pictures are white on black, and each has four captions made from its
    class. The published splits are kept; scikit-learn's digits have none, so a
    fifth of them, the first by SHA-256 of ``"digits/<number>"``, is the test split,
    whatever the seed. Every worker process holds the whole set in memory: 55 MB for MNIST.

    Args:
        root: The folder, the ``.npz`` file, or None.
        seed: Not used: nothing here is chosen at random.
        limit: Take only this many pictures: of each split its share, though one of
            the test split at least, spread evenly over the classes.
        names: ``"digits"`` or ``"fashion"``: what the classes are called; see ``NAMES``.

    Raises:
        UserError: If files are missing, damaged or do not belong together, or
            scikit-learn is needed and not installed.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "mnist.npz"
        >>> image, label = np.zeros((10, 28, 28), np.uint8), np.arange(10, dtype=np.uint8)
        >>> np.savez(path, x_train=image, y_train=label, x_test=image, y_test=label)
        >>> Digits(path)[3].captions[0]
        'the digit three'
    """

    name = "digits"

    def __init__(
        self,
        root: str | os.PathLike[str] | None = None,
        *,
        seed: int = 0,
        limit: int | None = None,
        names: str = "digits",
    ) -> None:
        if names not in NAMES:
            raise unknown("names", names, NAMES)
        self._fashion = names == "fashion"
        if root is None and self._fashion:
            raise UserError("scikit-learn's digits are no clothes; give the folder of Fashion-MNIST as root")
        self.classes = NAMES[names]
        self._files = _find(None if root is None else Path(root), names)
        if self._files.kind == "scikit-learn":
            self.title = "digits of scikit-learn (UCI optical recognition of handwritten digits)"
            self.licence = "CC BY 4.0"
            self.homepage = "https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits"
        elif self._fashion:
            self.title, self.licence = "Fashion-MNIST", "MIT"
            self.homepage = "https://github.com/zalandoresearch/fashion-mnist"
        else:
            self.title, self.licence = "MNIST handwritten digits", "CC BY-SA 3.0"
            self.homepage = "http://yann.lecun.com/exdb/mnist/"
        arrays = _arrays(self._files)
        self._train = arrays.train
        test = np.arange(len(arrays.labels)) >= arrays.train
        self._order = limited(arrays.labels, test, limit).astype(np.int32)

    def __len__(self) -> int:
        return len(self._order)

    def __getitem__(self, index: int) -> Example:
        """Returns example ``index``; see ``Source``."""
        number = int(self._order[index])
        arrays = _arrays(self._files)
        label, split = int(arrays.labels[number]), _SPLITS[number >= self._train]
        image = np.repeat(arrays.images[number][..., None], 3, axis=2)
        name = f"{split}-{number - self._train * (split == 'test'):05d}"
        return Example(name, image, self._captions(label), label, split)

    def _captions(self, label: int) -> tuple[str, ...]:
        if self._fashion:
            thing = _THINGS[label]
            return (thing, f"a picture of {thing}", f"a grey picture of {thing}", f"{thing} on black")
        word = self.classes[label]
        return (
            f"the digit {word}",
            f"a handwritten {word}",
            f"a picture of the number {word}",
            f"the number {label} in white on black",
        )


def _find(root: Path | None, names: str) -> _Files:
    if root is None:
        return _Files("scikit-learn", (), ())
    npz = root / _NPZ if root.is_dir() else root
    # Keras has the file of that name, which holds digits, beside its folder of Fashion-MNIST.
    if npz.is_file() and (names == "digits" or npz == root):
        return _stamped("npz", (npz,))
    if not root.is_dir():
        raise UserError(f"there is no folder or file {root}; digits expects {_layout()}")
    for folder in _FOLDERS[names]:
        found = {part: _idx(root / folder, *part) for part in _parts()}
        if any(found.values()):
            for (split, kind), path in found.items():
                if path is None:
                    raise UserError(f"{root / folder} holds IDX files, but no {_file(split, kind)} "
                                    f"(nor {_file(split, kind)}.gz)")  # fmt: skip
            return _stamped("idx", tuple(path for path in found.values() if path))
    raise UserError(f"{root} holds no digits; expected {_layout()}")


def _stamped(kind: Literal["idx", "npz"], paths: tuple[Path, ...]) -> _Files:
    paths = tuple(path.resolve() for path in paths)
    stats = [path.stat() for path in paths]
    return _Files(kind, paths, tuple((stat.st_size, stat.st_mtime_ns) for stat in stats))


def _parts() -> list[tuple[str, str]]:
    return [(split, kind) for split in _SPLITS for kind in ("images-idx3", "labels-idx1")]


def _file(split: str, kind: str) -> str:
    return f"{_PREFIXES[split]}-{kind}-ubyte"


def _layout() -> str:
    return f"{_file('train', 'images-idx3')}[.gz] with the other three IDX files, or {_NPZ}"


def _idx(folder: Path, split: str, kind: str) -> Path | None:
    name = _file(split, kind)
    for stem in (name, name.replace("-idx", ".idx")):
        for path in (folder / stem, folder / f"{stem}.gz"):
            if path.is_file():
                return path
    return None


@lru_cache(maxsize=2)
def _arrays(files: _Files) -> _Arrays:
    # Read once a process and not pickled with the source.
    if files.kind == "scikit-learn":
        return _scikit_learn()
    if files.kind == "npz":
        parts, names = _npz(files.paths[0]), [f"{files.paths[0]}: {key}" for key in _KEYS]
    else:
        parts = [read_idx(path, 1 + 2 * (number % 2 == 0)) for number, path in enumerate(files.paths)]
        names = [str(path) for path in files.paths]
    for which in (0, 2):
        _check(parts[which], parts[which + 1], names[which], names[which + 1])
    train, test = parts[0], parts[2]
    if train.shape[1:] != test.shape[1:]:
        raise UserError(f"{names[0]} and {names[2]} hold pictures of different sizes")
    return _Arrays(np.concatenate([train, test]), np.concatenate([parts[1], parts[3]]), len(train))


def _check(images: np.ndarray, labels: np.ndarray, name: str, labels_name: str) -> None:
    if len(images) != len(labels):
        raise UserError(
            f"{name} holds {len(images):,} pictures but {labels_name} {len(labels):,} labels; "
            "they do not belong together"
        )
    if not len(images):
        raise UserError(f"{name} holds no pictures")
    if min(images.shape[1:]) < MIN_SIDE:
        height, width = images.shape[1:]
        raise UserError(f"{name} holds pictures of {width}x{height} pixels; each side must have {MIN_SIDE}")
    if labels.max() > 9:
        first = int(np.argmax(labels > 9))
        raise UserError(f"{labels_name}: label {first} is {labels[first]}; there are ten classes, 0 to 9")


_KEYS = ("x_train", "y_train", "x_test", "y_test")


def _npz(path: Path) -> list[np.ndarray]:
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {member.filename: member.file_size for member in archive.infolist()}
        missing = [key for key in _KEYS if f"{key}.npy" not in sizes]
        if missing:
            raise UserError(f"{path} holds no {', '.join(missing)}; it must hold {', '.join(_KEYS)}")
        if sum(sizes.values()) > 2 * MAX_BYTES:
            raise UserError(f"{path} unpacks to more than {2 * MAX_BYTES:,} bytes; it is not read")
        with np.load(path, allow_pickle=False) as arrays:
            parts = [arrays[key] for key in _KEYS]
    except UserError:
        raise
    except (OSError, EOFError, ValueError, MemoryError, zipfile.BadZipFile, zlib.error) as error:
        raise UserError(f"{path} is damaged or no archive of arrays ({error}); fetch it again") from None
    for key, part in zip(_KEYS, parts, strict=True):
        dimensions = 3 if key.startswith("x") else 1
        if part.ndim != dimensions or part.dtype.kind not in "ui" or (part.size and part.min() < 0):
            raise UserError(f"{path}: {key} is {part.dtype} {list(part.shape)}; "
                            f"expected uint8 in {dimensions} dimension{'s' * (dimensions > 1)}")  # fmt: skip
        if part.size and part.max() > 255:
            raise UserError(f"{path}: {key} holds {part.max()}; expected uint8")
    return [part.astype(np.uint8) for part in parts]


def _scikit_learn() -> _Arrays:
    try:
        from sklearn.datasets import load_digits
    except ModuleNotFoundError:
        raise UserError(
            "without a root, digits are those inside scikit-learn, which is not installed: "
            "pip install 'stackgan-k3[digits]', or give --root, a folder with MNIST's files"
        ) from None
    data = load_digits()
    small = np.round(data.images * (255 / 16)).astype(np.uint8)  # published as 0 to 16
    ranked = sorted(
        range(len(small)), key=lambda number: hashlib.sha256(f"digits/{number}".encode()).digest()
    )
    cut = round(len(small) / 5)
    order = np.array(sorted(ranked[cut:]) + sorted(ranked[:cut]))
    side = (32, 32)
    images = [np.asarray(Image.fromarray(small[number]).resize(side, Image.Resampling.BILINEAR))
              for number in order]  # fmt: skip
    return _Arrays(np.stack(images), data.target[order].astype(np.uint8), len(small) - cut)
