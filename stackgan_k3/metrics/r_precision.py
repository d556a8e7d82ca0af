"""R-precision: does a picture's own caption fit it best, of a hundred?"""

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
        groups: What makes captions mean the same, ``[N]``: those of one group are never
            candidates for each other. By default each caption is a group of its own.
        candidates: Captions a picture is compared with, its own included, at least 2.
        seed: Seed of the choice of the others.

    Returns:
        0 to 1; 1 / ``candidates`` by chance.

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
    kinds = np.arange(len(captions)) if groups is None else np.asarray(groups)
    left, right = (each / np.maximum(np.linalg.norm(each, axis=1, keepdims=True), 1e-12)
                   for each in (pictures, captions))  # fmt: skip
    random = np.random.Generator(np.random.Philox(key=[seed, 0]))
    hits = 0
    for row in range(len(left)):
        others = np.flatnonzero(kinds != kinds[row])
        if len(others) < candidates - 1:
            raise UserError(
                f"caption {row} has only {len(others)} captions of other groups; {candidates - 1} are needed"
            )
        chosen = random.choice(others, candidates - 1, replace=False)
        hits += bool(left[row] @ right[row] > (right[chosen] @ left[row]).max())
    return hits / len(left)
