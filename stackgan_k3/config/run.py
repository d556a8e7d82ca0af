"""What every run is made of, whatever its system."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, ValidationError

from stackgan_k3.config.idle import refuse_idle
from stackgan_k3.config.older_runs import up_to_date
from stackgan_k3.config.parts import DataConfig, Part, PhaseConfig
from stackgan_k3.errors import UserError, unknown


class RunConfig(Part):
    """Everything a run is made of; each system has a subclass with its own tables.

    Attributes:
        preset: Name of the preset it began as.
        description: The preset's description.
        system: Which system is trained.
        seed: Seed of weights, order, crops, captions and noise, 0 to 2**63 - 1.
        precision: Keras dtype policy of the networks in training; ``auto`` is ``mixed_bfloat16`` for
            phases where that is fast, ``float32`` elsewhere. Weights are float32 either way, and so are
            the text encoders of the phase ``text``.
        data: How pictures are read.
        phases: The phases of its training, in order; each has a table of that name.

    Example:
        >>> from stackgan_k3.config import load_preset
        >>> load_preset("stackgan-tiny").phases
        ('text', 'stage1', 'stage2')
    """

    phases: ClassVar[tuple[str, ...]] = ()

    preset: str
    description: str = ""
    system: str
    seed: int = Field(0, ge=0, lt=2**63)
    precision: Literal["float32", "mixed_bfloat16", "auto"] = "float32"
    data: DataConfig = DataConfig()

    def part(self, phase: str) -> PhaseConfig:
        """Returns the table of a phase."""
        table: PhaseConfig = getattr(self, phase)
        return table

    def picture_size(self, phase: str) -> int:
        """The size of the pictures that a phase is trained on, in pixels."""
        raise NotImplementedError

    def changed(self, changes: Mapping[str, Any]) -> "RunConfig":
        """Returns a copy with dotted keys replaced.

        Args:
            changes: For example ``{"stage1.epochs": 3, "seed": 7}``.

        Raises:
            UserError: For a key that does not exist (with the nearest that does) or
                a value that does not fit or would have no effect.
        """
        tree = self.model_dump(mode="json")
        known = set(leaves(tree))
        for key, value in changes.items():
            if key not in known:
                raise unknown("setting", key, known)
            *path, last = key.split(".")
            part = tree
            for name in path:
                part = part[name]
            part[last] = value
        config = checked(tree)
        for phase in config.phases:
            refuse_idle(phase, config.part(phase), changes)
        return config

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
            return checked(up_to_date(json.loads(text)))
        except json.JSONDecodeError as error:
            raise UserError(f"the configuration is not valid JSON: {error}") from error


def leaves(tree: Mapping[str, Any], prefix: str = "") -> Iterable[str]:
    """Yields the dotted names of the settings that may be changed.

    Example:
        >>> list(leaves({"seed": 1, "stage1": {"epochs": 3}}))
        ['seed', 'stage1.epochs']
    """
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{prefix}{key}.")
        elif f"{prefix}{key}" not in ("preset", "system", "description"):
            yield f"{prefix}{key}"


def checked(tree: Any) -> RunConfig:
    """Makes the configuration of the system that a tree names (``stackgan`` where it names none).

    Raises:
        UserError: For a key that does not exist, or a value that does not fit, naming it.

    Example:
        >>> checked({"preset": "mine", "system": "stackgan"}).system
        'stackgan'
    """
    # Here, because each of them is a subclass of what this file defines.
    from stackgan_k3.config.systems import SYSTEMS

    name = tree.get("system", "stackgan") if isinstance(tree, dict) else "stackgan"
    if not isinstance(name, str) or name not in SYSTEMS:
        raise unknown("system", str(name), SYSTEMS)
    try:
        return SYSTEMS[name].model_validate(tree)
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            where = ".".join(map(str, problem["loc"])) or "the configuration"
            given = f" (given: {problem['input']!r})" if not isinstance(problem["input"], dict) else ""
            lines.append(f"{where}: {problem['msg']}{given}")
        raise UserError("; ".join(lines)) from error
