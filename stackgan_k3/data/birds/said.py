"""What a caption of the grammar says of its bird: its main colours, and the place."""

import re

from stackgan_k3.data.birds.palette import COLOURS
from stackgan_k3.data.birds.phrases import NOUNS

_PARTS = {noun: part for part in ("wing", "belly", "crown", "breast", "beak") for noun in NOUNS[part]}
_NOUN, _COLOUR = "|".join(_PARTS), "|".join(COLOURS)
_FORMS = (
    # "red wings", "a white breast and belly"
    re.compile(rf"\b(?P<colour>{_COLOUR}) (?P<nouns>(?:{_NOUN})\b(?: and (?:{_NOUN})\b)?)"),
    re.compile(rf"\b(?P<nouns>wings) that are (?P<colour>{_COLOUR})\b"),
    # "this bird's crown and wings are red, its belly is white"
    re.compile(
        rf"(?:bird's|\bits) (?P<nouns>(?:(?:{_NOUN})(?:,? and |, )?)+) (?:is|are) (?P<colour>{_COLOUR})\b"
    ),
)
_BODY = re.compile(rf"\b(?:({_COLOUR}) bird\b|bird is (?:mostly |mainly )?({_COLOUR})\b)")
_PLACES = {
    "sky": r"sky",
    "branch": r"branch",
    "grass": r"grass|meadow",
    "water": r"water|lake",
    "snow": r"snowy?",
}


def said(caption: str) -> dict[str, str]:
    """Reads the main colours and the place off a caption of a synthetic bird.

    Args:
        caption: A sentence as :func:`~stackgan_k3.data.birds.grammar.captions` or ``caption`` writes it.

    Returns:
        The value of each of body, wing, belly, crown, breast, beak and background that the sentence says.
        Of other sentences, what can be made out.

    Example:
        >>> said("this gray bird has wings that are red and a short bill and is pecking in the snow")
        {'wing': 'red', 'body': 'grey', 'background': 'snow'}
    """
    text = caption.replace("gray", "grey")
    found: dict[str, str] = {}
    for form in _FORMS:
        for match in form.finditer(text):
            found |= {_PARTS[noun]: match["colour"] for noun in re.findall(_NOUN, match["nouns"])}
    if body := _BODY.search(text):
        found["body"] = body[1] or body[2]
    for place, words in _PLACES.items():
        if re.search(rf"\b(?:{words})\b", text):
            found["background"] = place
    return found
