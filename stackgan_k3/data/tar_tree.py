"""The files of a tar, by name."""

import io
import os
from bisect import bisect_left
from pathlib import Path
from typing import BinaryIO

import numpy as np

from stackgan_k3.data.file_tree import MAX_MEMBERS, common_folder, is_hidden, safe_name
from stackgan_k3.data.source import BadExample
from stackgan_k3.data.tar_index import members
from stackgan_k3.errors import UserError


class TarTree:
    """The files of an uncompressed tar; see ``FileTree``.

    The tar is read through once to find the places of its files. Members whose names lead
    out of the archive, links, sparse files and names that are there twice are refused;
    devices are left out.

    Args:
        path: The archive.

    Raises:
        UserError: If it is damaged or truncated, or has more than ``MAX_MEMBERS`` members.

    Example:
        >>> import tarfile, tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = (folder / "a.txt").write_text("a bird")
        >>> with tarfile.open(folder / "birds.tar", "w") as archive:
        ...     archive.add(folder / "a.txt", "a.txt")
        >>> TarTree(folder / "birds.tar").read("a.txt", 100)
        b'a bird'
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.refused: dict[str, str] = {}
        places: dict[str, tuple[int, int]] = {}
        for count, member in enumerate(members(self.path)):
            if not member.name:
                raise UserError(f"{self.path}: {member.problem}")
            if count == MAX_MEMBERS:
                raise UserError(f"{self.path} has more than {MAX_MEMBERS:,} members; unpack it")
            name, reason = safe_name(member.name)
            if is_hidden(name):
                continue
            reason = reason or member.problem
            if name in places:
                reason = "the archive holds this name more than once"
            if reason:
                self.refused[name] = reason
            places[name] = (member.offset, member.size)
        good = sorted(name for name in places if name not in self.refused)
        self._prefix = common_folder(good)
        self.names = [name.removeprefix(self._prefix) for name in good]
        self._places = np.array([places[name] for name in good], np.int64).reshape(-1, 2)

    def read(self, name: str, limit: int) -> bytes:
        """Reads a file; see ``FileTree``."""
        start, size = self._place(name, limit)
        try:
            with open(self.path, "rb") as file:
                file.seek(start)
                content = file.read(size)
        except OSError as error:
            raise BadExample(name, f"{self.path} cannot be read: {error.strerror or error}") from None
        if len(content) < size:
            raise BadExample(name, f"{self.path} ends within it")
        return content

    def open(self, name: str, limit: int) -> BinaryIO:
        """Opens a file; see ``FileTree``."""
        start, size = self._place(name, limit)
        return io.BufferedReader(_Window(self.path, start, size))

    def _place(self, name: str, limit: int) -> tuple[int, int]:
        index = bisect_left(self.names, name)
        if index == len(self.names) or self.names[index] != name:
            raise BadExample(name, f"there is no such file in {self.path.name}")
        start, size = (int(number) for number in self._places[index])
        if size > limit:
            raise BadExample(name, f"the file has {size:,} bytes; at most {limit:,} are read")
        return start, size


class _Window(io.RawIOBase):
    """A part of a file as a file."""

    def __init__(self, path: Path, start: int, size: int) -> None:
        super().__init__()
        self._file = io.FileIO(path)
        self._start, self._size, self._at = start, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = min(max(origin + offset, 0), self._size)
        return self._at

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        self._file.seek(self._start + self._at)
        content = self._file.read(min(len(buffer), self._size - self._at)) or b""
        buffer[: len(content)] = content
        self._at += len(content)
        return len(content)

    def close(self) -> None:
        self._file.close()
        super().close()
