"""Classes as people write them: by name or by number."""

import operator
from collections.abc import Sequence
from typing import Any

from stackgan_k3.errors import UserError, unknown


def label_of(text: Any, classes: Sequence[str]) -> int:
    """Returns the number of a class.

    Args:
        text: Its name (upper and lower case alike), or its number as an integer or in digits.
        classes: The names of all classes.

    Returns:
        0 to ``len(classes) - 1``.

    Raises:
        UserError: If there is no such class, naming the nearest.

    Example:
        >>> label_of("Three", ("zero", "one", "two", "three")), label_of("2", ("zero", "one", "two"))
        (3, 2)
    """
    if isinstance(text, str):
        words = " ".join(text.split())
        folded = {name.casefold(): number for number, name in enumerate(classes)}
        if words.casefold() in folded:
            return folded[words.casefold()]
        if not (words.isascii() and words.isdigit()):
            raise unknown("class", words, classes)
        number = int(words)
    else:
        number = operator.index(text)
    if not 0 <= number < len(classes):
        raise UserError(f"there is no class {number}; they go from 0 to {len(classes) - 1}")
    return number
