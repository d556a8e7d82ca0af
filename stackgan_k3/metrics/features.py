"""Features of pictures: what every metric wants of them, and their distances."""

from collections.abc import Iterator

import numpy as np

from stackgan_k3.errors import UserError

_ROWS = 512  # rows of a distance matrix that are in memory at a time


def checked(*sets: np.ndarray, at_least: int = 2) -> list[np.ndarray]:
    """Returns sets of features in double precision, or refuses them.

    Args:
        *sets: Float ``[N, D]`` each, with the same D.
        at_least: The smallest N.

    Raises:
        UserError: If a shape does not fit, a set is too small or a feature is not finite.

    Example:
        >>> checked(np.ones((3, 2), "float32"))[0].dtype
        dtype('float64')
    """
    arrays = [np.asarray(each, np.float64) for each in sets]
    for array in arrays:
        if array.ndim != 2:
            raise UserError(f"features have the shape {list(array.shape)}; it must be [examples, features]")
        if array.shape[1] != arrays[0].shape[1]:
            raise UserError(
                f"one set has {arrays[0].shape[1]} features an example and another {array.shape[1]}; "
                "take both from one extractor"
            )
        if len(array) < at_least:
            raise UserError(f"a set has {len(array)} examples; at least {at_least} are needed")
        if not np.isfinite(array).all():
            raise UserError("features hold numbers that are not finite")
    return arrays


def squared_distances(left: np.ndarray, right: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Yields the squared Euclidean distances of all pairs, some rows at a time.

    Args:
        left: Float64 ``[N, D]``.
        right: Float64 ``[M, D]``.

    Yields:
        The rows, and their distances ``[rows, M]``, at least 0.

    Example:
        >>> rows, distances = next(squared_distances(np.zeros((1, 2)), np.ones((3, 2))))
        >>> distances.tolist()
        [[2.0, 2.0, 2.0]]
    """
    norms = np.einsum("md,md->m", right, right)
    for start in range(0, len(left), _ROWS):
        rows = slice(start, min(start + _ROWS, len(left)))
        part = left[rows]
        distances = np.einsum("nd,nd->n", part, part)[:, None] + norms - 2.0 * (part @ right.T)
        yield rows, np.maximum(distances, 0.0)
