"""Embeddings that pictures are asked for by, checked before anything is drawn."""

from typing import Any

import numpy as np

from stackgan_k3.errors import UserError


def embeddings_of(given: Any, size: int) -> np.ndarray:
    """Returns embeddings as rows.

    Args:
        given: Numbers ``[N, size]``, or ``[size]`` for one.
        size: How many numbers an embedding has.

    Returns:
        float32 ``[N, size]``.

    Raises:
        UserError: If it is no array of numbers, has another shape, or holds numbers that
            are not finite.

    Example:
        >>> embeddings_of(np.zeros(4), 4).shape
        (1, 4)
    """
    if not isinstance(given, np.ndarray):
        raise UserError(
            f"this bundle has no text encoder: it is asked by embeddings, float32 [N, {size}], made where it "
            "was trained"
        )
    if given.dtype.kind not in "fiu":
        raise UserError(f"the embeddings are of type {given.dtype}; they must be float32 [N, {size}]")
    vectors = np.atleast_2d(given).astype(np.float32)
    if vectors.ndim != 2 or vectors.shape[1] != size or not len(vectors):
        raise UserError(f"the embeddings have the shape {list(given.shape)}; it must be [N, {size}]")
    if not np.isfinite(vectors).all():
        raise UserError("the embeddings hold numbers that are not finite")
    return vectors
