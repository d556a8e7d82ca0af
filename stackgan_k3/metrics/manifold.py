"""How much of the drawn lies among the real, and how much of the real is drawn."""

from dataclasses import dataclass

import numpy as np

from stackgan_k3.errors import UserError
from stackgan_k3.metrics.features import checked, squared_distances


@dataclass(frozen=True)
class Manifold:
    """Fidelity and variety, apart.

    Args:
        precision: Part of the drawn pictures that lie among real ones, 0 to 1.
        recall: Part of the real pictures that lie among drawn ones, 0 to 1.
        density: How many real neighbourhoods a drawn picture lies in, relative to k; around 1
            for sets of one distribution.
        coverage: Part of the real pictures whose neighbourhood holds a drawn one, 0 to 1.

    Example:
        >>> Manifold(1.0, 0.5, 1.0, 0.9).recall
        0.5
    """

    precision: float
    recall: float
    density: float
    coverage: float


def manifold(real: np.ndarray, drawn: np.ndarray, *, k: int = 5) -> Manifold:
    """Precision and recall (Kynkäänniemi et al., 2019), density and coverage (Naeem et al., 2020).

    A picture's neighbourhood is the ball around its features that reaches its k-th nearest
    neighbour in its own set.

    Args:
        real: Features of real pictures, float ``[N, D]``.
        drawn: Features of drawn pictures, float ``[M, D]``.
        k: Which neighbour, at least 1.

    Returns:
        The four.

    Raises:
        UserError: If the shapes do not fit, or a set has no more than k examples.

    Example:
        >>> features = np.random.default_rng(0).normal(size=(100, 3))
        >>> manifold(features, features + 100.0)
        Manifold(precision=0.0, recall=0.0, density=0.0, coverage=0.0)
    """
    if k < 1:
        raise UserError(f"k is {k}; it must be at least 1")
    real, drawn = checked(real, drawn, at_least=k + 1)
    around_real, around_drawn = _radii(real, k), _radii(drawn, k)
    in_real = np.zeros(len(drawn))
    recalled = np.zeros(len(real), bool)
    nearest_drawn = np.zeros(len(real))
    for rows, distances in squared_distances(real, drawn):
        in_real += (distances <= around_real[rows, None]).sum(axis=0)
        recalled[rows] = (distances <= around_drawn).any(axis=1)
        nearest_drawn[rows] = distances.min(axis=1)
    return Manifold(
        precision=float((in_real > 0).mean()),
        recall=float(recalled.mean()),
        density=float(in_real.mean() / k),
        coverage=float((nearest_drawn <= around_real).mean()),
    )


def _radii(features: np.ndarray, k: int) -> np.ndarray:
    """Squared distance of each example to its k-th nearest neighbour, itself not counted."""
    radii = np.zeros(len(features))
    for rows, distances in squared_distances(features, features):
        # An example's distance to itself is 0 but for rounding, which must not make it a neighbour.
        distances[np.arange(len(distances)), np.arange(rows.start, rows.stop)] = np.inf
        radii[rows] = np.partition(distances, k - 1, axis=1)[:, k - 1]
    return radii
