"""The pictures and captions of a COCO annotations file, held compactly."""

import json
import unicodedata
from array import array
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from stackgan_k3.data.caption_file import clean_captions
from stackgan_k3.errors import UserError

MAX_BYTES = 2**32 - 1
"""Annotations files larger than this are refused."""


class CaptionIndex:
    r"""File names and captions of a ``captions_….json``, pictures in the order of their numbers.

    The file is parsed once, entry by entry. What stays are two byte strings and three
    arrays of offsets, so that a million captions take little more room than their letters,
    in memory as well as pickled.

    Args:
        path: The file: JSON with ``images`` (each with ``id`` and ``file_name``) and
            ``annotations`` (each with ``image_id`` and ``caption``); all else in it is ignored.

    Raises:
        UserError: If the file is missing, too large, no JSON or not of that form, or its
            two lists do not agree.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "captions_val2017.json"
        >>> content = {"images": [{"id": 9, "file_name": "000000000009.jpg"}],
        ...            "annotations": [{"image_id": 9, "id": 1, "caption": "A dog \n runs."}]}
        >>> _ = path.write_text(json.dumps(content))
        >>> index = CaptionIndex(path)
        >>> len(index), index.file_name(0), index.captions(0)
        (1, '000000000009.jpg', ('A dog runs.',))
    """

    def __init__(self, path: Path) -> None:
        entries = _Entries()
        try:
            if path.stat().st_size > MAX_BYTES:
                raise UserError(f"{path} has more than {MAX_BYTES:,} bytes; it cannot be COCO's")
            with open(path, encoding="utf-8-sig") as file:
                content = json.load(file, object_hook=entries.take)
        except OSError as error:
            raise UserError(f"{path} cannot be read: {error.strerror}") from None
        except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
            raise UserError(f"{path} is not whole JSON: {error}; download it again") from None
        _check_form(path, content)
        pictures, owners = np.array(entries.pictures), np.array(entries.owners)
        order = np.argsort(pictures, kind="stable")
        pictures = pictures[order]
        twice = pictures[1:][pictures[1:] == pictures[:-1]]
        if len(twice):
            raise UserError(f"{path} has two images with the id {twice[0]}; download it again")
        place = np.searchsorted(pictures, owners)
        place[place == len(pictures)] = 0
        lost = owners[pictures[place] != owners] if len(pictures) else owners
        if len(lost):
            raise UserError(f"{path} has a caption of the image {lost[0]}, which is not among its images; "
                            "download it again")  # fmt: skip
        by_picture = np.argsort(place, kind="stable")
        self._names, self._name_starts = _sorted_texts(entries.names, entries.name_ends, order)
        self._texts, self._text_starts = _sorted_texts(entries.texts, entries.text_ends, by_picture)
        counts = np.bincount(place, minlength=len(pictures))
        self._first = np.concatenate([[0], np.cumsum(counts)]).astype(np.uint32)

    def __len__(self) -> int:
        return len(self._name_starts) - 1

    def file_name(self, index: int) -> str:
        """Returns the name of picture ``index``'s file, 0 to ``len(self) - 1``."""
        return self._names[self._name_starts[index] : self._name_starts[index + 1]].decode()

    def captions(self, index: int) -> tuple[str, ...]:
        """Returns the captions of picture ``index`` in the file's order, each on one line; perhaps none."""
        starts = self._text_starts[self._first[index] : self._first[index + 1] + 1].tolist()
        texts = [self._texts[start:end].decode() for start, end in pairwise(starts)]
        return clean_captions(unicodedata.normalize("NFC", text) for text in texts)


class _Entries:
    """Takes the entries out of the JSON while it is parsed, so that it is never there as a whole."""

    def __init__(self) -> None:
        self.pictures = array("q")
        self.names = bytearray()
        self.name_ends = array("Q")
        self.owners = array("q")
        self.texts = bytearray()
        self.text_ends = array("Q")

    def take(self, entry: dict[str, Any]) -> dict[str, Any] | None:
        match entry:
            case {"image_id": int(number), "caption": str(text)} if abs(number) < 2**63:
                self.owners.append(number)
                self.texts += text.encode(errors="replace")
                self.text_ends.append(len(self.texts))
                return None
            case {"id": int(number), "file_name": str(name)} if abs(number) < 2**63:
                self.pictures.append(number)
                self.names += name.encode(errors="replace")
                self.name_ends.append(len(self.names))
                return None
        return entry


def _check_form(path: Path, content: Any) -> None:
    forms = {"images": "an id and a file_name", "annotations": "an image_id and a caption"}
    for name, form in forms.items():
        entries = content.get(name) if isinstance(content, dict) else None
        if not isinstance(entries, list):
            raise UserError(f"{path} has no list '{name}'; it is not a captions_….json of COCO")
        wrong = next((number for number, entry in enumerate(entries) if entry is not None), None)
        if wrong is not None:
            raise UserError(
                f"{path}: entry {wrong} of '{name}', counted from 0, is not an object with {form}"
            )


def _sorted_texts(texts: bytearray, ends: "array[int]", order: np.ndarray) -> tuple[bytes, np.ndarray]:
    starts = np.concatenate([[0], np.array(ends, np.int64)])
    lengths = np.diff(starts)[order]
    begins = starts[:-1][order]
    view = memoryview(texts)
    joined = b"".join(
        view[begin : begin + length] for begin, length in zip(begins.tolist(), lengths.tolist(), strict=True)
    )
    return joined, np.concatenate([[0], np.cumsum(lengths)]).astype(np.uint32)
