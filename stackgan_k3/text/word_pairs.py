"""What a caption says, as numbers to be read off its embedding: its words, and pairs of them."""

import zlib
from collections.abc import Iterator

import numpy as np

from stackgan_k3.bundle.words import words_among

WIDTH = 4096
"""How many numbers there are for words and pairs; those that share one cannot be told apart."""

REACH = 3
"""How many words apart two are at most that stand near each other, as those of "wings that are black"."""


def word_pairs(characters: np.ndarray, width: int = WIDTH) -> np.ndarray:
    """Spreads a one over the words of each caption and its ordered pairs of words near each other.

    Pairs say which word belongs to which: "red wings and a black belly" has no pair *black wings*. Words and
    pairs are numbered by their CRC-32, so there is no vocabulary to make.

    Args:
        characters: int32 ``[B, 201]``, numbers of ``stackgan_k3.bundle.alphabet``.
        width: How many numbers there are.

    Returns:
        float32 ``[B, width]``: 1/n for each of a caption's n different words and pairs; rows sum to 1, or are
        zero where there is no word.

    Example:
        >>> from stackgan_k3.bundle.alphabet import encode
        >>> said = word_pairs(encode(["red wings", "wings red", "?"]))
        >>> (said > 0).sum(axis=1).tolist(), bool((said[0] == said[1]).all())
        ([3, 3, 0], False)
    """
    shares = np.zeros((len(characters), width), np.float32)
    for row, numbers in enumerate(characters):
        places = [zlib.crc32(said.encode("ascii")) % width for said in said_in(words_among(numbers))]
        shares[row, places] = 1.0
    return shares / np.maximum(shares.sum(axis=1, keepdims=True), 1.0)


def said_in(words: list[str]) -> Iterator[str]:
    """Yields each word, and each ordered pair of it and one of the next three, with a space between.

    Example:
        >>> list(said_in(["red", "wings"]))
        ['red', 'red wings', 'wings']
    """
    for place, word in enumerate(words):
        yield word
        for other in words[place + 1 : place + 1 + REACH]:
            yield f"{word} {other}"
