"""An array that lies in a pickle on the disk, read when it is asked for."""

import codecs
import math
import os
import warnings
from dataclasses import dataclass
from typing import BinaryIO, Literal

import numpy as np

from stackgan_k3.errors import UserError

Form = Literal["bytes", "escapes", "utf-8", "unicode-escapes"]


@dataclass(frozen=True, slots=True)
class StoredBytes:
    """Where the content of a string lies in a pickle.

    Args:
        start: Offset of its first byte in the file.
        length: How many bytes of the file it takes.
        form: How it is written: as it is, with Python 2's escapes, as Latin-1 text in
            UTF-8, or as text with Unicode escapes.

    Example:
        >>> StoredBytes(12, 3, "bytes").most()
        3
    """

    start: int
    length: int
    form: Form = "bytes"

    def most(self) -> int:
        """Returns how many bytes the content has at most."""
        return self.length

    def read(self, file: BinaryIO) -> bytes:
        """Reads the content.

        Args:
            file: The pickle, open for reading.

        Raises:
            UserError: If the file has become shorter, or the content is not written like that.
        """
        file.seek(self.start)
        content = file.read(self.length)
        if len(content) < self.length:
            raise UserError(f"{file.name} ends within an array; it is not the file that was opened first")
        return plain_bytes(content, self.form, file.name)


@dataclass(frozen=True, slots=True)
class StoredArray:
    """An array of numbers in a pickle.

    Args:
        shape: Its shape.
        dtype: Its kind of numbers in numpy's notation, such as ``"|u1"`` or ``"<f4"``.
        fortran: Whether it is stored with the first axis fastest.
        data: Its numbers, or where they lie in the file.

    Example:
        >>> import io
        >>> StoredArray((2,), "|u1", False, b"ab").read(io.BytesIO()).tolist()
        [97, 98]
    """

    shape: tuple[int, ...]
    dtype: str
    fortran: bool
    data: bytes | StoredBytes

    def size(self) -> int:
        """Returns how many bytes its numbers take in memory."""
        return math.prod(self.shape) * np.dtype(self.dtype).itemsize

    def read(self, file: BinaryIO) -> np.ndarray:
        """Reads it.

        Args:
            file: The pickle that it lies in, open for reading.

        Returns:
            The array, of its shape and dtype, read-only.

        Raises:
            UserError: If there are more or fewer numbers than the shape says.
        """
        content = self.data if isinstance(self.data, bytes) else self.data.read(file)
        if len(content) != self.size():
            name = getattr(file, "name", "the pickle")
            raise UserError(f"{name} holds an array of shape {self.shape} ({self.size():,} bytes) "
                            f"with {len(content):,} bytes of numbers")  # fmt: skip
        array = np.frombuffer(content, self.dtype)
        return array.reshape(self.shape, order="F" if self.fortran else "C")


def plain_bytes(content: bytes, form: Form, name: str | os.PathLike[str]) -> bytes:
    r"""Undoes the way that a pickle writes a string of bytes.

    Args:
        content: The bytes in the file.
        form: How they are written.
        name: The file, for errors.

    Raises:
        UserError: If they are not written like that.

    Example:
        >>> plain_bytes(rb"a\x00", "escapes", "x.pickle"), plain_bytes("é".encode(), "utf-8", "x.pickle")
        (b'a\x00', b'\xe9')
    """
    try:
        if form == "escapes":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of escapes that Python does not know and leaves alone
                decoded: object = codecs.escape_decode(content)[0]
            return bytes(decoded) if isinstance(decoded, bytes) else str(decoded).encode("latin1")
        if form == "utf-8":
            return content.decode("utf-8", "surrogatepass").encode("latin1")
        if form == "unicode-escapes":
            return content.decode("raw-unicode-escape").encode("latin1")
    except ValueError as error:  # also those of decoding and encoding
        raise UserError(f"{name} is damaged: a string in it cannot be decoded ({error})") from None
    return content
