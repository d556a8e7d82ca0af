"""IDX, the file format that MNIST was published in."""

import gzip
import math
import os
import struct
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np

from stackgan_k3.errors import UserError

MAX_BYTES = 1 << 30
"""A file whose header promises more content than this is refused unread."""

_UNSIGNED_BYTES = 0x08


def read_idx(path: str | os.PathLike[str], dimensions: int) -> np.ndarray:
    """Reads an IDX file of bytes, gzipped (told by its first bytes) or not.

    The format: two zero bytes, the type of the entries (8 for bytes), the number
    of dimensions, each dimension as a 32-bit number, high byte first, then the
    entries, the last dimension fastest.

    Args:
        path: The file.
        dimensions: How many the array must have: 3 for pictures, 1 for labels.

    Returns:
        uint8, of the shape that the header says, read-only.

    Raises:
        UserError: If the file is missing, damaged, of another kind, or longer or
            shorter than its header says.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "labels-idx1-ubyte"
        >>> _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3]) + bytes([7, 2, 1]))
        >>> read_idx(path, 1).tolist()
        [7, 2, 1]
    """
    path = Path(path)
    try:
        with open(path, "rb") as raw:
            gzipped = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            if gzipped:
                with gzip.open(raw) as file:
                    return _read(file, path, dimensions)  # type: ignore[arg-type]
            return _read(raw, path, dimensions)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UserError(f"{path} is damaged or not complete ({error}); fetch it again") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from None


def _read(file: BinaryIO, path: Path, dimensions: int) -> np.ndarray:
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0":
        raise UserError(f"{path} is not an IDX file: it starts with {magic.hex(' ') or 'nothing'}, "
                        f"not with 00 00 08 {dimensions:02x}")  # fmt: skip
    if magic[2] != _UNSIGNED_BYTES or magic[3] != dimensions:
        raise UserError(
            f"{path} starts with {magic.hex(' ')}; an IDX file of bytes in {dimensions} "
            f"dimension{'s' * (dimensions > 1)} starts with 00 00 08 {dimensions:02x}"
        )
    header = file.read(4 * dimensions)
    if len(header) < 4 * dimensions:
        raise UserError(f"{path} ends within its header; fetch it again")
    shape = struct.unpack(f">{dimensions}I", header)
    length = math.prod(shape)
    if length > MAX_BYTES:
        raise UserError(f"the header of {path} says {_by(shape)}; at most {MAX_BYTES:,} bytes are read")
    content = bytearray()
    while len(content) <= length and (part := file.read(min(1 << 20, length + 1 - len(content)))):
        content += part
    if len(content) != length:
        more = "more" if len(content) > length else f"{len(content):,}"
        raise UserError(f"the header of {path} says {_by(shape)}, {length:,} bytes, "
                        f"but it holds {more}; fetch it again")  # fmt: skip
    array = np.frombuffer(content, np.uint8).reshape(shape)
    array.flags.writeable = False
    return array


def _by(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
