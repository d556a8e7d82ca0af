"""How each system is trained: one module a system, found by its name.

A recipe has ``TRAINERS`` (a function ``(run, records, deadline) -> finished`` for each phase),
``networks(config)`` (every network with fresh weights), ``examples(records)`` (what samples
are drawn for: captions, classes or nothing), ``pipeline(run)`` (the trained networks that
draw) and ``load(run)`` (a model that draws and can be trained on). It may have ``extras(run)``: other
trained networks that are exported beside these, by name.
"""

from importlib import import_module
from typing import Any


def recipe_of(system: str) -> Any:
    """Returns the recipe of a system.

    Example:
        >>> sorted(recipe_of("stackgan").TRAINERS)
        ['stage1', 'stage2', 'text']
    """
    return import_module(f"{__name__}.{system.replace('-', '_')}")
