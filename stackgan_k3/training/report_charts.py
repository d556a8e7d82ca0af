"""Which curves a phase's rows become, and which of them share a chart."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from stackgan_k3.training.metric_rows import best_row
from stackgan_k3.training.warning_signs import Rows

# What a row holds besides means of the training.
_NOT_DRAWN = ("phase", "epoch", "step", "seconds", "learning_rate", "images_per_second", "warnings")

# Metrics of held-out captions: title, and what it says.
_MEASURED = {
    "fid": (
        "Fréchet distance",
        "Of the features of drawn pictures from those of real ones; lower is better.",
    ),
    "kid": ("Kernel distance", "Of the features of drawn pictures from those of real ones; lower is better."),
    "accuracy": ("Accuracy of attributes", "Part of the pictures that show what was asked for."),
    "r_precision": ("R-precision", "Part of the pictures whose own caption fits best, of many."),
}

_NAMES = {
    "discriminator_loss": "discriminator",
    "generator_loss": "generator",
    "discriminator_gradient": "discriminator",
    "generator_gradient": "generator",
    "d_real": "real",
    "d_wrong": "real, with wrong texts",
    "d_fake": "drawn",
    "d_interpolated": "drawn, between two texts",
    "diversity": "samples",
    "kl": "KL term",
    "fid": "drawn",
    "fid_floor": "real",
    "kid": "drawn",
    "kid_floor": "real",
    "accuracy": "drawn",
    "accuracy_floor": "real",
    "r_precision": "drawn",
    "r_precision_floor": "real",
}


def charts(rows: Rows, equilibrium: Mapping[str, float], keep_best: str = "") -> list[dict[str, Any]]:
    """Arranges the numbers of a phase in charts.

    Losses share one, with their values at equilibrium as lines; so do mean judgements (``d_…``),
    gradient norms (``…_gradient``, on a logarithmic scale) and accuracies (``…_accuracy``). A metric of
    held-out captions shares one with what real pictures get (``…_floor``). The diversity and whatever else
    is logged have a chart each.

    Args:
        rows: The rows of one phase, in order.
        equilibrium: The losses' values where D = ½ everywhere; see
            :func:`stackgan_k3.training.equilibrium.equilibrium`.
        keep_best: The metric that the best generator is kept by, whose chart names its epoch; empty for none.

    Returns:
        For each chart a dict: ``title``, ``note`` (a sentence), ``lines`` (``key``, ``name`` and ``values``,
        a list of ``[epoch, value]``), ``references`` (the ``value`` of each level line, and the ``key``
        of the line that it belongs to, if it is one's), ``low`` and ``high`` (what the scale must
        hold at least, or None) and ``logarithmic``.

    Example:
        >>> rows = [{"phase": "gan", "epoch": 1, "generator_loss": 0.8, "d_fake": 0.4, "kl": 0.1}]
        >>> [chart["title"] for chart in charts(rows, {"generator_loss": 0.693})]
        ['Losses', 'What the discriminator says', 'KL term']
    """
    names = list(dict.fromkeys(name for row in rows for name in row if name not in _NOT_DRAWN))
    names = [name for name in names if any(_number(row.get(name)) for row in rows)]
    made = []

    def take(fits: Callable[[str], bool], title: str, note: str = "", **more: Any) -> None:
        order = list(_NAMES)
        taken = sorted((n for n in names if fits(n)), key=lambda n: order.index(n) if n in order else 99)
        if taken:
            made.append(_chart(title, note, [_line(rows, name) for name in taken], **more))
            names[:] = [name for name in names if name not in taken]

    levels = {name: value for name, value in equilibrium.items() if name in names}
    alike = len(set(levels.values())) < len(levels)  # one line for both networks, then, in neither's colour
    said = ", ".join(f"{_NAMES.get(name, name)} {value:.3f}" for name, value in levels.items())
    take(
        lambda name: name in ("discriminator_loss", "generator_loss"),
        "Losses",
        f"Dashed: where they would lie if the discriminator said ½ of everything ({said})." if levels else "",
        references=[{"key": "" if alike else name, "value": value} for name, value in levels.items()],
    )
    take(lambda name: name == "loss", "Loss")
    take(
        lambda name: name.startswith("d_"),
        "What the discriminator says",
        "Mean probability of being real, and of fitting the text where there is one. Dashed: ½.",
        references=[{"key": "", "value": 0.5}],
        low=0.0,
        high=1.0,
    )
    take(
        lambda name: name.endswith("_gradient"),
        "Gradient norms",
        "L2 norm of a step's whole gradient, mean over the epoch. Logarithmic scale.",
        logarithmic=True,
    )
    take(
        lambda name: name == "diversity",
        "Diversity of the samples",
        "How much those of one caption, or class, differ. Dashed: how much real pictures do.",
        references=[{"key": "", "value": 1.0}],
        low=0.0,
    )
    for metric in [name for name in _MEASURED if name in names and f"{name}_floor" in names]:
        title, note = _MEASURED[metric]
        best = best_row(rows, str(rows[0]["phase"]), metric) if metric == keep_best else None
        if best is not None:
            note += f" Best: epoch {best['epoch']} ({best[metric]:.4g}), whose generator is kept."
        take(_one_of(metric, f"{metric}_floor"), title, note)
        names[:] = [name for name in names if name != f"{metric}_error"]
    take(lambda name: name.endswith("_accuracy"), "Accuracies", low=0.0, high=1.0)
    return made + [_chart(title_of(name), "", [_line(rows, name)]) for name in names]


def _one_of(*wanted: str) -> Callable[[str], bool]:
    return lambda name: name in wanted


def title_of(name: str) -> str:
    """Turns the name of a logged number into words.

    Example:
        >>> title_of("matching_loss"), title_of("kl")
        ('Matching loss', 'KL term')
    """
    words = _NAMES.get(name, name.replace("_", " "))
    return words[:1].upper() + words[1:]


def _chart(
    title: str,
    note: str,
    lines: Sequence[dict[str, Any]],
    *,
    references: Sequence[dict[str, Any]] = (),
    low: float | None = None,
    high: float | None = None,
    logarithmic: bool = False,
) -> dict[str, Any]:
    return {
        "title": title,
        "note": note,
        "lines": list(lines),
        "references": list(references),
        "low": low,
        "high": high,
        "logarithmic": logarithmic,
    }


def _line(rows: Rows, key: str) -> dict[str, Any]:
    values = [[row["epoch"], float(f"{row[key]:.5g}")] for row in rows if _number(row.get(key))]
    return {"key": key, "name": _NAMES.get(key, title_of(key)), "values": values}


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
