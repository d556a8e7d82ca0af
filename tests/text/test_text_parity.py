"""The same weights and batch give the same embeddings and training steps on every backend."""

import keras
import numpy as np
import pytest
from backends import assert_same, run_on_each

from stackgan_k3.bundle.alphabet import encode
from stackgan_k3.text.char_cnn_rnn import CharCNNRNN
from stackgan_k3.text.image_encoder import ImageEncoder
from stackgan_k3.text.joint_embedding import JointEmbedding, picture_reader
from stackgan_k3.text.word_pairs import word_pairs

pytestmark = pytest.mark.neutral  # it starts every backend itself

CAPTIONS = ["a red bird with black wings", "", "x" * 300, "this bird has a yellow crown and a grey belly."]


READING = {
    "objective": "contrastive",
    "reading_weight": 2.0,
    "picture_reading_weight": 3.0,
    "picture_noise": 0.4,
}
TELLING = 6  # words
OBJECTIVES = {"": {"margin": 0.5}, "_reading": READING}


def compute(inputs):
    every = {}
    for name, settings in OBJECTIVES.items():
        every |= {key + name: value for key, value in computed(inputs, settings).items()}
    return every


def computed(inputs, settings):
    rng = np.random.default_rng(0)
    text, image = CharCNNRNN(width=12, embedding_dim=24), ImageEncoder(width=3, embedding_dim=24)
    text.set_weights([rng.standard_normal(w.shape) * 0.2 for w in text.get_weights()])
    # positive, because batch norm's variances are among them
    image.set_weights([np.abs(rng.standard_normal(w.shape)) * 0.1 + 0.01 for w in image.get_weights()])
    outputs = {
        "text": text(inputs["characters"]),
        "image": image(inputs["image"] / 127.5 - 1),
        "image_of_batch": image(inputs["image"] / 127.5 - 1, training=True),
    }
    reader = picture_reader(24, TELLING) if "picture_reading_weight" in settings else None
    model = JointEmbedding(text, image, picture_reader=reader, **settings)
    for layer in filter(None, (model.reader, reader)):
        layer.set_weights([rng.standard_normal(w.shape) * 0.1 for w in layer.get_weights()])
    # plain gradient descent: Adam divides rounding errors by themselves
    model.compile(keras.optimizers.SGD(0.01))
    steps = [model.train_on_batch(inputs, return_dict=True) for _ in range(3)]
    return {
        **outputs,
        "losses": np.array([step["loss"] for step in steps], "float32"),
        "accuracies": np.array([step["caption_accuracy"] for step in steps], "float32"),
        "weights": np.concatenate([weight.ravel() for weight in model.get_weights()]),
    }


@pytest.fixture(scope="module")
def results():
    rng = np.random.default_rng(1)
    image = rng.integers(0, 256, (4, 64, 64, 3)).astype("uint8")
    label = np.array([0, 1, 2, 1], "int32")
    characters = encode(CAPTIONS)
    inputs = {
        "image": image,
        "characters": characters,
        "label": label,
        "caption_words": word_pairs(characters),
        "picture_tells": rng.integers(0, 2, (4, TELLING)).astype("float32"),
        "picture_noise": rng.standard_normal(image.shape).astype("float32"),
        "picture_noise_strength": rng.uniform(0, 0.4, 4).astype("float32"),
    }
    return run_on_each(compute, inputs)


def only(results, *names):
    return {backend: {name: arrays[name] for name in names} for backend, arrays in results.items()}


def test_embeddings_agree(results):
    assert_same(only(results, "text", "image", "image_of_batch"), rtol=1e-5, atol=1e-5)
    arrays = next(iter(results.values()))
    assert arrays["text"].shape == arrays["image"].shape == (4, 24)
    assert np.ptp(arrays["text"], axis=0).max() > 0.01
    assert np.abs(arrays["image"] - arrays["image_of_batch"]).max() > 0.01


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_three_training_steps_agree(results, objective):
    names = [name + objective for name in ("losses", "accuracies", "weights")]
    assert_same(only(results, *names), rtol=1e-4, atol=1e-5)
    losses = next(iter(results.values()))["losses" + objective]
    assert losses[2] < losses[0]
