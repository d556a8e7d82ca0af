"""What a bundle says about where its model comes from."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stackgan_k3.config.flat import flatten

from .how_made import commands_of, times_of

_OF_NETWORKS = ("stage1.width", "stage2.width", "_dim", "image_size", "residual_blocks", "text.encoder")


@dataclass(frozen=True)
class About:
    """What a model card needs to know and the networks do not.

    Args:
        name: Name of the model, for people.
        preset: Name of the preset it was trained by.
        system: The system it was trained as, for example ``"stackgan"``.
        idea: The preset's description.
        data: Strings under ``name``, ``title``, ``licence`` and ``homepage`` of the training data.
        captions: Captions of that data, for the samples and as examples.
        settings: How it was trained: dotted names and values.
        imported: Whether the weights were trained elsewhere, by other settings than these.
        commands: What makes it again, a command each.
        times: By phase, how long it took.
        machines: What it was trained on.
        metrics: What was measured last: ``phase/name`` and value.
        evaluation: What ``stackgan-k3 evaluate`` said of the model, if anything.

    Example:
        >>> About("birds", "stackgan-tiny", "stackgan", captions=("a red bird",)).data
        {}
    """

    name: str
    preset: str
    system: str
    idea: str = ""
    data: Mapping[str, str] = field(default_factory=dict)
    captions: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, float | str] = field(default_factory=dict)
    imported: bool = False
    commands: tuple[str, ...] = ()
    times: Mapping[str, str] = field(default_factory=dict)
    machines: tuple[str, ...] = ()
    evaluation: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of_run(cls, run: Any) -> "About":
        """Takes what a run directory says.

        Args:
            run: A ``stackgan_k3.training.run.Run``.

        Example:
            ```python
            about = About.of_run(Run.open("runs/birds"))
            ```
        """
        info = run.data_info
        settings = flatten(run.config.model_dump(mode="json"))
        told = ("description", "preset", "system")  # elsewhere in the card
        imported = info.get("source") == "import-torch"
        untrained = () if run.has("stage2", "generator") else ("stage2.",)
        return cls(
            name=run.folder.resolve().name,
            preset=run.config.preset,
            system=run.config.system,
            idea=run.config.description,
            data={
                "name": str(info.get("source", "")),
                "title": str(info.get("title", "")),
                "licence": str(info.get("licence", "")),
                "homepage": str(info.get("homepage", "")),
            },
            captions=tuple(run.examples),
            settings={
                name: value
                for name, value in settings.items()
                if name not in told
                and not name.startswith(untrained)
                # Rates and the like are the preset's, not those that an imported model was trained by.
                and (not imported or name.endswith(_OF_NETWORKS))
            },
            metrics=last_metrics(run.metrics_taken()),
            imported=imported,
            commands=tuple(commands_of(run)),
            times={} if imported else times_of(run),
            machines=tuple(run.machines),
        )


def last_metrics(rows: Sequence[Mapping[str, Any]]) -> dict[str, float | str]:
    """Takes the numbers of each phase's last row.

    Args:
        rows: The rows of ``metrics.jsonl``, oldest first, each with its ``phase``.

    Returns:
        Values by ``phase/name``; what is not a finite number is left out.

    Example:
        >>> last_metrics([{"phase": "stage1", "kl": 2.0}, {"phase": "stage1", "kl": 1.5}])
        {'stage1/kl': 1.5}
    """
    last = {str(row.get("phase", "")): row for row in rows}
    return {
        f"{phase}/{name}": value
        for phase, row in last.items()
        for name, value in row.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    }
