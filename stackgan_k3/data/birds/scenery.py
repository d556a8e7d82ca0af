"""The place of a bird: what is drawn behind it and before it."""

from collections.abc import Mapping

import numpy as np

from stackgan_k3.data.birds import grounds
from stackgan_k3.data.birds.geometry import Point, lines, spline
from stackgan_k3.data.birds.palette import RGB, css, darker, lighter, mix
from stackgan_k3.data.birds.sheet import Sheet

_SKIES: dict[str, tuple[RGB, RGB, RGB]] = {
    "bright": ((0.42, 0.66, 0.90), (0.63, 0.81, 0.95), (0.86, 0.94, 0.98)),
    "sunset": ((0.44, 0.43, 0.63), (0.90, 0.63, 0.55), (0.99, 0.86, 0.66)),
    "overcast": ((0.60, 0.65, 0.70), (0.71, 0.75, 0.79), (0.84, 0.86, 0.87)),
}
_TINTS: dict[str, tuple[RGB, float]] = {
    "bright": ((1.0, 0.98, 0.85), 0.06),
    "sunset": ((0.95, 0.55, 0.36), 0.26),
    "overcast": ((0.58, 0.62, 0.66), 0.30),
}


class Scene:
    """Sky, land and what grows on it, in one light.

    Args:
        attributes: Of these ``background``, ``light`` and ``pose``.
        generator: Where the random numbers come from; it is kept and used later.

    Example:
        >>> place = {"background": "sky", "light": "bright", "pose": "flying"}
        >>> scene = Scene(place, np.random.default_rng(0))
        >>> -1 <= scene.sun <= 1
        True
    """

    def __init__(self, attributes: Mapping[str, str], generator: np.random.Generator) -> None:
        self.generator = generator
        self.background = attributes["background"]
        self.light = attributes["light"]
        self.pose = attributes["pose"]
        self.sun = float(generator.uniform(-1, 1))
        self.horizon = float(generator.uniform(92, 140))
        stray = generator.uniform(-0.035, 0.035, 3)
        self.sky = [self._stray(colour, stray) for colour in _SKIES[self.light]]
        self.surface = ""
        self.water: RGB = (0.0, 0.0, 0.0)

    def uniform(self, low: float, high: float) -> float:
        """Draws a number."""
        return float(self.generator.uniform(low, high))

    def tinted(self, colour: RGB, far: float = 0.0) -> RGB:
        """Returns a colour as it looks in this light, ``far`` (0 to 1) of the way to the horizon."""
        tint, share = _TINTS[self.light]
        return mix(mix(colour, tint, share), self.sky[2], far)

    def draw_behind(self, sheet: Sheet, foot: Point, reach: float) -> None:
        """Draws all that is farther away than the bird.

        Args:
            sheet: Where to draw.
            foot: Where the bird stands, swims or, in flight, has its lowest point.
            reach: Half the length of its body.
        """
        if self.background == "branch":
            grounds.foliage(sheet, self)
            grounds.branch(sheet, self, foot)
            return
        low = self.background != "sky"
        standing = low and self.pose != "flying"
        if standing:
            self.horizon = min(self.horizon, foot[1] - 18)
        elif low:
            self.horizon = self.uniform(172, 206)
        self._sky(sheet)
        if low:
            getattr(grounds, self.background)(sheet, self)
            if standing and self.background != "water":
                dark = darker(self.tinted((0.2, 0.28, 0.2)), 0.4)
                opacity = 0.6 if self.background == "grass" else 0.4
                sheet.glow(foot[0] - 10 * self.sun, foot[1] + 2, reach * 1.05, reach * 0.2, dark, opacity)
        elif self.generator.random() < 0.35:
            self.hills(sheet, (0.45, 0.52, 0.58), 2, self.uniform(222, 244))

    def draw_before(self, sheet: Sheet, foot: Point, reach: float) -> None:
        """Draws what is nearer than the bird: blades of grass, the water it lies in, snowflakes, leaves."""
        if self.background == "branch":
            grounds.twigs(sheet, self, foot)
        elif self.background == "grass":
            grounds.blades(sheet, self, foot)
        elif self.background == "water" and self.pose != "flying":
            grounds.ripples(sheet, self, foot, reach, swimming=self.pose == "swimming")
        elif self.background == "snow":
            grounds.flakes(sheet, self, foot)

    def hills(self, sheet: Sheet, colour: RGB, count: int, base: float) -> None:
        """Draws ranges of hills, paler the farther they are, down to the height ``base``."""
        for number in range(count):
            far = 0.65 - 0.4 * number / max(count - 1, 1)
            height = base - (count - 1 - number) * self.uniform(9, 16)
            ys = [height - self.uniform(0, 16) for _ in range(7)]
            ridge = spline([(x * 50.0 - 22, y) for x, y in enumerate(ys)], steps=4)
            ground = np.concatenate([ridge, [(290.0, 258.0), (-30.0, 258.0)]])
            sheet.path(lines(ground), css(self.tinted(colour, far)))

    def _sky(self, sheet: Sheet) -> None:
        bottom = 256.0 if self.background == "sky" else self.horizon + 40
        sheet.wash(0, bottom, *self.sky)
        x = 128 + 105 * self.sun
        if self.light != "overcast":
            y = self.uniform(22, 50) if self.light == "bright" else self.horizon - self.uniform(5, 30)
            warm: RGB = (1.0, 0.97, 0.82) if self.light == "bright" else (1.0, 0.86, 0.60)
            sheet.glow(x, y, 42, 42, warm, 0.5)
            sheet.ellipse(x, y, 11, 11, css(lighter(warm, 0.4)), opacity=0.85)
        clouds = {"bright": 4, "sunset": 3, "overcast": 6}[self.light] + int(self.background == "sky")
        floor = 235.0 if self.background == "sky" else self.horizon * 0.8
        for _ in range(int(self.uniform(0.5, 1) * clouds + 0.5)):
            self._cloud(sheet, self.uniform(-10, 266), self.uniform(12, floor), self.uniform(0.45, 1.15))
        if self.background == "sky" and self.generator.random() < 0.3:
            dots = [(self.uniform(10, 246), self.uniform(10, 90)) for _ in range(3)]
            gulls = "".join(f"M{a:.4g} {b:.4g}q2.5 -2.5 4 0q1.5 -2.5 4 0" for a, b in dots)
            sheet.stroke(gulls, "#4a4f5c", 0.9, 0.7)

    def _cloud(self, sheet: Sheet, x: float, y: float, scale: float) -> None:
        white = lighter(self.sky[2], 0.55) if self.light != "sunset" else (1.0, 0.86, 0.78)
        puffs = []
        for number in range(6):
            t = number / 2.5 - 1
            r = (17 - 11 * t * t) * self.uniform(0.75, 1.1)
            puffs.append((34 * t + self.uniform(-3, 3), 5 - 0.8 * r, r))
        for colour, drop, opacity in ((mix(white, self.sky[0], 0.35), 3.5, 0.5), (white, 0.0, 0.8)):
            w, base = 46 * scale, y + (5 + drop) * scale
            d = f"M{x - w:.4g} {base:.4g}q{w:.4g} {w * 0.15:.4g} {2 * w:.4g} 0"
            d += f"q{-w:.4g} {-w * 0.3:.4g} {-2 * w:.4g} 0Z"
            for dx, dy, r in puffs:
                rx, ry = r * scale, r * scale * 0.86
                d += f"M{x + dx * scale - rx:.4g} {y + (dy + drop) * scale:.4g}"
                d += f"a{rx:.4g} {ry:.4g} 0 1 0 {2 * rx:.4g} 0a{rx:.4g} {ry:.4g} 0 1 0 {-2 * rx:.4g} 0Z"
            sheet.path(d, css(colour), opacity=opacity)

    @staticmethod
    def _stray(colour: RGB, stray: np.ndarray) -> RGB:
        red, green, blue = (min(max(c + float(s), 0.0), 1.0) for c, s in zip(colour, stray, strict=True))
        return red, green, blue
