"""A part of a set that is like the whole: both splits, every class."""

from collections.abc import Sequence

import numpy as np


def even_part(
    labels: Sequence[int] | np.ndarray, tests: Sequence[bool] | np.ndarray, limit: int | None
) -> np.ndarray:
    """Chooses at most ``limit`` items, spread over the splits and the classes.

    The test split keeps its share of the items, and at least one of them; within a
    split every class gives one item, then a second, and so on.

    Args:
        labels: The class of each item, ``[N]``.
        tests: Whether an item belongs to the test split, ``[N]``.
        limit: How many to take, at least 1; None takes all.

    Returns:
        The chosen items' numbers, int64, ascending.

    Example:
        >>> even_part([0, 0, 0, 0, 1, 1], [False, True, False, True, False, False], 3).tolist()
        [0, 1, 4]
    """
    label, test = np.asarray(labels, np.int64), np.asarray(tests, bool)
    if limit is None or limit >= len(label):
        return np.arange(len(label))
    count = int(test.sum())
    wanted = round(limit * count / len(label))
    if limit >= 2 and count:
        wanted = min(max(wanted, 1), count, limit - (count < len(label)))
    parts = []
    for items, number in ((np.flatnonzero(test), wanted), (np.flatnonzero(~test), limit - wanted)):
        order = items[np.argsort(label[items], kind="stable")]
        _, first, counts = np.unique(label[order], return_index=True, return_counts=True)
        rank = np.arange(len(order)) - np.repeat(first, counts)  # of an item within its class
        parts.append(order[np.argsort(rank, kind="stable")][:number])
    return np.sort(np.concatenate(parts))
