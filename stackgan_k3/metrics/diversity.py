"""Diversity: how different the pictures of one caption are."""

import numpy as np

from stackgan_k3.errors import UserError
from stackgan_k3.metrics.features import checked, squared_distances


def diversity(drawn: np.ndarray, real: np.ndarray) -> float:
    """Mean distance of two pictures of one caption, relative to that of two real ones.

    Args:
        drawn: Features of drawn pictures, float ``[captions, pictures, D]``: at least two pictures of
            each caption.
        real: Features of real pictures, float ``[N, D]``.

    Returns:
        0 for one picture a caption, whatever the noise; 1 for as much variety as in the real ones.

    Raises:
        UserError: If the shapes do not fit, or the real pictures do not differ.

    Example:
        >>> features = np.random.default_rng(0).normal(size=(60, 4))
        >>> diversity(np.repeat(features[:5, None], 3, axis=1), features)
        0.0
    """
    drawn = np.asarray(drawn, np.float64)
    if drawn.ndim != 3 or drawn.shape[1] < 2:
        raise UserError(
            f"drawn features have the shape {list(drawn.shape)}; it must be [captions, pictures, features] "
            "with at least two pictures"
        )
    real, flat = checked(real, drawn.reshape(-1, drawn.shape[2]))
    within = float(np.mean([mean_distance(group) for group in flat.reshape(drawn.shape)]))
    among = mean_distance(real)
    if among == 0:
        raise UserError("the real pictures have all the same features, so diversity means nothing")
    return within / among


def class_diversity(features: np.ndarray, classes: np.ndarray) -> float | None:
    """The diversity of real pictures of one class, relative to that of all: what captions leave open.

    Pictures of one caption cannot differ in what it names. Those of one class (of a species, or of birds
    with the same colours) agree in much the same things, and no data set has many pictures of one caption.

    Args:
        features: Features of real pictures, float ``[N, D]``.
        classes: Their classes, int ``[N]``.

    Returns:
        The mean of :func:`mean_distance` over the classes that have two pictures or more, each counting as
        its pictures, relative to that of all; None where there is no such class.

    Raises:
        UserError: If the pictures do not differ, or the shapes do not fit.

    Example:
        >>> features = np.array([[0.0], [1.0], [8.0], [9.0]])
        >>> class_diversity(features, np.array([0, 0, 1, 1])) == 1.0 / mean_distance(features)
        True
    """
    classes = np.asarray(classes)
    if classes.shape != np.shape(features)[:1]:
        raise UserError(f"{len(features)} pictures come with classes of the shape {list(classes.shape)}")
    groups = [np.asarray(features)[classes == number] for number in np.unique(classes)]
    groups = [group for group in groups if len(group) > 1]
    if not groups:
        return None
    among = mean_distance(features)
    if among == 0:
        raise UserError("the real pictures have all the same features, so diversity means nothing")
    return float(np.average([mean_distance(group) for group in groups], weights=[*map(len, groups)])) / among


def mean_distance(features: np.ndarray) -> float:
    """Mean Euclidean distance of the pairs of a set, float ``[N, D]`` with N of at least 2.

    Example:
        >>> mean_distance(np.array([[0.0, 0.0], [3.0, 4.0]]))
        5.0
    """
    (features,) = checked(features)
    centred = features - features.mean(axis=0)
    # What rounding leaves of the distance of two equal rows, themselves among them, is none.
    smallest = 1e-13 * float(np.square(centred).sum(axis=1).max())
    total = sum(
        float(np.sqrt(np.where(squares > smallest, squares, 0.0)).sum())
        for _, squares in squared_distances(centred, centred)
    )
    return total / (len(features) * (len(features) - 1))
