"""The data sets that can be opened by name."""

import os
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from stackgan_k3.data.record import SIZES, margin_size
from stackgan_k3.data.source import Source
from stackgan_k3.data.source_entry import SOURCES
from stackgan_k3.data.whole import MAX_SEED, one_of, whole
from stackgan_k3.errors import UserError, unknown

DEFAULT_BIRDS = 10_000
"""How many synthetic birds are drawn unless a limit says otherwise."""

MAX_LIMIT = 10_000_000
"""The largest limit that is accepted."""

Root = str | os.PathLike[str] | None


def open_source(
    name: str,
    *,
    root: Root = None,
    seed: int = 0,
    size: int = 256,
    limit: int | None = None,
    options: Mapping[str, str] | None = None,
) -> Source:
    """Opens a data set by its name.

    Args:
        name: One of ``source_names()``.
        root: The folder that holds the files of the data set, for those that have any.
        seed: 0 to 2**63 - 1. Chooses the drawn pictures, or the classes of the test split.
        size: Size in pixels that the set will be prepared at. Drawn
            sources draw for it; the others give their pictures as they are.
        limit: Take at most this many examples; for ``synthetic-birds`` it is how
            many are drawn (10,000 unless given).
        options: The source's own options, as ``SOURCES[name].options`` lists them.

    Returns:
        The source, which can be pickled.

    Raises:
        UserError: If there is no such source or option, its folder is missing or not
            laid out as expected, or a number is out of range.

    Example:
        >>> len(open_source("synthetic-birds", limit=20))
        20
    """
    if name not in SOURCES:
        raise unknown("source", name, SOURCES)
    size, seed = one_of("size", size, SIZES), whole("seed", seed, 0, MAX_SEED)
    limit = None if limit is None else whole("limit", limit, 1, MAX_LIMIT)
    entry, options = SOURCES[name], options or {}
    for option in options:
        if option not in entry.options:
            others = ", ".join(other for other in SOURCES if option in SOURCES[other].options)
            known = f"; it is an option of {others}" if others else ""
            raise UserError(f"{name} has no option '{option}'{known}")
        if not isinstance(options[option], str):
            raise UserError(f"the option '{option}' is {options[option]!r}; it must be a string")
    if root is None and entry.root == "required":
        raise UserError(f"{name} needs --root, the folder that holds {entry.layout}")
    if root is not None and entry.root == "none":
        raise UserError(f"{name} draws its own pictures and reads no files; leave the root out")
    make: Any = getattr(import_module(f"stackgan_k3.data.{entry.module}"), entry.class_name)
    if name == "synthetic-birds":
        # Drawn at the size that is stored, so that nothing is lost by resizing.
        source: Source = make(limit or DEFAULT_BIRDS, size=margin_size(size), seed=seed)
    else:
        source = make(root, seed=seed, limit=limit, **options)
    return source


def source_names() -> tuple[str, ...]:
    """Returns the names that ``open_source`` knows.

    Example:
        >>> "synthetic-birds" in source_names()
        True
    """
    return tuple(sorted(SOURCES))
