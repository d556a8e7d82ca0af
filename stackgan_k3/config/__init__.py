"""What a run is: its preset with every change applied, checked, as data.

A preset is a TOML file in ``stackgan_k3/presets/``; a change is one dotted key and
a value (``stage1.epochs=3``). The result is kept in the run's ``config.json``.
"""

import tomllib
from collections.abc import Iterable, Mapping
from importlib import resources
from typing import Any

from stackgan_k3.config.run import RunConfig, checked
from stackgan_k3.errors import UserError, unknown

__all__ = ["RunConfig", "load_preset", "parse_changes", "preset_names"]


def preset_names() -> list[str]:
    """Lists the presets that come with the package.

    Example:
        >>> "stackgan-coco" in preset_names()
        True
    """
    files = resources.files("stackgan_k3.presets").iterdir()
    return sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml"))


def load_preset(name: str, changes: Mapping[str, Any] | Iterable[str] = ()) -> RunConfig:
    """Reads a preset and applies changes.

    Args:
        name: Name of the preset.
        changes: Dotted keys and values, or strings ``KEY=VALUE`` as on the command
            line.

    Raises:
        UserError: For an unknown preset or key, or a value that does not fit.

    Example:
        >>> load_preset("stackgan-birds", ["seed=7", "stage2.image_size=128"]).stage2.image_size
        128
    """
    names = preset_names()
    if name not in names:
        raise unknown("preset", name, names)
    text = (resources.files("stackgan_k3.presets") / f"{name}.toml").read_text(encoding="utf-8")
    tree = tomllib.loads(text)
    tree["preset"] = tree.pop("name")
    return checked(tree).changed(changes if isinstance(changes, Mapping) else parse_changes(changes))


def parse_changes(settings: Iterable[str]) -> dict[str, Any]:
    """Turns ``KEY=VALUE`` strings into keys and values; a value is TOML, or else a string.

    Raises:
        UserError: For a setting without ``=``.

    Example:
        >>> parse_changes(["stage1.epochs=3", "precision=mixed_bfloat16", "stage1.real_labels=[1, 1]"])
        {'stage1.epochs': 3, 'precision': 'mixed_bfloat16', 'stage1.real_labels': [1, 1]}
    """
    changes = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or not key.strip():
            raise UserError(f"'{setting}' is not a setting; write KEY=VALUE, for example stage1.epochs=3")
        try:
            parsed = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            parsed = value.strip()
        changes[key.strip()] = parsed
    return changes
