"""What is true of a bird: the attributes, their values, and how they are drawn by lot."""

import hashlib
from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np

from stackgan_k3.data.birds.palette import COLOURS, centre, luminance
from stackgan_k3.errors import UserError, unknown

Attributes = dict[str, str]
"""A value for every key of ``VOCABULARY``."""

POSES = {
    "sky": {"flying": 1.0},
    "branch": {"perched": 0.6, "singing": 0.25, "feeding": 0.15},
    "grass": {"standing": 0.45, "feeding": 0.25, "singing": 0.15, "flying": 0.15},
    "water": {"swimming": 0.5, "standing": 0.25, "flying": 0.25},
    "snow": {"standing": 0.5, "feeding": 0.2, "singing": 0.15, "flying": 0.15},
}
"""The poses that go with each background, and how often."""

BEAK_LENGTHS = {
    "cone": ("short", "medium"),
    "hooked": ("short", "medium"),
    "pointed": ("short", "medium", "long"),
    "curved": ("medium", "long"),
}
"""The beak lengths that go with each beak shape."""

VOCABULARY: dict[str, tuple[str, ...]] = {
    "body": COLOURS,
    "wing": COLOURS,
    "belly": COLOURS,
    "crown": COLOURS,
    "breast": COLOURS,
    "beak": ("black", "grey", "brown", "orange", "yellow", "red"),
    "beak shape": tuple(BEAK_LENGTHS),
    "beak length": ("short", "medium", "long"),
    "tail": ("short", "medium", "long"),
    "tail shape": ("fan", "forked", "pointed"),
    "size": ("small", "medium", "large"),
    "background": tuple(POSES),
    "pose": ("perched", "standing", "singing", "feeding", "flying", "swimming"),
    "legs": ("black", "grey", "brown", "orange", "yellow", "pink", "hidden"),
    "eye ring": ("none", "white", "yellow"),
    "wing bars": ("none", "white", "yellow", "black"),
    "breast pattern": ("plain", "spotted", "streaked"),
    "crest": ("none", "raised"),
    "light": ("bright", "sunset", "overcast"),
}
"""Every attribute and its possible values. The tail has the colour of the wings; the
face, the back and the flanks have that of the body."""

CLASS_KEYS = ("body", "wing", "belly")
"""The attributes whose combination is the class of a picture."""

CLASSES = tuple(
    f"{body} body, {wing} wings, {belly} belly" for body, wing, belly in product(COLOURS, repeat=3)
)
"""The names of the 1,331 classes."""

_COMBINATIONS = tuple(product(COLOURS, repeat=3))
_NUMBERS = {combination: number for number, combination in enumerate(_COMBINATIONS)}
# The tenth of the classes whose SHA-256 is smallest: the same everywhere, whatever the seed.
_TEST = frozenset(
    sorted(_COMBINATIONS, key=lambda names: hashlib.sha256("/".join(names).encode()).digest())[
        : len(_COMBINATIONS) // 10
    ]
)


def class_number(attributes: Mapping[str, str]) -> int:
    """Returns the number of a bird's class, an index into ``CLASSES``.

    Example:
        >>> CLASSES[class_number({"body": "red", "wing": "black", "belly": "white"})]
        'red body, black wings, white belly'
    """
    return _NUMBERS[_combination(attributes)]


def is_test(attributes: Mapping[str, str]) -> bool:
    """Tells whether a bird's combination of body, wing and belly colour is kept for testing.

    A tenth of the combinations, chosen by a hash, is; whatever the seed, no
    picture of the training split has one of them.

    Example:
        >>> is_test({"body": "red", "wing": "red", "belly": "red"})
        True
    """
    return _combination(attributes) in _TEST


def sample(generator: np.random.Generator, chosen: Mapping[str, str] | None = None) -> Attributes:
    """Draws a bird by lot.

    Colours go together as they do on birds: a crown is often that of the body, a
    breast often that of the belly. Every combination of colours can occur.

    Args:
        generator: Where the random numbers come from.
        chosen: Attributes to fix; the others are drawn so that they go with them.

    Returns:
        A value for every key of ``VOCABULARY``.

    Raises:
        UserError: If ``chosen`` names something unknown, or things that do not go
            together, such as a bird that swims on a branch.

    Example:
        >>> bird = sample(np.random.default_rng(0), {"wing": "black", "pose": "swimming"})
        >>> bird["wing"], bird["background"], bird["legs"]
        ('black', 'water', 'hidden')
    """
    fixed = dict(chosen or {})
    check(fixed)
    bird: Attributes = {}

    def settle(key: str, options: Sequence[str], weights: Sequence[float] | None = None) -> None:
        # The number is drawn even where the value is fixed, so that fixing one leaves the others.
        mass = np.cumsum(weights if weights is not None else np.ones(len(options)))
        drawn = options[int(np.searchsorted(mass, generator.random() * mass[-1], side="right"))]
        bird[key] = fixed.get(key, drawn)

    def colour(key: str, **like: float) -> None:
        names = [bird[part] for part in like] + list(COLOURS)
        settle(key, names, [*like.values(), *[(1 - sum(like.values())) / len(COLOURS)] * len(COLOURS)])

    settle("body", COLOURS)
    colour("wing", body=0.2)
    colour("belly", body=0.15)
    colour("crown", body=0.35, wing=0.1)
    colour("breast", belly=0.3, body=0.15)
    settle("beak", VOCABULARY["beak"])
    length = fixed.get("beak length")
    shapes = [shape for shape, lengths in BEAK_LENGTHS.items() if length is None or length in lengths]
    settle("beak shape", shapes)
    settle("beak length", BEAK_LENGTHS[bird["beak shape"]])
    settle("tail", VOCABULARY["tail"])
    settle("tail shape", VOCABULARY["tail shape"])
    settle("size", VOCABULARY["size"])
    pose = fixed.get("pose")
    settle("background", [place for place, poses in POSES.items() if pose is None or pose in poses])
    poses = POSES[bird["background"]]
    settle("pose", tuple(poses), tuple(poses.values()))
    settle("legs", VOCABULARY["legs"][:-1])
    if bird["pose"] in ("flying", "swimming"):
        bird["legs"] = "hidden"
    settle("eye ring", *_visible("eye ring", bird["body"], none=0.5))
    settle("wing bars", *_visible("wing bars", bird["wing"], none=0.45))
    settle("breast pattern", VOCABULARY["breast pattern"], (0.55, 0.25, 0.2))
    settle("crest", VOCABULARY["crest"], (0.75, 0.25))
    settle("light", VOCABULARY["light"], (0.5, 0.25, 0.25))
    return bird


def _combination(attributes: Mapping[str, str]) -> tuple[str, str, str]:
    return attributes["body"], attributes["wing"], attributes["belly"]


def _visible(key: str, under: str, none: float) -> tuple[list[str], list[float]]:
    # Only marks that stand out from the colour they lie on.
    ground = luminance(centre(under))
    marks = [
        mark for mark in VOCABULARY[key][1:] if abs(luminance(centre(mark)) - ground) > 0.25 and mark != under
    ]
    return ["none", *marks], [none, *[(1 - none) / max(len(marks), 1)] * len(marks)]


def check(chosen: Mapping[str, str]) -> None:
    """Refuses attributes that do not exist or do not go together.

    Args:
        chosen: Any of the attributes of a bird.

    Raises:
        UserError: With what is wrong and what would be right.

    Example:
        >>> check({"pose": "swimming", "background": "water"})
    """
    for key, value in chosen.items():
        if key not in VOCABULARY:
            raise unknown("attribute", key, VOCABULARY)
        if value not in VOCABULARY[key]:
            raise unknown(f"value of '{key}'", value, VOCABULARY[key])
    pose, place = chosen.get("pose"), chosen.get("background")
    if pose and place and pose not in POSES[place]:
        raise UserError(
            f"no bird is {pose} on this background ({place}); it may be {', '.join(POSES[place])}"
        )
    shape, length = chosen.get("beak shape"), chosen.get("beak length")
    if shape and length and length not in BEAK_LENGTHS[shape]:
        raise UserError(f"no {shape} beak is {length}; it may be {' or '.join(BEAK_LENGTHS[shape])}")
    for key, under in (("eye ring", "body"), ("wing bars", "wing")):
        if chosen.get(key, "none") != "none" and chosen.get(under) == chosen[key]:
            raise UserError(f"'{key}' and '{under}' are both {chosen[key]}, so it would not show; change one")
