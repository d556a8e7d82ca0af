"""How a caption becomes words, where a bundle's text encoder knows words and not characters."""

from collections.abc import Collection, Iterable, Sequence

from stackgan_k3.bundle.alphabet import ALPHABET, MAX_CHARACTERS, TABLE, normalise
from stackgan_k3.errors import UserError

LETTERS = 36
"""The numbers 1 to 36 of the alphabet, a to z and 0 to 9, make words; every other number parts them."""

LONGEST = 32
"""Letters of the longest word that can be known."""

_SAID = 10  # words of a message


def words_of(caption: str) -> list[str]:
    """Takes the words out of a caption: its runs of letters and digits, as the alphabet reads them.

    Only the first 201 characters are read, so the last word of a longer caption may be cut.

    Example:
        >>> words_of("A Café's two orange-red birds!")
        ['a', 'cafe', 's', 'two', 'orange', 'red', 'birds']
    """
    return words_among(TABLE.get(sign, 0) for sign in normalise(caption)[:MAX_CHARACTERS])


def words_among(numbers: Iterable[int]) -> list[str]:
    """Takes the words out of a caption's numbers in the alphabet, 0 to 70.

    Example:
        >>> words_among([18, 5, 4, 70, 0, 27])
        ['red', '0']
    """
    return "".join(ALPHABET[number - 1] if 0 < number <= LETTERS else " " for number in numbers).split()


def check_known(captions: Sequence[str], known: Collection[str]) -> None:
    """Refuses captions that a text encoder knows no word of.

    Args:
        captions: What people wrote.
        known: The encoder's words; a set is quick. Empty for an encoder that reads characters.

    Raises:
        UserError: For the first caption without a known word, naming its words.

    Example:
        >>> check_known(["a red bird"], {"red"})
        >>> check_known(["un oiseau"], {"red"})
        Traceback (most recent call last):
        ...
        stackgan_k3.errors.UserError: no word of the caption is known: un, oiseau; words that are: red
    """
    if not known:
        return
    for caption in captions:
        words = words_of(caption)
        if any(word in known for word in words):
            continue
        said = ", ".join(words[:_SAID]) + (", …" if len(words) > _SAID else "") or "it has none"
        some = ", ".join(sorted(known)[:: max(1, len(known) // 4)][:4])
        raise UserError(f"no word of the caption is known: {said}; words that are: {some}")
