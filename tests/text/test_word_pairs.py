"""What a caption says, in numbers."""

import zlib

import numpy as np
import pytest

from stackgan_k3.bundle.alphabet import encode
from stackgan_k3.text.word_pairs import word_pairs

pytestmark = pytest.mark.neutral


def places(*said):
    return sorted({zlib.crc32(text.encode()) % 4096 for text in said})


def test_words_and_pairs_near_each_other_share_a_one():
    (row,) = word_pairs(encode(["Wings that are black, on a bird"]))
    words = ["wings", "that", "are", "black", "on", "a", "bird"]
    near = [f"{a} {b}" for i, a in enumerate(words) for b in words[i + 1 : i + 4]]
    assert "wings black" in near and "wings on" not in near
    assert np.flatnonzero(row).tolist() == places(*words, *near)
    assert row.sum() == pytest.approx(1.0) and np.unique(row).size == 2


def test_which_word_belongs_to_which_is_told_apart():
    one, other = word_pairs(encode(["red wings and a black belly", "black wings and a red belly"]))
    assert np.abs(one - other).sum() > 0.5


def test_a_caption_without_words_is_zero():
    assert (word_pairs(encode(["?!", "a"])).sum(axis=1) == [0.0, 1.0]).all()
    assert word_pairs(encode(["a b"]), width=8).shape == (1, 8)
