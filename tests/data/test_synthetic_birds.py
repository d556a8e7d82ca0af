import pickle
from collections import Counter

import numpy as np
import pytest

from stackgan_k3.data.birds.attributes import VOCABULARY, class_number, is_test, sample
from stackgan_k3.data.source import Source
from stackgan_k3.data.synthetic_birds import SyntheticBirds
from stackgan_k3.errors import UserError


def test_it_is_a_source_of_complete_examples():
    source = SyntheticBirds(5, size=40, seed=3)
    assert isinstance(source, Source)
    assert len(source) == 5
    example = source[4]
    assert example.image.shape == (40, 40, 3) and example.image.dtype == np.uint8
    assert len(set(example.captions)) == 10
    assert set(example.attributes) == set(VOCABULARY)
    assert source.classes[example.label].startswith(f"{example.attributes['body']} body")
    assert example.split in ("train", "test")


def test_an_example_depends_on_seed_number_and_size_alone():
    one, other = (
        SyntheticBirds(3, size=48, seed=9)[2],
        pickle.loads(pickle.dumps(SyntheticBirds(999, size=48, seed=9)))[2],
    )
    np.testing.assert_array_equal(one.image, other.image)
    assert (one.captions, one.attributes, one.label, one.name) == (
        other.captions, other.attributes, other.label, other.name,
    )  # fmt: skip
    large = SyntheticBirds(3, size=96, seed=9)[2]
    assert large.captions == one.captions and large.attributes == one.attributes
    halved = large.image.reshape(48, 2, 48, 2, 3).mean(axis=(1, 3))
    assert np.abs(halved - one.image).mean() < 6.0


def test_no_picture_comes_twice():
    examples = [SyntheticBirds(30, size=32, seed=seed)[i] for seed in (0, 1) for i in range(30)]
    assert len({example.image.tobytes() for example in examples}) == 60
    assert len({example.name for example in examples}) == 60


def test_the_splits_share_no_combination():
    source = SyntheticBirds(4000, seed=1)
    splits = {"train": set(), "test": set()}
    counts = Counter()
    for number in range(len(source)):
        bird = sample(source._generator(number, 0))
        split = "test" if is_test(bird) else "train"
        splits[split].add(class_number(bird))
        counts[split] += 1
    assert not splits["train"] & splits["test"]
    assert 0.06 < counts["test"] / 4000 < 0.16
    small = SyntheticBirds(40, size=16, seed=1)
    for example in small:
        assert example.label in splits[example.split]


def test_a_picture_out_of_range_ends_a_loop():
    source = SyntheticBirds(2, size=16)
    assert len(list(source)) == 2
    for index in (2, -1):
        with pytest.raises(IndexError):
            source[index]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"length": 0}, "length is 0"),
        ({"size": 8}, "size is 8"),
        ({"size": 5000}, "4096"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": 2**63}, "seed is"),
    ],
)
def test_numbers_out_of_range_are_refused(arguments, message):
    with pytest.raises(UserError, match=message):
        SyntheticBirds(**arguments)
