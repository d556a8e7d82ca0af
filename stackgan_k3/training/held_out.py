"""The real pictures that drawn ones are compared with, in two halves."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from stackgan_k3 import engine
from stackgan_k3.bundle.alphabet import CAPTION_LIMIT, check
from stackgan_k3.data.record import margin_size, stored_sizes
from stackgan_k3.data.records import Records
from stackgan_k3.errors import UserError

_AT_A_TIME = 64

Part = Callable[[slice], np.ndarray]
"""Gives pictures, uint8 ``[N, S, S, 3]``, of a range of numbers."""


class HeldOut:
    """Parts the pictures of a split in two halves of n each.

    For the captions of the first half pictures are drawn. They are compared with the second half, as the
    first half's own pictures are, and what those get is the floor of each measure. (Compared with the very
    pictures that their captions are of, drawn ones would be nearer than the real.)

    Args:
        records: The split.
        samples: At most so many pictures in a half, at least 20.
        seed: Seed of the parting and of the pictures, 0 to 2³¹ − 1.

    Attributes:
        count: n.
        first: Numbers of the records of the first half, int ``[n]``.
        second: Those of the second.

    Raises:
        UserError: If there are fewer than 40 pictures, or the seed is out of range.

    Example:
        ```python
        held_out = HeldOut(Records("data/birds", "test"), 500)
        reading = show(held_out.real(held_out.first, 64), held_out.count, extractor.read)
        ```
    """

    def __init__(self, records: Records, samples: int, seed: int = 0) -> None:
        if not 0 <= seed < 2**31:
            raise UserError(f"the seed is {seed}; it must be 0 to {2**31 - 1}")
        self.seed = seed
        self.records = records
        self.count = n = min(samples, len(records) // 2)
        if n < 20:
            instead = ", or, with `evaluate`, take --split train" if records.split == "test" else ""
            raise UserError(
                f"samples is {samples} and the {records.split} split of {records.folder} has {len(records)} "
                f"pictures; both halves need 20 at least: prepare more pictures{instead}"
            )
        order = np.random.Generator(np.random.Philox(key=[seed, 1])).permutation(len(records))
        self.first, self.second = order[:n], order[n : 2 * n]

    @property
    def halves(self) -> tuple[np.ndarray, np.ndarray]:
        """The numbers of the records of the first half, and of the second."""
        return self.first, self.second

    def size_for(self, wanted: int) -> int:
        """Returns the smallest size that the set holds of at least ``wanted`` pixels, or its largest."""
        held = sorted(stored_sizes(self.records.size))
        return next((size for size in held if size >= wanted), held[-1])

    def real(self, chosen: np.ndarray, size: int) -> Part:
        """Gives real pictures without their margins, read when they are asked for."""
        margin = (margin_size(size) - size) // 2
        middle = slice(margin, margin + size)

        def part(some: slice) -> np.ndarray:
            pictures = [self.records[int(number)].picture(size) for number in chosen[some]]
            return np.stack([picture[middle, middle] for picture in pictures])

        return part

    def seeds(self) -> np.ndarray:
        """Returns the seeds that the pictures are drawn from, int64 ``[n]``: no two seeds' sets share one."""
        return self.seed * 2**32 + np.arange(self.count, dtype=np.int64)

    def classes(self, chosen: np.ndarray) -> np.ndarray:
        """Returns the classes of records, int ``[N]``."""
        return np.array([self.records[int(number)].label for number in chosen])

    def groups(self, chosen: np.ndarray) -> np.ndarray:
        """Returns which captions of records mean the same: those alike, and those of a class, ``[K, N]``.

        Where the set has several classes. See :func:`stackgan_k3.metrics.r_precision.r_precision`.
        """
        _, texts = np.unique(self.captions(chosen), return_inverse=True)
        classes = self.classes(chosen)
        return np.stack([texts, classes] if len(self.records.info["classes"]) > 1 else [texts])

    def captions(self, chosen: np.ndarray) -> list[str]:
        """Returns a caption of each of the records, one that can be drawn, without what nothing reads of it.

        Raises:
            UserError: If a record has none.
        """
        return [self._caption(int(number)) for number in chosen]

    def _caption(self, number: int) -> str:
        captions = self.records[number].captions
        first = number % len(captions) if captions else 0
        for caption in (*captions[first:], *captions[:first]):
            cut = caption[:CAPTION_LIMIT]
            try:
                check(cut)
            except UserError:
                continue
            return cut
        raise UserError(
            f"record {number} of the {self.records.split} split of {self.records.folder} has no caption with "
            "a letter or digit that is known, so nothing can be asked for; prepare the set without it"
        )

    def asked(self, condition: str) -> Any:
        """Returns what pictures like the first half are asked for by.

        Args:
            condition: ``characters``, ``embedding`` (the records' own), ``label`` or ``none``.

        Raises:
            UserError: If the records have no embeddings.
        """
        if condition == "none":
            return None
        if condition == "label":
            classes = self.records.info["classes"]
            return [classes[self.records[int(number)].label] for number in self.first]
        if condition == "characters":
            return self.captions(self.first)
        rows = []
        for number in self.first:
            record = self.records[int(number)]
            if record.embeddings is None:
                raise UserError(
                    f"{self.records.folder} has no embeddings, which this model is asked by; evaluate "
                    "its run, which can embed captions, or prepare a set that brings its own"
                )
            rows.append(record.embeddings[int(number) % len(record.captions)])
        return np.stack(rows)


def show(part: Part, count: int, *viewers: Callable[[np.ndarray], Any]) -> list[Sequence[Any]]:
    """Shows pictures to viewers, some at a time, so that no more of them are in memory.

    Args:
        part: Gives them.
        count: How many there are.
        *viewers: Each is called with uint8 ``[n, S, S, 3]``.

    Returns:
        For each viewer, what it said each time.

    Example:
        >>> show(lambda some: np.zeros((some.stop - some.start, 8, 8, 3), "uint8"), 100, len)
        [(64, 36)]
    """
    starts = range(0, count, _AT_A_TIME)
    with engine.inference():
        pictures = (part(slice(start, min(start + _AT_A_TIME, count))) for start in starts)
        return list(zip(*([viewer(some) for viewer in viewers] for some in pictures), strict=True))
