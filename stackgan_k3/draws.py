"""Random numbers that travel with the batch, a pure function of (seed, step).

Every random number a training step uses is data: it is drawn here, on the host,
from a counter-based generator, and handed to the step with the pictures. So a
step is a pure function of state and batch on every backend, and a run that is
resumed at step *n* sees the numbers it would have seen.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np


@dataclass(frozen=True)
class Draw:
    """What one random entry of a batch looks like.

    Args:
        shape: Shape of one example's entry, without the batch axis.
        kind: ``"normal"`` for N(0, 1) or ``"uniform"`` for U(low, high).
        low: Lower end of the uniform range (included).
        high: Upper end of the uniform range (reached by rounding at most).

    Example:
        >>> Draw((100,)).kind
        'normal'
    """

    shape: tuple[int, ...]
    kind: Literal["normal", "uniform"] = "normal"
    low: float = 0.0
    high: float = 1.0


def draw_batch(draws: Mapping[str, Draw], *, seed: int, step: int, batch_size: int) -> dict[str, np.ndarray]:
    """Draws the random entries of one batch.

    Each entry has its own Philox stream, keyed by the seed and the entry's name
    and counted by the step, so adding an entry does not change the others.

    Args:
        draws: Entry names and what to draw for each.
        seed: Seed of the run, 0 to 2**63 - 1.
        step: Number of the training step, counted from 0 over the whole phase.
        batch_size: Number of examples.

    Returns:
        For every name a float32 array ``[batch_size, *shape]``.

    Example:
        >>> a = draw_batch({"noise": Draw((3,))}, seed=1, step=5, batch_size=2)
        >>> b = draw_batch({"noise": Draw((3,)), "extra": Draw(())}, seed=1, step=5, batch_size=2)
        >>> a["noise"].shape, bool((a["noise"] == b["noise"]).all())
        ((2, 3), True)
    """
    entries = {}
    for name, draw in draws.items():
        bits = np.random.Philox(key=[seed, zlib.crc32(name.encode())], counter=[0, 0, step, 0])
        generator = np.random.Generator(bits)
        shape = (batch_size, *draw.shape)
        if draw.kind == "normal":
            entries[name] = generator.standard_normal(shape, dtype=np.float32)
        else:
            values = generator.random(shape, dtype=np.float32)
            entries[name] = (draw.low + (draw.high - draw.low) * values).astype(np.float32)
    return entries
