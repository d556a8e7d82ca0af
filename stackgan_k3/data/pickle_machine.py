"""The operations of a pickle that name and make arrays, followed without calling anything."""

import math
import re
from typing import Any, NoReturn

import numpy as np

from stackgan_k3.data.pickle_stack import MARK, Mark, PickleStack, Text
from stackgan_k3.data.stored_array import StoredArray, StoredBytes

_MODULES = r"numpy\._?core\.(multiarray|numeric)"
# Names that may stand in a pickle. They are never looked up: each is only a word here.
_KNOWN = (
    (re.compile(_MODULES + r" _reconstruct"), "reconstruct"),
    (re.compile(_MODULES + r" scalar"), "scalar"),
    (re.compile(_MODULES + r" _frombuffer"), "frombuffer"),
    (re.compile(r"numpy ndarray"), "ndarray"),
    (re.compile(r"numpy dtype"), "dtype"),
    (re.compile(r"_codecs encode"), "encode"),
    (re.compile(r"(__builtin__|builtins) bytes"), "bytes"),
)
_NUMBERS = re.compile(r"[|<>=]?(b1|[iu][1248]|f[248])")
_ONLY = "only arrays of numbers, strings, lists, tuples and dictionaries are read"


class _Word(str):
    """One of the names that may stand in a pickle."""

    __slots__ = ()


class _Kind:
    """A dtype; its byte order comes in an operation of its own."""

    __slots__ = ("code",)

    def __init__(self, code: str) -> None:
        self.code = code


class _Array:
    """An array; what it holds comes in an operation of its own."""

    __slots__ = ("stored",)

    def __init__(self, stored: StoredArray | None = None) -> None:
        self.stored = stored


class PickleMachine(PickleStack):
    r"""What the operations of a pickle do here: arrays are noted, and nothing else has a name.

    ``safe_pickle.load`` reads the operations and calls a method for each.

    Example:
        >>> import io
        >>> from pathlib import Path
        >>> PickleMachine(io.BytesIO(b"os\nsystem\n"), Path("a.pickle"), 10).global_line()
        Traceback (most recent call last):
        ...
        stackgan_k3.errors.UserError: a.pickle asks for os.system (at byte 0); only arrays of numbers, ...
    """

    def refuse(self, what: str, at: int) -> NoReturn:
        """Says what the pickle may not do."""
        self.bad(f"{what} (at byte {max(at, 0):,}); {_ONLY}, because anything else could run commands")

    def result(self) -> Any:
        """Returns the one object that is left at the end."""
        if len(self.stack) != 1 or self.stack[0] is MARK:
            self.bad("is damaged: it does not end with one object")
        return self._finished(self.stack[0])

    def _finished(self, value: Any) -> Any:
        """Puts the arrays in the place of their stand-ins, in a container within a container too."""
        done: dict[int, Any] = {}

        def convert(value: Any, depth: int) -> Any:
            if isinstance(value, _Array):
                return (
                    value.stored if value.stored is not None else self.bad("holds an array without content")
                )
            if isinstance(value, _Kind | _Word | Mark | StoredBytes):
                self.bad("holds something that is no array, string, number or container")
            if not isinstance(value, list | tuple | dict):
                return str(value) if isinstance(value, Text) else value
            if depth == 0:
                self.bad("holds containers nested more than 8 deep")
            if id(value) not in done:  # shared parts are converted once: no bomb of references goes off
                if isinstance(value, dict):
                    done[id(value)] = {key: convert(item, depth - 1) for key, item in value.items()}
                else:
                    done[id(value)] = type(value)(convert(item, depth - 1) for item in value)
            return done[id(value)]

        return convert(value, 8)

    # Names, and what may be made with them.

    def _name(self, module: str, name: str, at: int) -> None:
        for pattern, word in _KNOWN:
            if pattern.fullmatch(f"{module} {name}"):
                self.stack.append(_Word(word))
                return
        self.refuse(f"asks for {module}.{name}", at)

    def global_line(self) -> None:
        """Names something in two lines."""
        at = self.file.tell() - 1
        module, name = (self.line().decode("utf-8", "replace") for _ in range(2))
        self._name(module, name, at)

    def global_stack(self) -> None:
        """Names something with the two strings on the stack."""
        at = self.file.tell() - 1
        name, module = self.stack.pop(), self.stack.pop()
        self._name(_str(module), _str(name), at)

    def inst(self) -> None:
        """Names a class and asks for an instance."""
        at = self.file.tell() - 1
        module, name = (self.line().decode("utf-8", "replace") for _ in range(2))
        self.refuse(f"asks for an instance of {module}.{name}", at)

    def call(self) -> None:
        """Makes an array, or something for one, from the name and the arguments on the stack."""
        args, word = self.stack.pop(), self.stack.pop()
        if type(word) is not _Word or type(args) is not tuple:
            raise TypeError("a call of what cannot be called")
        if word == "reconstruct" and len(args) == 3 and args[0] == "ndarray" and type(args[0]) is _Word:
            self.stack.append(_Array())
        elif word == "dtype" and args:
            self.stack.append(_Kind(self._code(_str(args[0]))))
        elif word == "encode" and len(args) == 2 and _str(args[1]) in ("latin1", "latin-1"):
            self.stack.append(self._encoded(args[0]))
        elif word == "bytes" and not args:  # how protocols before 3 write an empty one
            self.stack.append(b"")
        elif word == "scalar" and len(args) == 2 and type(args[0]) is _Kind and isinstance(args[1], bytes):
            kind = np.dtype(args[0].code)
            if len(args[1]) != kind.itemsize:
                self.bad(f"holds a number of {len(args[1])} bytes that should have {kind.itemsize}")
            self.stack.append(np.frombuffer(args[1], kind)[0].item())
        elif word == "frombuffer" and len(args) == 4 and type(args[1]) is _Kind:
            self.stack.append(_Array(self._stored(args[2], args[1], _str(args[3]) == "F", args[0])))
        else:
            self.bad(f"calls {word} in an unknown way before byte {self.file.tell():,}")

    def _encoded(self, value: Any) -> bytes | StoredBytes:
        if isinstance(value, StoredBytes) and value.form in ("utf-8", "unicode-escapes"):
            return value
        if not isinstance(value, Text):
            raise TypeError("an encoding of what is no text")
        try:
            return value.encode("latin1")
        except UnicodeEncodeError:
            self.bad(f"is damaged before byte {self.file.tell():,}: bytes that are none")

    def _code(self, code: str) -> str:
        if not _NUMBERS.fullmatch(code):
            what = "objects, which could be anything" if code[:1] in ("O", "|") else f"the kind {code[:20]!r}"
            self.bad(f"holds an array of {what}; only numbers are read")
        return code

    def build(self) -> None:
        """Gives an array its content, or a kind of numbers its byte order."""
        state, target = self.stack.pop(), self.stack[-1]
        if type(target) is _Kind and type(state) is tuple and len(state) >= 8:
            order = _str(state[1])
            if order not in ("|", "<", ">", "=") or any(part is not None for part in state[2:5]):
                self.bad("holds an array of records; only numbers are read")
            target.code = self._code(order + target.code.lstrip("|<>="))
        elif type(target) is _Array and type(state) is tuple and len(state) == 5 and target.stored is None:
            _, shape, kind, fortran, data = state
            if type(kind) is not _Kind:
                raise TypeError("an array without a kind of numbers")
            target.stored = self._stored(shape, kind, bool(fortran), data)
        else:
            self.bad(f"sets the state of something that is no array before byte {self.file.tell():,}")

    def _stored(self, shape: Any, kind: _Kind, fortran: bool, data: Any) -> StoredArray:
        if type(shape) is not tuple or len(shape) > 8 or any(type(n) is not int or n < 0 for n in shape):
            self.bad(f"holds an array of an impossible shape before byte {self.file.tell():,}")
        if isinstance(data, Text):  # as some writers of protocol 2 leave it
            data = self._encoded(data)
        if not isinstance(data, bytes | StoredBytes):
            self.bad(f"holds an array whose content is no string of bytes before byte {self.file.tell():,}")
        size = math.prod(shape) * np.dtype(kind.code).itemsize
        if isinstance(data, bytes):
            least = most = len(data)
        else:  # the escapes of a byte take at most six characters, and text in UTF-8 at most two
            least = data.length if data.form == "bytes" else -(-data.length // 6)
            most = data.length
        if not least <= size <= most:
            self.bad(f"claims an array of shape {shape} ({size:,} bytes) with {most:,} bytes of numbers "
                     f"before byte {self.file.tell():,}")  # fmt: skip
        return StoredArray(shape, kind.code, fortran, data)


def _str(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("latin1")
    if not isinstance(value, str) or isinstance(value, _Word):
        raise TypeError("a name that is no string")
    return str(value)
