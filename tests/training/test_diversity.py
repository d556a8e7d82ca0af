"""How much pictures differ, and what they are measured by."""

import numpy as np
import pytest

from stackgan_k3.data.loader import Loader
from stackgan_k3.data.prepare import prepare
from stackgan_k3.data.records import Records
from stackgan_k3.errors import UserError
from stackgan_k3.training.diversity import diversity, real_diversity, reduce

pytestmark = pytest.mark.neutral  # numpy and pictures alone


def test_it_is_the_mean_over_all_pairs_of_a_group():
    pictures = np.random.randint(0, 256, (6, 32, 32, 3)).astype("uint8")
    groups = np.array([0, 1, 0, 1, 1, 0])
    small = pictures.reshape(6, 16, 2, 16, 2, 3).mean(axis=(2, 4)) / 255
    pairs = [(a, b) for a in range(6) for b in range(a) if groups[a] == groups[b]]
    assert len(pairs) == 6
    right = np.mean([np.abs(small[a] - small[b]).mean() for a, b in pairs])
    np.testing.assert_allclose(diversity(pictures, groups), right, rtol=1e-5)


def test_noise_that_is_finer_than_a_cell_hardly_counts():
    noise = np.random.randint(0, 256, (8, 64, 64, 3)).astype("uint8")
    halves = np.zeros((2, 64, 64, 3), "uint8")
    halves[0, :, :32] = halves[1, :, 32:] = 255
    assert diversity(noise) < 0.12 and diversity(halves) == 1.0


@pytest.mark.parametrize("side", [10, 28, 64])
def test_a_reduction_keeps_the_mean_of_what_does_not_change(side):
    flat = np.full((2, side, side, 3), 77, "uint8")
    np.testing.assert_allclose(reduce(flat, 16), 77)
    assert reduce(flat, 16).shape == (2, min(side, 16), min(side, 16), 3)


def test_a_single_picture_has_none():
    with pytest.raises(UserError, match="two pictures"):
        diversity(np.zeros((2, 8, 8, 3), "uint8"), np.array([0, 1]))


def test_real_pictures_of_one_class_differ_less_than_all_of_them(tmp_path):
    prepare("digits", tmp_path / "set", size=28, limit=300, workers=1)
    loader = Loader(Records(tmp_path / "set", "train"), image_size=28, batch_size=16, crop=False, flip=False)
    every, same = real_diversity(loader), real_diversity(loader, by_class=True)
    assert 0.05 < same < every < 0.5
    assert real_diversity(loader, count=16) == diversity(loader.batch(0)["image"])
