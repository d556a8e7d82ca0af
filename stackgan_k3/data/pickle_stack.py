"""Strings, numbers and containers of a pickle, read without running anything."""

import os
import re
import struct
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from stackgan_k3.data.stored_array import Form, StoredBytes, plain_bytes
from stackgan_k3.errors import UserError

MAX_TEXT_BYTES = 256 * 1024 * 1024
"""Pickles with more than this in short strings are refused."""

SHORT = 512
"""Strings of at most this many bytes are read; longer ones can only be the numbers of an array."""

_LENGTHS = {1: "<B", 2: "<H", 4: "<I", 8: "<Q"}


class Mark:
    """Where the items of a container begin.

    Example:
        >>> isinstance(MARK, Mark)
        True
    """

    __slots__ = ()


MARK = Mark()
"""The only mark."""


class Text(str):
    """Text of a pickle, as opposed to bytes: ``_codecs.encode`` may turn it into those.

    Example:
        >>> Text("a") == "a"
        True
    """

    __slots__ = ()


class PickleStack:
    """The stack of a pickle and the memory of what was met, with what reads and joins plain objects.

    Strings longer than ``SHORT`` are skipped, and only their places are kept.

    Args:
        file: The pickle, open for reading.
        path: Its name, for errors.
        size: Its size in bytes.

    Example:
        >>> import io
        >>> stack = PickleStack(io.BytesIO(b"abc"), Path("a.pickle"), 3)
        >>> stack.string(3, "bytes")
        >>> stack.stack
        [b'abc']
    """

    def __init__(self, file: BinaryIO, path: Path, size: int) -> None:
        self.file, self.path, self.end = file, path, size
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self._text = 0

    def bad(self, what: str) -> NoReturn:
        """Says what is wrong with the file."""
        raise UserError(f"{self.path} {what}")

    # Reading.

    def take(self, count: int) -> bytes:
        """Reads as many bytes."""
        content = self.file.read(count)
        if len(content) < count:
            self.bad("is truncated")
        return content

    def number(self, size: int) -> int:
        """Reads an unsigned number of 1, 2, 4 or 8 bytes."""
        value: int = struct.unpack(_LENGTHS[size], self.take(size))[0]
        return value

    def line(self) -> bytes:
        """Reads a short line, and returns it without its end."""
        line = self.file.readline(SHORT)
        if not line.endswith(b"\n"):
            self.bad(
                "is truncated" if len(line) < SHORT else f"has a long line before byte {self.file.tell():,}"
            )
        return line[:-1]

    def string(self, length: int, form: Form) -> None:
        """Puts a string of a known length on the stack."""
        start = self.file.tell()
        if not 0 <= length <= self.end - start:
            self.bad(
                f"claims a string of {length:,} bytes at byte {start:,}, where {self.end - start:,} are left"
            )
        if length > SHORT:
            self.file.seek(length, os.SEEK_CUR)
            self.stack.append(StoredBytes(start, length, form))
        else:
            self._short(self.take(length), form)

    def _short(self, content: bytes, form: Form) -> None:
        self._text += len(content)
        if self._text > MAX_TEXT_BYTES:
            self.bad(f"holds more than {MAX_TEXT_BYTES:,} bytes of short strings")
        try:
            if form == "utf-8":
                self.stack.append(Text(content.decode("utf-8", "surrogatepass")))
            elif form == "unicode-escapes":
                self.stack.append(Text(content.decode("raw-unicode-escape")))
            else:
                self.stack.append(plain_bytes(content, form, self.path))
        except UnicodeDecodeError as error:
            self.bad(f"is damaged: a string in it cannot be decoded ({error})")

    def text_line(self, form: Form) -> None:
        """Puts a string of protocol 0 on the stack: escaped, up to the end of the line."""
        start = self.file.tell()
        content = piece = self.file.readline(SHORT)
        while piece and not piece.endswith(b"\n"):
            piece = self.file.readline(1 << 20)
        if not piece:
            self.bad("is truncated")
        first, last = start, self.file.tell() - 1
        if form == "escapes":
            if last - first < 2 or content[:1] not in (b"'", b'"'):
                self.bad(f"is damaged at byte {start:,}: a string without quotes")
            first, last = first + 1, last - 1
        if last - first > SHORT - 2:
            self.stack.append(StoredBytes(first, last - first, form))
        else:
            self._short(content[first - start : last - start], form)

    # Containers.

    def items(self) -> list[Any]:
        """Takes what lies above the uppermost mark, and the mark."""
        place = len(self.stack) - 1
        while self.stack[place] is not MARK:
            place -= 1
            if place < 0:
                raise IndexError("there is no mark")
        found = self.stack[place + 1 :]
        del self.stack[place:]
        return found

    def extend(self, found: list[Any]) -> None:
        """Adds items to the list on top."""
        target = self.stack[-1]
        if type(target) is not list:
            raise TypeError("items for what is no list")
        target.extend(found)

    def update(self, found: list[Any]) -> None:
        """Adds keys and values, by turns, to the dictionary on top."""
        target = self.stack[-1]
        if type(target) is not dict:
            raise TypeError("entries for what is no dictionary")
        target.update(zip(found[::2], found[1::2], strict=True))

    def dictionary(self) -> None:
        """Makes a dictionary of what lies above the mark."""
        found = self.items()
        self.stack.append({})
        self.update(found)

    def tuple_of(self, count: int) -> None:
        """Makes a tuple of the uppermost objects."""
        if len(self.stack) < count or MARK in self.stack[-count:]:
            raise IndexError("too few objects for a tuple")
        found = tuple(self.stack[-count:])
        del self.stack[-count:]
        self.stack.append(found)

    # Numbers, and the memory of what was met before.

    def integer_line(self) -> None:
        """Puts the whole number or the bool of a line on the stack."""
        line = self.line()
        if line in (b"00", b"01"):
            self.stack.append(line == b"01")
        elif re.fullmatch(rb"[+-]?\d{1,40}L?", line):
            self.stack.append(int(line.rstrip(b"L")))
        else:
            self.bad(f"is damaged before byte {self.file.tell():,}: {line[:20]!r} is no number")

    def float_line(self) -> None:
        """Puts the number of a line on the stack."""
        line = self.line()
        try:
            self.stack.append(float(line))
        except ValueError:
            self.bad(f"is damaged before byte {self.file.tell():,}: {line[:20]!r} is no number")

    def put(self, key: int) -> None:
        """Remembers the object on top."""
        if self.stack[-1] is MARK:
            raise IndexError("a mark cannot be remembered")
        self.memo[key] = self.stack[-1]

    def key_line(self) -> int:
        """Reads a key of the memory from a line."""
        line = self.line()
        if not re.fullmatch(rb"\d{1,18}", line):
            self.bad(f"is damaged before byte {self.file.tell():,}: {line[:20]!r} is no number")
        return int(line)

    def skip_frame(self) -> None:
        """Checks the length of a frame; frames are otherwise ignored."""
        length = self.number(8)
        if length > self.end - self.file.tell():
            self.bad(f"is truncated: it claims a frame of {length:,} bytes where fewer are left")
