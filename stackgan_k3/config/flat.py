"""Nested tables as one table of dotted names."""

from collections.abc import Mapping
from typing import Any


def flatten(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Names the leaves of nested tables by their path, as ``--set`` does.

    Example:
        >>> flatten({"seed": 1, "stage1": {"epochs": 3}})
        {'seed': 1, 'stage1.epochs': 3}
    """
    leaves: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            leaves.update(flatten(value, f"{prefix}{key}."))
        else:
            leaves[f"{prefix}{key}"] = value
    return leaves
