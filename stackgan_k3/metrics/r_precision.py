"""R-precision: does a picture's own caption fit it best, of a hundred?"""

from collections.abc import Iterator

import numpy as np

from stackgan_k3.errors import UserError
from stackgan_k3.metrics.features import checked


def r_precision(
    pictures: np.ndarray,
    captions: np.ndarray,
    *,
    groups: np.ndarray | None = None,
    candidates: int = 100,
    seed: int = 0,
) -> float:
    """Part of the pictures whose own caption has the highest cosine of ``candidates`` (Xu et al., 2018).

    Each picture is compared with its caption and ``candidates − 1`` others, drawn without
    repetition from the captions of other groups.

    Args:
        pictures: Embeddings of drawn pictures, float ``[N, T]``.
        captions: Embeddings of the captions they were drawn for, float ``[N, T]``.
        groups: What makes captions mean the same, ``[N]``, or several such things, ``[K, N]``: captions that
            are of one group by any of them are never candidates for each other. By default each caption is
            a group of its own.
        candidates: Captions a picture is compared with, its own included, at least 2.
        seed: Seed of the choice of the others.

    Returns:
        0 to 1; 1 / ``candidates`` by chance. A caption that fits a picture no better than another does not
        count, so embeddings that are all the same get 0.

    Raises:
        UserError: If the shapes do not fit, or there are too few captions of other groups.

    Example:
        >>> vectors = np.random.default_rng(0).normal(size=(200, 16))
        >>> r_precision(vectors, vectors)
        1.0
    """
    pictures, captions = checked(pictures, captions, at_least=candidates)
    if len(pictures) != len(captions):
        raise UserError(f"there are {len(pictures)} pictures and {len(captions)} captions; each has one")
    if candidates < 2:
        raise UserError(f"candidates is {candidates}; it must be at least 2")
    kinds = np.arange(len(captions)) if groups is None else groups
    left, right = (each / np.maximum(np.linalg.norm(each, axis=1, keepdims=True), 1e-12)
                   for each in (pictures, captions))  # fmt: skip
    random = np.random.Generator(np.random.Philox(key=[seed, 0]))
    hits = 0
    for row, others in enumerate(_others(kinds)):
        if len(others) < candidates - 1:
            raise UserError(
                f"caption {row} has only {len(others)} captions of other groups; {candidates - 1} are needed"
            )
        chosen = random.choice(others, candidates - 1, replace=False)
        # Cosines of the same vectors differ by rounding.
        hits += bool(left[row] @ right[row] > (right[chosen] @ left[row]).max() + 1e-9)
    return hits / len(left)


def most_candidates(groups: np.ndarray) -> int:
    """The largest ``candidates`` that :func:`r_precision` can have with these groups.

    Args:
        groups: As there, ``[N]`` or ``[K, N]``.

    Returns:
        1 where some caption has no other to be compared with.

    Example:
        >>> most_candidates(np.array([0, 0, 0, 1, 2]))
        3
    """
    return 1 + min(len(others) for others in _others(groups))


def _others(groups: np.ndarray) -> Iterator[np.ndarray]:
    """Of each caption, the numbers of those of other groups."""
    kinds = np.atleast_2d(groups)
    for column in kinds.T:
        yield np.flatnonzero((kinds != column[:, None]).all(axis=0))
