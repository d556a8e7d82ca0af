"""The whole bird: tail, legs, body with its fields of colour, wings and head."""

import math
from collections.abc import Mapping

import numpy as np

from stackgan_k3.data.birds.anatomy import Anatomy
from stackgan_k3.data.birds.geometry import Point, inside, lines, spline
from stackgan_k3.data.birds.palette import RGB, css, darker, jittered, lighter, luminance
from stackgan_k3.data.birds.sheet import Sheet
from stackgan_k3.data.birds.wings import draw_folded, draw_spread, draw_tail, ink

_BEAK_LENGTH = {"short": 0.85, "medium": 1.35, "long": 2.1}
_BEAK_DEPTH = {"cone": 0.43, "hooked": 0.38, "pointed": 0.2, "curved": 0.22}
_LEG = {"small": 15.0, "medium": 18.0, "large": 23.0}

WATERLINE = 0.86
"""Depth at which a swimming bird lies in the water, of half the depth of its body."""


def draw_bird(
    sheet: Sheet, attributes: Mapping[str, str], bird: Anatomy, sun: float, generator: np.random.Generator
) -> tuple[list[Point], float]:
    """Draws a bird that looks to the right, in the frame of its body.

    Args:
        sheet: Where to draw.
        attributes: All the attributes.
        bird: Its shape.
        sun: Where the light comes from: -1 from behind the bird to 1 from before it.
        generator: Where the shades and small variations come from.

    Returns:
        Points that span the bird, and the height (y) of the ground below it.

    Example:
        >>> from stackgan_k3.data.birds.attributes import sample
        >>> generator = np.random.default_rng(0)
        >>> perched = sample(generator, {"pose": "perched"})
        >>> bird = Anatomy.build(perched, generator)
        >>> points, ground = draw_bird(Sheet(), perched, bird, 0.5, generator)
        >>> bool(ground >= bird.outline[:, 1].max())
        True
    """
    g = generator
    parts = ("body", "wing", "belly", "crown", "breast", "beak")
    paint = {key: jittered(attributes[key], g) for key in parts}
    bars = None if attributes["wing bars"] == "none" else jittered(attributes["wing bars"], g)
    flying = attributes["pose"] == "flying"
    span: list[Point] = [(float(x), float(y)) for x, y in bird.outline[::4]]
    if flying:
        span += draw_spread(sheet, bird, paint["wing"], bars, g, far=True)
    span += draw_tail(sheet, bird, attributes, paint["wing"], g)
    ground = max(y for _, y in span)
    if attributes["legs"] != "hidden":
        ground = _legs(sheet, bird, attributes, jittered(attributes["legs"], g), g)
        span.append((0.0, ground))
    elif attributes["pose"] == "swimming":
        ground = WATERLINE * bird.depth
    if attributes["crest"] != "none":
        span += _crest(sheet, bird, paint["crown"], g)
    span.append(_beak(sheet, bird, attributes, paint["beak"], g))
    _body(sheet, bird, attributes, paint, sun, g)
    if flying:
        span += draw_spread(sheet, bird, paint["wing"], bars, g, far=False)
    else:
        draw_folded(sheet, bird, paint["wing"], bars, g)
    _eye(sheet, bird, attributes, paint["body"], g)
    return span, ground


def _shaded(sheet: Sheet, bird: Anatomy, colour: RGB, sun: float) -> str:
    # White must stay white in the shade and black black in the light.
    light = 0.13 if luminance(colour) > 0.15 else 0.08
    shade = 0.12 if luminance(colour) > 0.7 else 0.17
    start = bird.body(30 * sun, -bird.depth - 14)
    end = bird.body(-30 * sun, bird.depth + 2)
    return sheet.gradient(start, end, lighter(colour, light), colour, darker(colour, shade))


def _body(
    sheet: Sheet,
    bird: Anatomy,
    attributes: Mapping[str, str],
    paint: Mapping[str, RGB],
    sun: float,
    generator: np.random.Generator,
) -> None:
    silhouette = lines(bird.outline)
    sheet.path(silhouette, _shaded(sheet, bird, paint["body"], sun))
    for key, field in (("belly", bird.belly), ("breast", bird.breast), ("crown", bird.crown)):
        sheet.path(lines(field), _shaded(sheet, bird, paint[key], sun))
    covered = (bird.belly, bird.breast, bird.crown)
    _texture(sheet, bird, bird.outline, paint["body"], 6.2, 0.30, generator, skip=covered)
    _texture(sheet, bird, bird.belly, paint["belly"], 5.0, 0.26, generator, skip=(bird.breast,))
    _texture(sheet, bird, bird.breast, paint["breast"], 5.0, 0.26, generator)
    _texture(sheet, bird, bird.crown, paint["crown"], 4.2, 0.36, generator, fine=True)
    if attributes["breast pattern"] != "plain":
        _pattern(sheet, bird, attributes["breast pattern"], paint["breast"], generator)
    # The edge keeps a white bird apart from the snow and a black one from the dusk.
    sheet.path(silhouette, "none", stroke=css(ink(paint["body"], 0.6)), width=1.3, ink=0.85)


def _texture(
    sheet: Sheet,
    bird: Anatomy,
    field: np.ndarray,
    colour: RGB,
    step: float,
    opacity: float,
    generator: np.random.Generator,
    *,
    skip: tuple[np.ndarray, ...] = (),
    fine: bool = False,
) -> None:
    points = _grid(field, step, generator)
    for other in skip:
        points = points[~inside(points, other)]
    c, s = math.cos(bird.body.pitch), -math.sin(bird.body.pitch)
    marks = []
    for x, y in points.tolist():
        if fine:
            marks.append(f"M{x:.4g} {y:.4g}l{-2.6 * c:.3g} {-2.6 * s:.3g}")
        else:  # a scallop, open towards the head
            u, v, bow = 0.42 * step * s, -0.42 * step * c, -0.75 * step
            marks.append(
                f"M{x - u:.4g} {y - v:.4g}q{u + bow * c:.3g} {v + bow * s:.3g} {2 * u:.3g} {2 * v:.3g}"
            )
    if marks:
        sheet.stroke("".join(marks), css(ink(colour, 0.6)), 0.7, opacity)


def _pattern(sheet: Sheet, bird: Anatomy, kind: str, colour: RGB, generator: np.random.Generator) -> None:
    dark = luminance(colour) > 0.22
    shade = css((0.16, 0.11, 0.10) if dark else (0.93, 0.91, 0.86))
    points = _grid(bird.breast, 7.0 if kind == "spotted" else 5.6, generator)
    c, s = math.cos(bird.body.pitch), -math.sin(bird.body.pitch)
    if kind == "spotted":
        sheet.stroke("".join(f"M{x:.4g} {y:.4g}l.01 0" for x, y in points.tolist()), shade, 3.0, 0.85)
    else:
        marks = "".join(f"M{x:.4g} {y:.4g}l{-4.6 * c:.3g} {-4.6 * s:.3g}" for x, y in points.tolist())
        sheet.stroke(marks, shade, 1.5, 0.85)


def _grid(field: np.ndarray, step: float, generator: np.random.Generator) -> np.ndarray:
    low, high = field.min(axis=0), field.max(axis=0)
    xs, ys = np.arange(low[0], high[0], step), np.arange(low[1], high[1], step * 0.8)
    x, y = np.meshgrid(xs, ys)
    x = x + (np.arange(len(ys)) % 2 * step / 2)[:, None]
    points = np.stack([x.ravel(), y.ravel()], axis=1) + generator.uniform(-0.12, 0.12, (x.size, 2)) * step
    # Shrunk a little, so that no mark crosses the edge of its field.
    middle = field.mean(axis=0)
    return points[inside(points, middle + (field - middle) * 0.88)]


def _legs(
    sheet: Sheet, bird: Anatomy, attributes: Mapping[str, str], colour: RGB, generator: np.random.Generator
) -> float:
    length = _LEG[attributes["size"]] * float(generator.uniform(0.92, 1.08))
    if attributes["background"] == "branch":
        length *= 0.72
    hips = [bird.body(-9, 0.84 * bird.depth), bird.body(3, 0.9 * bird.depth)]
    ground = max(y for _, y in hips) + length
    for number, (x, y) in enumerate(hips):
        tone = darker(colour, 0.18) if number == 0 else colour
        foot = x + 2.0 + 3.0 * number
        shank = f"M{x:.4g} {y:.4g}L{x - 1.5:.4g} {(y + ground) / 2:.4g}L{foot:.4g} {ground:.4g}"
        toes = "".join(f"M{foot:.4g} {ground:.4g}q{dx * 0.5:.3g} -1 {dx:.3g} {dy:.3g}" for dx, dy in _TOES)
        sheet.stroke(shank + toes, css(ink(colour, 0.55)), 3.9)
        sheet.stroke(shank + toes, css(tone), 2.7)
        rings = "".join(f"M{foot - 2.4 - 0.3 * k:.4g} {ground - 3 - 2 * k:.4g}l2.2 .4" for k in range(3))
        sheet.stroke(rings, css(ink(colour, 0.5)), 0.5, 0.6)
    return ground


_TOES = ((8.5, 1.5), (6.0, 3.2), (-5.0, 1.5))


def _crest(sheet: Sheet, bird: Anatomy, colour: RGB, generator: np.random.Generator) -> list[Point]:
    r, span = bird.radius, []
    rise = float(generator.uniform(0.65, 0.95))
    for number in range(5):
        root = bird.head.polar(62 + 15 * number, r * 0.8)
        tip = bird.head.polar(98 + 13 * number, r * (1.28 + rise * (0.62 - 0.11 * number)))
        side = bird.head.polar(100 + 15 * number, r * 0.8)
        shape = spline([root, tip, side], steps=6)
        sheet.path(
            lines(shape), css(darker(colour, 0.05 * (number % 2))), stroke=css(ink(colour, 0.5)), width=0.9
        )
        span.append(tip)
    return span


def _beak(
    sheet: Sheet, bird: Anatomy, attributes: Mapping[str, str], colour: RGB, generator: np.random.Generator
) -> Point:
    kind, r, at = attributes["beak shape"], bird.radius, bird.head
    length = _BEAK_LENGTH[attributes["beak length"]] * r * float(generator.uniform(0.94, 1.06))
    h = _BEAK_DEPTH[kind] * r
    gape = (0.22 if attributes["pose"] == "singing" else 0.0) * length
    base = 0.78 * r
    end, mid = base + length + 0.1 * r, base + 0.55 * length
    drop = {"cone": 0.05, "hooked": 0.62 * h / length, "pointed": 0.03, "curved": 0.34}[kind] * length
    bulge = {"cone": 0.55, "hooked": 1.12, "pointed": 0.55, "curved": 0.75}[kind] * h
    low = h * (0.6 if kind == "hooked" else 0.75)
    short = end - (0.3 * length if kind == "hooked" else 0.04 * length)
    under = drop * (0.25 if kind == "hooked" else 1.0) + gape
    edge = css(ink(colour, 0.55))
    sag = 0.12 * length if kind == "curved" else 0.0
    lower = f"M{_p(at(base, -0.1 * h))}Q{_p(at(mid, 0.25 * gape + sag * 0.2))} {_p(at(short, under))}"
    lower += f"Q{_p(at(mid, low * 0.9 + gape * 0.6 + sag * 0.3))} {_p(at(base, low))}Z"
    sheet.path(lower, css(darker(colour, 0.13)), stroke=edge, width=0.9)
    upper = f"M{_p(at(base, -h))}Q{_p(at(mid, -bulge))} {_p(at(end, drop))}"
    if kind == "hooked":
        upper += f"Q{_p(at(end - 0.12 * length, 0.1 * h))} {_p(at(end - 0.32 * length, 0.16 * h))}"
        upper += f"L{_p(at(base, 0.1 * h))}Z"
    else:
        upper += f"Q{_p(at(mid, 0.08 * h - sag * 0.4))} {_p(at(base, 0.1 * h))}Z"
    shine = sheet.gradient(at(base, -h), at(base, 0.2 * h), lighter(colour, 0.16), darker(colour, 0.08))
    sheet.path(upper, shine, stroke=edge, width=0.9)
    nostril = at(base + 0.42 * r, -0.34 * h)
    sheet.ellipse(*nostril, 1.3, 0.7, edge)
    return at(end, drop)


def _eye(
    sheet: Sheet, bird: Anatomy, attributes: Mapping[str, str], around: RGB, generator: np.random.Generator
) -> None:
    r = bird.radius
    x, y = bird.head(0.38 * r, -0.06 * r)
    size = 0.185 * r * float(generator.uniform(0.95, 1.08))
    if attributes["eye ring"] != "none":
        ring = jittered(attributes["eye ring"], generator)
        sheet.ellipse(x, y, size + 2.3, size + 2.2, css(ring))
    else:
        sheet.ellipse(x, y, size + 0.7, size + 0.7, css(ink(around, 0.35)))
    iris = (0.26, 0.15, 0.09) if generator.random() < 0.6 else (0.10, 0.08, 0.09)
    sheet.ellipse(x, y, size, size, css(iris))
    sheet.ellipse(x + 0.15, y, size * 0.68, size * 0.68, "#0a090b")
    sheet.ellipse(x + 0.3 * size, y - 0.36 * size, size * 0.3, size * 0.3, "#ffffff")
    sheet.ellipse(x - 0.35 * size, y + 0.4 * size, size * 0.16, size * 0.16, "#ffffff", opacity=0.6)


def _p(point: Point) -> str:
    return f"{point[0]:.4g} {point[1]:.4g}"
