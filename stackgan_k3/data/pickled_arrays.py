"""A list of arrays in a pickle, by number, without the others in memory."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from stackgan_k3.data.safe_pickle import load
from stackgan_k3.data.stored_array import Form, StoredArray, StoredBytes
from stackgan_k3.errors import UserError

MAX_DECODED_BYTES = 512 * 1024 * 1024
"""One array of all items must be smaller than this where a pickle writes its bytes as text."""


class PickledArrays:
    """The arrays of a pickle that holds a list of them, or one array with an axis more.

    The file is read once from beginning to end to find the places of the arrays; after
    that an array is read when it is asked for. Plain to pickle: a few bytes an array.

    Args:
        path: The file, as Python 2 or 3 wrote it.

    Raises:
        UserError: If the file is no such pickle (see ``safe_pickle.load``).

    Example:
        >>> import pickle, tempfile
        >>> path = Path(tempfile.mkdtemp()) / "76images.pickle"
        >>> _ = path.write_bytes(pickle.dumps([np.full((76, 76, 3), n, np.uint8) for n in range(5)]))
        >>> arrays = PickledArrays(path)
        >>> len(arrays), arrays[3].shape, arrays[3].max()
        (5, (76, 76, 3), np.uint8(3))
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        found = load(self.path)
        self._whole: StoredArray | None = None
        self._decoded: np.ndarray | None = None
        if isinstance(found, StoredArray) and found.shape:
            self._take_whole(found)
        elif isinstance(found, list | tuple) and all(isinstance(item, StoredArray) for item in found):
            self._take_list(found)
        else:
            raise UserError(
                f"{self.path} holds {_described(found)}, where a list of arrays of numbers is expected"
            )

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> np.ndarray:
        """Reads array ``index``, 0 to ``len(self) - 1``, as it is stored.

        Raises:
            UserError: If the file has changed, or the array is damaged.
            IndexError: If there is no such array.
        """
        if not 0 <= index < self._length:
            raise IndexError(index)
        if self._decoded is not None:
            return self._decoded[index]
        try:
            if self._whole is not None and self._in_text():
                self._decoded = self._read(self._whole)
                return self._decoded[index]
            return self._read(self._item(index))
        except OSError as error:
            raise UserError(f"{self.path} cannot be read: {error.strerror or error}") from None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_decoded": None}

    def _take_whole(self, array: StoredArray) -> None:
        self._whole, self._length = array, array.shape[0]
        self._kinds: list[tuple[tuple[int, ...], str, bool, Form]] = []
        if self._in_text() and array.size() > MAX_DECODED_BYTES:
            raise UserError(f"{self.path} holds one array of {array.size():,} bytes written as text; at most "
                            f"{MAX_DECODED_BYTES:,} are read. Write it as a list of arrays")  # fmt: skip

    def _in_text(self) -> bool:
        """Whether no item of the only array can be read without those before it."""
        array = self._whole
        return array is not None and (
            array.fortran or isinstance(array.data, bytes) or array.data.form != "bytes"
        )

    def _take_list(self, arrays: list[StoredArray] | tuple[StoredArray, ...]) -> None:
        self._length = len(arrays)
        kinds: dict[tuple[tuple[int, ...], str, bool, Form], int] = {}
        self._start = np.empty(len(arrays), np.int64)
        self._size = np.empty(len(arrays), np.int64)
        self._kind = np.empty(len(arrays), np.int32)
        self._small: dict[int, bytes] = {}
        for number, array in enumerate(arrays):
            data = array.data
            if isinstance(data, bytes):
                self._small[number] = data
                data = StoredBytes(0, len(data))
            key = (array.shape, array.dtype, array.fortran, data.form)
            self._kind[number] = kinds.setdefault(key, len(kinds))
            self._start[number], self._size[number] = data.start, data.length
        self._kinds = list(kinds)

    def _item(self, index: int) -> StoredArray:
        if self._whole is not None:
            whole, data = self._whole, self._whole.data
            shape = whole.shape[1:]
            size = whole.size() // self._length
            start = 0 if isinstance(data, bytes) else data.start
            return StoredArray(shape, whole.dtype, False, StoredBytes(start + index * size, size))
        shape, dtype, fortran, form = self._kinds[self._kind[index]]
        place = StoredBytes(int(self._start[index]), int(self._size[index]), form)
        return StoredArray(shape, dtype, fortran, self._small.get(index, place))

    def _read(self, array: StoredArray) -> np.ndarray:
        with open(self.path, "rb") as file:
            return array.read(file)


def _described(value: Any) -> str:
    if isinstance(value, list | tuple):
        odd = [item for item in value if not isinstance(item, StoredArray)]
        return f"a list with {_described(odd[0])} in it" if odd else "a list of arrays"
    if isinstance(value, StoredArray):
        return "a single number"
    return f"{'an' if isinstance(value, int) else 'a'} {type(value).__name__}"
