"""The KL term of a condition that is drawn from a mixture of Gaussians."""

from typing import Any

from keras import ops


def component_kl(means: Any, log_variances: Any) -> Any:
    """KL divergence of each component from N(0, I), as a mean over its numbers.

    ``mean(−½·(1 + log σ² − μ² − σ²))`` over the last axis, as
    :func:`stackgan_k3.adversarial.losses.kl_divergence` has it for one Gaussian.

    Args:
        means: Float ``[batch, K, C]``.
        log_variances: Float ``[batch, K, C]``.

    Returns:
        float32 ``[batch, K]``, at least 0.

    Example:
        >>> import numpy as np
        >>> zero = np.zeros((1, 3, 2), "float32")
        >>> ops.convert_to_numpy(component_kl(zero + 2, zero)).tolist()
        [[2.0, 2.0, 2.0]]
    """
    m, v = ops.cast(means, "float32"), ops.cast(log_variances, "float32")
    return ops.mean(-0.5 * (1.0 + v - ops.square(m) - ops.exp(v)), axis=-1)


def mixture_kl_divergence(means: Any, log_variances: Any, weights: Any) -> Any:
    """One KL term a component, weighted: ``mean(Σ π_k · KL(N(μ_k, σ²_k) ‖ N(0, I)))``.

    The KL divergence of the mixture itself has no closed form; it is at most this, because the
    divergence is convex. With one component it is the term of Zhang et al. (2017).

    Args:
        means: Float ``[batch, K, C]``.
        log_variances: Float ``[batch, K, C]``.
        weights: Float ``[batch, K]``, the mixing weights π, each row with the sum 1.

    Returns:
        A float32 scalar, at least 0: the mean over the batch.

    Example:
        >>> import numpy as np
        >>> zero, half = np.zeros((1, 2, 4), "float32"), np.full((1, 2), 0.5, "float32")
        >>> float(mixture_kl_divergence(zero + 2, zero, half))
        2.0
    """
    terms = component_kl(means, log_variances)
    return ops.mean(ops.sum(ops.cast(weights, "float32") * terms, axis=-1))
