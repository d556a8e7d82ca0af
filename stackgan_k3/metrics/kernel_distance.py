"""The kernel distance of two sets of features (KID where the features are Inception's)."""

import math
from dataclasses import dataclass

import numpy as np

from stackgan_k3.errors import UserError
from stackgan_k3.metrics.features import checked


@dataclass(frozen=True)
class KernelDistance:
    """A kernel distance, and how sure it is.

    The estimates of sets of one distribution are skewed, more than half of them being below 0, and the
    error is that of ten blocks, so two of them to both sides cover less than a normal distribution's 95 %.

    Args:
        value: The unbiased estimate; around 0 for sets of one distribution, also below it.
        error: Its standard error.

    Example:
        >>> KernelDistance(0.02, 0.001).interval
        (0.018, 0.022)
    """

    value: float
    error: float

    @property
    def interval(self) -> tuple[float, float]:
        """Two standard errors to both sides, which covers some 85 to 95 % of repetitions: see the class."""
        return round(self.value - 2.0 * self.error, 12), round(self.value + 2.0 * self.error, 12)


def kernel_distance(
    real: np.ndarray, drawn: np.ndarray, *, blocks: int = 10, seed: int = 0
) -> KernelDistance:
    """Squared maximum mean discrepancy with a cubic kernel (Bińkowski et al., 2018), unbiased.

    ``k(x, y) = (x·y / D + 1)³``. The sets are shuffled and cut into blocks; the value is the mean
    of the blocks' unbiased estimates, the error their standard deviation divided by
    the root of their number, so it shrinks as the sets grow. It is unbiased for independent sets; of a set
    and itself, whose pictures meet themselves in some of the pairs, its expectation is a little below 0.

    Args:
        real: Features of real pictures, float ``[N, D]``.
        drawn: Features of drawn pictures, float ``[M, D]``.
        blocks: Number of blocks, at least 2; each has at least 2 examples of either set.
        seed: Seed of the shuffling.

    Returns:
        The distance and its standard error.

    Raises:
        UserError: If the shapes do not fit, or the sets are too small for the blocks.

    Example:
        >>> random = np.random.default_rng(0)
        >>> distance = kernel_distance(random.normal(size=(400, 8)), random.normal(size=(400, 8)))
        >>> low, high = distance.interval
        >>> low < 0 < high
        True
    """
    if blocks < 2:
        raise UserError(f"blocks is {blocks}; it must be at least 2")
    real, drawn = checked(real, drawn, at_least=2 * blocks)
    random = np.random.Generator(np.random.Philox(key=[seed, 0]))
    parts = [np.array_split(each[random.permutation(len(each))], blocks) for each in (real, drawn)]
    values = [_unbiased(left, right) for left, right in zip(*parts, strict=True)]
    return KernelDistance(float(np.mean(values)), float(np.std(values, ddof=1) / math.sqrt(blocks)))


def _unbiased(real: np.ndarray, drawn: np.ndarray) -> float:
    within = [(kernel.sum() - np.trace(kernel)) / (len(kernel) * (len(kernel) - 1))
              for kernel in (_kernel(real, real), _kernel(drawn, drawn))]  # fmt: skip
    return float(within[0] + within[1] - 2.0 * _kernel(real, drawn).mean())


def _kernel(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    kernel: np.ndarray = (left @ right.T / left.shape[1] + 1.0) ** 3
    return kernel
