"""Parts of large sets, chosen by number: a test split by hash, and a few pictures of every kind."""

import hashlib
from collections.abc import Iterable

import numpy as np

TEST_SHARE = 0.1
"""The test split's share of a set that was published without one."""


def in_test_split(keys: Iterable[str], seed: int, share: float = TEST_SHARE) -> np.ndarray:
    """Chooses a test split that depends on the keys and the seed alone.

    A key is of the test split if the SHA-256 of ``"<seed>/<key>"``, read as a number, is
    among the lowest ``share`` of all numbers, so more keys do not move the others.

    Args:
        keys: What is split. Equal keys fall on the same side.
        seed: Another seed gives another choice.
        share: The share of the test split, 0 to 1.

    Returns:
        bool ``[keys]``, true for the test split. Where two keys differ, both splits
        have some: the key nearest to the limit is moved if need be.

    Example:
        >>> in_test_split(["robin", "wren", "owl", "gull"], seed=0, share=0.5).tolist()
        [False, False, True, False]
    """
    hashes = np.fromiter(
        (int.from_bytes(hashlib.sha256(f"{seed}/{key}".encode()).digest()[:8]) for key in keys), np.uint64
    )
    test = hashes < np.uint64(min(int(share * 2**64), 2**64 - 1))
    if len(hashes) and hashes.min() != hashes.max():
        if not test.any():
            test = hashes == hashes.min()
        elif test.all():
            test = hashes != hashes.max()
    return test


def limited(labels: np.ndarray, test: np.ndarray, limit: int | None) -> np.ndarray:
    """Takes a few examples of a set, evenly of its classes and of each split its share.

    Args:
        labels: int ``[n]``, the classes.
        test: bool ``[n]``, true for the test split.
        limit: How many to take; all if None. Of two or more, at least one is of each
            split, if the set has both.

    Returns:
        int64 ``[min(n, limit)]``: their numbers, rising. In each split one of every class
        is taken, the first, then a second of every class, and so on.

    Example:
        >>> labels, test = np.array([0, 0, 0, 1, 1, 1]), np.array([0, 0, 1, 0, 0, 1], bool)
        >>> limited(labels, test, 3).tolist()
        [0, 2, 3]
    """
    count, tests = len(labels), int(test.sum())
    if limit is None or limit >= count:
        return np.arange(count)
    wanted = round(limit * tests / count)
    if 0 < tests < count and limit > 1:
        wanted = min(max(wanted, 1), limit - 1)
    wanted = min(max(wanted, limit - (count - tests)), tests)
    parts = [(np.flatnonzero(~test), limit - wanted), (np.flatnonzero(test), wanted)]
    return np.sort(np.concatenate([numbers[_rounds(labels[numbers])[:n]] for numbers, n in parts]))


def _rounds(labels: np.ndarray) -> np.ndarray:
    # The places of `labels`, first each class's first, then each one's second, …
    by_class = np.argsort(labels, kind="stable")
    starts = np.searchsorted(labels[by_class], labels[by_class])
    rank = np.empty(len(labels), np.int64)
    rank[by_class] = np.arange(len(labels)) - starts
    return np.lexsort((labels, rank))
