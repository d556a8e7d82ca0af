"""The layer that finds the words of a caption among its characters and averages their vectors."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from stackgan_k3.bundle.alphabet import MAX_CHARACTERS, TABLE
from stackgan_k3.bundle.words import LETTERS, LONGEST
from stackgan_k3.errors import UserError

_WINDOW = LONGEST + 1  # one more, so that a longer word is no known one
# Primes p with 36 · 33 · (p - 1) < 2³¹: sums of a window's products fit into int32 on every backend.
_PRIMES = (1_807_643, 1_807_633)
_BASES = (37, 41)


@keras.saving.register_keras_serializable("stackgan_k3")
class WordAverage(keras.layers.Layer):
    """Averages the vectors of a caption's known words, in the graph and without strings.

    A word is a run of letters and digits (see :func:`stackgan_k3.bundle.words.words_of`). At each
    place where one ends, two numbers are made of its letters s₀ (the last), s₁, …:
    hₘ = Σₖ sₖ · bₘᵏ mod pₘ, with m = 1, 2. A table of buckets, made here once, leads from both to the word.
    About 3 · 10¹² pairs exist, so a word that is not known is all but never taken for another.

    Input: int32 ``[B, 201]``, numbers of ``stackgan_k3.bundle.alphabet``.
    Output: float32 ``[B, embedding_dim]``: the mean over the known words, each as often as it
    occurs; zeros where there is none.

    Args:
        words: The known words, each once: of a to z and 0 to 9, 1 to 32 long.
        embedding_dim: Size of a vector, at least 1.
        **kwargs: Of ``keras.layers.Layer``.

    Raises:
        UserError: If there is no word, one that cannot occur, or one twice.

    Example:
        >>> from stackgan_k3.bundle.alphabet import encode
        >>> layer = WordAverage(["red", "bird"], 2)
        >>> layer.build((None, 201))
        >>> layer.set_vectors(np.array([[1, 0], [0, 1]], "float32"))
        >>> ops.convert_to_numpy(layer(encode(["A red, RED, red bird?", "blue"]))).tolist()
        [[0.75, 0.25], [0.0, 0.0]]
    """

    def __init__(self, words: Sequence[str], embedding_dim: int, **kwargs: Any) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})
        if embedding_dim < 1:
            raise UserError(f"embedding_dim of the word vectors is {embedding_dim}; it must be at least 1")
        if not words:
            raise UserError("there are no words to average; give a vocabulary of at least one")
        self.words = tuple(words)
        self.embedding_dim = embedding_dim
        self._first, self._second = _hashes(self.words)
        self._buckets = _buckets(self._first)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        # Row 0 is "no known word" and stays zero.
        self.vectors = self.add_weight(
            shape=(len(self.words) + 1, self.embedding_dim),
            initializer="zeros",
            trainable=False,
            name="vectors",
        )

    def set_vectors(self, vectors: np.ndarray) -> None:
        """Sets the vectors of the words, float ``[words, embedding_dim]``, in their order."""
        rows = np.zeros((len(self.words) + 1, self.embedding_dim), np.float32)
        rows[1:] = vectors
        self.set_weights([rows])

    def call(self, characters: Any) -> Any:
        found = self.find(characters)  # [B, 201]
        total = ops.sum(ops.take(self.vectors, found, axis=0), axis=1)  # [B, T]
        count = ops.sum(ops.cast(found > 0, "float32"), axis=1, keepdims=True)
        return total / ops.maximum(count, 1.0)

    def find(self, characters: Any) -> Any:
        """Finds the known words: int32 ``[B, 201]``, where one ends its place in ``words`` from 1, else 0."""
        symbols = ops.where(characters <= LETTERS, characters, 0)
        padded = ops.pad(symbols, ((0, 0), (_WINDOW, 0)))
        back = np.arange(MAX_CHARACTERS)[:, None] + _WINDOW - np.arange(_WINDOW)
        windows = ops.take(padded, back.astype("int32"), axis=1)  # [B, 201, 33]: this sign, those before it
        parted = ops.cumsum(ops.cast(ops.equal(windows, 0), "int32"), axis=2)
        letters = windows * ops.cast(ops.equal(parted, 0), "int32")
        first, second = (
            ops.cast(ops.sum(letters * _constant(_powers(base, prime)), axis=2), "int32") % prime
            for base, prime in zip(_BASES, _PRIMES, strict=True)
        )
        after = ops.pad(symbols[:, 1:], ((0, 0), (0, 1)))
        ends = ops.logical_and(symbols > 0, ops.equal(after, 0))
        # [B, 201, the fullest bucket]
        candidates = ops.take(_constant(self._buckets), first % len(self._buckets), axis=0)
        same = ops.logical_and(
            ops.equal(ops.take(_constant(self._first), candidates), first[:, :, None]),
            ops.equal(ops.take(_constant(self._second), candidates), second[:, :, None]),
        )
        known = ops.cast(ops.logical_and(same, ends[:, :, None]), "int32")
        return ops.cast(ops.sum(candidates * known, axis=2), "int32")

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape[0], self.embedding_dim

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "words": list(self.words), "embedding_dim": self.embedding_dim}


def _constant(values: np.ndarray) -> Any:
    return ops.convert_to_tensor(values, dtype="int32")


def _powers(base: int, prime: int) -> np.ndarray:
    return np.array([pow(base, k, prime) for k in range(_WINDOW)], np.int32)


def _hashes(words: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Both numbers of every word, int32 ``[words + 1]``; those of place 0 are no word's."""
    both = [(-1, -1)]
    seen: dict[tuple[int, int], str] = {}
    for word in words:
        signs = [TABLE.get(sign, 0) for sign in reversed(word)]
        if not (0 < len(signs) <= LONGEST and word == word.lower() and all(0 < s <= LETTERS for s in signs)):
            raise UserError(f"{word!r} is no word: 1 to {LONGEST} of a to z and 0 to 9")
        first, second = (
            sum(sign * pow(base, k, prime) for k, sign in enumerate(signs)) % prime
            for base, prime in zip(_BASES, _PRIMES, strict=True)
        )
        if (first, second) in seen:
            raise UserError(
                f"the words {seen[first, second]!r} and {word!r} cannot be told apart; leave one out"
            )
        seen[first, second] = word
        both.append((first, second))
    table = np.array(both, np.int32)
    return table[:, 0].copy(), table[:, 1].copy()


def _buckets(first: np.ndarray) -> np.ndarray:
    """For every number modulo the table's length, the words that it may be: int32 ``[buckets, fullest]``."""
    count = 2 * len(first)
    rows: list[list[int]] = [[] for _ in range(count)]
    for word, number in enumerate(first[1:], start=1):
        rows[int(number) % count].append(word)
    fullest = max(map(len, rows))
    return np.array([row + [0] * (fullest - len(row)) for row in rows], np.int32)
