"""The captions are read back by a reader of their own, and compared with what is true."""

import re

import numpy as np
import pytest

from stackgan_k3.data.birds import grammar
from stackgan_k3.data.birds.attributes import VOCABULARY, sample
from stackgan_k3.data.birds.said import said
from stackgan_k3.errors import UserError

COLOUR = r"(?:red|orange|yellow|green|blue|purple|pink|brown|black|white|grey)"
NOUNS = {
    "wings": "wing",
    "belly": "belly",
    "underside": "belly",
    "abdomen": "belly",
    "crown": "crown",
    "cap": "crown",
    "breast": "breast",
    "chest": "breast",
    "beak": "beak",
    "bill": "beak",
    "legs": "legs",
    "feet": "legs",
    "eye ring": "eye ring",
    "eyering": "eye ring",
    "ring around": "eye ring",
    "wing bars": "wing bars",
    "wingbars": "wing bars",
    "bars on its wings": "wing bars",
    "bird": "body",
}
NOUN = "|".join(sorted(NOUNS, key=len, reverse=True))
BEAKS = {
    "cone-shaped": "cone",
    "conical": "cone",
    "thick": "cone",
    "hooked": "hooked",
    "pointed": "pointed",
    "straight": "pointed",
    "curved": "curved",
    "down-curved": "curved",
    "curving": "curved",
}
LENGTHS = {
    "short": "short",
    "small": "short",
    "medium-length": "medium",
    "medium-sized": "medium",
    "long": "long",
}
PLACES = {
    "sky": "sky",
    "branch": "branch",
    "grass": "grass",
    "meadow": "grass",
    "water": "water",
    "lake": "water",
    "snow": "snow",
    "snowy": "snow",
}
POSES = {
    "perched on a branch": "perched singing",
    "sitting": "perched",
    "resting": "perched",
    "standing": "standing",
    "wading": "standing",
    "singing": "singing",
    "looking for food": "feeding",
    "pecking": "feeding",
    "feeding": "feeding",
    "leaning": "feeding",
    "bending": "feeding",
    "flying": "flying",
    "in flight": "flying",
    "swimming": "swimming",
    "floating": "swimming",
}
LIGHTS = {
    "bright light": "bright",
    "sunshine": "bright",
    "sunny": "bright",
    "sunset": "sunset",
    "evening": "sunset",
    "overcast": "overcast",
    "cloudy": "overcast",
    "dull": "overcast",
}


def claims(text):
    """Returns all (attribute, acceptable values) that a caption asserts."""
    text = text.replace("gray", "grey")
    found = []
    taken = 0
    for match in re.finditer(rf"\b({COLOUR})((?: [a-z-]+)??) ({NOUN})\b(?: and ({NOUN})\b)?", text):
        between = match[2].strip()
        if between and between not in BEAKS:
            continue
        taken += 1
        found += [(NOUNS[noun], match[1]) for noun in (match[3], match[4]) if noun]
    for match in re.finditer(rf"wings that are ({COLOUR})", text):
        taken += 1
        found.append(("wing", match[1]))
    for match in re.finditer(rf"(?:bird's|its) ((?:(?:{NOUN})(?:,? and |, )?)+) (?:is|are) ({COLOUR})", text):
        taken += 1
        found += [(NOUNS[noun], match[2]) for noun in re.findall(NOUN, match[1])]
    for match in re.finditer(rf"bird is (?:mostly |mainly )?({COLOUR})\b", text):
        taken += 1
        found.append(("body", match[1]))
    assert taken == len(re.findall(rf"\b{COLOUR}\b", text)), f"a colour of nothing known: {text}"
    for match in re.finditer(r"\b((?:[a-z-]+ )+)(?:beak|bill)\b", text):
        words = re.split(r"\ba\b|\ban\b", match[1])[-1].split()
        found += [("beak shape", BEAKS[word]) for word in words if word in BEAKS]
        found += [("beak length", LENGTHS[word]) for word in words if word in LENGTHS]
    for match in re.finditer(r"\b((?:[a-z-]+ )+)tail\b", text):
        words = re.split(r"\ba\b", match[1])[-1].split()
        shapes = {"fanned": "fan", "fan-shaped": "fan", "forked": "forked", "pointed": "pointed"}
        found += [("tail shape", shapes[word]) if word in shapes else ("tail", word) for word in words]
    if match := re.search(rf"\b(small|little|tiny|large|big)(?: {COLOUR})? bird", text):
        found.append(("size", "large" if match[1] in ("large", "big") else "small"))
    marks = {r"spot|speckl": "spotted", r"streak": "streaked"}
    found += [("breast pattern", value) for mark, value in marks.items() if re.search(mark, text)]
    found += [("crest", "raised")] * ("crest" in text)
    for words, key in ((PLACES, "background"), (POSES, "pose"), (LIGHTS, "light")):
        found += [(key, words[word]) for word in words if re.search(rf"\b{word}\b", text)]
    return found


CASES = [(seed, sample(np.random.default_rng(seed))) for seed in range(250)]
CAPTIONS = [(bird, grammar.captions(bird, np.random.default_rng(1000 + seed))) for seed, bird in CASES]


def test_every_caption_is_true_and_names_something():
    for bird, captions in CAPTIONS:
        for text in captions:
            found = claims(text)
            assert found, text
            for key, value in found:
                assert bird[key] in value.split(), f"{text!r} says {key} {value}, but it is {bird[key]}"


def test_the_reader_of_this_test_sees_lies():
    assert claims("this bird is red with black wings and a short beak") == [
        ("wing", "black"), ("body", "red"), ("beak length", "short"),
    ]  # fmt: skip
    with pytest.raises(AssertionError, match="nothing known"):
        claims("a bird with a red hat")


def test_what_the_package_reads_is_what_this_reader_does():
    read = ("body", "wing", "belly", "crown", "breast", "beak", "background")
    counts = dict.fromkeys(read, 0)
    for bird, captions in CAPTIONS:
        for text in (*captions, grammar.caption(bird)):
            found = said(text)
            assert found == {key: value for key, value in claims(text) if key in read}, text
            for key in found:
                counts[key] += 1
    assert min(counts.values()) > 500


def test_nothing_is_made_of_other_sentences():
    assert said("a flower with yellow petals in a vase") == {}
    assert said("") == {}
    assert said("the cat is red and its wings") == {}


def test_captions_are_plain_distinct_and_short_enough():
    lengths = []
    for _, captions in CAPTIONS:
        assert len(set(captions)) == 10
        for text in captions:
            assert re.fullmatch(r"[a-z',\- ]+", text), text
            assert (
                "  " not in text and text == text.strip() and not re.search(r" ,|,,|\b(with|has|and)$", text)
            ), text
            assert not re.search(r"\ba [aeiou]|\ban [^aeiou]|\band and\b|\b(left|right)\b", text), text
            lengths.append(len(text))
    assert max(lengths) <= grammar.MAX_LENGTH
    assert min(lengths) < 35 and max(lengths) > 120


def test_ten_captions_together_name_every_main_part():
    main = {"wing", "belly", "crown", "breast", "body"}
    named = [{key for text in captions for key, _ in claims(text)} for _, captions in CAPTIONS]
    assert np.mean([main <= keys for keys in named]) > 0.95
    assert {key for keys in named for key in keys} == set(VOCABULARY)


def test_captions_follow_the_generator():
    bird = CASES[0][1]
    first, again, other = (grammar.captions(bird, np.random.default_rng(seed), 5) for seed in (7, 7, 8))
    assert first == again != other
    with pytest.raises(UserError, match="count is 0"):
        grammar.captions(bird, np.random.default_rng(0), 0)


def test_the_plain_caption_of_chosen_attributes():
    assert grammar.caption({"body": "orange", "belly": "white"}) == "an orange bird with a white belly"
    assert grammar.caption({"pose": "flying"}) == "a bird in flight"
    assert grammar.caption({}) == "a bird"
    with pytest.raises(UserError, match="purple"):
        grammar.caption({"body": "purpel"})


def test_the_plain_caption_of_any_bird_is_true():
    for _, bird in CASES[:60]:
        said = dict(claims(grammar.caption(bird)))
        assert len(said) >= 10
        assert all(bird[key] in value.split() for key, value in said.items())


def test_an_adjective_never_stands_without_its_noun():
    dangling = re.compile(
        r"\b(with|and|has|got|showing|,) (a |an )?(tiny|small|little|large|big)( and\b|,|$)"
    )
    for seed in range(300):
        generator = np.random.default_rng(seed)
        for text in grammar.captions(sample(generator), generator):
            assert not dangling.search(text), text
