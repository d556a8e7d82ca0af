"""From the attributes of a bird to its picture: scene, bird, what lies before it."""

from collections.abc import Mapping

import numpy as np

from stackgan_k3.data.birds.anatomy import Anatomy
from stackgan_k3.data.birds.bird import draw_bird
from stackgan_k3.data.birds.scenery import Scene
from stackgan_k3.data.birds.sheet import Sheet

# Size of a body unit in the picture, and how much of the picture the whole bird may span.
_SCALE = {"small": (1.06, 1.18), "medium": (1.20, 1.34), "large": (1.44, 1.60)}
_LARGEST_SPAN = {"small": 0.64, "medium": 0.71, "large": 0.80}


def draw(attributes: Mapping[str, str], generator: np.random.Generator) -> Sheet:
    """Draws a bird in its place.

    Position, scale, tilt, direction, shades, feathers and everything around the
    bird are drawn by lot; what the attributes say is kept.

    Args:
        attributes: A value for every key of ``attributes.VOCABULARY``.
        generator: Where the random numbers come from.

    Returns:
        The sheet, to be rendered at any size.

    Example:
        >>> from stackgan_k3.data.birds.attributes import sample
        >>> generator = np.random.default_rng(0)
        >>> draw(sample(generator), generator).render(64).shape
        (64, 64, 3)
    """
    anatomy = Anatomy.build(attributes, generator)
    facing = 1.0 if generator.random() < 0.5 else -1.0
    scale = float(generator.uniform(*_SCALE[attributes["size"]]))
    middle = 128 + float(generator.uniform(-11, 11)), 126 + float(generator.uniform(-9, 9))
    scene = Scene(attributes, generator)
    # The bird is drawn first, to learn its span, and put between the two halves of the scene.
    bird = Sheet(prefix="b")
    points, ground = draw_bird(bird, attributes, anatomy, facing * scene.sun, generator)
    xs, ys = [x for x, _ in points], [y for _, y in points]
    scale = min(scale, 256 * _LARGEST_SPAN[attributes["size"]] / max(max(xs) - min(xs), max(ys) - min(ys)))
    cx, cy = (max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2
    x0, y0 = middle[0] - facing * scale * cx, middle[1] - scale * cy
    sheet = Sheet()
    foot = (x0 - facing * scale * 2.0, y0 + scale * ground)
    scene.draw_behind(sheet, foot, scale * 50)
    sheet.begin(f"translate({x0:.4g} {y0:.4g}) scale({facing * scale:.4g} {scale:.4g})")
    sheet.include(bird)
    sheet.end()
    scene.draw_before(sheet, foot, scale * 50)
    return sheet
