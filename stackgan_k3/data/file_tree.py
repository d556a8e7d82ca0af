"""The files of a folder or of an archive, by name, and only those."""

import io
import os
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

from stackgan_k3.errors import UserError

MAX_MEMBERS = 2_000_000
"""Archives with more members than this are refused."""

MAX_INDEX_BYTES = 128 * 1024 * 1024
"""No table of contents larger than this is read."""

SPLIT_FOLDERS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("test", "testing", "eval", "evaluation", "validation", "valid", "val", "dev"), "test"),
}
"""Folders, in lower case, that say which split their pictures belong to."""

_PACKED = {b"\x1f\x8b": "gzip -d", b"BZh": "bzip2 -d", b"\xfd7zXZ": "xz -d", b"\x28\xb5\x2f\xfd": "zstd -d"}


class FileTree(Protocol):
    """Files that can be read by name, in any order and in any process.

    Names are relative, with ``/`` between their parts; hidden files are not among them.

    Example:
        >>> import tempfile
        >>> root = Path(tempfile.mkdtemp())
        >>> _ = (root / "a.txt").write_text("a bird")
        >>> tree = open_tree(root)
        >>> list(tree.names), tree.read("a.txt", 100)
        (['a.txt'], b'a bird')
    """

    @property
    def names(self) -> Sequence[str]:
        """Names of the files, sorted."""
        ...

    @property
    def refused(self) -> Mapping[str, str]:
        """Names of what is there but is not read, with the reason."""
        ...

    def read(self, name: str, limit: int) -> bytes:
        """Reads a file.

        Args:
            name: One of ``names``.
            limit: The most bytes that it may have.

        Raises:
            BadExample: If it is larger, damaged or gone.
        """
        ...

    def open(self, name: str, limit: int) -> BinaryIO:
        """Opens a file for reading from any place in it.

        Args:
            name: One of ``names``.
            limit: The most bytes that it may have.

        Raises:
            BadExample: If it is larger, damaged or gone.
        """
        ...


class CarefulFile(io.BufferedReader):
    """A file that refuses to be read in huge pieces: what an archive's headers may ask for.

    Args:
        path: The file.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "a"
        >>> _ = path.write_bytes(b"abc")
        >>> with CarefulFile(path) as file:
        ...     file.read(2)
        b'ab'
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__(io.FileIO(path))
        self._path = path

    def read(self, size: int | None = -1, /) -> bytes:
        """Reads up to ``size`` bytes; see ``io.BufferedReader``.

        Raises:
            UserError: If that is more than ``MAX_INDEX_BYTES``.
        """
        if size is not None and size > MAX_INDEX_BYTES:
            raise UserError(f"{self._path} has a header that claims {size:,} bytes; "
                            f"at most {MAX_INDEX_BYTES:,} are read")  # fmt: skip
        return super().read(size)


def open_tree(path: str | os.PathLike[str]) -> FileTree:
    """Opens a folder, a zip or a tar.

    Nothing is unpacked to the disk but, while it is read, a zip's metadata. A folder that
    holds all of an archive is left out of the names, unless it holds pictures alone: then
    it is a class.

    Args:
        path: The folder or the archive; which it is, its content says.

    Returns:
        Its files. It can be pickled.

    Raises:
        UserError: If there is nothing, or it is neither; if an archive is damaged, has
            more than ``MAX_MEMBERS`` members, or unpacks to far more than it holds.

    Example:
        >>> import tempfile, zipfile
        >>> path = Path(tempfile.mkdtemp()) / "birds.zip"
        >>> with zipfile.ZipFile(path, "w") as archive:
        ...     archive.writestr("birds/a.txt", "a bird")
        >>> open_tree(path).names
        ['a.txt']
    """
    from stackgan_k3.data.folder_tree import FolderTree
    from stackgan_k3.data.tar_tree import TarTree
    from stackgan_k3.data.zip_tree import ZipTree

    where = Path(path)
    if where.is_dir():
        return FolderTree(where)
    if not where.exists():
        raise UserError(f"there is no folder or archive {where}")
    if not where.is_file():
        raise UserError(f"{where} is neither a folder nor a file")
    with open(where, "rb") as file:
        head = file.read(8)
    for mark, command in _PACKED.items():
        if head.startswith(mark):
            raise UserError(f"{where} is compressed as a whole, so that no picture in it can be read without "
                            f"those before it; unpack it first: {command} {where}")  # fmt: skip
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return ZipTree(where)
    if tarfile.is_tarfile(where):
        return TarTree(where)
    raise UserError(f"{where} is no folder, zip or tar")


def safe_name(name: str) -> tuple[str, str]:
    r"""Cleans the name of a member of an archive.

    Args:
        name: The name in the archive.

    Returns:
        The name with ``/`` between its parts, fit to be shown, and why it is refused;
        empty if it is not.

    Example:
        >>> safe_name("./birds\\a.jpg"), safe_name("../a.jpg")
        (('birds/a.jpg', ''), ('../a.jpg', 'its name leads out of the archive'))
    """
    clean = name.replace("\\", "/")
    shown = clean.encode("utf-8", "backslashreplace").decode()
    if shown != clean:
        return shown, "its name is not UTF-8"
    if "\0" in clean:
        return clean.replace("\0", "\\0"), "its name holds a zero byte"
    if clean.startswith("/") or clean[1:2] == ":":
        return clean, "its name is that of a place outside of the archive"
    parts = [part for part in clean.split("/") if part not in ("", ".")]
    if ".." in parts:
        return clean, "its name leads out of the archive"
    if not parts:
        return "(no name)", "it has no name"
    return "/".join(parts), ""


def is_hidden(name: str) -> bool:
    """Whether a name is none of the data's: hidden, or left behind by an operating system.

    Example:
        >>> is_hidden("birds/._a.jpg"), is_hidden("__MACOSX/a.jpg"), is_hidden("birds/a.jpg")
        (True, True, False)
    """
    return any(
        part == "__MACOSX" or (part.startswith(".") and part != "..") for part in name.split("/")
    )  # Thumbs.db and the like are no pictures and need no rule


def common_folder(names: Iterable[str]) -> str:
    """Returns the folder, with a ``/``, that holds all of an archive; empty if there is none.

    Example:
        >>> common_folder(["set/a.jpg", "set/a.txt"]), common_folder(["robin/a.jpg", "robin/b.jpg"])
        ('set/', '')
    """
    first, deep = "", False
    for name in names:
        folder, slash, rest = name.partition("/")
        if not slash or (first and folder != first) or folder.lower() in SPLIT_FOLDERS:
            return ""
        first = folder
        deep = deep or "/" in rest or rest.lower().endswith((".txt", ".csv", ".jsonl"))
    return f"{first}/" if deep else ""
