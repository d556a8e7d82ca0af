"""Synthetic birds asked for by their attributes, and whether that is what was drawn."""

import numpy as np

from stackgan_k3.data.birds import grammar
from stackgan_k3.data.records import Records
from stackgan_k3.data.targets import Targets
from stackgan_k3.errors import UserError

ASKED = ("body", "wing", "belly", "crown", "beak", "background")
"""The attributes of synthetic birds that pictures are asked for by, to see whether they show them."""


def asked_birds(
    records: Records, chosen: np.ndarray, values: dict[str, list[str]]
) -> tuple[list[str], dict[str, np.ndarray]]:
    """Returns plain captions of birds, and what a probe should read off their pictures.

    Args:
        records: A split of synthetic birds.
        chosen: Numbers of records.
        values: What the probe reads: the values of each attribute, in the order of its logits.

    Returns:
        A caption of each record that says the attributes of :data:`ASKED` the probe reads, and the right
        value of each attribute, int ``[N]``; −1 where the probe does not know it.

    Raises:
        UserError: If they are no synthetic birds, or the probe reads none of those attributes.

    Example:
        >>> import tempfile
        >>> from stackgan_k3.data.prepare import prepare
        >>> folder = tempfile.mkdtemp()
        >>> _ = prepare("synthetic-birds", folder, size=64, limit=24, workers=1)
        >>> captions, right = asked_birds(Records(folder), np.arange(2), {"background": ["snow", "sky"]})
        >>> len(captions), right["background"].shape
        (2, (2,))
    """
    names = [name for name in ASKED if name in values]
    if records.info["source"] != "synthetic-birds" or not names:
        raise UserError(
            "the accuracy is that of synthetic birds, with a probe that reads one of "
            f"{', '.join(ASKED)}; keep the best by another metric"
        )
    numbers = Targets(records, values=values).numbers
    birds = [records[int(number)].attributes for number in chosen]
    captions = [grammar.caption({name: bird[name] for name in names}) for bird in birds]
    return captions, {name: numbers[name][chosen] for name in names}
