"""Which words of captions tell something of their picture."""

import itertools

import numpy as np
import pytest
from keras import ops

from stackgan_k3.adversarial.reading_losses import telling_loss
from stackgan_k3.data.birds.said import said
from stackgan_k3.data.sources import open_source
from stackgan_k3.text.telling_words import TellingWords

pytestmark = pytest.mark.neutral


def test_it_is_what_captions_of_one_picture_agree_on():
    pictures = []
    for color, place in itertools.product(("red", "blue", "green"), ("snow", "water")):
        pictures.append([f"a {color} bird in the {place}", f"the {color} bird", f"the {place} and a bird"])
    words = TellingWords.found(pictures)
    assert {"red", "blue", "green", "red bird", "snow"} <= set(words.names)
    assert not {"a", "bird", "the", "the bird", "in", "and"} & set(words.names)
    assert list(words.names) == sorted(words.names) and len(words) == len(words.names)


def test_the_lift_is_that_of_the_formula():
    # Said by 4 of 8 captions; by both of 1 picture of 4: lift (2/8) / (1/2)² = 1. Then by both of 2: 2.
    once = [["x", "x"], ["x", "y"], ["x", "y"], ["y", "y"]]
    twice = [["x", "x"], ["x", "x"], ["y", "y"], ["y", "y"]]
    assert TellingWords.found(once).names == ()
    assert TellingWords.found(twice).names == ("x", "y")


def test_single_captions_cannot_agree_so_all_their_words_count():
    words = TellingWords.found([["a red bird"], ["a blue bird"], ["a red bird"]])
    assert set(words.names) == {"a", "red", "bird", "a red", "a bird", "red bird"}  # said twice or more


def test_of_drawn_birds_it_finds_parts_with_their_colors():
    source = open_source("synthetic-birds", size=64, limit=120)
    captions = [source[number].captions for number in range(120)]
    words = TellingWords.found(captions)
    assert {"red", "black wings", "white belly", "snow"} <= set(words.names)
    assert not {"this bird", "has a", "and a", "with"} & set(words.names)
    line = next(c for lines in captions for c in lines if {"body", "wing"} <= set(said(c)))
    marks = words.said([line, "?"])
    assert marks.shape == (2, len(words)) and marks[0].sum() > 2 and marks[1].sum() == 0
    told = {words.names[k] for k in np.flatnonzero(marks[0])}
    assert all(word in line.lower() for name in told for word in name.split())


def test_the_loss_is_the_cross_entropy_of_each_word_that_is_said():
    random = np.random.default_rng(0)
    z, y = random.normal(size=(3, 7)) * 3, (random.uniform(size=(3, 7)) < 0.4).astype("float32")
    likely = 1 / (1 + np.exp(-z))
    right = -(y * np.log(likely) + (1 - y) * np.log(1 - likely)).sum() / y.sum()
    assert float(telling_loss(z, y)) == pytest.approx(right, rel=1e-5)
    assert float(telling_loss(40.0 * (2 * y - 1), y)) == pytest.approx(0, abs=1e-6)
    assert np.isfinite(float(telling_loss(1e4 * (1 - 2 * y), y)))
    assert float(telling_loss(z, np.zeros_like(y))) == pytest.approx(
        float(ops.sum(ops.softplus(z))), rel=1e-5
    )
