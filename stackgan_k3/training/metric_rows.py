"""Reads what the epochs of a run measured."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def read_rows(path: str | Path) -> list[dict[str, Any]]:
    """Reads a ``metrics.jsonl``: a dict an epoch, in the order of training.

    A line that a crash has cut off is left out, and so is what is ``null``: no number, as if not measured.

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
            rows.append({name: value for name, value in row.items() if value is not None})
    return rows


HIGHER_IS_BETTER = {"fid": False, "kid": False, "r_precision": True, "accuracy": True}
"""The metrics that the best generator can be kept by."""


def best_row(rows: Sequence[Mapping[str, Any]], phase: str, metric: str) -> Mapping[str, Any] | None:
    """Finds the epoch of a phase with the best value of a metric: the first of them, where some are alike.

    Args:
        rows: See :func:`read_rows`.
        phase: Name of the phase.
        metric: One of :data:`HIGHER_IS_BETTER`.

    Returns:
        Its row, or None where it was never measured.

    Example:
        >>> rows = [{"phase": "gan", "epoch": n, "kid": kid} for n, kid in ((1, 0.3), (2, 0.1), (3, 0.1))]
        >>> best_row(rows, "gan", "kid")["epoch"]
        2
    """
    measured = [row for row in rows if row["phase"] == phase and metric in row]
    choose = max if HIGHER_IS_BETTER[metric] else min  # both take the first of equals
    return choose(measured, key=lambda row: float(row[metric])) if measured else None
