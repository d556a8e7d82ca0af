"""The files of a zip, by name."""

import os
import stat
import struct
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from stackgan_k3.data.file_tree import MAX_MEMBERS, CarefulFile, common_folder, is_hidden, safe_name
from stackgan_k3.data.source import BadExample
from stackgan_k3.errors import UserError

MAX_RATIO = 200
"""Members, and whole archives, that unpack to more than this many times their size are refused."""

RATIO_FROM = 1024 * 1024
"""From this size on: small files of one letter may pack as well as they like."""

_PIECE = 1 << 20

# What zipfile raises at damaged archives, as found by damaging some.
_DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, RuntimeError, EOFError, OSError, ValueError)


class ZipTree:
    """The files of a zip; see ``FileTree``.

    Members whose names lead out of the archive, links, encrypted members, names that are
    there twice, and members that claim to unpack to more than ``MAX_RATIO`` times their
    size are refused. What is read is bounded by what the table of contents says, and
    checked against its checksum.

    Args:
        path: The archive.

    Raises:
        UserError: If it is damaged, has too many members, or unpacks to far more than it holds.

    Example:
        >>> path = Path(tempfile.mkdtemp()) / "birds.zip"
        >>> with zipfile.ZipFile(path, "w") as archive:
        ...     archive.writestr("a.txt", "a bird")
        >>> ZipTree(path).read("a.txt", 100)
        b'a bird'
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._zip: zipfile.ZipFile | None = None
        try:
            with CarefulFile(self.path) as file, zipfile.ZipFile(file) as archive:
                members = [member for member in archive.infolist() if not member.filename.endswith("/")]
        except UserError:
            raise
        except _DAMAGE as error:
            raise UserError(f"{self.path} is no whole zip: {error}") from None
        if len(members) > MAX_MEMBERS:
            raise UserError(f"{self.path} has {len(members):,} members; at most {MAX_MEMBERS:,} are read")
        size, claimed = self.path.stat().st_size, sum(member.file_size for member in members)
        if claimed > max(size, RATIO_FROM) * MAX_RATIO:
            raise UserError(f"{self.path} has {size:,} bytes and claims to unpack to {claimed:,}, more than "
                            f"{MAX_RATIO} times as many; it is not read")  # fmt: skip
        self.refused: dict[str, str] = {}
        found: Counter[str] = Counter()
        originals: dict[str, str] = {}
        for member in members:
            name, reason = safe_name(member.filename)
            if is_hidden(name):
                continue
            found[name] += 1
            reason = reason or _reason(member)
            if found[name] > 1:
                reason = "the archive holds this name more than once"
            if reason:
                self.refused[name] = reason
            originals[name] = member.filename
        good = sorted(name for name in originals if name not in self.refused)
        self._prefix = common_folder(good)
        self.names = [name.removeprefix(self._prefix) for name in good]
        self._odd = {name: originals[name] for name in good if originals[name] != name}

    def read(self, name: str, limit: int) -> bytes:
        """Reads a file; see ``FileTree``."""
        return b"".join(self._pieces(name, limit))

    def open(self, name: str, limit: int) -> BinaryIO:
        """Opens a file; see ``FileTree``. It is unpacked to a file without a name meanwhile."""
        copy = tempfile.TemporaryFile()  # noqa: SIM115
        try:
            copy.writelines(self._pieces(name, limit))
        except BaseException:
            copy.close()
            raise
        copy.seek(0)
        return copy

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_zip": None}

    def _opened(self) -> zipfile.ZipFile:
        if self._zip is None:
            try:
                self._zip = zipfile.ZipFile(self.path)  # it closes itself when it is dropped
            except _DAMAGE as error:
                raise UserError(f"{self.path} is no longer a whole zip: {error}") from None
        return self._zip

    def _pieces(self, name: str, limit: int) -> Iterator[bytes]:
        """Unpacks a member bit by bit, to the size that it claims and no further."""
        full = self._prefix + name
        archive = self._opened()
        try:
            member = archive.getinfo(self._odd.get(full, full))
        except KeyError:
            raise BadExample(name, f"it is no longer in {self.path.name}") from None
        if member.file_size > limit:
            raise BadExample(name, f"the file has {member.file_size:,} bytes; at most {limit:,} are read")
        size = 0
        try:
            with archive.open(member) as file:
                while piece := file.read(_PIECE):
                    size += len(piece)
                    yield piece
        except _DAMAGE as error:
            raise BadExample(name, f"it cannot be unpacked: {error}") from None
        if size != member.file_size:
            raise BadExample(name, f"it unpacks to {size:,} bytes, not to {member.file_size:,} as it claims")


def _reason(member: zipfile.ZipInfo) -> str:
    """Why a member is refused; empty if it is not."""
    mode = member.external_attr >> 16 if member.create_system == 3 else 0  # as Unix wrote it
    if stat.S_ISLNK(mode):
        return "it is a link; links in archives are not followed"
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return "it is neither a file nor a folder"
    if member.flag_bits & 0x1:
        return "it is encrypted"
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return f"it is packed by method {member.compress_type}; stored and deflated members are read"
    if member.file_size > max(RATIO_FROM, MAX_RATIO * member.compress_size):
        return (
            f"it claims to unpack from {member.compress_size:,} bytes to {member.file_size:,}, "
            f"more than {MAX_RATIO} times as many"
        )
    return ""
