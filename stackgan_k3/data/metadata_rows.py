"""Captions in metadata.jsonl or metadata.csv, found by row and read when asked for."""

import csv
import io
import json
import posixpath
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO

import numpy as np

from stackgan_k3.data.caption_file import clean_captions, decode_text
from stackgan_k3.data.file_tree import FileTree
from stackgan_k3.data.source import BadExample
from stackgan_k3.errors import UserError

COLUMNS = ("text", "caption", "captions")
"""Where captions may be; all that are there are read, in this order."""

MAX_ROW_BYTES = 1024 * 1024
"""Rows longer than this are refused."""

MAX_METADATA_BYTES = 8 * 1024**3
"""Files of metadata larger than this are refused."""

_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}

_Row = tuple[str, int, int]  # what file_name says, where the row begins and where it ends


class MetadataRows:
    """The rows of metadata files, by picture.

    The files are read once to find the rows; captions stay in the file until they are asked
    for. A picture with several rows has the captions of all of them.

    Args:
        tree: Where the files are.
        files: Their names: ``metadata.jsonl`` (an object a line) or ``metadata.csv`` (with a
            header), each about the pictures in and below its own folder.
        pictures: The names of the pictures.

    Attributes:
        lost: Names in the metadata that are no picture's.
        found: Whether each picture has a row, bool ``[pictures]``.

    Raises:
        UserError: If a file is damaged; the line is named.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from stackgan_k3.data.file_tree import open_tree
        >>> root = Path(tempfile.mkdtemp())
        >>> line = {"file_name": "a.jpg", "text": "a bird"}
        >>> _ = (root / "metadata.jsonl").write_text(json.dumps(line))
        >>> MetadataRows(open_tree(root), ["metadata.jsonl"], ["a.jpg"]).captions(0)
        ('a bird',)
    """

    def __init__(self, tree: FileTree, files: Sequence[str], pictures: Sequence[str]) -> None:
        self._tree, self._files = tree, list(files)
        self._open: dict[int, BinaryIO] = {}
        self._names = pictures
        self._formats: list[tuple[str, list[str]]] = []  # of a csv: the delimiter and the header
        self.lost: dict[str, str] = {}
        numbers = {unicodedata.normalize("NFC", name): number for number, name in enumerate(pictures)}
        rows = np.array(list(self._scan(numbers)), np.int64).reshape(-1, 4)
        self._rows = rows[np.argsort(rows[:, 0], kind="stable"), 1:]
        counts = np.bincount(rows[:, 0], minlength=len(pictures))
        self._first = np.concatenate([[0], np.cumsum(counts)])
        self.found = counts > 0

    def captions(self, picture: int) -> tuple[str, ...]:
        """Reads the captions of a picture.

        Args:
            picture: Its number among the pictures.

        Returns:
            At least one caption, none twice.

        Raises:
            BadExample: If its rows hold none, or anything but text.
        """
        name = self._names[picture]
        captions: list[str] = []
        for number, start, end in self._rows[self._first[picture] : self._first[picture + 1]].tolist():
            file = self._file(number)
            file.seek(start)
            captions += self._captions(self._parse(number, file.read(end - start), name), name)
        if not captions:
            raise BadExample(
                name, f"its row in {self._files[0]} has no {', '.join(COLUMNS[:-1])} or {COLUMNS[-1]}"
            )
        return tuple(dict.fromkeys(captions))

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_open": {}}

    def __del__(self) -> None:
        for file in self.__dict__.get("_open", {}).values():
            file.close()

    def _scan(self, numbers: Mapping[str, int]) -> Iterator[tuple[int, int, int, int]]:
        """Yields picture, file, start and end of every row that is about a picture."""
        for number, name in enumerate(self._files):
            folder = posixpath.dirname(name)
            self._formats.append((",", []))
            rows = self._lines(number) if name.endswith(".jsonl") else self._records(number)
            for said, start, end in rows:
                path = unicodedata.normalize("NFC", said.replace("\\", "/"))
                full = posixpath.normpath(posixpath.join(folder, path))
                shown = full.encode("utf-8", "backslashreplace").decode()
                if full in numbers:
                    yield numbers[full], number, start, end
                elif full.startswith(("../", "/")) or full == "..":
                    self.lost[shown] = f"{name} names it, but it leads out of the set"
                else:
                    self.lost[shown] = f"{name} names it, but there is no such picture"

    def _lines(self, number: int) -> Iterator[_Row]:
        name = self._files[number]
        for line, (start, content) in enumerate(self._read_lines(number), 1):
            if not content.strip():
                continue
            try:
                row = json.loads(decode_text(content))
            except (ValueError, RecursionError) as error:
                raise UserError(f"{name}, line {line}: not JSON ({error})") from None
            if not isinstance(row, dict) or not isinstance(row.get("file_name"), str):
                raise UserError(f"{name}, line {line}: no \"file_name\" in it; expected a line such as "
                                '{"file_name": "0001.png", "text": "a red bird"}')  # fmt: skip
            yield row["file_name"], start, start + len(content)

    def _records(self, number: int) -> Iterator[_Row]:
        name = self._files[number]
        place = 0

        def lines() -> Iterator[str]:
            nonlocal place
            for start, content in self._read_lines(number):
                place = start + len(content)
                yield decode_text(content)

        text = lines()
        first = next(text, "")
        delimiter = max(",;\t", key=first.count)
        header = _header(first, delimiter)
        if "file_name" not in header or not any(column in header for column in COLUMNS):
            raise UserError(
                f"{name}, line 1: the columns are {', '.join(header) or 'none'}; expected file_name and text"
            )
        twice = [column for column in header if column and header.count(column) > 1]
        if twice:
            raise UserError(f"{name}, line 1: the column {twice[0]} is there twice; name each once")
        self._formats[number] = (delimiter, header)
        column = header.index("file_name")
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        while True:
            start = place
            try:
                row = next(reader, None)
            except csv.Error as error:
                raise UserError(f"{name}, line {reader.line_num + 1}: not CSV ({error})") from None
            if row is None:
                return
            if not row:
                continue
            picture = row[column].strip() if len(row) > column else ""
            if not picture:
                raise UserError(f"{name}, line {reader.line_num + 1}: no file_name in it")
            if any(row[len(header) :]):  # cut off there, a caption would be silently another
                raise UserError(
                    f"{name}, line {reader.line_num + 1}: {len(row)} values, where line 1 names "
                    f"{len(header)} columns; put a text that has {_SEPARATORS[delimiter]} in it in quotes: "
                    f'"{delimiter.join(row[len(header) - 1 :])}"'
                )
            yield picture, start, place

    def _read_lines(self, number: int) -> Iterator[tuple[int, bytes]]:
        """Yields where each line starts, and the line with its end."""
        name = self._files[number]
        try:
            file = self._tree.open(name, MAX_METADATA_BYTES)
        except BadExample as bad:
            raise UserError(f"{name} cannot be read: {bad.reason}") from None
        start = 0
        with file:
            while content := file.readline(MAX_ROW_BYTES + 1):
                if len(content) > MAX_ROW_BYTES:
                    raise UserError(f"{name}: more than {MAX_ROW_BYTES:,} bytes without the end of a line, "
                                    f"from byte {start:,}")  # fmt: skip
                if b"\0" in content:
                    raise UserError(f"{name} is no text (a zero byte after byte {start:,}); save it as UTF-8")
                yield start, content
                start += len(content)

    def _file(self, number: int) -> BinaryIO:
        if number not in self._open:
            self._open[number] = self._tree.open(self._files[number], MAX_METADATA_BYTES)
        return self._open[number]

    def _parse(self, number: int, content: bytes, name: str) -> dict[str, Any]:
        text = decode_text(content)
        delimiter, header = self._formats[number]
        try:
            if not header:
                row: dict[str, Any] = json.loads(text)
                return row
            reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
            return dict(zip(header, next(row for row in reader if row), strict=False))
        except (ValueError, csv.Error, StopIteration):
            raise BadExample(
                name, f"its row in {self._files[number]} has changed since it was opened"
            ) from None

    def _captions(self, row: Mapping[str, Any], name: str) -> tuple[str, ...]:
        found: list[str] = []
        for column in COLUMNS:
            value = row.get(column)
            values = value if isinstance(value, list) else [] if value is None else [value]
            for each in values:
                if not isinstance(each, str):
                    raise BadExample(name, f"its {column} are {type(each).__name__}, not text")
                if not _is_text(each):
                    raise BadExample(name, f"its {column} hold half a character, which is no text")
                found.append(each)
        return clean_captions(found)


def _header(line: str, delimiter: str) -> list[str]:
    try:
        return [column.strip() for column in next(csv.reader([line], delimiter=delimiter), [])]
    except csv.Error:  # the line ends of old Macs, or no CSV at all
        return []


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:  # JSON may hold one half of a surrogate pair
        return False
    return True
