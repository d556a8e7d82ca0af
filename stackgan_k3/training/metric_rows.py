"""Reads what the epochs of a run measured."""

import json
from pathlib import Path
from typing import Any


def read_rows(path: str | Path) -> list[dict[str, Any]]:
    """Reads a ``metrics.jsonl``: a dict an epoch, in the order of training.

    A line that a crash has cut off is left out.

    Args:
        path: The file; where there is none, no epoch has been trained.

    Returns:
        Rows with at least ``phase`` and ``epoch``.

    Example:
        >>> read_rows("no/such/file")
        []
    """
    path = Path(path)
    if not path.is_file():
        return []
    rows = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            continue  # the line that a crash cut off
        if isinstance(row, dict) and isinstance(row.get("epoch"), int) and "phase" in row:
            rows.append(row)
    return rows
