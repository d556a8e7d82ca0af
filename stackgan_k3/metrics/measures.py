"""The numbers of an evaluation, one after the other."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stackgan_k3.errors import UserError


def measures(numbers: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Lays out what :func:`stackgan_k3.training.evaluate.evaluate` returned, or a part of it.

    Args:
        numbers: Measures, or dicts of measures; whatever is neither is left out.

    Returns:
        ``{"drawn": …, "floor": …}``, some without a floor, for some with ``error``, ``candidates`` or
        ``captions``, by name; those of a dict have its name before theirs.

    Example:
        >>> measures({"samples": 50, "accuracy": {"wing": {"drawn": 0.5, "floor": 1.0}}})
        {'accuracy wing': {'drawn': 0.5, 'floor': 1.0}}
    """
    found: dict[str, dict[str, float]] = {}
    for name, value in numbers.items():
        if isinstance(value, Mapping):
            if "drawn" in value:
                found[name] = dict(value)
            else:
                found |= {f"{name} {more}": each for more, each in measures(value).items()}
    return found


def read_evaluation(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Reads what ``stackgan-k3 evaluate --json`` wrote.

    Raises:
        UserError: If it is missing or something else.

    Example:
        >>> read_evaluation("no-such.json")
        Traceback (most recent call last):
        ...
        stackgan_k3.errors.UserError: no-such.json cannot be read as an evaluation (No such file or \
directory); write one with `stackgan-k3 evaluate … --json no-such.json`
    """
    reason = "it holds no measures"
    try:
        numbers = json.loads(Path(path).read_text(encoding="utf-8"))
        if isinstance(numbers, dict) and {"samples", "split", "seed"} <= numbers.keys() and measures(numbers):
            wrong = [name for name, value in measures(numbers).items() if not _is_measured(value)]
            if not wrong:
                return numbers
            reason = f"'{wrong[0]}' holds something else than numbers"
    except OSError as error:
        reason = error.strerror or str(error)
    except ValueError as error:
        reason = str(error)
    raise UserError(
        f"{path} cannot be read as an evaluation ({reason}); write one with "
        f"`stackgan-k3 evaluate … --json {path}`"
    )


def _is_measured(value: Mapping[str, Any]) -> bool:
    return all(isinstance(number, int | float) and not isinstance(number, bool) for number in value.values())
