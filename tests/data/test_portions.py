import hashlib

import numpy as np
import pytest

from stackgan_k3.data.portions import in_test_split, limited


def test_the_split_is_what_the_docstring_says() -> None:
    keys = [f"key-{number}" for number in range(500)]
    test = in_test_split(keys, seed=3)
    for key, is_test in zip(keys, test, strict=True):
        number = int.from_bytes(hashlib.sha256(f"3/{key}".encode()).digest()) / 2**256
        assert is_test == (number < 0.1)
    assert not np.array_equal(test, in_test_split(keys, seed=4))
    assert np.array_equal(in_test_split(reversed(keys), seed=3), test[::-1])


@pytest.mark.parametrize("share", [0.0, 0.001, 0.999, 1 - 1e-12])
@pytest.mark.parametrize("count", [2, 3, 10])
def test_both_splits_have_some(count, share) -> None:
    for seed in range(20):
        test = in_test_split(map(str, range(count)), seed, share)
        assert 0 < test.sum() < count


def test_one_key_and_none() -> None:
    assert in_test_split([], 0).shape == (0,)
    assert in_test_split(["a", "a"], 0).sum() in (0, 2)


def test_a_limit_takes_of_every_class_and_split() -> None:
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 7, 1000)
    test = generator.random(1000) < 0.2
    for limit in (2, 9, 14, 35, 700, 999):
        taken = limited(labels, test, limit)
        assert len(taken) == len(set(taken.tolist())) == limit
        assert (np.diff(taken) > 0).all()
        share = test[taken].sum()
        assert share == max(round(limit * test.sum() / 1000), 1)
        for side in (test, ~test):
            counts = np.bincount(labels[taken][side[taken]], minlength=7)
            full = np.bincount(labels[side], minlength=7)
            unfilled = counts < full
            assert np.ptp(counts[unfilled]) <= 1 if unfilled.any() else True
    assert len(limited(labels, test, None)) == len(limited(labels, test, 5000)) == 1000


def test_a_limit_where_one_split_is_small_or_missing() -> None:
    labels = np.zeros(10, int)
    assert limited(labels, np.zeros(10, bool), 4).tolist() == [0, 1, 2, 3]
    assert limited(labels, np.ones(10, bool), 4).tolist() == [0, 1, 2, 3]
    one = np.arange(10) == 9
    assert limited(labels, one, 2).tolist() == [0, 9]
    assert limited(labels, ~one, 9).tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 9]
    assert limited(labels, one, 1).tolist() == [0]
