"""The five places: foliage with a branch, a meadow, a lake, snow; the sky is the scene's own."""

import math
from typing import TYPE_CHECKING

import numpy as np

from stackgan_k3.data.birds.geometry import Point, lines, spline
from stackgan_k3.data.birds.palette import RGB, css, darker, lighter, mix
from stackgan_k3.data.birds.sheet import Sheet

if TYPE_CHECKING:
    from stackgan_k3.data.birds.scenery import Scene

_LEAVES: tuple[RGB, ...] = ((0.36, 0.50, 0.24), (0.45, 0.55, 0.30), (0.28, 0.42, 0.27), (0.60, 0.55, 0.28))
_FLOWERS: tuple[RGB, ...] = ((0.96, 0.93, 0.85), (0.93, 0.80, 0.40), (0.80, 0.58, 0.72), (0.62, 0.60, 0.82))


def foliage(sheet: Sheet, scene: "Scene") -> None:
    """Draws the blurred leaves and lights far behind a branch."""
    base = scene.tinted(((0.62, 0.72, 0.52), (0.70, 0.76, 0.66), (0.62, 0.74, 0.70))[_pick(scene, 3)])
    ends = lighter(base, scene.uniform(0.25, 0.5)), base, darker(base, scene.uniform(0.12, 0.32))
    sheet.wash(0, 256, *ends)
    deep = darker(scene.tinted(_LEAVES[_pick(scene, 4)]), 0.1)
    for _ in range(3):
        r = scene.uniform(24, 56)
        sheet.glow(scene.uniform(-10, 266), scene.uniform(-10, 266), r, r * 0.9, deep, 0.34)
    sheet.glow(128 + 110 * scene.sun, scene.uniform(0, 40), 80, 70, lighter(base, 0.7), 0.45)
    for _ in range(10):  # lights out of focus: flat discs
        r = scene.uniform(5, 20)
        x, y = scene.uniform(0, 256), scene.uniform(0, 220)
        sheet.ellipse(x, y, r, r, css(lighter(base, 0.55)), opacity=scene.uniform(0.12, 0.34))
    _leaves(sheet, scene, [(scene.uniform(0, 256), scene.uniform(0, 256)) for _ in range(9)], base, 0.5)


def branch(sheet: Sheet, scene: "Scene", foot: Point) -> None:
    """Draws the branch under the bird's feet, with bark, twigs and leaves.

    Example:
        >>> from stackgan_k3.data.birds.scenery import Scene
        >>> place = {"background": "branch", "light": "bright", "pose": "perched"}
        >>> sheet = Sheet()
        >>> sheet.path("M0 0H256V256H0Z", "#ffffff")
        >>> branch(sheet, Scene(place, np.random.default_rng(0)), (128.0, 128.0))
        >>> picture = sheet.render(256)
        >>> bool(picture[133, 128].mean() < 160 < picture[10, 128].mean())  # bark below the feet only
        True
    """
    slope = scene.uniform(-0.10, 0.10)
    thick = scene.uniform(8, 13)
    bark = scene.tinted(((0.42, 0.33, 0.27), (0.50, 0.44, 0.38), (0.36, 0.30, 0.28))[_pick(scene, 3)])
    xs = np.linspace(-20, 276, 8)
    bend = scene.generator.uniform(-3.5, 3.5, 8) * np.minimum(np.abs(xs - foot[0]) / 40, 1)
    mid = foot[1] + thick * 0.5 - 0.5 + (xs - foot[0]) * slope + bend
    half = thick * 0.5 * np.linspace(1.15, 0.85, 8)
    upper = spline(list(zip(xs.tolist(), (mid - half).tolist(), strict=True)), steps=5)
    lower = spline(list(zip(xs.tolist(), (mid + half).tolist(), strict=True)), steps=5)
    for _ in range(3):
        at = scene.generator.integers(4, len(upper) - 4)
        x, y = upper[at].tolist() if scene.generator.random() < 0.4 else lower[at].tolist()
        upward = y < mid[int(at) // 5] and abs(x - foot[0]) > 60
        up = scene.uniform(14, 42) * (-1 if upward else 1)
        dx = scene.uniform(-40, 40)
        twig = f"M{x:.4g} {y - up * 0.02:.4g}q{dx * 0.2:.4g} {up * 0.7:.4g} {dx:.4g} {up:.4g}"
        sheet.stroke(twig, css(bark), 3.2)
        ends = [(x + dx * t, y + up * t) for t in (0.5, 0.8, 1.0)]
        _leaves(sheet, scene, ends, scene.tinted(_LEAVES[0]), 0.0)
    fill = sheet.gradient(
        (0, foot[1] - 4), (0, foot[1] + thick + 3), lighter(bark, 0.22), bark, darker(bark, 0.35)
    )
    shape = np.concatenate([upper, lower[::-1]])
    sheet.path(lines(shape), fill, stroke=css(darker(bark, 0.5)), width=1.0)
    marks = []
    for _ in range(34):
        k = int(scene.generator.integers(0, len(upper) - 1))
        t = scene.uniform(0.2, 0.9)
        x, y = (upper[k] * (1 - t) + lower[k] * t).tolist()
        marks.append(
            f"M{x:.4g} {y:.4g}q4 {scene.uniform(-1, 1):.3g} {scene.uniform(5, 11):.3g} {slope * 8:.3g}"
        )
    sheet.stroke("".join(marks), css(darker(bark, 0.45)), 0.8, 0.6)


def twigs(sheet: Sheet, scene: "Scene", foot: Point) -> None:
    """Draws a few leaves before the branch, away from the bird."""
    side = -1 if foot[0] > 128 else 1
    points = [
        (foot[0] + side * scene.uniform(70, 130), foot[1] + scene.uniform(-4, 20)),
        (foot[0] - side * scene.uniform(75, 120), foot[1] + scene.uniform(0, 20)),
        (foot[0] + scene.uniform(-40, 40), foot[1] + scene.uniform(16, 30)),
    ]
    _leaves(sheet, scene, points, scene.tinted(_LEAVES[_pick(scene, 3)]), 0.0)


def grass(sheet: Sheet, scene: "Scene") -> None:
    """Draws a meadow up to the horizon."""
    scene.hills(sheet, (0.38, 0.50, 0.36), 3, scene.horizon + 4)
    near, far = scene.tinted((0.38, 0.50, 0.24)), scene.tinted((0.58, 0.66, 0.36), 0.15)
    y = scene.horizon
    field = spline(
        [(-10, y + 4), (70, y - scene.uniform(0, 6)), (180, y + scene.uniform(0, 6)), (266, y)], steps=5
    )
    ground = np.concatenate([field, [(266, 260), (-10, 260)]])
    sheet.path(lines(ground), css(far))
    sheet.wash(y + 7, 256, far, near)
    for shade, number in ((darker(near, 0.18), 90), (lighter(far, 0.12), 80)):
        marks = []
        for _ in range(number):
            depth = scene.uniform(0, 1) ** 1.4
            x, h = scene.uniform(0, 256), 4 + 10 * depth
            foot = f"M{x:.4g} {y + 6 + depth * (246 - y):.4g}"
            bow, lean = scene.uniform(-1, 1), scene.uniform(-3, 3)
            marks.append(f"{foot}q{bow:.2g} {-h * 0.6:.3g} {lean:.2g} {-h:.3g}")
        sheet.stroke("".join(marks), css(shade), 0.9, 0.7)
    if scene.generator.random() < 0.65:
        colour = scene.tinted(_FLOWERS[_pick(scene, 4)])
        dots = []
        for _ in range(26):
            depth = scene.uniform(0, 1)
            dots.append(f"M{scene.uniform(0, 256):.4g} {y + 8 + depth * (240 - y):.4g}l.01 0")
        sheet.stroke("".join(dots[:13]), css(colour), 2.2)
        sheet.stroke("".join(dots[13:]), css(lighter(colour, 0.3)), 3.4)


def blades(sheet: Sheet, scene: "Scene", foot: Point) -> None:
    """Draws tall blades of grass before the bird's feet and along the lower edge."""
    colour = scene.tinted((0.36, 0.50, 0.22))
    for shade, number in ((darker(colour, 0.25), 26), (colour, 26), (lighter(colour, 0.2), 18)):
        marks: list[str] = []
        for _ in range(number):
            x, h, lean = scene.uniform(-5, 261), scene.uniform(16, 40), scene.uniform(-12, 12)
            marks.append(_blade(x, 258.0, h, lean))
        for _ in range(0 if scene.pose == "flying" else 5):
            x, y = foot[0] + scene.uniform(-34, 34), foot[1] + scene.uniform(6, 14)
            marks.append(_blade(x, y, scene.uniform(9, 17), scene.uniform(-5, 5)))
        sheet.path("".join(marks), css(shade))


def water(sheet: Sheet, scene: "Scene") -> None:
    """Draws a lake with its far shore."""
    scene.hills(sheet, (0.36, 0.46, 0.38), 2, scene.horizon + 2)
    y = scene.horizon
    trees = "".join(_fir(x * 7 + scene.uniform(-3, 3), y + 3, scene.uniform(5, 15)) for x in range(38))
    sheet.path(trees, css(scene.tinted((0.27, 0.37, 0.30), 0.25)))
    deep = scene.tinted(mix((0.26, 0.45, 0.52), scene.sky[0], scene.uniform(0.1, 0.4)))
    scene.water = deep
    shades = mix(scene.sky[2], deep, 0.3), deep, darker(deep, 0.12)
    scene.surface = sheet.gradient((0, y), (0, 256), *shades)  # for what is drawn over the bird
    sheet.wash(y, 256, *shades)
    for colour, opacity in ((lighter(scene.sky[2], 0.3), 0.5), (darker(deep, 0.3), 0.35)):
        marks = []
        for _ in range(46):
            depth = scene.uniform(0, 1) ** 1.5
            length = 6 + 34 * depth
            start = f"M{scene.uniform(-20, 256):.4g} {y + 4 + depth * (250 - y):.4g}"
            crest, half = -0.6 - 1.2 * depth, length / 2
            marks.append(f"{start}q{half / 2:.3g} {crest:.3g} {half:.3g} 0t{half:.3g} 0")
        sheet.stroke("".join(marks), css(colour), 1.1, opacity)
    if scene.generator.random() < 0.6:
        side = scene.uniform(0, 40) if scene.generator.random() < 0.5 else scene.uniform(216, 256)
        stalks = [(side + scene.uniform(-22, 22), scene.uniform(40, 100)) for _ in range(12)]
        reed = scene.tinted((0.48, 0.50, 0.28))
        sheet.path("".join(_blade(x, y + 60, h, scene.uniform(-10, 10)) for x, h in stalks), css(reed))
        heads = "".join(f"M{x:.4g} {y + 60 - h:.4g}v-11" for x, h in stalks[:4])
        stems = "".join(f"M{x:.4g} {y + 60:.4g}V{y + 58 - h:.4g}" for x, h in stalks[:4])
        sheet.stroke(stems, css(darker(reed, 0.2)), 1.1)
        sheet.stroke(heads, css(scene.tinted((0.36, 0.24, 0.18))), 3.6)


def ripples(sheet: Sheet, scene: "Scene", foot: Point, reach: float, *, swimming: bool) -> None:
    """Draws the water around a bird that swims or wades, over what lies below the surface."""
    x, y = foot
    wide = reach * (1.15 if swimming else 0.5)
    if swimming:
        edge = [(x + wide * t, y + 1 - 2 * (k % 2)) for k, t in enumerate((-1, -0.5, 0, 0.5, 1))]
        below = [(x + wide * 0.7, y + reach * 0.5), (x - wide * 0.7, y + reach * 0.5)]
        sheet.path(lines(spline([*edge, *below], closed=True, steps=5)), scene.surface)
        sheet.glow(x, y + reach * 0.2, wide, reach * 0.24, darker(scene.water, 0.55), 0.55)
    marks = [lighter(scene.sky[2], 0.4), darker(scene.water, 0.3)]
    for number in range(5):
        w, h = wide * (0.8 + 0.28 * number), reach * (0.07 + 0.065 * number)
        cy = y + reach * 0.03 * number
        sag = cy + h * 1.3
        d = f"M{x - w:.4g} {cy:.4g}C{x - w:.4g} {sag:.4g} {x + w:.4g} {sag:.4g} {x + w:.4g} {cy:.4g}"
        sheet.stroke(d, css(marks[number % 2]), 1.4, 0.75 - 0.1 * number)


def snow(sheet: Sheet, scene: "Scene") -> None:
    """Draws snowy hills with firs, up to the horizon."""
    scene.hills(sheet, (0.70, 0.76, 0.84), 2, scene.horizon + 2)
    y = scene.horizon
    dark, white = scene.tinted((0.25, 0.36, 0.33), 0.3), scene.tinted((0.95, 0.97, 1.0))
    firs = [(scene.uniform(-5, 261), scene.uniform(14, 46)) for _ in range(int(scene.uniform(5, 13)))]
    sheet.path("".join(_fir(x, y + 5, h) for x, h in firs), css(dark))
    caps = "".join(_fir(x - h * 0.03, y + 3 - h * 0.42, h * 0.55, 0.75) for x, h in firs)
    sheet.path(caps, css(white), opacity=0.75)
    near = scene.tinted((0.80, 0.86, 0.93))
    drift = spline([(-10, y + 6), (60, y), (140, y + 7), (210, y - 1), (266, y + 5)], steps=5)
    far = mix(white, near, 0.35)
    sheet.path(lines(np.concatenate([drift, [(266, 260), (-10, 260)]])), css(far))
    sheet.wash(y + 8, 256, far, near, darker(near, 0.06))
    for _ in range(5):
        x, w = scene.uniform(-40, 256), scene.uniform(50, 130)
        top = scene.uniform(y + 12, 250)
        swell = f"M{x:.4g} {top:.4g}q{w / 2:.4g} {-scene.uniform(6, 14):.4g} {w:.4g} 0"
        swell += f"q{-w / 2:.4g} {scene.uniform(3, 8):.3g} {-w:.4g} 0"
        sheet.path(swell, css(darker(near, 0.09)), opacity=0.55)
    dots = "".join(f"M{scene.uniform(0, 256):.4g} {scene.uniform(y + 10, 255):.4g}l.01 0" for _ in range(60))
    sheet.stroke(dots, "#ffffff", 0.9, 0.9)
    if scene.generator.random() < 0.5:
        x = scene.uniform(0, 256)
        tops = [(x + scene.uniform(-14, 14), scene.uniform(-9, 9)) for _ in range(6)]
        stalks = "".join(f"M{a:.4g} {y + 30:.4g}q2 -12 {lean:.3g} -26" for a, lean in tops)
        sheet.stroke(stalks, css(scene.tinted((0.50, 0.42, 0.34))), 1.0)


def flakes(sheet: Sheet, scene: "Scene", foot: Point) -> None:
    """Draws falling snow, and snow heaped over the bird's toes."""
    if scene.pose != "flying":
        heap = f"M{foot[0] - 20:.4g} {foot[1] + 5:.4g}q10 -5 20 -2q12 -4 24 2q-22 5 -44 0"
        sheet.path(heap, css(scene.tinted((0.88, 0.92, 0.97))))
    if scene.light == "overcast" or scene.generator.random() < 0.35:
        for width, number in ((1.6, 40), (3.0, 18)):
            dots = [f"M{scene.uniform(0, 256):.4g} {scene.uniform(0, 256):.4g}l.01 0" for _ in range(number)]
            sheet.stroke("".join(dots), "#ffffff", width, 0.85)


def _leaves(sheet: Sheet, scene: "Scene", points: list[Point], colour: RGB, far: float) -> None:
    ribs = []
    for x, y in points:
        angle, length = scene.uniform(0.2, math.pi - 0.2), scene.uniform(13, 24)
        dx, dy = math.cos(angle) * length, math.sin(angle) * length
        nx, ny = -dy * 0.34, dx * 0.34
        shade = mix(mix(colour, darker(colour, 0.35), scene.uniform(0, 1)), lighter(colour, 0.4), far)
        d = f"M{x:.4g} {y:.4g}q{dx * 0.35 + nx:.3g} {dy * 0.35 + ny:.3g} {dx:.3g} {dy:.3g}"
        d += f"q{-dx * 0.65 - nx:.3g} {-dy * 0.65 - ny:.3g} {-dx:.3g} {-dy:.3g}Z"
        sheet.path(d, css(shade), opacity=1 - far * 0.5)
        ribs.append(f"M{x:.4g} {y:.4g}l{dx * 0.9:.3g} {dy * 0.9:.3g}")
        vein = f"l{dx * 0.12 + nx * 0.5:.3g} {dy * 0.12 + ny * 0.5:.3g}"
        ribs += [f"M{x + dx * t:.4g} {y + dy * t:.4g}{vein}" for t in (0.3, 0.5, 0.7)]
    if far == 0:
        sheet.stroke("".join(ribs), css(lighter(colour, 0.35)), 0.6, 0.7)


def _blade(x: float, y: float, h: float, lean: float) -> str:
    up = f"M{x - 1.3:.4g} {y:.4g}q{lean * 0.2:.3g} {-h * 0.6:.3g} {lean + 1.3:.3g} {-h:.3g}"
    return f"{up}q{-lean * 0.6:.3g} {h * 0.5:.3g} {1.3 - lean:.3g} {h:.3g}Z"


def _fir(x: float, y: float, h: float, width: float = 1.0) -> str:
    w = h * 0.24 * width
    return (
        f"M{x:.4g} {y - h:.4g}l{w * 0.6:.3g} {h * 0.36:.3g}h{-w * 0.2:.3g}"
        f"l{w * 0.6:.3g} {h * 0.32:.3g}h{-w * 0.25:.3g}"
        f"l{w * 0.55:.3g} {h * 0.32:.3g}h{-w * 2.6:.3g}l{w * 0.55:.3g} {-h * 0.32:.3g}h{-w * 0.25:.3g}"
        f"l{w * 0.6:.3g} {-h * 0.32:.3g}h{-w * 0.2:.3g}Z"
    )


def _pick(scene: "Scene", count: int) -> int:
    return int(scene.generator.integers(count))
