"""Captions as people word them, each true of its bird, from a grammar with synonyms."""

from collections.abc import Mapping, Sequence

import numpy as np

from stackgan_k3.data.birds.attributes import check
from stackgan_k3.data.birds.phrases import PARTS, Chooser, place, shining
from stackgan_k3.errors import UserError

MAX_LENGTH = 201
"""The longest caption, in characters: what the text encoder reads."""

_MAIN = ("wing", "belly", "crown", "breast", "beak", "body")
_PLACES = {"pose", "background"}


def captions(
    attributes: Mapping[str, str], generator: np.random.Generator, count: int = 10
) -> tuple[str, ...]:
    """Writes captions of a bird, no two alike, short and long, each naming some of its attributes.

    The parts take turns, so that ten captions together name every main part.
    Nothing is said of left or right, as pictures are mirrored in training.

    Args:
        attributes: All the attributes of the bird, as ``attributes.sample`` draws them.
        generator: Where the random numbers come from.
        count: How many, at least 1.

    Returns:
        ``count`` sentences: lower-case ASCII, at most ``MAX_LENGTH`` characters.

    Raises:
        UserError: If ``count`` is below 1.

    Example:
        >>> from stackgan_k3.data.birds.attributes import sample
        >>> bird = sample(np.random.default_rng(0))
        >>> len(set(captions(bird, np.random.default_rng(1))))
        10
    """
    if count < 1:
        raise UserError(f"count is {count}; it must be at least 1")
    choose = Chooser(generator)
    turns: list[str] = []
    written: list[str] = []
    while len(written) < count:
        if not turns:
            turns = choose.shuffled(_MAIN)
        wanted = choose.weighted((2, 3, 4, 5), (0.35, 0.35, 0.2, 0.1))
        parts = [turns.pop() for _ in range(min(wanted, len(turns), 3))]
        details = [part for part in PARTS if part not in _MAIN and PARTS[part](attributes, choose)]
        others = [part for part in (*_MAIN, *choose.shuffled(details)[:3]) if part not in parts]
        parts += choose.shuffled(others)[: wanted - len(parts)]
        text = _sentence(attributes, parts, choose)
        if len(text) <= MAX_LENGTH and text not in written:
            written.append(text)
    return tuple(written)


def caption(attributes: Mapping[str, str]) -> str:
    """Writes the one plain caption of chosen attributes; no randomness in it.

    Args:
        attributes: Any of the attributes of a bird. Those left out are not named;
            nor are the ones that people would not mention, such as a medium size.

    Returns:
        A sentence: lower-case ASCII, at most ``MAX_LENGTH`` characters for up to
        eight attributes.

    Raises:
        UserError: If an attribute or a value is unknown, or two do not go together.

    Example:
        >>> caption({"body": "red", "wing": "black", "beak length": "short", "background": "snow"})
        'a red bird with black wings and a short beak in the snow'
    """
    check(attributes)
    choose = Chooser(None)
    head = " ".join(_adjectives(attributes, ("size", "body"), choose))
    parts = [PARTS[part](attributes, choose) for part in PARTS if part not in ("body", "size")]
    listed = _join([part for part in parts if part], choose)
    text = _article(f"{head} bird".strip())
    text += f" with {listed}" if listed else ""
    where = place(attributes, choose) if _PLACES & attributes.keys() else ""
    return " ".join(f"{text} {where} {shining(attributes, choose)}".split())


def _sentence(bird: Mapping[str, str], parts: Sequence[str], choose: Chooser) -> str:
    rest = [part for part in parts if part not in ("body", "size")]
    named = "body" in parts or choose.chance(0.25)
    lead = _adjectives(bird, ("size",), choose) if choose.chance(0.4) or "size" in parts else []
    with_where = choose.chance(0.4)
    where = place(bird, choose) if with_where else ""
    light = shining(bird, choose) if with_where and choose.chance(0.4) else ""
    tail = " ".join(f"{where} {light}".split())
    form = choose.weighted(
        ("noun", "is", "has", "that are", "its", "place first"), (0.28, 0.22, 0.2, 0.12, 0.12, 0.06)
    )
    if form == "its":
        text = _its(bird, rest[:3], lead + ([bird["body"]] if named else []), choose)
        return text or _noun(bird, rest, lead, named, tail, choose)
    if form == "that are" and "wing" in rest:
        return _that_are(bird, rest, lead, tail, choose)
    if form == "is" and named and rest:
        subject = " ".join([choose("this", "the"), *lead, "bird"])
        is_ = choose("is", "is", "is mostly", "is mainly", "is a") if not lead else "is"
        colour = f"is {_article(bird['body'])} bird" if is_ == "is a" else f"{is_} {bird['body']}"
        text = f"{subject} {colour} {choose('with', 'with', 'and has')} {_list(bird, rest, choose)}"
        return f"{text} and is {tail}" if where else text
    if form == "has" and rest:
        adjectives = [*lead, *([bird["body"]] if named else [])]
        subject = " ".join([choose("this", "this", "the"), *adjectives, "bird"])
        if where and choose.chance(0.5):
            return f"{subject} {tail} has {_list(bird, rest, choose)}"
        text = f"{subject} {choose('has', 'has', 'has got')} {_list(bird, rest, choose)}"
        return f"{text} and is {tail}" if where else text
    if form == "place first" and rest:
        where = where or place(bird, choose)
        adjectives = [*lead, *([bird["body"]] if named else [])]
        subject = _article(" ".join([*adjectives, "bird"]))
        return f"{subject} {where}, {choose('with', 'with', 'showing')} {_list(bird, rest, choose)}"
    return _noun(bird, rest, lead, named, tail, choose)


def _noun(
    bird: Mapping[str, str], rest: Sequence[str], lead: list[str], named: bool, tail: str, choose: Chooser
) -> str:
    noun = " ".join([*lead, *([bird["body"]] if named else []), "bird"])
    start = choose("", "this is ", "") + _article(noun)
    text = f"{start} {choose('with', 'with', 'that has')} {_list(bird, rest, choose)}" if rest else start
    if rest and tail and choose.chance(0.3):
        return f"{start} {tail} with {_list(bird, rest, choose)}" if " with " not in tail else text
    return f"{text} {tail}".strip()


def _that_are(
    bird: Mapping[str, str], rest: Sequence[str], lead: list[str], tail: str, choose: Chooser
) -> str:
    subject = " ".join([choose("this", "the"), *lead, "bird"])
    others = _list(bird, [part for part in rest if part != "wing"], choose)
    text = f"{subject} has wings that are {choose.spelt(bird['wing'])}"
    if others:
        text += f" and {choose('has ', 'has ', '')}{others}"
    return f"{text} and is {tail}" if tail else text


def _its(bird: Mapping[str, str], rest: Sequence[str], lead: list[str], choose: Chooser) -> str:
    parts = [part for part in rest if part in ("wing", "belly", "crown", "breast")]
    if len(parts) < 2:
        return ""
    nouns = {part: choose.noun(part) for part in parts}
    groups: dict[str, list[str]] = {}
    for part in parts:
        groups.setdefault(bird[part], []).append(nouns[part])
    clauses = []
    owner = f"{choose('this', 'the')} {' '.join([*lead, 'bird'])}'s"
    for colour, names in groups.items():
        are = "are" if len(names) > 1 or names[0] == "wings" else "is"
        clauses.append(f"{owner} {_join(names, choose)} {are} {choose.spelt(colour)}")
        owner = "its"
    return _join(clauses, choose)


def _list(bird: Mapping[str, str], parts: Sequence[str], choose: Chooser) -> str:
    items = list(parts)
    phrases = []
    if {"belly", "breast"} <= set(items) and bird["belly"] == bird["breast"] and choose.chance(0.7):
        items = [part for part in items if part not in ("belly", "breast")]
        nouns = f"{choose.noun('breast')} and {choose.noun('belly')}"
        phrases.append(_article(f"{choose.spelt(bird['belly'])} {nouns}"))
    phrases += [phrase for phrase in (PARTS[part](bird, choose) for part in items) if phrase]
    return _join(phrases, choose)


def _adjectives(bird: Mapping[str, str], keys: Sequence[str], choose: Chooser) -> list[str]:
    return [word for word in (PARTS[key](bird, choose) for key in keys) if word]


def _join(phrases: Sequence[str], choose: Chooser) -> str:
    if len(phrases) < 2:
        return "".join(phrases)
    # A phrase that has an "and" of its own must not stand right before the last "and".
    ordered = sorted(phrases, key=lambda phrase: " and " not in phrase) if len(phrases) > 2 else list(phrases)
    comma = choose("", ",") if len(ordered) > 2 or " and " in ordered[0] else ""
    return f"{', '.join(ordered[:-1])}{comma} and {ordered[-1]}"


def _article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
