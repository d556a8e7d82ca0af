"""Word vectors from a file: Word2Vec's two formats and GloVe's, gzipped or not."""

import gzip
import io
import os
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np

from stackgan_k3.bundle.alphabet import ALPHABET, TABLE
from stackgan_k3.bundle.words import LETTERS, LONGEST
from stackgan_k3.errors import UserError

MAX_DIM = 8192
"""The longest vector that is read."""
_MAX_LINE = 32 * (MAX_DIM + 2)  # bytes; no number is written longer
_MAX_WORD = 4096  # bytes


def read_vectors(
    path: str | os.PathLike[str], wanted: Collection[str], most: int
) -> tuple[list[str], np.ndarray]:
    r"""Reads the vectors of some words.

    Word2Vec text (a line ``words size``, then a line a word: the word and its numbers),
    Word2Vec binary (that line, then each word, a space and float32 numbers, low byte first) and GloVe text
    (lines alone). The kind is seen from the content. Words are read by the alphabet, so ``Red`` is ``red``
    (where the file has both, its own spelling wins); what is not letters and digits is passed over.

    Args:
        path: The file, gzipped or not.
        wanted: Words to keep wherever they are in the file; a set is quick.
        most: How many words to keep besides, from the beginning, where such files have the most frequent.

    Returns:
        The words, in the order of the file, and their vectors, float32 ``[words, size]``.

    Raises:
        UserError: If the file is missing, cut off, no such file, promises what it does not
            hold, or holds numbers that are not finite; with the place.

    Example:
        >>> _ = Path("vectors.txt").write_text("a 1 0\nred 0 1\nbird 2 2\n")
        >>> words, vectors = read_vectors("vectors.txt", wanted={"bird"}, most=1)
        >>> words, vectors.tolist()
        (['a', 'bird'], [[1.0, 0.0], [2.0, 2.0]])
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f"there is no file {path}; text.vectors names a Word2Vec or GloVe file, or is 'own'")
    kept: dict[str, tuple[bool, np.ndarray]] = {}
    first = 0
    try:
        with open(path, "rb") as raw:
            zipped = raw.read(2) == b"\x1f\x8b"
        with gzip.open(path) if zipped else open(path, "rb") as file:
            for place, name, numbers in _entries(file, path):
                word = _as_word(name)
                if word is None:
                    continue
                if word not in kept and word not in wanted:
                    if first >= most:
                        continue
                    first += 1
                exact = name == word.encode()
                if word not in kept or (exact and not kept[word][0]):
                    kept[word] = exact, _vector(numbers, path, place)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UserError(f"{path} is cut off or damaged ({error}); download it again") from None
    if not kept:
        raise UserError(
            f"{path} holds no word of letters and digits; give word vectors of the captions' language"
        )
    return list(kept), np.stack([vector for _, vector in kept.values()])


_File = gzip.GzipFile | io.BufferedReader
# A word, where it stands, and its numbers: as they are in the file.
_Entry = tuple[str, bytes, list[bytes] | bytes]


def _entries(file: _File, path: Path) -> Iterator[_Entry]:
    start = file.readline(_MAX_LINE)
    fields = start.split()
    if len(fields) == 2 and all(field.isdigit() for field in fields):
        count, size = (int(field[:20]) for field in fields)
        if not (count and 1 <= size <= MAX_DIM):
            raise UserError(
                f"{path} says that it holds {count:,} vectors of {size:,} numbers; at least one vector and "
                f"1 to {MAX_DIM:,} numbers are read"
            )
        here = file.tell()
        second = file.readline(_MAX_LINE)
        file.seek(here)
        if _is_text(second, size):
            yield from _lines(file, path, size, count)
        else:
            yield from _binary(file, path, count, size)
        return
    size = len(fields) - 1
    if not _is_text(start, size):
        raise UserError(
            f"{path} is neither a Word2Vec nor a GloVe file: its first line is not 'words size', nor a word "
            "and its numbers"
        )
    file.seek(0)
    yield from _lines(file, path, size, None)


def _is_text(line: bytes, size: int) -> bool:
    fields = line.split()
    if not 1 <= size <= MAX_DIM or len(fields) <= size:
        return False
    try:
        [float(field) for field in fields[-size:]]
    except ValueError:
        return False
    return True


def _lines(file: _File, path: Path, size: int, promised: int | None) -> Iterator[_Entry]:
    read = 0
    while line := file.readline(_MAX_LINE):
        if not line.strip():
            continue
        read += 1
        place = f"vector {read:,}"
        fields = line.strip(b" \r\n").split(b" ")
        if len(fields) <= size:
            raise UserError(
                f"{path}, {place}: it has {len(fields) - 1:,} numbers, and the file began with {size:,} a "
                "word; it is cut off or damaged, download it again"
            )
        if promised is not None and read > promised:
            raise UserError(
                f"{path} holds more than the {promised:,} vectors that it promises; download it again"
            )
        yield place, b" ".join(fields[:-size]), fields[-size:]
    if promised is not None and read < promised:
        raise UserError(f"{path} promises {promised:,} vectors and ends after {read:,}; download it again")


def _binary(file: _File, path: Path, count: int, size: int) -> Iterator[_Entry]:
    for number in range(1, count + 1):
        name = bytearray()
        while (sign := file.read(1)) != b" ":
            if not sign:
                raise UserError(
                    f"{path} promises {count:,} vectors and ends after {number - 1:,}; download it again"
                )
            name += sign
            if len(name) > _MAX_WORD:
                raise UserError(
                    f"{path}, vector {number:,}: no word ends here; it is no Word2Vec file, or damaged"
                )
        numbers = file.read(4 * size)
        if len(numbers) < 4 * size:
            raise UserError(f"{path} ends within vector {number:,} of {count:,}; download it again")
        yield f"vector {number:,}", bytes(name).lstrip(b"\r\n"), numbers
    if file.read(_MAX_WORD).strip():
        raise UserError(f"{path} holds more than the {count:,} vectors that it promises; download it again")


def _as_word(name: bytes) -> str | None:
    """The word as captions are read; None for what cannot occur in one."""
    text = name.decode("utf-8", "replace")
    numbers = [TABLE.get(sign, 0) for sign in text] if len(text) <= LONGEST else []
    if not numbers or not all(0 < number <= LETTERS for number in numbers):
        return None
    return "".join(ALPHABET[number - 1] for number in numbers)


def _vector(numbers: list[bytes] | bytes, path: Path, place: str) -> np.ndarray:
    try:
        if isinstance(numbers, bytes):
            vector = np.frombuffer(numbers, "<f4").astype(np.float32)
        else:
            vector = np.array([float(number) for number in numbers], np.float32)
    except ValueError:
        raise UserError(f"{path}, {place}: it holds something else than numbers; download it again") from None
    if not np.isfinite(vector).all():
        raise UserError(f"{path}, {place}: it holds numbers that are not finite; download it again")
    return vector
