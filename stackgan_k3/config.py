"""What a run is: its preset with every change applied, checked, as data.

A preset is a TOML file in ``stackgan_k3/presets/``; a change is one dotted key and
a value (``stage1.epochs=3``). The result is kept in the run's ``config.json``.
"""

import json
import tomllib
from collections.abc import Iterable, Mapping
from importlib import resources
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from stackgan_k3.errors import UserError, unknown


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class DataConfig(_Part):
    """How pictures are read: random crops and flips, and worker processes (0: threads)."""

    crop: bool = True
    flip: bool = True
    workers: int = Field(0, ge=0, le=256)


class TextConfig(_Part):
    """The text encoder and the joint embedding that trains it.

    ``width`` is the character convolutions' (384 published), ``image_width`` the
    image encoder's, ``embedding_dim`` the size T of an embedding.
    """

    width: int = Field(384, ge=4, le=4096)
    image_width: int = Field(64, ge=4, le=1024)
    embedding_dim: int = Field(1024, ge=2, le=8192)
    margin: float = Field(1.0, gt=0)
    epochs: int = Field(100, ge=1)
    batch_size: int = Field(40, ge=2)
    learning_rate: float = Field(7e-4, gt=0)
    halve_every: int = Field(0, ge=0)


class StageConfig(_Part):
    """One stage: the widths GF and DF of its networks, and how they are trained.

    ``halve_every`` halves both learning rates every so many epochs (0: never).
    ``real_labels`` is the range that targets of real pairs are drawn from.
    """

    width: int = Field(192, ge=4, le=1024, multiple_of=4)
    discriminator_width: int = Field(96, ge=4, le=1024)
    epochs: int = Field(120, ge=1)
    batch_size: int = Field(64, ge=2)
    generator_rate: float = Field(2e-4, gt=0)
    discriminator_rate: float = Field(2e-4, gt=0)
    halve_every: int = Field(20, ge=0)
    kl_weight: float = Field(2.0, ge=0)
    real_labels: tuple[float, float] = (0.9, 1.0)
    average_decay: float = Field(0.999, ge=0, lt=1)


class Stage2Config(StageConfig):
    """Stage-II: also its picture size in pixels and its number of residual blocks."""

    image_size: Literal[128, 256] = 256
    residual_blocks: int = Field(2, ge=0, le=16)


class RunConfig(_Part):
    """Everything a run is made of.

    Attributes:
        preset: Name of the preset it began as.
        description: The preset's description.
        system: Which system is trained.
        seed: Seed of weights, order, crops, captions and noise, 0 to 2**63 - 1.
        precision: Keras dtype policy of the networks in training.
        noise_dim: Size Z of the noise.
        conditioning_dim: Size C of the condition.

    Example:
        >>> config = load_preset("stackgan-tiny", {"stage1.epochs": 3})
        >>> config.stage1.epochs
        3
    """

    preset: str
    description: str = ""
    system: Literal["stackgan"] = "stackgan"
    seed: int = Field(0, ge=0, lt=2**63)
    precision: Literal["float32", "mixed_bfloat16"] = "float32"
    noise_dim: int = Field(100, ge=1, le=4096)
    conditioning_dim: int = Field(128, ge=1, le=4096)
    data: DataConfig = DataConfig()
    text: TextConfig = TextConfig()
    stage1: StageConfig = StageConfig()
    stage2: Stage2Config = Stage2Config()

    @model_validator(mode="after")
    def _labels_in_order(self) -> "RunConfig":
        for name, stage in (("stage1", self.stage1), ("stage2", self.stage2)):
            low, high = stage.real_labels
            if not 0.5 < low <= high <= 1.0:
                raise ValueError(
                    f"{name}.real_labels are {low} to {high}; they must lie in (0.5, 1], in order"
                )
        return self

    def changed(self, changes: Mapping[str, Any]) -> "RunConfig":
        """Returns a copy with dotted keys replaced.

        Args:
            changes: For example ``{"stage1.epochs": 3, "seed": 7}``.

        Raises:
            UserError: For a key that does not exist (with the nearest that does) or
                a value that does not fit.
        """
        tree = self.model_dump(mode="json")
        known = set(_leaves(tree))
        for key, value in changes.items():
            if key not in known:
                raise unknown("setting", key, known)
            *path, last = key.split(".")
            part = tree
            for name in path:
                part = part[name]
            part[last] = value
        return _checked(tree)

    def to_json(self) -> str:
        """Returns the configuration as indented JSON, the content of ``config.json``."""
        return json.dumps(self.model_dump(mode="json"), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "RunConfig":
        """Reads what :meth:`to_json` wrote.

        Raises:
            UserError: If it is not a valid configuration.
        """
        try:
            return _checked(json.loads(text))
        except json.JSONDecodeError as error:
            raise UserError(f"the configuration is not valid JSON: {error}") from error


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
    return _checked(tree).changed(changes if isinstance(changes, Mapping) else parse_changes(changes))


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


def _leaves(tree: Mapping[str, Any], prefix: str = "") -> Iterable[str]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{key}.")
        elif f"{prefix}{key}" not in ("preset", "system", "description"):
            yield f"{prefix}{key}"


def _checked(tree: Any) -> RunConfig:
    try:
        return RunConfig.model_validate(tree)
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            where = ".".join(map(str, problem["loc"])) or "the configuration"
            given = f" (given: {problem['input']!r})" if not isinstance(problem["input"], dict) else ""
            lines.append(f"{where}: {problem['msg']}{given}")
        raise UserError("; ".join(lines)) from error
