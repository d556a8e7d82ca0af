"""The files of a folder, by name."""

import os
from pathlib import Path
from typing import BinaryIO

from stackgan_k3.data.file_tree import is_hidden
from stackgan_k3.data.inside import inside
from stackgan_k3.data.source import BadExample


class FolderTree:
    """The files below a folder; see ``FileTree``.

    A prepared set below it, with its contact sheet, is none of its files. A link to a file
    within the folder is a file like others; links that lead out of it, links to folders, and
    what is neither file nor folder are refused.

    Args:
        root: The folder.

    Example:
        >>> import tempfile
        >>> root = Path(tempfile.mkdtemp())
        >>> _ = (root / "a.txt").write_text("a bird")
        >>> FolderTree(root).names
        ['a.txt']
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = Path(root)
        self.names: list[str] = []
        self.refused: dict[str, str] = {}
        folders = [""]
        while folders:
            self._scan(folders.pop(), folders)
        self.names.sort()

    def read(self, name: str, limit: int) -> bytes:
        """Reads a file; see ``FileTree``."""
        with self.open(name, limit) as file:
            try:
                return file.read(limit)
            except OSError as error:
                raise BadExample(name, f"the file cannot be read: {error.strerror or error}") from None

    def open(self, name: str, limit: int) -> BinaryIO:
        """Opens a file; see ``FileTree``."""
        try:
            file = open(inside(self.root, name), "rb")  # noqa: SIM115
        except OSError as error:
            raise BadExample(name, f"the file cannot be read: {error.strerror or error}") from None
        size = os.fstat(file.fileno()).st_size
        if size > limit:
            file.close()
            raise BadExample(name, f"the file has {size:,} bytes; at most {limit:,} are read")
        return file

    def _scan(self, folder: str, folders: list[str]) -> None:
        with os.scandir(self.root / folder) as found:
            entries = [entry for entry in found if not is_hidden(entry.name)]
        if _is_prepared({entry.name for entry in entries}):
            return
        for entry in entries:
            name = f"{folder}{entry.name}"
            try:
                reason = self._reason(name, entry)
            except BadExample as bad:
                reason = bad.reason
            if reason:
                self.refused[name.encode("utf-8", "backslashreplace").decode()] = reason
            elif entry.is_dir():
                folders.append(f"{name}/")
            else:
                self.names.append(name)

    def _reason(self, name: str, entry: os.DirEntry[str]) -> str:
        try:
            name.encode()
        except UnicodeEncodeError:
            return "its name is not UTF-8"
        if entry.is_symlink():
            target = inside(self.root, name)
            if not target.exists():
                return "it is a link to nothing"
            if target.is_dir():
                return "it is a link to a folder, which is not followed"
        if not entry.is_dir() and not entry.is_file():
            return "it is neither a file nor a folder"
        return ""


def _is_prepared(names: set[str]) -> bool:
    return "dataset.json" in names and any(name.endswith(".arrayrecord") for name in names)
