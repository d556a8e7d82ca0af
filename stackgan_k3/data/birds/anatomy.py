"""Where the parts of a bird lie: its frames, its outline and the fields of colour in it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from stackgan_k3.data.birds.geometry import Frame, Point, ragged, spline

STEPS = 8
"""Points of the outline for each of its corners."""

_PITCH = {
    "perched": (26.0, 46.0),
    "standing": (14.0, 32.0),
    "singing": (30.0, 48.0),
    "feeding": (-14.0, 2.0),
    "flying": (2.0, 18.0),
    "swimming": (0.0, 9.0),
}
_HEAD = {
    "perched": (-8.0, 10.0),
    "standing": (-8.0, 10.0),
    "singing": (20.0, 36.0),
    "feeding": (-52.0, -34.0),
    "flying": (-6.0, 8.0),
    "swimming": (-6.0, 8.0),
}
# Head and depth of the body, relative to its length: a small bird is a round one.
_BUILD = {"small": (23.5, 31.0), "medium": (20.5, 28.5), "large": (18.0, 26.5)}


@dataclass(frozen=True)
class Anatomy:
    """The shape of one bird that looks to the right, with its body's middle at (0, 0).

    Args:
        body: Frame of the body, 100 units from breast to tail.
        head: Frame of the head.
        depth: Half the depth of the body.
        radius: Radius of the head.
        outline: The silhouette without beak, tail, wings and legs, float64 ``[n, 2]``.
        crown: The crown's field of colour, float64 ``[n, 2]``; so ``breast`` and ``belly``.
        breast: See ``crown``.
        belly: See ``crown``.

    Example:
        >>> bird = Anatomy.build({"pose": "perched", "size": "small"}, np.random.default_rng(0))
        >>> bird.radius > Anatomy.build({"pose": "perched", "size": "large"}, np.random.default_rng(0)).radius
        True
    """

    body: Frame
    head: Frame
    depth: float
    radius: float
    outline: np.ndarray
    crown: np.ndarray
    breast: np.ndarray
    belly: np.ndarray

    @classmethod
    def build(cls, attributes: Mapping[str, str], generator: np.random.Generator) -> "Anatomy":
        """Draws a shape for a size and a pose by lot."""
        pose = attributes["pose"]
        g = generator
        radius, depth = (length * float(g.uniform(0.96, 1.04)) for length in _BUILD[attributes["size"]])
        body = Frame((0.0, 0.0), math.radians(float(g.uniform(*_PITCH[pose]))))
        neck = float(g.uniform(0.0, 5.0)) + (4.0 if pose in ("feeding", "swimming") else 0.0)
        x, y = body(37.0 + neck * 0.5, -0.55 * depth)
        if pose == "feeding":
            x, y = x + 6.0, y + 7.0
        elif pose == "flying":
            x, y = x + 6.0, y + 2.0
        else:
            x, y = x + 2.0, y - 5.0 - neck
        head = Frame((x, y), math.radians(float(g.uniform(*_HEAD[pose]))))
        corners = _corners(body, head, depth, radius)
        curve = spline(corners, closed=True, steps=STEPS)
        return cls(body, head, depth, radius, curve, *_fields(curve, body, head, depth, radius, g))


def _corners(body: Frame, head: Frame, b: float, r: float) -> list[Point]:
    def between(first: Point, second: Point, share: float) -> Point:
        return first[0] + (second[0] - first[0]) * share, first[1] + (second[1] - first[1]) * share

    return [
        head.polar(40, r),
        head.polar(85, r * 1.02),
        head.polar(130, r * 1.01),
        between(head.polar(172, r), body(26, -0.98 * b), 0.35),
        body(12, -1.0 * b),
        body(-14, -0.86 * b),
        body(-37, -0.46 * b),
        body(-51, -0.04 * b),
        body(-39, 0.52 * b),
        body(-14, 0.97 * b),
        body(15, 1.03 * b),
        body(38, 0.66 * b),
        between(head.polar(-82, r), body(47, 0.2 * b), 0.4),
        head.polar(-35, r),
        head.polar(3, r * 0.98),
    ]


def _fields(
    curve: np.ndarray, body: Frame, head: Frame, b: float, r: float, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    def stretch(start: float, stop: float) -> np.ndarray:
        return curve[round(start * STEPS) : round(stop * STEPS) + 1]

    def field(edge: np.ndarray, *corners: Point, rough: float) -> np.ndarray:
        inner = spline([tuple(edge[-1]), *corners, tuple(edge[0])], steps=7)
        return np.concatenate([edge, ragged(inner, rough, generator)])

    low = float(generator.uniform(-0.34, -0.27)) * r
    crown = field(
        stretch(0, 2.9), head(-0.66 * r, low * 0.55), head(0.1 * r, low), head(0.6 * r, low * 1.1), rough=0.9
    )
    back = float(generator.uniform(2.0, 9.0))
    breast = field(
        stretch(9.9, 12.4), body(34, -0.25 * b), body(back + 10, -0.1 * b), body(back, 0.5 * b), rough=2.4
    )
    belly = field(stretch(7.3, 10.4), body(8, 0.22 * b), body(-16, 0.12 * b), body(-40, 0.1 * b), rough=2.2)
    return crown, breast, belly
