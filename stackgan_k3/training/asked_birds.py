"""What the captions of held-out synthetic birds ask for, and a probe can look for."""

import numpy as np

from stackgan_k3.data.birds.said import said
from stackgan_k3.data.records import Records
from stackgan_k3.data.targets import Targets
from stackgan_k3.errors import UserError
from stackgan_k3.training.held_out import HeldOut

ASKED = ("body", "wing", "belly", "crown", "beak", "background")
"""The attributes of synthetic birds that are looked for in pictures, where their captions name them."""


def can_ask(records: Records, values: dict[str, list[str]]) -> bool:
    """Whether they are synthetic birds, and a probe with these values reads something of :data:`ASKED`."""
    return records.info["source"] == "synthetic-birds" and any(name in values for name in ASKED)


def asked_birds(held_out: HeldOut, values: dict[str, list[str]]) -> dict[str, np.ndarray]:
    """Returns what a probe should read off pictures drawn for the captions of the first half.

    Args:
        held_out: The real pictures and their captions.
        values: What the probe reads: the values of each attribute, in the order of its logits.

    Returns:
        The right value by attribute, of those of :data:`ASKED` that the probe reads, int ``[N]``; −1 where
        the caption does not name it, or the probe does not know it.

    Raises:
        UserError: If they are no synthetic birds, the probe reads none of those attributes, or no caption
            names what it knows.

    Example:
        >>> import tempfile
        >>> from stackgan_k3.data.prepare import prepare
        >>> from stackgan_k3.data.records import Records
        >>> folder = tempfile.mkdtemp()
        >>> _ = prepare("synthetic-birds", folder, size=64, limit=480, workers=1)
        >>> right = asked_birds(HeldOut(Records(folder, "test"), 20), {"wing": ["red", "blue"]})
        >>> right["wing"].shape, sorted(set(right["wing"].tolist()))
        ((20,), [-1, 0])
    """
    records = held_out.records
    names = [name for name in ASKED if name in values]
    if not can_ask(records, values):
        raise UserError(
            "the accuracy is that of synthetic birds, with a probe that reads one of "
            f"{', '.join(ASKED)}; keep the best by another metric"
        )
    numbers = Targets(records, values=values).numbers
    named = [said(caption) for caption in held_out.captions(held_out.first)]
    right = {
        name: np.where([name in found for found in named], numbers[name][held_out.first], -1)
        for name in names
    }
    if all((values < 0).all() for values in right.values()):
        raise UserError(
            f"none of {len(named)} held-out captions says of {', '.join(names)} what the probe knows; ask "
            "for more pictures"
        )
    return right
