"""Three ways in which the training of a GAN goes wrong, seen in the numbers of its epochs.

Each sign is a pure function of the rows of one phase in ``metrics.jsonl``, in order: it returns
what is wrong and what to try, in plain words, or None. A sign is about the last epochs, so it
goes away when the training has recovered.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

Rows = Sequence[dict[str, Any]]


class Raised(NamedTuple):
    """A warning that became due.

    Attributes:
        epoch: The epoch after which it was due.
        name: ``"discriminator_too_strong"``, ``"mode_collapse"`` or ``"oscillation"``.
        text: What is wrong and what to try.
        until: The epoch after which it had gone away; None where it has not.

    Example:
        >>> Raised(3, "oscillation", "the losses swing", None).until is None
        True
    """

    epoch: int
    name: str
    text: str
    until: int | None


def discriminator_too_strong(
    rows: Rows, *, epochs: int = 3, fake: float = 0.03, real: float = 0.9
) -> str | None:
    """The discriminator is sure of everything, so the generator learns little from it.

    Due where, in each of the last epochs, drawn pictures got less than ``fake`` and real ones more than
    ``real`` on average. There ``log(1 − D(G(z)))`` is flat: its gradient vanishes (Goodfellow et
    al., 2014, section 3). That of ``−log D(G(z))`` does not, but it points wherever the
    discriminator happens to be unsure, and grows noisy (Arjovsky and Bottou, 2017).

    Args:
        rows: The rows of a phase, with ``d_real`` and ``d_fake``, and ``generator_gradient`` if known.
        epochs: How many epochs it must have lasted.
        fake: Mean D on drawn pictures that is too low.
        real: Mean D on real pictures that is too high.

    Returns:
        The warning, or None.

    Example:
        >>> rows = [{"phase": "gan", "d_real": 0.99, "d_fake": 0.01}] * 3
        >>> discriminator_too_strong(rows)[:34]
        'the discriminator is too strong: i'
        >>> discriminator_too_strong(rows[:2]) is None
        True
    """
    last = rows[-epochs:]
    if len(last) < epochs or not all("d_fake" in row and "d_real" in row for row in last):
        return None
    if not all(row["d_fake"] < fake and row["d_real"] > real for row in last):
        return None
    phase = last[-1].get("phase", "")
    norms = [row["generator_gradient"] for row in rows if "generator_gradient" in row]
    vanished = ""
    if len(norms) > epochs and max(norms) > 0 and norms[-1] < 0.1 * max(norms):
        vanished = f" The generator's gradient has fallen to {norms[-1] / max(norms):.1%} of what it was."
    return (
        f"the discriminator is too strong: in the last {epochs} epochs real pictures got more than {real:g} "
        f"and drawn ones less than {fake:g} (now {last[-1]['d_real']:.3f} and {last[-1]['d_fake']:.3f}), so "
        f"the generator can hardly tell what would be better.{vanished} Try a lower "
        f"{phase}.discriminator_rate, {phase}.real_labels=[0.9, 1], a smaller {phase}.discriminator_width, "
        f"or, where {phase}.generator_loss is saturating, non-saturating."
    )


def mode_collapse(
    rows: Rows, *, epochs: int = 2, of_best: float = 0.35, of_real: float = 0.1, patience: int = 5
) -> str | None:
    """Pictures that ought to differ have become nearly the same, or never differed.

    Due where, after each of the last epochs, the diversity of the samples of one caption was below
    ``of_best`` of the most that it has been; or below ``of_real`` of that of real pictures, after
    ``patience`` epochs or more, since a generator that has just begun paints everything grey.

    Args:
        rows: The rows of an adversarial phase, with ``diversity``.
        epochs: How many epochs it must have lasted.
        of_best: Diversity, as a part of its own maximum so far, that is too low.
        of_real: Diversity, as a part of the real pictures', that is too low.
        patience: Epochs that a generator has to learn to use its noise.

    Returns:
        The warning, or None.

    Example:
        >>> known = {"phase": "gan", "generator_loss": 0.7}
        >>> rows = [{**known, "diversity": value} for value in (0.8, 0.9, 0.2, 0.2)]
        >>> mode_collapse(rows)[:13]
        'mode collapse'
        >>> mode_collapse(rows[:3]) is None
        True
    """
    values = [row["diversity"] for row in rows if "diversity" in row]
    if len(values) < epochs or "generator_loss" not in rows[-1]:
        return None
    last, best = values[-epochs:], max(values)
    fallen = best >= of_real and max(last) < of_best * best
    if not fallen and not (len(values) >= patience and max(last) < of_real):
        return None
    phase = rows[-1].get("phase", "")
    before = f"it has been {best:.0%}"
    if not fallen:
        before = (
            "it was never much more: the training has only begun, or the generator does not use its noise"
        )
    weight = f", a larger {phase}.kl_weight" if "kl" in rows[-1] else ""
    return (
        "mode collapse: pictures of one caption or class, each with its own noise, now differ "
        f"{last[-1]:.0%} as much as real pictures do; {before}. Try a lower "
        f"{phase}.generator_rate, a larger {phase}.batch_size{weight}, or another seed."
    )


def oscillation(rows: Rows, *, epochs: int = 6, probability: float = 0.12, loss: float = 0.25) -> str | None:
    """The two networks chase each other instead of coming to rest.

    Over the last epochs, take the changes from one epoch to the next of ``d_fake`` and of the
    generator's loss. Due where, for one of them, every change, or all but one, turns the one before
    around, and the mean size of a change is more than ``probability``, or more than ``loss`` of
    the mean size of the generator's loss.

    Args:
        rows: The rows of a phase, with ``d_fake`` and ``generator_loss``.
        epochs: How many epochs are looked at.
        probability: Mean change of ``d_fake`` that is too much.
        loss: Mean change of the generator's loss, as a part of its mean size, that is too much.

    Returns:
        The warning, or None.

    Example:
        >>> rows = [{"phase": "gan", "d_fake": value} for value in (0.1, 0.6, 0.2, 0.7, 0.1, 0.5)]
        >>> oscillation(rows)[:11]
        'oscillation'
        >>> oscillation([{**row, "d_fake": 0.4} for row in rows]) is None
        True
    """
    found = []
    for name, title in (("d_fake", "D on drawn pictures"), ("generator_loss", "the generator's loss")):
        values = [row[name] for row in rows[-epochs:] if name in row]
        if len(values) < epochs:
            continue
        level = sum(abs(value) for value in values) / epochs
        limit = probability if name == "d_fake" else loss * level
        if _swing(values) > limit:
            found.append(f"{title} swings between {min(values):.3g} and {max(values):.3g}")
    if not found:
        return None
    phase = rows[-1].get("phase", "")
    return (
        f"oscillation: over the last {epochs} epochs {' and '.join(found)}. Try lower {phase}.generator_rate "
        f"and {phase}.discriminator_rate, halving them with {phase}.halve_every, a larger "
        f"{phase}.batch_size, or a lower {phase}.beta_1."
    )


SIGNS: dict[str, Callable[[Rows], str | None]] = {
    "discriminator_too_strong": discriminator_too_strong,
    "mode_collapse": mode_collapse,
    "oscillation": oscillation,
}


def due_warnings(rows: Rows) -> dict[str, str]:
    """Returns what is due after the last of the rows: texts by name.

    Args:
        rows: The rows of one phase.

    Example:
        >>> list(due_warnings([{"phase": "gan", "d_real": 0.99, "d_fake": 0.01}] * 3))
        ['discriminator_too_strong']
    """
    said = {name: sign(rows) for name, sign in SIGNS.items()}
    return {name: text for name, text in said.items() if text is not None}


def warning_history(rows: Rows) -> list[Raised]:
    """Returns every warning that became due over a phase, in order, with how long it lasted.

    Args:
        rows: The rows of one phase.

    Example:
        >>> rows = [{"epoch": n, "d_real": 0.99, "d_fake": 0.01} for n in (1, 2, 3, 4)]
        >>> rows += [{"epoch": 5, "d_real": 0.6, "d_fake": 0.4}]
        >>> [(raised.epoch, raised.name, raised.until) for raised in warning_history(rows)]
        [(3, 'discriminator_too_strong', 5)]
    """
    history: list[Raised] = []
    open_now: dict[str, int] = {}  # name: where it stands in the history
    for count, row in enumerate(rows, 1):
        due = due_warnings(rows[:count])
        for name in [name for name in open_now if name not in due]:
            position = open_now.pop(name)
            history[position] = history[position]._replace(until=row["epoch"])
        for name, text in due.items():
            if name not in open_now:
                open_now[name] = len(history)
                history.append(Raised(row["epoch"], name, text, None))
    return history


def _swing(values: Sequence[float]) -> float:
    """Mean size of the changes where they turn around (nearly) every time, else 0."""
    changes = [b - a for a, b in pairwise(values)]
    turns = sum(a * b < 0 for a, b in pairwise(changes))
    return sum(map(abs, changes)) / len(changes) if turns >= len(changes) - 2 else 0.0
