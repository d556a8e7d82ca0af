"""The words of the captions: a phrase for each part of a bird, its place and its light."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")

Bird = Mapping[str, str]

NOUNS = {
    "body": ("body", "body", "back"),
    "wing": ("wings",),
    "belly": ("belly", "belly", "underside", "abdomen"),
    "crown": ("crown", "crown", "cap"),
    "breast": ("breast", "breast", "chest"),
    "beak": ("beak", "bill"),
    "legs": ("legs", "legs", "feet"),
}
"""The nouns for each part; what is said more often stands twice."""


class Chooser:
    """Picks words: by lot, or always the first, for a sentence without chance.

    Args:
        generator: Where the random numbers come from; None picks the first each time.

    Example:
        >>> Chooser(None)("beak", "bill")
        'beak'
    """

    def __init__(self, generator: np.random.Generator | None) -> None:
        self._generator = generator

    def __call__(self, *options: str) -> str:
        """Returns one of the options."""
        return options[0] if self._generator is None else options[int(self._generator.integers(len(options)))]

    def chance(self, share: float) -> bool:
        """Returns True in ``share`` of the cases, never without a generator."""
        return self._generator is not None and bool(self._generator.random() < share)

    def weighted(self, options: Sequence[T], weights: Sequence[float]) -> T:
        """Returns one of the options; the weights add up to 1."""
        if self._generator is None:
            return options[0]
        number = int(np.searchsorted(np.cumsum(weights), self._generator.random(), side="right"))
        return options[min(number, len(options) - 1)]

    def shuffled(self, items: Sequence[str]) -> list[str]:
        """Returns the items in another order."""
        if self._generator is None:
            return list(items)
        return [items[int(i)] for i in self._generator.permutation(len(items))]

    def noun(self, part: str) -> str:
        """Returns a noun for a part of the bird."""
        return self(*NOUNS[part])

    def spelt(self, colour: str) -> str:
        """Returns the word for a colour; grey is sometimes spelt gray."""
        return self("grey", "grey", "gray") if colour == "grey" else colour


def place(bird: Bird, choose: Chooser) -> str:
    """Says what the bird does and where, such as ``"perched on a branch"``.

    Args:
        bird: The attributes; of ``pose`` and ``background`` at least one.
        choose: Picks the words.

    Example:
        >>> place({"pose": "swimming", "background": "water"}, Chooser(None))
        'swimming on the water'
    """
    return choose(*_PLACES[bird.get("pose"), bird.get("background")])


def shining(bird: Bird, choose: Chooser) -> str:
    """Says what light there is, such as ``"at sunset"``; empty if that is not known.

    Example:
        >>> shining({"light": "sunset"}, Chooser(None))
        'at sunset'
    """
    return choose(*_LIGHTS[bird["light"]]) if "light" in bird else ""


_PLACES: dict[tuple[str | None, str | None], tuple[str, ...]] = {
    (None, "sky"): ("in the sky",),
    (None, "branch"): ("on a branch",),
    (None, "grass"): ("in a meadow",),
    (None, "water"): ("at the water",),
    (None, "snow"): ("in the snow",),
    ("perched", None): ("perched on a branch",),
    ("standing", None): ("standing",),
    ("singing", None): ("singing",),
    ("feeding", None): ("looking for food",),
    ("flying", None): ("in flight",),
    ("swimming", None): ("swimming on the water",),
    ("flying", "sky"): (
        "flying in the sky",
        "in flight in the sky",
        "flying through the sky",
        "up in the sky",
    ),
    ("perched", "branch"): (
        "perched on a branch",
        "sitting on a branch",
        "resting on a branch",
        "on a branch",
    ),
    ("singing", "branch"): (
        "singing on a branch",
        "singing from a branch",
        "perched on a branch and singing",
    ),
    ("feeding", "branch"): ("leaning down from a branch", "bending down on a branch"),
    ("standing", "grass"): ("standing in the grass", "on the grass", "standing in a meadow"),
    ("feeding", "grass"): ("pecking in the grass", "looking for food in the grass", "feeding in a meadow"),
    ("singing", "grass"): ("singing in the grass", "singing in a meadow"),
    ("flying", "grass"): ("flying over a meadow", "flying over the grass", "in flight over a meadow"),
    ("swimming", "water"): ("swimming on the water", "floating on the water", "swimming in a lake"),
    ("standing", "water"): ("standing in shallow water", "wading in the water", "standing in the water"),
    ("flying", "water"): ("flying over the water", "flying over a lake", "in flight over the water"),
    ("standing", "snow"): ("standing in the snow", "on the snow", "standing on snowy ground"),
    ("feeding", "snow"): ("pecking in the snow", "looking for food in the snow"),
    ("singing", "snow"): ("singing in the snow", "singing in a snowy field"),
    ("flying", "snow"): ("flying over the snow", "flying over a snowy field"),
}

_LIGHTS = {
    "bright": ("in bright light", "in the sunshine", "on a sunny day"),
    "sunset": ("at sunset", "in the evening sun", "in the evening light"),
    "overcast": ("on an overcast day", "on a cloudy day", "in dull light"),
}
_SHAPES = {
    "cone": ("cone-shaped", "conical", "thick"),
    "hooked": ("hooked",),
    "pointed": ("pointed", "straight", "thin pointed"),
    "curved": ("curved", "down-curved", "curving"),
}
_TAILS = {"fan": ("fanned", "fan-shaped"), "forked": ("forked",), "pointed": ("pointed",)}


def _colour(part: str) -> Callable[[Bird, Chooser], str]:
    def phrase(bird: Bird, choose: Chooser) -> str:
        if bird.get(part, "hidden") == "hidden":
            return ""
        noun = choose.noun(part)
        words = f"{choose.spelt(bird[part])} {noun}"
        return words if noun.endswith(("s", "feet")) else _a(words)

    return phrase


def _beak(bird: Bird, choose: Chooser) -> str:
    words = []
    if length := bird.get("beak length"):
        medium = choose("medium-length", "medium-sized")
        words.append({"short": choose("short", "short", "small"), "medium": medium, "long": "long"}[length])
    if shape := bird.get("beak shape"):
        words.append(choose(*_SHAPES[shape]))
    if colour := bird.get("beak"):
        words.append(choose.spelt(colour))
    if not words:
        return ""
    while len(words) > 1 and choose.chance(0.35):
        words.remove(choose(*words))
    return _a(" ".join([*words, choose.noun("beak")]))


def _tail(bird: Bird, choose: Chooser) -> str:
    words = []
    if bird.get("tail", "medium") != "medium":
        words.append(bird["tail"])
    if shape := bird.get("tail shape"):
        words.append(choose(*_TAILS[shape]))
    if len(words) > 1 and choose.chance(0.5):
        words.remove(choose(*words))
    return _a(" ".join([*words, "tail"])) if words else ""


def _eye_ring(bird: Bird, choose: Chooser) -> str:
    if bird.get("eye ring", "none") == "none":
        return ""
    ring = _a(bird["eye ring"])
    return choose(f"{ring} eye ring", f"{ring} ring around its eye", f"{ring} eyering")


def _wing_bars(bird: Bird, choose: Chooser) -> str:
    if bird.get("wing bars", "none") == "none":
        return ""
    bars = bird["wing bars"]
    return choose(
        f"{bars} wing bars", f"{bars} wingbars", f"two {bars} wing bars", f"{bars} bars on its wings"
    )


def _pattern(bird: Bird, choose: Chooser) -> str:
    return {
        "spotted": choose("a spotted breast", "a speckled breast", "spots on its breast"),
        "streaked": choose("a streaked breast", "streaks on its breast", "a streaky breast"),
    }.get(bird.get("breast pattern", "plain"), "")


def _crest(bird: Bird, choose: Chooser) -> str:
    if bird.get("crest", "none") == "none":
        return ""
    return choose("a crest", "a raised crest", "a crest on its head", "a pointed crest")


def _size(bird: Bird, choose: Chooser) -> str:
    sizes = {"small": ("small", "small", "little", "tiny"), "large": ("large", "large", "big")}
    return choose(*sizes.get(bird.get("size", "medium"), ("",)))


def _body(bird: Bird, choose: Chooser) -> str:
    return choose.spelt(bird["body"]) if "body" in bird else ""


def _a(words: str) -> str:
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


PARTS: dict[str, Callable[[Bird, Chooser], str]] = {
    "size": _size,
    "body": _body,
    "wing": _colour("wing"),
    "belly": _colour("belly"),
    "crown": _colour("crown"),
    "breast": _colour("breast"),
    "beak": _beak,
    "tail": _tail,
    "wing bars": _wing_bars,
    "eye ring": _eye_ring,
    "breast pattern": _pattern,
    "crest": _crest,
    "legs": _colour("legs"),
}
"""The phrase for each part; empty where there is nothing to say. Size and body give adjectives."""
