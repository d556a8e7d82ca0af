"""Word vectors trained on captions."""

import numpy as np
import pytest

from stackgan_k3.errors import UserError
from stackgan_k3.text import own_vectors as module
from stackgan_k3.text.own_vectors import own_vectors

PARTS = ("wings", "feet", "tails")
CAPTIONS = [f"a {colour} bird with {part}" for colour in ("red", "blue") for part in PARTS] * 60


def test_words_of_the_same_places_are_near_each_other():
    pytest.importorskip("gensim")
    words, vectors = own_vectors(CAPTIONS, size=8, seed=1)
    assert sorted(words) == ["a", "bird", "blue", "feet", "red", "tails", "wings", "with"]
    assert vectors.shape == (8, 8) and vectors.dtype == np.float32
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    near = dict(zip(words, unit, strict=True))
    assert near["red"] @ near["blue"] > near["red"] @ near["feet"]
    again = own_vectors(CAPTIONS, size=8, seed=1)[1]
    np.testing.assert_array_equal(vectors, again)
    assert (own_vectors(CAPTIONS, size=8, seed=2)[1] != vectors).any()


def test_nothing_to_train_on():
    pytest.importorskip("gensim")
    with pytest.raises(UserError, match="no word of letters"):
        own_vectors(["!", ""], size=4)


def test_without_gensim(monkeypatch):
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install 'stackgan-k3\[word-vectors\]'"):
        own_vectors(CAPTIONS, size=4)
