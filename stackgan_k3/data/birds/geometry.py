"""Curves and frames: the little geometry that the drawing needs, in numpy."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Point = tuple[float, float]
"""x to the right, y down, in the units of the drawing."""


@dataclass(frozen=True)
class Frame:
    """Axes of a part of the bird: x forward (to the beak), y down (to the belly).

    Args:
        origin: Where (0, 0) of the frame lies.
        pitch: How far forward points above the horizon, in radians.

    Example:
        >>> Frame((10.0, 5.0), 0.0)(1, 2)
        (11.0, 7.0)
    """

    origin: Point
    pitch: float

    def __call__(self, x: float, y: float) -> Point:
        """Maps a point of the frame to the drawing."""
        c, s = math.cos(self.pitch), math.sin(self.pitch)
        return self.origin[0] + x * c + y * s, self.origin[1] - x * s + y * c

    def polar(self, degrees: float, radius: float) -> Point:
        """Maps a point given by its angle above forward and its distance."""
        angle = math.radians(degrees)
        return self(radius * math.cos(angle), -radius * math.sin(angle))


def spline(points: Sequence[Point], *, closed: bool = False, steps: int = 8) -> np.ndarray:
    """Draws a smooth curve through points (Catmull-Rom).

    Args:
        points: At least three.
        closed: Whether the curve comes back to its first point.
        steps: Points of the curve for each of the given ones.

    Returns:
        Points of the curve, float64 ``[n, 2]``: ``n`` is ``len(points) * steps``, or
        ``(len(points) - 1) * steps + 1`` if it is open.

    Example:
        >>> spline([(0, 0), (1, 1), (2, 0)], steps=4).shape
        (9, 2)
    """
    p = np.asarray(points, dtype=np.float64)
    p = np.concatenate([p[-1:], p, p[:2]]) if closed else np.concatenate([p[:1], p, p[-1:]])
    t = (np.arange(steps) / steps)[None, :, None]
    a, b, c, d = (p[k : len(p) - 3 + k, None, :] for k in range(4))
    curve = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    flat = curve.reshape(-1, 2)
    return flat if closed else np.concatenate([flat, p[-2:-1]])


def ragged(curve: np.ndarray, depth: float, generator: np.random.Generator) -> np.ndarray:
    """Roughens a curve into small tips, like the edge between two fields of feathers.

    Args:
        curve: Points, float64 ``[n, 2]``.
        depth: Height of the tips.
        generator: Where the random numbers come from.

    Returns:
        Points ``[n, 2]``; the first and last are those of ``curve``.

    Example:
        >>> ragged(np.zeros((5, 2)), 1.0, np.random.default_rng(0)).shape
        (5, 2)
    """
    along = np.gradient(curve, axis=0)
    normal = np.stack([-along[:, 1], along[:, 0]], axis=1)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    sign = np.where(np.arange(len(curve)) % 2 == 0, -0.5, 0.5) * generator.uniform(0.5, 1.2, len(curve))
    sign[[0, -1]] = 0.0
    return curve + normal * (depth * sign)[:, None]


def inside(points: np.ndarray, polygon: np.ndarray) -> np.ndarray:
    """Tells which points lie in a polygon, by the even-odd rule.

    Args:
        points: ``[n, 2]``.
        polygon: Corners in order, ``[m, 2]``.

    Returns:
        bool ``[n]``.

    Example:
        >>> square = np.array([(0, 0), (2, 0), (2, 2), (0, 2)])
        >>> inside(np.array([(1, 1), (3, 1)]), square).tolist()
        [True, False]
    """
    x, y = points[:, :1], points[:, 1:]
    x1, y1 = polygon[:, 0], polygon[:, 1]
    x2, y2 = np.roll(x1, -1), np.roll(y1, -1)
    crosses = (y1 > y) != (y2 > y)
    height = np.where(y2 == y1, 1.0, y2 - y1)
    return (np.sum(crosses & (x < (x2 - x1) * (y - y1) / height + x1), axis=1) % 2).astype(bool)


def lines(points: np.ndarray | Sequence[Point], *, closed: bool = True) -> str:
    """Writes points as SVG path data.

    Example:
        >>> lines([(0, 0), (1.25, 2), (3, 0)])
        'M0 0L1.25 2L3 0Z'
    """
    text = "L".join(f"{x:.4g} {y:.4g}" for x, y in np.asarray(points).tolist())
    return f"M{text}Z" if closed else f"M{text}"


def feather(base: Point, angle: float, length: float, width: float, point: float = 0.5) -> str:
    """Writes one feather as SVG path data.

    Args:
        base: Where it grows.
        angle: Where it points, in radians: 0 is to the right, a quarter turn is down.
        length: From base to tip.
        width: At its widest.
        point: 0 for a round tip, 1 for a sharp one.

    Example:
        >>> feather((0, 0), 0.0, 10.0, 4.0)[:4]
        'M0 -'
    """
    c, s = math.cos(angle), math.sin(angle)

    def at(x: float, y: float) -> str:
        along, across = x * length, y * width
        return f"{base[0] + along * c - across * s:.4g} {base[1] + along * s + across * c:.4g}"

    blunt = 0.5 * (1 - point)
    out = f"M{at(0, -0.22)}C{at(0.3, -0.62)} {at(0.8, -0.62)} {at(0.93, -blunt * 0.8)}"
    turn = f"Q{at(1, -blunt * 0.2)} {at(1, 0)}Q{at(1, blunt * 0.2)} {at(0.93, blunt * 0.8)}"
    return f"{out}{turn}C{at(0.8, 0.62)} {at(0.3, 0.62)} {at(0, 0.22)}Z"
