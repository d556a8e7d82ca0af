"""How much pictures differ that ought to differ: one number between 0 (all the same) and about 1."""

import numpy as np

from stackgan_k3.data.loader import Loader
from stackgan_k3.errors import UserError

SIDE = 16  # pixels; what is finer than this is texture and noise, not another picture


def diversity(pictures: np.ndarray, groups: np.ndarray | None = None, *, side: int = SIDE) -> float:
    """Mean distance of two pictures of the same group.

    The distance of two pictures is the mean of ``|a − b| / 255`` over the pixels and
    channels of their ``side × side`` reductions. It is averaged over all pairs of different
    pictures of a group, and every group counts as much as its pairs.

    Args:
        pictures: uint8 ``[N, H, W, 3]``.
        groups: int ``[N]``: the number of the caption or class of each picture. None where all
            pictures are of one group.
        side: Side in pixels that pictures are reduced to before they are compared.

    Returns:
        The distance, 0 (the same picture every time) to 1 (black and white).

    Raises:
        UserError: If no group has two pictures.

    Example:
        >>> black_and_white = np.stack([np.zeros((32, 32, 3), "uint8"), np.full((32, 32, 3), 255, "uint8")])
        >>> diversity(black_and_white)
        1.0
        >>> diversity(np.repeat(black_and_white, 3, axis=0), np.array([0, 0, 0, 1, 1, 1]))
        0.0
    """
    groups = np.zeros(len(pictures), int) if groups is None else np.asarray(groups)
    small = reduce(pictures, side).reshape(len(pictures), -1)
    total, pairs = 0.0, 0
    for number in range(len(small)):
        others = small[number + 1 :][groups[number + 1 :] == groups[number]]
        total += float(np.abs(others - small[number]).mean(axis=1).sum()) if len(others) else 0.0
        pairs += len(others)
    if not pairs:
        raise UserError("diversity needs two pictures of one caption or class; draw more of each")
    return total / pairs / 255.0


def reduce(pictures: np.ndarray, side: int) -> np.ndarray:
    """Reduces pictures to ``side × side`` by the mean of each cell; smaller pictures stay as they are.

    Args:
        pictures: uint8 ``[N, H, W, 3]``, square.
        side: Pixels of a side.

    Returns:
        float32 ``[N, side, side, 3]`` in [0, 255]. Where ``side`` does not divide the pictures' side, the
        cells differ in size by a pixel.

    Example:
        >>> reduce(np.zeros((2, 28, 28, 3), "uint8"), 16).shape
        (2, 16, 16, 3)
    """
    values = pictures.astype(np.float32)
    for axis in (1, 2):
        length = values.shape[axis]
        cells = min(side, length)
        edges = np.arange(cells + 1) * length // cells
        sizes = np.diff(edges).reshape([-1 if i == axis else 1 for i in range(4)])
        values = np.add.reduceat(values, edges[:-1], axis=axis) / sizes
    return values.astype(np.float32)


def real_diversity(loader: Loader, *, by_class: bool = False, count: int = 64) -> float | None:
    """The diversity of pictures that a phase is trained on, cropped and flipped as there.

    Args:
        loader: The phase's batches; the first ones are looked at.
        by_class: Whether pictures are compared with those of their own class only, which is what a
            generator that is asked by class is to be measured by. A caption has too few
            pictures of its own, so generators that are asked by captions are compared with
            all of them, and stay below what those differ by.
        count: Number of pictures; fewer where there are fewer.

    Returns:
        See :func:`diversity`; None where no two of the pictures can be compared.

    Example:
        See :func:`stackgan_k3.training.phase.train_phase`, which measures its samples by it.
    """
    steps = min(-(-count // loader.batch_size), loader.steps_per_epoch)
    batches = [loader.batch(step) for step in range(max(1, steps))]
    pictures = np.concatenate([batch["image"] for batch in batches])[:count]
    labels = np.concatenate([batch["label"] for batch in batches])[:count]
    groups = labels if by_class else np.zeros_like(labels)
    if len(groups) == len(np.unique(groups)):
        return None
    return diversity(pictures, groups)
