"""Writing files so that nothing half-written is ever left under a final name."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stackgan_k3.errors import UserError


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yields a temporary file beside ``path`` that takes its name on success.

    The file is flushed to the disk before it is renamed, so a reader (or a
    resumed run after a crash) finds the old content or the new, never a part.
    If the block raises, a full disk included, the temporary file is removed and
    ``path`` stays as it was.

    Args:
        path: The final name. Its folder is made if need be.

    Yields:
        The path to write to.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> with replacing(folder / "note.txt") as beside:
        ...     _ = beside.write_text("done")
        >>> (folder / "note.txt").read_text()
        'done'
    """
    final = Path(path)
    final.parent.mkdir(parents=True, exist_ok=True)
    with naming(final):
        handle, name = tempfile.mkstemp(**hidden(final))
    os.close(handle)
    beside = Path(name)
    try:
        yield beside
        with open(beside, "rb+") as file:
            os.fsync(file.fileno())
        beside.chmod(0o666 & ~_umask())
        os.replace(beside, final)
    except OSError as error:
        _name(error, final)
        raise
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def replacing_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yields a temporary folder beside ``path`` that takes its name on success.

    Args:
        path: The final name of the folder. It must not exist, or be an empty folder.

    Yields:
        The folder to write to.

    Raises:
        FileExistsError: If ``path`` exists and is not an empty folder.

    Example:
        >>> import tempfile
        >>> root = Path(tempfile.mkdtemp())
        >>> with replacing_folder(root / "bundle") as beside:
        ...     _ = (beside / "a.txt").write_text("a")
        >>> sorted(p.name for p in root.rglob("*"))
        ['a.txt', 'bundle']
    """
    final = Path(path)
    final.parent.mkdir(parents=True, exist_ok=True)
    if final.exists() and (not final.is_dir() or any(final.iterdir())):
        raise FileExistsError(f"{final} exists already")
    with naming(final):
        beside = Path(tempfile.mkdtemp(**hidden(final)))
    try:
        yield beside
        beside.chmod(0o777 & ~_umask())
        if final.exists():
            final.rmdir()
        os.replace(beside, final)
    except OSError as error:
        _name(error, final)
        raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def hidden(final: Path) -> dict[str, Any]:
    """Returns what :mod:`tempfile` takes to name something beside ``final`` that nobody looks at.

    Of a long name it is the beginning alone: with what is added it must fit into the 255 bytes of a name.

    Args:
        final: What is to be written.

    Example:
        >>> hidden(Path("runs/birds.png"))["prefix"]
        '.birds.png.'
    """
    return {"dir": final.parent, "prefix": f".{final.name[:40]}.", "suffix": ".part"}


@contextmanager
def naming(final: Path) -> Iterator[None]:
    """Has an error of the system name what was asked for, instead of a file that nobody knows.

    Args:
        final: What was asked for.

    Example:
        >>> with naming(Path("birds.png")):
        ...     open(".birds.png.x1y2.part")
        Traceback (most recent call last):
        ...
        FileNotFoundError: [Errno 2] No such file or directory: 'birds.png'
    """
    try:
        yield
    except OSError as error:
        error.filename = str(final)
        raise


@contextmanager
def alone(path: str | os.PathLike[str], otherwise: str) -> Iterator[None]:
    """Holds a lock on a file while the block runs, so that no second process works in the same folder.

    The system drops the lock of a killed process, so what was stopped is never locked.

    Args:
        path: The file; it is made if need be, with its folder.
        otherwise: What to say where another process holds the lock.

    Raises:
        UserError: If another process holds it.

    Example:
        >>> import tempfile
        >>> with alone(Path(tempfile.mkdtemp()) / "lock", "another process works here; wait for it"):
        ...     pass
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    import filelock  # of the extra `train`: drawing from a bundle writes files without it

    lock = filelock.FileLock(path, timeout=0)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise UserError(otherwise) from None
    try:
        yield
    finally:
        lock.release()


def sha256(path: str | os.PathLike[str]) -> str:
    """Returns the SHA-256 of a file as 64 hexadecimal digits.

    Example:
        >>> import tempfile
        >>> name = Path(tempfile.mkdtemp()) / "empty"
        >>> name.touch()
        >>> sha256(name)[:12]
        'e3b0c44298fc'
    """
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _name(error: OSError, final: Path) -> None:
    # A full disk is reported when a file is closed, by its number alone.
    if error.errno is not None and error.filename is None:
        error.filename = str(final)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
