"""Configurations of runs that an older version of the package began."""

from typing import Any


def up_to_date(tree: Any) -> Any:
    """Takes out of a run's configuration what had no effect when it was written, and would have one now.

    The weight of the matching loss was a setting of Stage-II alone, and read only where there was attention.

    Args:
        tree: The content of ``config.json``, which holds every setting that there was.

    Example:
        >>> up_to_date({"attention": False, "stage1": {}, "stage2": {"matching_weight": 5.0, "epochs": 3}})
        {'attention': False, 'stage1': {}, 'stage2': {'epochs': 3}}
    """
    if not isinstance(tree, dict) or tree.get("attention"):
        return tree
    first, second = tree.get("stage1"), tree.get("stage2")
    if not isinstance(first, dict) or not isinstance(second, dict) or "matching_weight" in first:
        return tree
    kept = {name: value for name, value in second.items() if not name.startswith("matching_")}
    return {**tree, "stage2": kept}
