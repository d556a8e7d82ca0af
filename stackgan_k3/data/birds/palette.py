"""The named colours of the birds: eleven, far enough apart to be told by eye and by a network."""

import colorsys
from dataclasses import dataclass

import numpy as np

RGB = tuple[float, float, float]
"""Red, green and blue, each 0 to 1, sRGB."""


@dataclass(frozen=True)
class Colour:
    """A named colour: a centre in HSV and how far a sample may stray from it.

    Args:
        hsv: Hue, saturation and value of the centre, each 0 to 1.
        jitter: Largest distance from the centre in hue, saturation and value.

    Example:
        >>> PALETTE["red"].hsv[0]
        0.99
    """

    hsv: tuple[float, float, float]
    jitter: tuple[float, float, float]


# The eleven basic colour words of English (Berlin and Kay, 1969).
PALETTE = {
    "red": Colour((0.990, 0.88, 0.82), (0.012, 0.06, 0.05)),
    "orange": Colour((0.073, 0.92, 0.96), (0.010, 0.05, 0.03)),
    "yellow": Colour((0.142, 0.84, 0.97), (0.010, 0.07, 0.03)),
    "green": Colour((0.345, 0.70, 0.60), (0.035, 0.08, 0.07)),
    "blue": Colour((0.600, 0.80, 0.78), (0.020, 0.08, 0.07)),
    "purple": Colour((0.770, 0.66, 0.60), (0.018, 0.07, 0.06)),
    "pink": Colour((0.935, 0.42, 0.96), (0.018, 0.06, 0.03)),
    "brown": Colour((0.066, 0.66, 0.44), (0.010, 0.06, 0.04)),
    "black": Colour((0.640, 0.18, 0.13), (0.060, 0.08, 0.02)),
    "grey": Colour((0.600, 0.06, 0.56), (0.050, 0.03, 0.04)),
    "white": Colour((0.120, 0.02, 0.97), (0.080, 0.015, 0.02)),
}
"""The named colours. No sample of one is nearer to the centre of another."""

COLOURS = tuple(PALETTE)
"""The names, in the order of the palette."""


def centre(name: str) -> RGB:
    """Returns the centre of a named colour.

    Example:
        >>> tuple(round(c, 2) for c in centre("grey"))
        (0.53, 0.54, 0.56)
    """
    return colorsys.hsv_to_rgb(*PALETTE[name].hsv)


def jittered(name: str, generator: np.random.Generator) -> RGB:
    """Draws a shade of a named colour that nobody would call by another name.

    Args:
        name: One of ``COLOURS``.
        generator: Where the three random numbers come from.

    Example:
        >>> nearest(jittered("green", np.random.default_rng(0)))
        'green'
    """
    colour = PALETTE[name]
    stray = generator.uniform(-1.0, 1.0, 3)
    hue, saturation, value = (
        c + j * float(s) for c, j, s in zip(colour.hsv, colour.jitter, stray, strict=True)
    )
    return colorsys.hsv_to_rgb(hue % 1.0, min(max(saturation, 0.0), 1.0), min(value, 1.0))


def nearest(colour: RGB) -> str:
    """Names a colour: the palette's centre that is nearest in CIE L*a*b*.

    Args:
        colour: sRGB, each 0 to 1.

    Example:
        >>> nearest((1.0, 1.0, 1.0)), nearest((0.2, 0.4, 0.9))
        ('white', 'blue')
    """
    lab = _lab(np.asarray(colour, dtype=np.float64))
    return min(_CENTRES, key=lambda name: float(np.sum((_CENTRES[name] - lab) ** 2)))


def mix(first: RGB, second: RGB, share: float) -> RGB:
    """Returns the colour a ``share`` (0 to 1) of the way from the first to the second.

    Example:
        >>> mix((0.0, 0.0, 0.0), (1.0, 1.0, 1.0), 0.5)
        (0.5, 0.5, 0.5)
    """
    a, b, c = (x + (y - x) * share for x, y in zip(first, second, strict=True))
    return a, b, c


def lighter(colour: RGB, share: float) -> RGB:
    """Mixes a colour with white; ``share`` is 0 to 1.

    Example:
        >>> lighter((0.0, 0.5, 1.0), 0.5)
        (0.5, 0.75, 1.0)
    """
    return mix(colour, (1.0, 1.0, 1.0), share)


def darker(colour: RGB, share: float) -> RGB:
    """Mixes a colour with a bluish black, the colour of shade; ``share`` is 0 to 1.

    Example:
        >>> darker((1.0, 1.0, 1.0), 0.0)
        (1.0, 1.0, 1.0)
    """
    return mix(colour, (0.05, 0.05, 0.10), share)


def luminance(colour: RGB) -> float:
    """Returns how light a colour looks, 0 (black) to 1 (white): Rec. 709 luma.

    Example:
        >>> luminance((0.0, 0.0, 0.0))
        0.0
    """
    return 0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2]


def css(colour: RGB) -> str:
    """Writes a colour as SVG reads it.

    Example:
        >>> css((1.0, 0.5, 0.0))
        '#ff8000'
    """
    return "#" + "".join(f"{round(min(max(c, 0.0), 1.0) * 255):02x}" for c in colour)


def _lab(colour: np.ndarray) -> np.ndarray:
    # sRGB to CIE XYZ (IEC 61966-2-1), then to L*a*b* with the D65 white point.
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    matrix = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    ratio = matrix @ linear / np.array([0.9505, 1.0, 1.089])
    root = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])])


_CENTRES = {name: _lab(np.asarray(centre(name))) for name in PALETTE}
