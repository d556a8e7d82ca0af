"""The data sets that can be opened by name."""

import os
from collections.abc import Callable

from stackgan_k3.data.record import SIZES, margin_size
from stackgan_k3.data.source import Source
from stackgan_k3.errors import UserError, unknown

DEFAULT_BIRDS = 10_000
"""How many synthetic birds are drawn unless a limit says otherwise."""

MAX_LIMIT = 10_000_000
"""The largest limit that is accepted."""

Root = str | os.PathLike[str] | None


def open_source(
    name: str, *, root: Root = None, seed: int = 0, size: int = 256, limit: int | None = None
) -> Source:
    """Opens a data set by its name.

    Args:
        name: One of ``source_names()``.
        root: The folder that holds the files of the data set, for those that have any.
        seed: 0 to 2**63 - 1. Chooses the drawn pictures, or the classes of the test split.
        size: Size in pixels that the set will be prepared at: 64, 128 or 256. Drawn
            sources draw for it; the others give their pictures as they are.
        limit: Take at most this many examples; for ``synthetic-birds`` it is how
            many are drawn (10,000 unless given).

    Returns:
        The source, which can be pickled.

    Raises:
        UserError: If there is no such source, its folder is missing or not laid
            out as expected, or a number is out of range.

    Example:
        >>> len(open_source("synthetic-birds", limit=20))
        20
    """
    if name not in _SOURCES:
        raise unknown("source", name, _SOURCES)
    if size not in SIZES:
        raise UserError(f"size is {size}; it must be one of {', '.join(map(str, SIZES))}")
    if not 0 <= seed < 2**63:
        raise UserError(f"seed is {seed}; it must be from 0 to 2**63 - 1")
    if limit is not None and not 1 <= limit <= MAX_LIMIT:
        raise UserError(f"limit is {limit}; it must be from 1 to {MAX_LIMIT:,}")
    return _SOURCES[name](root, seed, size, limit)


def source_names() -> tuple[str, ...]:
    """Returns the names that ``open_source`` knows.

    Example:
        >>> source_names()
        ('oxford-flowers', 'synthetic-birds')
    """
    return tuple(sorted(_SOURCES))


def _synthetic_birds(root: Root, seed: int, size: int, limit: int | None) -> Source:
    if root is not None:
        raise UserError("synthetic-birds draws its own pictures and reads no files; leave the root out")
    from stackgan_k3.data.synthetic_birds import SyntheticBirds

    # Drawn at the size that is stored, so that nothing is lost by resizing.
    return SyntheticBirds(limit or DEFAULT_BIRDS, size=margin_size(size), seed=seed)


def _oxford_flowers(root: Root, seed: int, size: int, limit: int | None) -> Source:
    from stackgan_k3.data.oxford_flowers import LAYOUT, OxfordFlowers

    if root is None:
        raise UserError(f"oxford-flowers needs --root, the folder that holds {LAYOUT}")
    return OxfordFlowers(root, seed=seed, limit=limit)


_SOURCES: dict[str, Callable[[Root, int, int, int | None], Source]] = {
    "oxford-flowers": _oxford_flowers,
    "synthetic-birds": _synthetic_birds,
}
