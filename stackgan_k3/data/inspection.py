"""What is in a prepared set: counts, captions, words, classes, refused files."""

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from stackgan_k3.bundle.alphabet import MAX_CHARACTERS, TABLE, normalise
from stackgan_k3.data.record import margin_size, stored_sizes
from stackgan_k3.data.records import Records, read_info
from stackgan_k3.data.shards import SPLITS

MAX_WORDS = 200_000
"""The most different words that are counted; more are told as a number only."""

FREQUENT = 20
"""How many of the most frequent words are named."""

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


def inspect_set(
    folder: str | os.PathLike[str],
    *,
    verify: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Reads a whole prepared set, one record at a time, and says what is in it.

    Memory does not grow with the number of pictures, only with that of classes and of
    different words (`MAX_WORDS` at most).

    Args:
        folder: The folder that ``prepare`` wrote.
        verify: Whether to compare the SHA-256 of every shard with ``dataset.json`` first.
        progress: Called with (records read, records in all).

    Returns:
        A dictionary that JSON can hold:
        ``folder``, ``source``, ``title``, ``licence``, ``homepage``, ``format_version``;
        ``size`` and ``stored``, the side in pixels of the pictures stored for each size;
        ``bytes``, ``shards`` (how many), ``verified``;
        ``splits``: for each of ``train`` and ``test`` its ``records``, ``captions`` and ``classes``;
        ``captions``: ``each``, how many a picture has, ``words`` and ``characters`` of a caption (each of
        these three a spread: ``least``, ``quarter``, ``half``, ``three_quarters``, ``most``, ``mean``),
        ``cut``, how many are longer than the text encoder reads, and ``unknown_characters``, the share of
        characters that it does not know;
        ``vocabulary``: ``words``, how many different ones, whether that is ``more`` than was counted,
        and ``frequent``, the most frequent with their counts;
        ``classes``: ``count``, ``empty``, ``fewest`` and ``most`` (name and pictures), ``in_both_splits``;
        ``embedding_dim``; ``refused``: name and reason of each.

    Raises:
        UserError: If the folder holds no finished set, or a shard is missing, changed or damaged.

    Example:
        >>> import tempfile
        >>> from stackgan_k3.data.prepare import prepare
        >>> folder = tempfile.mkdtemp()
        >>> _ = prepare("synthetic-birds", folder, size=64, limit=12, workers=1)
        >>> found = inspect_set(folder)
        >>> found["captions"]["each"]["least"], found["stored"], found["verified"]
        (10, {'64': 76}, True)
    """
    first = Records(folder, _filled(folder)[0])
    info = first.info
    if verify:
        first.verify()
    total = sum(info["splits"][split]["records"] for split in SPLITS)
    tally = _Tally()
    done = 0
    for split in _filled(folder):
        for record in Records(folder, split):
            tally.add(split, record.label, record.captions)
            done += 1
            if progress:
                progress(done, total)
    return {
        "folder": str(Path(folder)),
        **{key: info[key] for key in ("format_version", "source", "title", "licence", "homepage", "size")},
        "stored": {str(size): margin_size(size) for size in stored_sizes(info["size"])},
        "bytes": sum(shard["bytes"] for shard in info["shards"]),
        "shards": len(info["shards"]),
        "verified": verify,
        "splits": {
            split: {**info["splits"][split], "classes": len(tally.pictures[split])} for split in SPLITS
        },
        "captions": tally.captions(),
        "vocabulary": {
            "words": len(tally.words),
            "more": tally.more_words,
            "frequent": _most_frequent(tally.words),
        },
        "classes": _classes(info["classes"], tally),
        "embedding_dim": first.embedding_dim,
        "refused": info["refused"],
    }


def _filled(folder: str | os.PathLike[str]) -> list[str]:
    splits = read_info(folder)["splits"]
    return [split for split in SPLITS if splits[split]["records"]]


class _Tally:
    """What is counted while the records go by."""

    def __init__(self) -> None:
        self.pictures: dict[str, Counter[int]] = {split: Counter() for split in SPLITS}  # by label
        self.each: Counter[int] = Counter()
        self.lengths: Counter[int] = Counter()  # in words
        self.characters: Counter[int] = Counter()
        self.unknown = 0
        self.words: Counter[str] = Counter()
        self.more_words = False

    def add(self, split: str, label: int, captions: Iterable[str]) -> None:
        captions = tuple(captions)
        self.pictures[split][label] += 1
        self.each[len(captions)] += 1
        for caption in map(normalise, captions):
            self.characters[len(caption)] += 1
            self.unknown += sum(character not in TABLE for character in caption)
            words = _WORD.findall(caption.lower())
            self.lengths[len(words)] += 1
            for word in words:
                if word in self.words or len(self.words) < MAX_WORDS:
                    self.words[word] += 1
                else:
                    self.more_words = True

    def captions(self) -> dict[str, Any]:
        total = sum(length * count for length, count in self.characters.items())
        return {
            "each": _spread(self.each),
            "words": _spread(self.lengths),
            "characters": _spread(self.characters),
            "cut": sum(count for length, count in self.characters.items() if length > MAX_CHARACTERS),
            "unknown_characters": self.unknown / max(1, total),
        }


def _spread(counts: Counter[int]) -> dict[str, float]:
    """Quartiles and mean of numbers that are given by how often each occurs."""
    total = sum(counts.values())
    found: dict[str, float] = {}
    for name, rank in (
        ("least", 0), ("quarter", total // 4), ("half", total // 2), ("three_quarters", total * 3 // 4),
        ("most", total - 1),
    ):  # fmt: skip
        seen = 0
        for value in sorted(counts):
            seen += counts[value]
            if seen > rank:
                found[name] = value
                break
    found["mean"] = round(sum(value * count for value, count in counts.items()) / total, 2)
    return found


def _most_frequent(words: Counter[str]) -> list[list[Any]]:
    # Equal counts by name, so that the order does not hang on that of the records.
    return [
        [word, count]
        for word, count in sorted(words.items(), key=lambda item: (-item[1], item[0]))[:FREQUENT]
    ]


def _classes(names: list[str], tally: _Tally) -> dict[str, Any]:
    train, test = (tally.pictures[split] for split in SPLITS)
    both = train + test
    filled = sorted(both, key=lambda label: (both[label], label))
    fewest, most = filled[0], min(both, key=lambda label: (-both[label], label))
    return {
        "count": len(names),
        "empty": [name for label, name in enumerate(names) if label not in both],
        "fewest": {"name": names[fewest], "pictures": both[fewest]},
        "most": {"name": names[most], "pictures": both[most]},
        "in_both_splits": len(train.keys() & test.keys()),
    }
