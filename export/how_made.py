"""How a model was made: the commands, the time and the machine, for its card."""

import shlex
from collections import defaultdict
from typing import Any

from stackgan_k3.config import load_preset
from stackgan_k3.config.flat import flatten
from stackgan_k3.errors import UserError


def commands_of(run: Any) -> list[str]:
    """Writes the commands that make a run again.

    Args:
        run: A ``stackgan_k3.training.run.Run``.

    Returns:
        The preparation, where the package draws the data itself, and the training with every setting
        that is not the preset's, of those phases that were trained; none for weights that were trained
        elsewhere, or for a preset that is unknown here.

    Example:
        ```python
        commands_of(Run.open("runs/birds"))
        # ['stackgan-k3 train stackgan-tiny --data data/birds --run birds --set stage1.epochs=3']
        ```
    """
    info, config = run.data_info, run.config
    if info.get("source") == "import-torch":
        return []
    try:
        published = flatten(load_preset(config.preset).model_dump(mode="json"))
    except UserError:
        return []
    changed = {
        name: value
        for name, value in flatten(config.model_dump(mode="json")).items()
        if published.get(name) != value and value is not None
    }
    folder = "data/set"
    made = []
    if info.get("source") == "synthetic-birds" and "splits" in info:
        folder = "data/birds"
        pictures = sum(split["records"] for split in info["splits"].values())
        made.append(
            f"stackgan-k3 prepare synthetic-birds {folder} --size {info['size']} --limit {pictures} "
            f"--seed {info['seed']}"
        )
    settings = "".join(f" --set {shlex.quote(f'{name}={_toml(value)}')}" for name, value in changed.items())
    name = shlex.quote(run.folder.resolve().name)
    trained = {row["phase"] for row in run.metrics()}
    some = [phase for phase in config.phases if phase in trained]
    phases = "" if len(some) == len(config.phases) else "".join(f" --phase {phase}" for phase in some)
    return [*made, f"stackgan-k3 train {config.preset} --data {folder} --run {name}{phases}{settings}"]


def times_of(run: Any) -> dict[str, str]:
    """Adds up how long each phase took.

    Args:
        run: A ``stackgan_k3.training.run.Run``.

    Returns:
        By phase, for example ``{"stage1": "300 epochs, 412 minutes"}``.

    Example:
        ```python
        times_of(Run.open("runs/birds"))
        ```
    """
    seconds: dict[str, float] = defaultdict(float)
    epochs: dict[str, int] = {}
    for row in run.metrics():
        if "epoch" in row and "seconds" in row:
            seconds[row["phase"]] += row["seconds"]
            epochs[row["phase"]] = row["epoch"]
    return {
        phase: f"{count} epoch{'s' * (count != 1)}, {seconds[phase] / 60:.0f} minutes"
        for phase, count in epochs.items()
    }


def _toml(value: Any) -> str:
    """As ``--set`` reads it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return str(value)
