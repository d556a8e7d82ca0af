"""Splits by class and parts of a set that hold a bit of everything."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import Literal, TypeVar

Split = Literal["train", "test"]
Item = TypeVar("Item")


def zero_shot_splits(classes: Sequence[str], seed: int, share: float) -> tuple[Split, ...]:
    """Chooses classes for the test split, the same on every machine.

    The classes are ranked by the SHA-256 of ``"<seed>/<class>"``; the first
    ``round(share * len(classes))`` of them are the test split.

    Args:
        classes: Names of the classes, no two alike.
        seed: Another seed gives another choice.
        share: The test split's share of the classes, 0 to 1.

    Returns:
        The split of each class.

    Example:
        >>> zero_shot_splits(["robin", "wren", "owl", "gull"], 0, 0.25)
        ('train', 'train', 'test', 'train')
    """
    ranked = sorted(classes, key=lambda name: hashlib.sha256(f"{seed}/{name}".encode()).digest())
    test = set(ranked[: round(len(ranked) * share)])
    return tuple("test" if name in test else "train" for name in classes)


def spread(groups: Sequence[Sequence[Item]], splits: Sequence[Split]) -> list[Item]:
    """Orders the items of groups so that the first few are a mixture.

    One item of every group, then a second of every group, and so on; within a round the
    groups of the test split are spaced evenly among the others, so any part holds both.

    Args:
        groups: The items, by class (and by split, where a class is in both).
        splits: The split of each group.

    Returns:
        All the items.

    Example:
        >>> spread([["a1", "a2"], ["b1"], ["c1", "c2"]], ["train", "test", "train"])
        ['a1', 'b1', 'c1', 'a2', 'c2']
    """
    counts = Counter(splits)
    seen: Counter[str] = Counter()
    position = []
    for split in splits:
        position.append((seen[split] + 0.5) / counts[split])
        seen[split] += 1
    places = sorted(
        (rank, position[number], number) for number, items in enumerate(groups) for rank in range(len(items))
    )
    return [groups[number][rank] for rank, _, number in places]


def spread_places(labels: Sequence[int], splits: Sequence[Split]) -> list[int]:
    """Orders items whose class may be in both splits like ``spread``.

    Args:
        labels: The class of each item.
        splits: The split of each item.

    Returns:
        The places of all items, 0 to ``len(labels) - 1``.

    Example:
        >>> spread_places([0, 0, 1, 1], ["train", "test", "train", "test"])
        [0, 3, 2, 1]
    """
    classes = max(labels, default=-1) + 1
    groups: dict[tuple[int, Split], list[int]] = {}
    for number in range(classes):
        # the test split begins halfway, so that few items are of many classes
        groups[number, "train"] = []
        groups[(number + classes // 2) % classes, "test"] = []
    for place, key in enumerate(zip(labels, splits, strict=True)):
        groups[key].append(place)
    full = {key: places for key, places in groups.items() if places}
    return spread(list(full.values()), [split for _, split in full])
