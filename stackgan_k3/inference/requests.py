"""What people ask a bundle for, checked before anything is drawn."""

import operator
import warnings
from collections.abc import Sequence
from typing import Any

from stackgan_k3.bundle import alphabet
from stackgan_k3.errors import UserError


def captions_of(captions: Any) -> list[str]:
    """Returns captions as a list.

    Args:
        captions: One sentence or several.

    Raises:
        UserError: If there is none, or one that nothing can be drawn from.

    Warns:
        UserWarning: If one is longer than the 201 characters that are read.

    Example:
        >>> captions_of("a red bird")
        ['a red bird']
    """
    if captions is None:
        raise UserError("there is no caption; give at least one")
    if not isinstance(captions, str | Sequence) or isinstance(captions, bytes | bytearray):
        raise UserError(f"captions must be a string or a sequence of strings, not {type(captions).__name__}")
    lines = [captions] if isinstance(captions, str) else list(captions)
    if not lines:
        raise UserError("there is no caption; give at least one")
    for line in lines:
        alphabet.check(line)
    cut = sum(len(alphabet.normalise(line)) > alphabet.MAX_CHARACTERS for line in lines)
    if cut:
        warnings.warn(
            f"{cut} of {len(lines)} captions have more than {alphabet.MAX_CHARACTERS} characters; "
            f"the first {alphabet.MAX_CHARACTERS} are read",
            stacklevel=4,  # whoever called TextToImage
        )
    return lines


def between_line(lines: Sequence[str], seeds: tuple[int, int], fraction: float) -> str:
    """Says in words what a picture of an interpolation is between, and how far along.

    Args:
        lines: The caption of one end or of both; empty where there are none.
        seeds: The seeds of both ends.
        fraction: 0 to 1.

    Example:
        >>> between_line(["a red bird", "a blue bird"], (7, 7), 0.25)
        'a red bird \u2192 a blue bird: 0.25'
    """
    said = " \u2192 ".join(line for line in lines if line)
    if seeds[0] != seeds[1]:
        said += f"{', ' if said else ''}seed {seeds[0]} \u2192 {seeds[1]}"
    return f"{said}: {fraction:.2f}"


def at_least_1(name: str, value: int) -> int:
    """Returns a number as a plain int.

    Args:
        name: What to call it.
        value: Any integer type.

    Raises:
        UserError: If it is not an integer of at least 1.

    Example:
        >>> at_least_1("num_images", 4)
        4
    """
    try:
        if isinstance(value, bool):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        raise UserError(f"{name} must be an integer, not {type(value).__name__}") from None
    if number < 1:
        raise UserError(f"{name} is {number}; it must be at least 1")
    return number
