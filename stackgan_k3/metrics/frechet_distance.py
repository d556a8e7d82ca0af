"""The Fréchet distance of two sets of features (FID where the features are Inception's)."""

import numpy as np

from stackgan_k3.metrics.features import checked


def frechet_distance(real: np.ndarray, drawn: np.ndarray) -> float:
    """Distance of the Gaussians that fit two sets of features (Heusel et al., 2017).

    ``‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2·(Σ₁·Σ₂)^½)``, with the unbiased covariances. Small sets
    come out larger than large ones, so compare sets of one size only. With fewer examples
    than features the covariances are singular; the distance is still defined.

    Args:
        real: Features of real pictures, float ``[N, D]``.
        drawn: Features of drawn pictures, float ``[M, D]``.

    Returns:
        At least 0 (up to rounding, and never below); 0 for a set and itself.

    Raises:
        UserError: If the shapes do not fit, a set has fewer than 2 examples, or a feature is
            not finite.

    Example:
        >>> features = np.random.default_rng(0).normal(size=(500, 4))
        >>> round(frechet_distance(features, features + 1.0), 6)  # four means, each 1 apart
        4.0
    """
    real, drawn = checked(real, drawn)
    return frechet_distance_of_gaussians(
        real.mean(axis=0), np.cov(real, rowvar=False), drawn.mean(axis=0), np.cov(drawn, rowvar=False)
    )


def frechet_distance_of_gaussians(
    mean: np.ndarray, covariance: np.ndarray, other_mean: np.ndarray, other_covariance: np.ndarray
) -> float:
    """Distance of two Gaussians (Dowson and Landau, 1982); see :func:`frechet_distance`.

    Args:
        mean: Float ``[D]``.
        covariance: Float ``[D, D]``, symmetric and positive semidefinite.
        other_mean: Float ``[D]``.
        other_covariance: Float ``[D, D]``.

    Example:
        >>> one = np.eye(2)
        >>> frechet_distance_of_gaussians(np.zeros(2), one, np.zeros(2), 4 * one)  # 2 · (1 − 2)²
        2.0
    """
    first, second = np.atleast_2d(covariance), np.atleast_2d(other_covariance)
    # The eigenvalues of Σ₁·Σ₂ are those of Σ₁^½·Σ₂·Σ₁^½, which is symmetric: real, no complex root.
    values, vectors = np.linalg.eigh(first)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    product = root @ second @ root
    cross = np.sqrt(np.maximum(np.linalg.eigvalsh((product + product.T) / 2.0), 0.0)).sum()
    gap = np.asarray(mean) - np.asarray(other_mean)
    return max(float(gap @ gap + np.trace(first) + np.trace(second) - 2.0 * cross), 0.0)
