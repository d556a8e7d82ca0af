"""Reading pickles of arrays and plain containers; nothing that a pickle says is ever run."""

import itertools
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stackgan_k3.data.pickle_machine import PickleMachine
from stackgan_k3.data.pickle_stack import MARK
from stackgan_k3.errors import UserError

MAX_OBJECTS = 8_000_000
"""Pickles that make more objects than this are refused."""


def load(path: str | os.PathLike[str]) -> Any:
    r"""Reads a pickle that holds arrays of numbers and plain containers, of any protocol.

    The file is read from beginning to end without the ``pickle`` module: its operations
    are followed here, and those that would name or call anything but numpy's arrays are
    refused. Arrays are left in the file, so that a pickle of many gigabytes takes only
    the memory of a list of their places.

    Args:
        path: The file, written by Python 2 or 3.

    Returns:
        None, a bool, number, ``str``, ``bytes`` (also for the ``str`` of Python 2), list,
        tuple or dict of these, or a ``StoredArray``.

    Raises:
        UserError: If the file is missing, truncated or damaged, goes on after its end,
            lies about a size, asks for too much memory, or asks for anything else.

    Example:
        >>> import pickle, tempfile, numpy
        >>> path = Path(tempfile.mkdtemp()) / "a.pickle"
        >>> _ = path.write_bytes(pickle.dumps([numpy.zeros((2, 3), numpy.uint8), "a bird"], 2))
        >>> array, name = load(path)
        >>> array.shape, name
        ((2, 3), 'a bird')
        >>> _ = path.write_bytes(b"cos\nsystem\n(S'echo'\ntR.")
        >>> load(path)
        Traceback (most recent call last):
        ...
        stackgan_k3.errors.UserError: ...a.pickle asks for os.system (at byte 0); only arrays of numbers, ...
    """
    try:
        with open(path, "rb", buffering=1 << 18) as file:
            return _run(PickleMachine(file, Path(path), os.fstat(file.fileno()).st_size))
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from None


def _run(machine: PickleMachine) -> Any:
    file = machine.file
    for made in itertools.count(1):
        code = file.read(1)
        if code == b".":
            break
        if made > MAX_OBJECTS:
            machine.bad(f"makes more than {MAX_OBJECTS:,} objects")
        action = _TABLE.get(code)
        if action is None:
            what = (
                _REFUSED.get(code, f"is damaged: there is no operation {code!r}") if code else "is truncated"
            )
            machine.refuse(what, file.tell() - 1)
        try:
            action(machine)
        except (IndexError, struct.error, TypeError, KeyError, ValueError) as error:
            if isinstance(error, UserError):
                raise
            machine.bad(f"is damaged before byte {file.tell():,} ({type(error).__name__}: {error})")
    if rest := machine.end - file.tell():
        machine.bad(f"goes on for {rest:,} bytes after its end")
    return machine.result()


def _int(value: bytes) -> int:
    return int.from_bytes(value, "little", signed=True)


_TABLE: dict[bytes, Callable[[PickleMachine], object]] = {
    b"\x80": lambda r: r.take(1),  # PROTO
    b"\x95": PickleMachine.skip_frame,
    b"N": lambda r: r.stack.append(None),
    b"\x88": lambda r: r.stack.append(True),
    b"\x89": lambda r: r.stack.append(False),
    b"I": PickleMachine.integer_line,
    b"L": PickleMachine.integer_line,
    b"F": PickleMachine.float_line,
    b"J": lambda r: r.stack.append(_int(r.take(4))),
    b"K": lambda r: r.stack.append(r.number(1)),
    b"M": lambda r: r.stack.append(r.number(2)),
    b"\x8a": lambda r: r.stack.append(_int(r.take(r.number(1)))),
    b"G": lambda r: r.stack.append(struct.unpack(">d", r.take(8))[0]),
    b"S": lambda r: r.text_line("escapes"),
    b"V": lambda r: r.text_line("unicode-escapes"),
    b"U": lambda r: r.string(r.number(1), "bytes"),
    b"T": lambda r: r.string(_int(r.take(4)), "bytes"),
    b"C": lambda r: r.string(r.number(1), "bytes"),
    b"B": lambda r: r.string(r.number(4), "bytes"),
    b"\x8e": lambda r: r.string(r.number(8), "bytes"),
    b"\x96": lambda r: r.string(r.number(8), "bytes"),  # a bytearray
    b"\x8c": lambda r: r.string(r.number(1), "utf-8"),
    b"X": lambda r: r.string(r.number(4), "utf-8"),
    b"\x8d": lambda r: r.string(r.number(8), "utf-8"),
    b"(": lambda r: r.stack.append(MARK),
    b"0": lambda r: r.stack.pop(),
    b"1": lambda r: r.items(),
    b"]": lambda r: r.stack.append([]),
    b"l": lambda r: r.stack.append(r.items()),
    b"a": lambda r: r.extend([r.stack.pop()]),
    b"e": lambda r: r.extend(r.items()),
    b"}": lambda r: r.stack.append({}),
    b"d": PickleMachine.dictionary,
    b"s": lambda r: r.update([r.stack.pop(), r.stack.pop()][::-1]),
    b"u": lambda r: r.update(r.items()),
    b")": lambda r: r.stack.append(()),
    b"t": lambda r: r.stack.append(tuple(r.items())),
    b"\x85": lambda r: r.tuple_of(1),
    b"\x86": lambda r: r.tuple_of(2),
    b"\x87": lambda r: r.tuple_of(3),
    b"p": lambda r: r.put(r.key_line()),
    b"q": lambda r: r.put(r.number(1)),
    b"r": lambda r: r.put(r.number(4)),
    b"\x94": lambda r: r.put(len(r.memo)),
    b"g": lambda r: r.stack.append(r.memo[r.key_line()]),
    b"h": lambda r: r.stack.append(r.memo[r.number(1)]),
    b"j": lambda r: r.stack.append(r.memo[r.number(4)]),
    b"c": PickleMachine.global_line,
    b"\x93": PickleMachine.global_stack,
    b"i": PickleMachine.inst,
    b"R": PickleMachine.call,
    b"b": PickleMachine.build,
}

_REFUSED = {
    b"o": "asks for an instance of a class",
    b"\x81": "asks for a new object of a class",
    b"\x92": "asks for a new object of a class",
    b"P": "asks for an object kept elsewhere",
    b"Q": "asks for an object kept elsewhere",
    b"\x82": "asks for a registered extension",
    b"\x83": "asks for a registered extension",
    b"\x84": "asks for a registered extension",
    b"\x97": "asks for a buffer kept elsewhere",
    b"\x8f": "holds a set",
    b"\x90": "holds a set",
    b"\x91": "holds a set",
    b"2": "copies an object",
    b"\x8b": "holds a number of more than 255 bytes",
}
