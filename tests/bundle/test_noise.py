import numpy as np
import pytest

from stackgan_k3.bundle import noise
from stackgan_k3.errors import UserError

# The rows "philox4x32 10" of Random123's kat_vectors: counter, key, result.
KNOWN = [
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]


@pytest.mark.parametrize(("counter", "key", "result"), KNOWN)
def test_known_answers(counter, key, result):
    counters = np.array([[int(word, 16) for word in counter.split()]] * 2, np.uint32)
    low, high = (int(word, 16) for word in key.split())
    words = noise.philox4x32_10(counters, (low, high))
    assert [f"{word:08x}" for word in words[1]] == result.split()


def test_blocks_are_counted_and_the_low_word_of_the_key_comes_first():
    words = noise.philox4x32(0x0123456789ABCDEF, 3)
    counters = np.array([[b, 0, 0, 0] for b in range(3)], np.uint32)
    assert (words == noise.philox4x32_10(counters, (0x89ABCDEF, 0x01234567))).all()
    assert len({tuple(block) for block in words.tolist()}) == 3


def test_moments():
    values = noise.normal(2024, 0, 200_000).astype(np.float64)
    n = len(values)
    assert abs(values.mean()) < 4 / np.sqrt(n)
    assert abs(values.var() - 1) < 4 * np.sqrt(2 / n)
    assert abs((values**3).mean()) < 4 * np.sqrt(15 / n)
    assert abs((values**4).mean() - 3) < 4 * np.sqrt(96 / n)
    assert abs(np.corrcoef(values[0::2], values[1::2])[0, 1]) < 4 / np.sqrt(n / 2)
    assert np.isfinite(values).all()


def test_normals_by_hand():
    u = [(int(word, 16) + 0.5) / 2**32 for word in KNOWN[0][2].split()]
    expected = [
        np.sqrt(-2 * np.log(u[0])) * np.cos(2 * np.pi * u[1]),
        np.sqrt(-2 * np.log(u[0])) * np.sin(2 * np.pi * u[1]),
        np.sqrt(-2 * np.log(u[2])) * np.cos(2 * np.pi * u[3]),
        np.sqrt(-2 * np.log(u[2])) * np.sin(2 * np.pi * u[3]),
    ]
    values = noise.normal(0, 0, 4)
    assert values.dtype == np.float32
    np.testing.assert_allclose(values, expected, rtol=1e-6)


def test_picture_index_is_the_seed_moved_on():
    assert (noise.normal(5, 3, 13) == noise.normal(8, 0, 13)).all()
    assert not (noise.normal(5, 0, 13) == noise.normal(6, 0, 13)).any()


def test_a_longer_vector_begins_with_the_shorter():
    assert (noise.normal(9, 0, 357)[:101] == noise.normal(9, 0, 101)).all()
    assert noise.normal(9, 0, 0).shape == (0,)


def test_the_largest_seed_and_beyond_in_index():
    assert np.isfinite(noise.normal(2**63 - 1, 2**63, 5)).all()


@pytest.mark.parametrize("seed", [-1, 2**63])
def test_seeds_out_of_range(seed):
    with pytest.raises(UserError, match="out of range"):
        noise.normal(seed, 0, 4)


@pytest.mark.parametrize("seed", [1.0, "1", None, True])
def test_seeds_of_a_wrong_type(seed):
    with pytest.raises(UserError, match="must be an integer"):
        noise.check_seed(seed)


def test_numpy_integers_are_seeds():
    assert noise.check_seed(np.int64(7)) == 7


def test_negative_counts():
    with pytest.raises(UserError, match="must not be negative"):
        noise.normal(0, 0, -1)
