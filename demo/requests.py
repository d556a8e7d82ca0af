"""What the page's fields hold, checked and as the model takes it."""

import secrets
from collections.abc import Sequence

from stackgan_k3.bundle import alphabet
from stackgan_k3.errors import UserError

MAX_IMAGES = 16
_EXACT = 2**53 - 1  # the largest whole number that JavaScript counts to


def caption_of(caption: object) -> str:
    """Returns a caption that is there.

    Raises:
        UserError: If the field holds nothing.

    Example:
        >>> caption_of("a red bird")
        'a red bird'
    """
    if not isinstance(caption, str):
        raise UserError("the caption is missing; write a sentence")
    return caption


def count_of(value: object, what: str = "pictures", least: int = 1) -> int:
    """Returns a number of pictures.

    Args:
        value: What the field holds.
        what: What is counted.
        least: The smallest number that makes sense; the largest is `MAX_IMAGES`.

    Raises:
        UserError: If it is no whole number in that range.

    Example:
        >>> count_of(4.0)
        4
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
        raise UserError(f"the number of {what} must be a whole number from {least} to {MAX_IMAGES}")
    if not least <= value <= MAX_IMAGES:
        raise UserError(f"{int(value)} {what} were asked for; {least} to {MAX_IMAGES} are drawn at a time")
    return int(value)


def notes_on(captions: Sequence[str | None], seeds: Sequence[int]) -> list[str]:
    """Says what of a request was not taken as it was written.

    Args:
        captions: What was asked for; None where it was no sentence.
        seeds: The seeds that were drawn from.

    Returns:
        A sentence each.

    Example:
        >>> notes_on(["a red bird"], [7])
        []
    """
    notes = []
    if any(of and len(alphabet.normalise(of)) > alphabet.MAX_CHARACTERS for of in captions):
        notes.append(f"Only the first {alphabet.MAX_CHARACTERS} characters of a caption are read.")
    if max(seeds) > _EXACT:
        notes.append(
            f"A browser rounds seeds above {_EXACT}; drawn from {', '.join(map(str, dict.fromkeys(seeds)))}."
        )
    return notes


def seed_of(value: object, randomise: bool = False) -> int:
    """Returns a seed: that of the field, or one by chance.

    Raises:
        UserError: If it is no whole number.

    Example:
        >>> seed_of(7)
        7
    """
    if randomise:
        return secrets.randbelow(1_000_000)  # short enough to be read under a picture and told to a friend
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
        raise UserError("the seed must be a whole number from 0 to 2**63 - 1")
    return int(value)
