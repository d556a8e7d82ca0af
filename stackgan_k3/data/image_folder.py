"""Pictures of one's own: in a folder, a zip or a tar, with captions in any of three ways."""

import os
import posixpath
import re
from collections import Counter
from collections.abc import Sequence
from typing import Literal

import numpy as np

from stackgan_k3.data.caption_file import MAX_CAPTIONS_BYTES, clean_captions, decode_text, lines
from stackgan_k3.data.file_tree import SPLIT_FOLDERS, open_tree
from stackgan_k3.data.metadata_rows import MetadataRows
from stackgan_k3.data.pictures import MAX_BYTES, open_picture
from stackgan_k3.data.portions import in_test_split, limited
from stackgan_k3.data.source import BadExample, Example
from stackgan_k3.errors import UserError

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".ppm")
"""What the names of pictures end with, in lower or upper case."""

METADATA = ("metadata.jsonl", "metadata.csv")
"""The names of metadata files."""

NO_CLASSES = ("picture",)
"""The classes of a set that has none."""

_NOTES = ("readme", "license", "licence")  # texts that are nobody's captions
_WAYS = (
    "metadata.jsonl or metadata.csv with file_name and text, "
    "name.txt beside name.jpg, or a folder for each class"
)


class ImageFolder:
    """Pictures with captions, in a folder, a ``.zip`` or a ``.tar``.

    Where the captions are, what is there decides, in this order:

    1. any ``metadata.jsonl`` or ``metadata.csv``: in its rows, a picture by ``file_name``;
    2. any ``name.txt`` beside a ``name.jpg``: in the text files, one a line;
    3. else in the names of the folders: ``golden_retriever/1.jpg`` is ``"golden
       retriever"`` and ``"a picture of golden retriever"``.

    Folders ``train/`` and ``test/`` (or ``validation/``) at the top are the splits. Without
    both, a picture is in the test split if the SHA-256 of ``"<seed>/<name>"`` is in the
    lowest tenth of all. Folders at the top, or in the split, are the classes; with
    captions of their own, sets with a picture outside of them or with only one have no
    classes but ``("picture",)``.

    A picture without captions, captions without a picture, and files that are not read (see
    ``open_tree``) are bad examples; a limit leaves them out.

    Args:
        root: The folder or the archive.
        seed: Chooses the test split where no folders do.
        limit: Take only this many pictures, spread over both splits and the classes.

    Raises:
        UserError: If there are no pictures, captions in more than one of the three ways, or
            pictures within and without the folders of splits or classes.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from PIL import Image
        >>> folder = Path(tempfile.mkdtemp())
        >>> Image.new("RGB", (64, 64)).save(folder / "a.png")
        >>> _ = (folder / "a.txt").write_text("a black square")
        >>> ImageFolder(folder)[0].captions
        ('a black square',)
    """

    name = "image-folder"
    title = "Pictures of your own"
    licence = "that of your own pictures"
    homepage = ""

    def __init__(self, root: str | os.PathLike[str], *, seed: int = 0, limit: int | None = None) -> None:
        self._tree = open_tree(root)
        self._where = str(root)
        names = [name for name in self._tree.names if name.lower().endswith(SUFFIXES)]
        if not names:
            raise UserError(f"{root} holds no pictures ({', '.join(SUFFIXES)})")
        metadata = [name for name in self._tree.names if posixpath.basename(name) in METADATA]
        self._check_readable(metadata)
        texts = {_stem(name): name for name in self._tree.names if name.lower().endswith(".txt")}
        paired = next((name for name in names if _stem(name) in texts), None)
        self._bad = dict(self._tree.refused)
        self._rows: MetadataRows | None = None
        self._texts: dict[str, str] | None = None
        if metadata:
            self._take_metadata(metadata, names, paired)
        elif paired:
            self._take_texts(names, texts)
        loose = self._find_classes(names)
        if self._rows is None and self._texts is None and loose:
            raise UserError(f"{root}: nothing says what is on {loose}; expected {_WAYS}")
        self._tests = self._find_tests(names, seed)
        extra = sorted(self._bad.keys() - set(names))
        good = np.array([name not in self._bad for name in names])
        if limit is None:
            chosen = np.arange(len(names))
            self._extra = extra
        else:
            usable = np.flatnonzero(good)
            chosen = usable[limited(self._labels[usable], self._tests[usable], limit)]
            self._extra = []
        self._names, self._chosen = names, chosen

    def __len__(self) -> int:
        return len(self._chosen) + len(self._extra)

    def __getitem__(self, index: int) -> Example:
        """Returns example ``index``; see ``Source``.

        Raises:
            BadExample: If the picture or its captions are missing, refused or damaged.
        """
        if not 0 <= index < len(self):
            raise IndexError(index)
        if index >= len(self._chosen):
            name = self._extra[index - len(self._chosen)]
            raise BadExample(name, self._bad[name])
        item = int(self._chosen[index])
        name = self._names[item]
        if name in self._bad:
            raise BadExample(name, self._bad[name])
        label = int(self._labels[item])
        if self._rows is not None:
            captions = self._rows.captions(item)
        elif self._texts is not None:
            captions = self._read_text(self._texts.get(name, f"{_stem(name)}.txt"))
        else:
            captions = (self.classes[label], f"a picture of {self.classes[label]}")
        image = open_picture(self._tree.read(name, MAX_BYTES), name=name)
        split: Literal["train", "test"] = "test" if self._tests[item] else "train"
        return Example(name, image, captions, label, split)

    def _check_readable(self, metadata: Sequence[str]) -> None:
        for name, reason in self._tree.refused.items():
            if posixpath.basename(name) in METADATA:
                raise UserError(f"{self._where}: {name} is not read: {reason}")
        folders = Counter(posixpath.dirname(name) for name in metadata)
        for folder, count in folders.items():
            if count > 1:
                place = posixpath.join(self._where, folder)
                raise UserError(f"{place} holds both {' and '.join(METADATA)}; keep one of them")

    def _take_metadata(self, metadata: Sequence[str], names: Sequence[str], paired: str | None) -> None:
        if paired:
            raise UserError(
                f"{self._where} holds {metadata[0]} and also {_stem(paired)}.txt beside {paired}; "
                "keep the captions in one of the two ways"
            )
        self._rows = MetadataRows(self._tree, metadata, names)
        for name, reason in self._rows.lost.items():
            self._bad.setdefault(name, reason)
        for index in np.flatnonzero(~self._rows.found).tolist():
            self._bad[names[index]] = f"no row of {' or '.join(metadata[:3])} is about it"

    def _take_texts(self, names: Sequence[str], texts: dict[str, str]) -> None:
        stems = set()
        self._texts = {}
        for name in names:
            stem = _stem(name)
            stems.add(stem)
            if stem not in texts:
                self._bad[name] = f"there is no {posixpath.basename(stem)}.txt beside it"
            elif texts[stem] != f"{stem}.txt":
                self._texts[name] = texts[stem]
        for stem, name in texts.items():
            if stem not in stems and posixpath.basename(stem).lower() not in _NOTES:
                self._bad[name] = "there is no picture of this name beside it"

    def _find_classes(self, names: Sequence[str]) -> str:
        """Sets classes and labels, and returns a picture that is in no class's folder."""
        places = [_parts(name) for name in names]
        inside = [name for name, (split, _) in zip(names, places, strict=True) if split]
        if inside and len(inside) < len(names):
            outside = next(name for name, (split, _) in zip(names, places, strict=True) if not split)
            raise UserError(
                f"{self._where} holds {inside[0]}, in the folder of a split, and {outside}, which is in "
                "none; put all pictures below train/, test/ or validation/, or none"
            )
        folders = sorted({folder for _, folder in places})
        loose = next((name for name, (_, folder) in zip(names, places, strict=True) if not folder), "")
        captioned = self._rows is not None or self._texts is not None
        if loose or (captioned and len(folders) == 1):
            self.classes: tuple[str, ...] = NO_CLASSES
            self._labels = np.zeros(len(names), np.int64)
            return loose
        words = [_words(folder) for folder in folders]
        self.classes = tuple(words if len(set(words)) == len(words) and all(words) else folders)
        numbers = {folder: number for number, folder in enumerate(folders)}
        self._labels = np.array([numbers[folder] for _, folder in places], np.int64)
        return ""

    def _find_tests(self, names: Sequence[str], seed: int) -> np.ndarray:
        splits = [_parts(name)[0] for name in names]
        if {"train", "test"} <= set(splits):
            return np.array([split == "test" for split in splits])
        tests = np.zeros(len(names), bool)
        good = [number for number, name in enumerate(names) if name not in self._bad]
        tests[good] = in_test_split((names[number] for number in good), seed)
        return tests

    def _read_text(self, name: str) -> tuple[str, ...]:
        content = self._tree.read(name, MAX_CAPTIONS_BYTES)
        if b"\0" in content:
            raise BadExample(name, "the captions are not text; save them as UTF-8")
        captions = clean_captions(lines(decode_text(content)))
        if not captions:
            raise BadExample(name, "it holds no captions")
        return captions


def _stem(name: str) -> str:
    return posixpath.splitext(name)[0]


def _parts(name: str) -> tuple[str, str]:
    """The split and the folder below it that a name says, each empty if there is none."""
    first, slash, rest = name.partition("/")
    split = SPLIT_FOLDERS.get(first.lower(), "") if slash else ""
    folder, slash, _ = (rest if split else name).partition("/")
    return split, folder if slash else ""


def _words(folder: str) -> str:
    """``"007.Parakeet_Auklet"`` -> ``"Parakeet Auklet"``."""
    return " ".join(re.sub(r"^\d+\.", "", folder).replace("_", " ").split())
