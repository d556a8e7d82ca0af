"""Wings, folded and spread, and tails: rows of single feathers."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from stackgan_k3.data.birds.anatomy import Anatomy
from stackgan_k3.data.birds.geometry import Point, feather, lines, spline
from stackgan_k3.data.birds.palette import RGB, css, darker, lighter, luminance, mix
from stackgan_k3.data.birds.sheet import Sheet

_TAIL = {"short": 26.0, "medium": 44.0, "long": 74.0}


def ink(colour: RGB, strength: float = 0.35) -> RGB:
    """Returns the colour of fine lines on a colour: darker, or lighter on what is dark already.

    Example:
        >>> luminance(ink((0.0, 0.0, 0.0))) > 0, luminance(ink((1.0, 1.0, 1.0))) < 1
        (True, True)
    """
    if luminance(colour) < 0.22:
        return lighter(colour, strength * 0.7)
    return darker(colour, strength * (0.8 if luminance(colour) > 0.8 else 1.0))


def draw_folded(
    sheet: Sheet, bird: Anatomy, colour: RGB, bars: RGB | None, generator: np.random.Generator
) -> None:
    """Draws a wing that lies on the body.

    Args:
        sheet: Where to draw.
        bird: The bird's shape.
        colour: Colour of the wing.
        bars: Colour of the wing bars, or None.
        generator: Where the small variations come from.
    """
    b, at = bird.depth, bird.body
    drop = float(generator.uniform(-0.04, 0.05)) * b
    tip = at(-58, -0.2 * b + drop)

    def along(
        x: float, y: float, length: float, width: float, converge: float
    ) -> tuple[Point, float, float, float]:
        base = at(x, y * b + drop)
        aim = math.atan2(tip[1] - base[1], tip[0] - base[0])
        straight = math.pi - at.pitch - 0.16
        return base, straight + (_turn(aim - straight)) * converge, length, width

    shape = [
        (21, -0.40),
        (10, -0.7),
        (-8, -0.76),
        (-30, -0.56),
        (-52, -0.26),
        (-40, -0.06),
        (-14, 0.1),
        (10, 0.08),
    ]
    under = spline([at(x, y * b + drop) for x, y in shape], closed=True, steps=5)
    sheet.path(lines(under), css(_shade(colour, 0.12)), stroke=css(ink(colour, 0.5)), width=1.4)
    flight = [along(-12 - 2.0 * k, 0.0 - 0.07 * k, 46 - 0.8 * k, 7.5, 0.95) for k in range(5)]
    _feathers(sheet, flight, _shade(colour, 0.10), None, 0.75)
    second = [along(-2 + 1.6 * k, -0.62 + 0.13 * k, 40 - 2.4 * k, 8.5, 0.75) for k in range(6)]
    _feathers(sheet, second, _shade(colour, 0.03), None, 0.4)
    great = [along(4 + 1.7 * k, -0.62 + 0.12 * k, 20.0, 8.0, 0.35) for k in range(6)]
    _feathers(sheet, great, colour, bars, 0.1)
    median = [along(12 + 1.2 * k, -0.56 + 0.12 * k, 14.5, 7.0, 0.25) for k in range(5)]
    _feathers(sheet, median, lighter(colour, 0.05), bars, 0.0)
    lesser = [(23, -0.36), (17, -0.62), (6, -0.64), (5, -0.3), (9, 0.02), (19, -0.04)]
    shoulder = spline([at(x, y * b + drop) for x, y in lesser], closed=True, steps=5)
    sheet.path(lines(shoulder), css(lighter(colour, 0.07)))
    rows = [at(x, (y + 0.06 * (x % 2)) * b + drop) for x in (9, 13, 17) for y in (-0.5, -0.36, -0.22, -0.08)]
    marks = "".join(f"M{x - 1.6:.4g} {y - 1:.4g}q-1.8 1.6 0.2 3" for x, y in rows)
    sheet.stroke(marks, css(ink(colour, 0.4)), 0.7, 0.6)


def draw_spread(
    sheet: Sheet, bird: Anatomy, colour: RGB, bars: RGB | None, generator: np.random.Generator, *, far: bool
) -> list[Point]:
    """Draws a raised wing of a flying bird and returns how far it reaches.

    Args:
        sheet: Where to draw.
        bird: The bird's shape.
        colour: Colour of the wing.
        bars: Colour of the wing bars, or None.
        generator: Where the small variations come from.
        far: True for the wing behind the body.
    """
    lean = bird.body.pitch + math.radians(float(generator.uniform(-12, 12)) + (-24 if far else 8))
    paint = _shade(colour, 0.16) if far else colour
    stretch = float(generator.uniform(0.92, 1.06)) * (0.94 if far else 1.0)
    shoulder = bird.body(20 if far else 15, -0.62 * bird.depth)

    def reach(start: Point, degrees: float, length: float) -> Point:
        angle = math.radians(degrees) + lean
        return start[0] + math.cos(angle) * length * stretch, start[1] - math.sin(angle) * length * stretch

    wrist = reach(shoulder, 82, 33)
    hand = reach(wrist, 104, 17)

    def row(
        number: int,
        line: tuple[Point, Point],
        fan: tuple[float, float],
        size: tuple[float, float],
        width: float,
    ) -> list[tuple[Point, float, float, float]]:
        feathers = []
        for k in range(number):
            t = k / (number - 1)
            base = line[0][0] + (line[1][0] - line[0][0]) * t, line[0][1] + (line[1][1] - line[0][1]) * t
            degrees = fan[0] + (fan[1] - fan[0]) * t + float(generator.uniform(-1, 1))
            feathers.append(
                (base, -(math.radians(degrees) + lean), (size[0] + (size[1] - size[0]) * t) * stretch, width)
            )
        return feathers

    secondaries = row(7, (shoulder, wrist), (186, 170), (36, 44), 10.5)
    primaries = row(8, (wrist, hand), (166, 112), (47, 57), 9.5)
    _feathers(sheet, secondaries + primaries, _shade(paint, 0.08), None, 0.55, thin=True)
    great = row(6, (shoulder, wrist), (184, 170), (22, 25), 10.0) + row(
        5, (wrist, hand), (164, 116), (26, 29), 9.0
    )
    _feathers(sheet, great, paint, bars, 0.2)
    median = row(5, (shoulder, wrist), (182, 168), (13, 15), 9.5) + row(
        4, (wrist, hand), (162, 118), (15, 16), 8.0
    )
    _feathers(sheet, median, lighter(paint, 0.05), bars, 0.1)
    arm = spline([shoulder, wrist, hand, reach(hand, 110, 14)], steps=6)
    back = spline(
        [reach(hand, 112, 14), reach(hand, 175, 6), reach(wrist, 190, 8), reach(shoulder, 205, 9)], steps=6
    )
    blade = np.concatenate([arm, back])
    sheet.path(lines(blade), css(lighter(paint, 0.06)), stroke=css(lighter(paint, 0.06)), width=3.0)
    sheet.stroke(lines(arm, closed=False), css(ink(paint, 0.45)), 1.2, 0.7)
    tips = [_end(f) for f in secondaries + primaries]
    return [wrist, hand, *tips]


def draw_tail(
    sheet: Sheet, bird: Anatomy, attributes: Mapping[str, str], colour: RGB, generator: np.random.Generator
) -> list[Point]:
    """Draws the tail and returns how far it reaches.

    Args:
        sheet: Where to draw.
        bird: The bird's shape.
        attributes: Of these ``tail`` and ``tail shape``.
        colour: Colour of the feathers.
        generator: Where the small variations come from.
    """
    length = _TAIL[attributes["tail"]] * float(generator.uniform(0.93, 1.07))
    shape = attributes["tail shape"]
    root = bird.body(-42, -0.1 * bird.depth)
    lift = float(generator.uniform(-0.12, 0.16))
    axis = math.pi - bird.body.pitch - lift
    spread = {"fan": 0.5, "forked": 0.2, "pointed": 0.1}[shape] * float(generator.uniform(0.9, 1.15))
    width = {"fan": 9.0, "forked": 7.0, "pointed": 7.5}[shape] + length * 0.03
    count = 7 if shape == "fan" else 6
    feathers = []
    for k in sorted(range(count), key=lambda k: -abs(k - (count - 1) / 2)):
        t = 2 * k / (count - 1) - 1
        long = {"fan": 1 - 0.1 * t * t, "forked": 0.62 + 0.42 * abs(t), "pointed": 1.08 - 0.5 * abs(t)}[shape]
        feathers.append((root, axis + spread * t, length * long + 12, width))
    _feathers(sheet, feathers, _shade(colour, 0.06), None, 0.75 if shape == "pointed" else 0.35)
    return [_end(f) for f in feathers]


def _feathers(
    sheet: Sheet,
    feathers: Sequence[tuple[Point, float, float, float]],
    colour: RGB,
    tips: RGB | None,
    point: float,
    *,
    thin: bool = False,
) -> None:
    edge = css(ink(colour, 0.42))
    shafts = []
    for number, (base, angle, length, width) in enumerate(feathers):
        paint = mix(colour, _shade(colour, 0.1), number % 2 * 0.6)
        body = feather(base, angle, length, width, point)
        if tips is not None:
            sheet.path(body, css(tips), stroke=edge, width=0.6)
            body = feather(base, angle, length - 4.2, width, point)
            sheet.path(body, css(paint))
        else:
            sheet.path(body, css(paint), stroke=edge, width=0.8)
        c, s = math.cos(angle), math.sin(angle)
        start, stop = 0.35 * length, (0.94 if tips is None else 0.9) * length - (0 if tips is None else 4)
        shafts.append(lines([(base[0] + c * d, base[1] + s * d) for d in (start, stop)], closed=False))
        if tips is None and length > 30:
            for d in np.arange(0.5, 0.95, 0.11 if thin else 0.14) * length:
                x, y = base[0] + c * d, base[1] + s * d
                for side in (-1, 1):
                    h = 0.4 * width * side
                    shafts.append(lines([(x, y), (x + c * 2.4 - s * h, y + s * 2.4 + c * h)], closed=False))
    sheet.stroke("".join(shafts), edge, 0.5, 0.55)


def _end(entry: tuple[Point, float, float, float]) -> Point:
    (x, y), angle, length, _ = entry
    return x + math.cos(angle) * length, y + math.sin(angle) * length


def _shade(colour: RGB, share: float) -> RGB:
    # White feathers in the shade must not be taken for grey ones.
    return darker(colour, share * (0.45 if luminance(colour) > 0.8 else 1.0))


def _turn(angle: float) -> float:
    return (angle + math.pi) % (2 * math.pi) - math.pi
