"""Noise on the pictures that an image encoder sees: how much of it, and what comes of a batch without."""

import keras
import numpy as np
import pytest

from stackgan_k3.adversarial.picture_noise import PictureNoise
from stackgan_k3.draws import draw_batch
from stackgan_k3.errors import UserError


def numpy(tensor):
    return np.array(keras.ops.convert_to_numpy(tensor))


def test_each_picture_gets_noise_of_a_strength_of_its_own():
    noise = PictureNoise(0.4)
    batch = draw_batch(noise.draws, seed=3, step=7, batch_size=256)
    image = np.full((256, 64, 64, 3), 0.25, "float32")
    added = numpy(noise(batch, image)) - image
    strengths = added.std(axis=(1, 2, 3))
    np.testing.assert_allclose(strengths, batch["picture_noise_strength"], rtol=0.03)
    # U(0, 0.4): mean 0.2, standard deviation 0.4 / √12; and the noise of a picture has mean 0.
    assert strengths.mean() == pytest.approx(0.2, abs=0.02)
    assert strengths.std() == pytest.approx(0.4 / 12**0.5, abs=0.01)
    assert abs(added.mean()) < 1e-3
    assert added.dtype == "float32"


def test_without_noise_pictures_are_what_they_were_and_nothing_is_drawn():
    noise = PictureNoise(0.0)
    image = np.ones((2, 64, 64, 3), "float32")
    assert noise({}, image) is image
    assert not noise.draws


def test_pictures_keep_their_type():
    noise = PictureNoise(0.4)
    batch = draw_batch(noise.draws, seed=0, step=0, batch_size=2)
    image = keras.ops.zeros((2, 64, 64, 3), dtype="bfloat16")
    assert keras.backend.standardize_dtype(noise(batch, image).dtype) == "bfloat16"


def test_what_cannot_be_is_refused():
    with pytest.raises(UserError, match=r"noise on pictures is -0\.5"):
        PictureNoise(-0.5)
    with pytest.raises(UserError, match=r"no 'picture_noise_strength', which a noise of 0\.25 needs"):
        PictureNoise(0.25)({"picture_noise": 0}, np.zeros((1, 64, 64, 3)))
