"""Where the files of a tar are, found by reading its headers once."""

import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from stackgan_k3.data.file_tree import CarefulFile

_BLOCK = 512


class Member(NamedTuple):
    """A file in a tar, or a link, or the place where the tar is damaged.

    Args:
        name: Its name as the tar says it; empty for damage.
        offset: Where its content starts, in bytes; -1 if it has a problem.
        size: How many bytes it has.
        problem: Why it cannot be read; empty if it can.

    Example:
        >>> Member("a.txt", 512, 3).problem
        ''
    """

    name: str
    offset: int
    size: int
    problem: str = ""


def members(path: str | os.PathLike[str]) -> Iterator[Member]:
    """Lists the files of a tar that is not compressed, skipping their content.

    Folders and devices are left out. Names may be long and in any alphabet (ustar, GNU
    and pax headers). Nothing is unpacked, so no name can lead anywhere.

    Args:
        path: The tar.

    Yields:
        The files in their order; the content of the last may be missing from a tar cut
        short. If the tar is cut short or damaged, a member without a name ends the list,
        whose ``problem`` says what is wrong and where.

    Example:
        >>> import io, tempfile
        >>> path = Path(tempfile.mkdtemp()) / "a.tar"
        >>> with tarfile.open(path, "w") as tar:
        ...     info = tarfile.TarInfo("a.txt")
        ...     info.size = 3
        ...     tar.addfile(info, io.BytesIO(b"abc"))
        >>> list(members(path))
        [Member(name='a.txt', offset=512, size=3, problem='')]
    """
    path = Path(path)
    try:
        length = path.stat().st_size
        end = 0
        with CarefulFile(path) as file, tarfile.open(fileobj=file, mode="r:") as tar:
            while (info := tar.next()) is not None:
                if info.size < 0 or tar.offset <= end:  # a lie that would lead round and round
                    raise tarfile.ReadError(f"a header at byte {info.offset:,} leads backwards")
                end = tar.offset
                tar.members.clear()  # type: ignore[attr-defined]  # else every header stays in memory
                if info.issym() or info.islnk():
                    yield Member(info.name, -1, 0, "it is a link")
                elif info.isreg() and info.sparse is not None:
                    yield Member(info.name, -1, 0, "it is a sparse file")
                elif info.isreg():
                    yield Member(info.name, info.offset_data, info.size)
            end = tar.offset
        damage = _end(path, end, length)
    except (tarfile.TarError, ValueError, OverflowError) as error:
        damage = f"it is damaged, or no tar ({error}, of {length:,} bytes); fetch it again"
    except OSError as error:
        damage = f"it cannot be read: {error.strerror or error}"
    if damage:
        yield Member("", -1, 0, damage)


def _end(path: Path, offset: int, length: int) -> str:
    # tarfile takes a damaged header for the end of the archive, which blocks of zeros mark.
    if length < offset + _BLOCK:
        return f"it ends at byte {length:,}, without its end mark; fetch it again"
    with open(path, "rb") as file:
        file.seek(offset)
        if any(file.read(_BLOCK)):
            return f"it is damaged at byte {offset:,}, and what follows is not read; fetch it again"
    return ""
