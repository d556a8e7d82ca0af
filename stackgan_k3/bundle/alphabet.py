r"""How a caption becomes numbers: 70 symbols, 201 places, one rule.

The rule is small enough to be repeated anywhere (a TensorFlow graph, JavaScript):
runs of ASCII white space become one space and the ends are stripped; then every
code point is looked up in `TABLE` (0 where it is not there); the first 201 are read.

The symbols and their order are those of the character-level CNN-RNN of
Reed et al., "Learning Deep Representations of Fine-Grained Visual Descriptions",
CVPR 2016 (arXiv:1605.05395).
"""

import re
import unicodedata
from collections.abc import Sequence

import numpy as np

from stackgan_k3.errors import UserError

ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789-,;.!?:'\"/\\|_@#$%^&*~`+-=<>()[]{} "
"""The 70 symbols; a symbol's number is its place counted from 1. "-" stands twice: the last place counts."""

MAX_CHARACTERS = 201
"""How many characters of a caption are read."""

CAPTION_LIMIT = 1000
"""The longest caption that is accepted, in characters; what follows the first 201 read is ignored."""

_SPACES = re.compile(r"[\t\n\v\f\r ]+")

# Read as the nearest symbol: punctuation as people's keyboards and word processors write it.
_TYPOGRAPHY = {
    "'": "\u2018\u2019\u201a\u201b\u2039\u203a\u2032\u00b4",
    '"': "\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033",
    "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2212",
    ".": "\u2026",
    " ": "\u00a0\u2007\u2009\u202f",
}
# Letters that Unicode does not take apart.
_LETTERS = dict(zip("øØłŁđĐħĦıßæÆœŒ", "oollddhhisaaoo", strict=True))


def _table() -> dict[str, int]:
    numbers = {symbol: number for number, symbol in enumerate(ALPHABET, start=1)}
    table = dict(numbers)
    for code in range(0x41, 0x250):
        parts = unicodedata.normalize("NFKD", chr(code))
        base, marks = parts[0], parts[1:]
        if base.isascii() and base.isalpha() and all(map(unicodedata.combining, marks)):
            table[chr(code)] = numbers[base.lower()]
    table.update({letter: numbers[base] for letter, base in _LETTERS.items()})
    table.update({sign: numbers[base] for base, signs in _TYPOGRAPHY.items() for sign in signs})
    return dict(sorted(table.items()))


TABLE: dict[str, int] = _table()
"""The number (1 to 70) of every code point that is read; any other code point is 0, "no symbol"."""


def normalise(caption: str) -> str:
    r"""Makes every run of ASCII white space one space and strips the ends.

    Example:
        >>> normalise("  a red\n\tbird ")
        'a red bird'
    """
    return _SPACES.sub(" ", caption).strip(" ")


def encode(captions: Sequence[str]) -> np.ndarray:
    """Turns captions into the numbers that the text encoder reads.

    Never fails on a string: an empty one gives a row of zeros. Use `check` where a
    person's caption is to be refused.

    Args:
        captions: N strings.

    Returns:
        int32 ``[N, 201]``, values 0 ("no symbol", and the rest of a short caption) to 70.

    Raises:
        UserError: If ``captions`` is one string instead of a sequence of strings.

    Example:
        >>> encode(["A red bird"])[0, :11].tolist()
        [1, 70, 18, 5, 4, 70, 2, 9, 18, 4, 0]
    """
    if isinstance(captions, str):
        raise UserError("encode() takes a sequence of captions, not one string; write [caption]")
    numbers = np.zeros((len(captions), MAX_CHARACTERS), np.int32)
    for row, caption in zip(numbers, captions, strict=True):
        read = [TABLE.get(character, 0) for character in normalise(caption)[:MAX_CHARACTERS]]
        row[: len(read)] = read
    return numbers


def is_read(caption: str) -> bool:
    """Says whether a caption holds any character of the alphabet but spaces, among those that are read.

    Example:
        >>> is_read("a red bird"), is_read("\u043f\u0442\u0438\u0446\u0430")
        (True, False)
    """
    space = TABLE[" "]
    return any(TABLE.get(character, 0) not in (0, space) for character in normalise(caption)[:MAX_CHARACTERS])


def check(caption: str) -> None:
    """Refuses a caption that nothing can be drawn from.

    Captions of 202 to 1,000 characters pass: their first 201 characters are read.

    Args:
        caption: What a person wrote.

    Raises:
        UserError: If it is not a string, is empty, holds no character of the alphabet
            but spaces, or has more than 1,000 characters.

    Example:
        >>> check("a red bird")
        >>> check(" ")
        Traceback (most recent call last):
        ...
        stackgan_k3.errors.UserError: the caption is empty; write a sentence such as "a small red bird"
    """
    if not isinstance(caption, str):
        raise UserError(f"a caption must be a string, not {type(caption).__name__}")
    if len(caption) > CAPTION_LIMIT:
        raise UserError(
            f"the caption has {len(caption):,} characters; at most {CAPTION_LIMIT:,} are accepted "
            f"(and the first {MAX_CHARACTERS} are read)"
        )
    text = normalise(caption)
    if not text:
        raise UserError('the caption is empty; write a sentence such as "a small red bird"')
    if not is_read(text):
        raise UserError(
            f"the caption {text[:40]!r} holds no character that is read; "
            "Latin letters, digits and common punctuation are"
        )
