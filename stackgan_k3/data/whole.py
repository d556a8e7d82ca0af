"""Whole numbers that people give, checked before anything is done with them."""

import operator
from collections.abc import Collection
from typing import Any

from stackgan_k3.errors import UserError

MAX_SEED = 2**63 - 1
"""The largest seed."""


def whole(name: str, value: Any, least: int, most: int | None = None) -> int:
    """Returns a whole number as Python's own, unless it is out of range or none.

    Args:
        name: What the number is called, for the message.
        value: A number of Python or numpy.
        least: The smallest that will do.
        most: The largest that will do; any if None.

    Raises:
        UserError: If it is not a whole number (of the type, too: 1.0 and True are none) or out of range.

    Example:
        >>> whole("batch_size", 64, 1)
        64
        >>> whole("batch_size", "64", 1)
        Traceback (most recent call last):
        ...
        stackgan_k3.errors.UserError: batch_size is '64'; it must be a whole number, at least 1
    """
    last = "2**63 - 1" if most == MAX_SEED else f"{most:,}" if most is not None else ""
    span = f"from {least} to {last}" if last else f"at least {least}"
    number = _index(value)
    if number is None:
        raise UserError(f"{name} is {value!r}; it must be a whole number, {span}")
    if number < least or (most is not None and number > most):
        raise UserError(f"{name} is {number}; it must be {span}")
    return number


def one_of(name: str, value: Any, known: Collection[int]) -> int:
    """Returns a whole number that is one of a few.

    Args:
        name: What the number is called, for the message.
        value: A number of Python or numpy.
        known: Those that will do.

    Raises:
        UserError: If it is none of them.

    Example:
        >>> one_of("size", 64, (28, 64))
        64
    """
    number = _index(value)
    if number is None or number not in known:
        raise UserError(f"{name} is {value!r}; it must be one of {', '.join(map(str, known))}")
    return number


def _index(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    try:
        return operator.index(value)
    except TypeError:
        return None
