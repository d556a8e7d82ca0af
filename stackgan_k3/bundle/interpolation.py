"""The way from one noise, or one embedding, to another: the same numbers in inference and in Keras."""

import operator
from typing import Any

import numpy as np

from stackgan_k3.bundle.alphabet import encode
from stackgan_k3.errors import UserError

_PARALLEL = 1e-6  # below this sine of their angle, two vectors have no circle of their own


def fractions(steps: int) -> np.ndarray:
    """Returns evenly spaced fractions from 0 to 1, both ends included.

    Args:
        steps: How many, at least 2.

    Returns:
        float64 ``[steps]``.

    Raises:
        UserError: If ``steps`` is not an integer of at least 2.

    Example:
        >>> fractions(5).tolist()
        [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    try:
        if isinstance(steps, bool):
            raise TypeError
        count = operator.index(steps)
    except TypeError:
        raise UserError(f"steps must be an integer, not {type(steps).__name__}") from None
    if count < 2:
        raise UserError(f"steps is {count}; it must be at least 2, for the two ends")
    return np.linspace(0.0, 1.0, count)


def spherical(start: np.ndarray, end: np.ndarray, steps: int) -> np.ndarray:
    """Goes from one Gaussian vector to another along a circle (Shoemake's slerp, SIGGRAPH 1985).

    With the angle θ between the two, the point at fraction t is
    ``(sin((1 − t)θ) · start + sin(tθ) · end) / sin θ``. Long vectors from N(0, 1) all have
    nearly the same length √n; halfway along a straight line it would be √(n/2), noise
    that no network has seen in training. Where the two are parallel, the line is taken.

    Args:
        start: float ``[n]``.
        end: float ``[n]``.
        steps: How many points, at least 2.

    Returns:
        float32 ``[steps, n]``, from ``start`` to ``end``, both exactly; computed in float64.

    Raises:
        UserError: If ``steps`` is refused, see `fractions`.

    Example:
        >>> spherical(np.array([1.0, 0.0]), np.array([0.0, 1.0]), 3).round(3).tolist()
        [[1.0, 0.0], [0.7070000171661377, 0.7070000171661377], [0.0, 1.0]]
    """
    t = fractions(steps)[:, None]
    a, b = np.asarray(start, np.float64), np.asarray(end, np.float64)
    lengths = np.linalg.norm(a) * np.linalg.norm(b)
    angle = np.arccos(np.clip(a @ b / lengths, -1.0, 1.0)) if lengths else 0.0
    if np.sin(angle) < _PARALLEL:
        return straight(a, b, steps)
    points = (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle)
    return _with_ends(points, a, b)


def straight(start: np.ndarray, end: np.ndarray, steps: int) -> np.ndarray:
    """Goes from one embedding to another in a straight line, ``(1 − t) · start + t · end``.

    Embeddings between two captions' are what Reed et al. ("Generative Adversarial Text to
    Image Synthesis", 2016, section 4.3) train on and draw from.

    Args:
        start: float ``[n]``.
        end: float ``[n]``.
        steps: How many points, at least 2.

    Returns:
        float32 ``[steps, n]``, from ``start`` to ``end``, both exactly; computed in float64.

    Raises:
        UserError: If ``steps`` is refused, see `fractions`.

    Example:
        >>> straight(np.zeros(2), np.array([4.0, 8.0]), 3).tolist()
        [[0.0, 0.0], [2.0, 4.0], [4.0, 8.0]]
    """
    t = fractions(steps)[:, None]
    a, b = np.asarray(start, np.float64), np.asarray(end, np.float64)
    return _with_ends((1 - t) * a + t * b, a, b)


def check_ends(condition: str, start: Any, end: Any, seed: int, seed_b: int | None) -> None:
    """Refuses two ends that there is nothing between.

    Args:
        condition: What pictures are asked for by: ``"characters"``, ``"embedding"``, ``"label"`` or
            ``"none"``.
        start: What the first picture is asked for by; None for ``"none"``.
        end: The same of the last, or None for that of the first.
        seed: Seed of the first picture.
        seed_b: Seed of the last picture, or None for that of the first.

    Raises:
        UserError: If ``end`` is given where only noises can be between, ``start`` is
            several conditions at once, or the two ends are the same.

    Example:
        >>> check_ends("label", "three", "five", 0, None)
        Traceback (most recent call last):
        ...
        stackgan_k3.errors.UserError: there is nothing between two classes; give one class and two seeds
    """
    if end is not None and condition == "label":
        raise UserError("there is nothing between two classes; give one class and two seeds")
    if end is not None and condition == "none":
        raise UserError("this model draws from noise alone; leave the captions out and give two seeds")
    for given in (start, end):
        if isinstance(given, list | tuple):
            raise UserError("an interpolation goes from one caption to one other; give each as a string")
    if isinstance(start, str) and isinstance(end, str):  # `A  red bird` is read as `a red bird` is
        start, end = encode([start]), encode([end])
    other = end is not None and not np.array_equal(start, end)
    if not other and seed_b in (None, seed):
        what = "two seeds" if condition in ("label", "none") else "a second caption, or a second seed"
        raise UserError(f"both ends are the same picture; give {what}")


def both_ends(first: Any, last: Any) -> Any:
    """Returns the two ends of an interpolation as `generate` takes conditions.

    Args:
        first: A caption, a class, an embedding or None.
        last: The same, or None for the first.

    Raises:
        UserError: If two embeddings have different shapes, or one is several.

    Example:
        >>> both_ends("a red bird", None)
        ['a red bird']
    """
    given = [end for end in (first, last) if end is not None]
    for end in given:
        if isinstance(end, np.ndarray) and end.size != end.shape[-1]:
            raise UserError(f"an end is one embedding [T], not an array of shape {list(end.shape)}")
    if given and all(isinstance(end, np.ndarray) for end in given):
        if len({end.shape[-1] for end in given}) > 1:
            raise UserError("the two embeddings have different sizes")
        return np.stack([np.reshape(end, -1) for end in given])
    return given or None


def _with_ends(points: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    points[0], points[-1] = start, end  # not off by a rounding error: the ends are pictures of their own
    return points.astype(np.float32)
