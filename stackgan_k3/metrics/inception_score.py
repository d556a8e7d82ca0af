"""The inception score: are single pictures sure of a class, and all together of many?"""

from dataclasses import dataclass

import numpy as np

from stackgan_k3.errors import UserError


@dataclass(frozen=True)
class InceptionScore:
    """An inception score, and how much its parts differ.

    Args:
        value: 1 to the number of classes.
        spread: Standard deviation over the splits, as it is published.

    Example:
        >>> InceptionScore(3.5, 0.1).value
        3.5
    """

    value: float
    spread: float


def inception_score(probabilities: np.ndarray, *, splits: int = 10, seed: int = 0) -> InceptionScore:
    """``exp(mean KL(p(y|x) ‖ p(y)))`` (Salimans et al., 2016), over splits.

    Scores of different classifiers cannot be compared: neither can those of one that was
    trained on the data set at hand with published ones.

    Args:
        probabilities: Of each picture for each class, float ``[N, classes]``, each row summing to 1.
        splits: Number of parts, at least 1.
        seed: Seed of the shuffling.

    Returns:
        Mean and standard deviation over the splits.

    Raises:
        UserError: If the rows are no probabilities, or there are fewer of them than splits.

    Example:
        >>> round(inception_score(np.eye(4).repeat(25, axis=0), splits=1).value, 6)
        4.0
    """
    p = np.asarray(probabilities, np.float64)
    if (
        p.ndim != 2
        or not np.isfinite(p).all()
        or (p < 0).any()
        or abs(p.sum(axis=1) - 1).max(initial=0) > 1e-3
    ):
        raise UserError("probabilities must be [pictures, classes], each row summing to 1")
    if not 1 <= splits <= len(p):
        raise UserError(f"splits is {splits}; it must be from 1 to the number of pictures, {len(p)}")
    order = np.random.Generator(np.random.Philox(key=[seed, 0])).permutation(len(p))
    scores = []
    for part in np.array_split(p[order], splits):
        ratio = np.log(np.maximum(part, 1e-300)) - np.log(np.maximum(part.mean(axis=0), 1e-300))
        scores.append(np.exp((part * ratio).sum(axis=1).mean()))
    return InceptionScore(float(np.mean(scores)), float(np.std(scores)))
