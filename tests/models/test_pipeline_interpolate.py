"""Interpolation in Keras, on whichever backend runs: ends, middles, refusals."""

import keras
import numpy as np
import pytest

from stackgan_k3.bundle.interpolation import spherical
from stackgan_k3.bundle.noise import normal
from stackgan_k3.errors import UserError
from stackgan_k3.models.dcgan.generator import DCGANGenerator
from stackgan_k3.models.pipeline import Pipeline
from stackgan_k3.models.stage1_generator import Stage1Generator
from stackgan_k3.text.char_cnn_rnn import CharCNNRNN

ONE, OTHER = "a small red bird", "two blue fish"


def strong(network):
    """Weights that make pictures far from grey."""
    random = np.random.default_rng(0)
    for variable in network.trainable_variables:
        if len(variable.shape) > 1:
            variable.assign(random.normal(0, 1.4 / np.sqrt(np.prod(variable.shape[:-1])), variable.shape))
    return network


@pytest.fixture(scope="module")
def pipeline():
    encoder = strong(CharCNNRNN(width=6, embedding_dim=16))
    generator = Stage1Generator(4, embedding_dim=16, conditioning_dim=4, noise_dim=6)
    return Pipeline([strong(generator)], text_encoder=encoder)


def off(pictures, others):
    return np.abs(pictures.astype(int) - others.astype(int)).max()


def test_the_ends_are_those_of_generate(pipeline):
    walk = pipeline.interpolate(ONE, OTHER, seed=5, seed_b=8, steps=4)
    assert walk.shape == (4, 64, 64, 3) and walk.dtype == np.uint8
    assert off(walk[0], pipeline.generate(ONE, seed=5)[0]) <= 1
    assert off(walk[-1], pipeline.generate(OTHER, seed=8)[0]) <= 1
    assert len({picture.tobytes() for picture in walk}) == 4


def test_batching_changes_nothing(pipeline):
    walk = pipeline.interpolate(ONE, OTHER, seed=5, seed_b=8, steps=5)
    assert off(pipeline.interpolate(ONE, OTHER, seed=5, seed_b=8, steps=5, batch_size=2), walk) <= 1


def test_from_noise_alone():
    generator = strong(DCGANGenerator(4, noise_dim=5))
    pipeline = Pipeline([generator])
    walk = pipeline.interpolate(seed=5, seed_b=8, steps=3)
    middle = spherical(normal(5, 0, 5), normal(8, 0, 5), 3)[1:2]
    image = keras.ops.convert_to_numpy(generator({"noise": middle}, training=False)["image"])
    assert off(walk[1], np.round((image[0] + 1) * 127.5).repeat(3, axis=-1)) <= 1
    with pytest.raises(UserError, match="noise alone"):
        pipeline.interpolate(ONE, seed=5, seed_b=8)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"end": None}, "both ends are the same"),
        ({"steps": 1}, "steps is 1"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"start": None, "end": None, "seed_b": 1}, "no caption"),
        ({"start": [ONE, OTHER]}, "each as a string"),
        ({"end": " "}, "empty"),
    ],
)
def test_bad_requests(pipeline, arguments, message):
    with pytest.raises(UserError, match=message):
        pipeline.interpolate(**{"start": ONE, "end": OTHER, **arguments})
