"""The joint embedding trains with fit on the current backend."""

import keras
import numpy as np
import pytest
from keras import ops

from stackgan_k3.adversarial.matching_loss import matching_loss
from stackgan_k3.bundle.alphabet import encode
from stackgan_k3.draws import draw_batch
from stackgan_k3.errors import UserError
from stackgan_k3.text.char_cnn_rnn import CharCNNRNN
from stackgan_k3.text.image_encoder import ImageEncoder
from stackgan_k3.text.joint_embedding import JointEmbedding, picture_reader
from stackgan_k3.text.losses import symmetric_structured_joint_embedding
from stackgan_k3.text.word_pairs import word_pairs

COLOURS = {"red": (220, 30, 30), "green": (30, 200, 40), "blue": (30, 40, 220), "grey": (128, 128, 128)}


def tiny_batch():
    rng = np.random.default_rng(0)
    pairs = [(top, below) for top in COLOURS for below in COLOURS if top != below][:8]
    image = np.zeros((len(pairs), 64, 64, 3), "uint8")
    for number, (top, below) in enumerate(pairs):
        image[number, :32] = COLOURS[top]
        image[number, 32:] = COLOURS[below]
    image = np.clip(image + rng.integers(-20, 20, image.shape), 0, 255).astype("uint8")
    captions = [f"this bird has a {top} crown and its belly is {below}" for top, below in pairs]
    return {
        "image": image,
        "characters": encode(captions),
        "label": np.arange(len(pairs), dtype="int32"),
        "index": np.arange(len(pairs), dtype="int32"),
    }


def tiny_model(**kwargs):
    return JointEmbedding(CharCNNRNN(width=12, embedding_dim=16), ImageEncoder(3, embedding_dim=16), **kwargs)


@pytest.mark.neutral  # that its steps are the same on every backend is tested by comparing them
def test_it_learns_a_tiny_batch_by_heart():
    keras.utils.set_random_seed(1)
    model = tiny_model()
    model.compile(keras.optimizers.Adam(1e-2))
    history = model.fit(tiny_batch(), batch_size=8, epochs=60, shuffle=False, verbose=0).history
    assert set(history) == {"loss", "caption_accuracy", "picture_accuracy"}
    assert history["caption_accuracy"][0] <= 0.5
    assert history["loss"][-1] < 0.2 * history["loss"][0]
    assert history["caption_accuracy"][-1] >= 0.75 and history["picture_accuracy"][-1] >= 0.75


def test_reported_loss_is_the_objective_of_the_batch():
    model = tiny_model(margin=0.7)
    model.compile(keras.optimizers.SGD(0.0))
    batch = {**tiny_batch(), "label": np.arange(8, dtype="int32") // 2}
    embedded = model(batch, training=False)
    expected = symmetric_structured_joint_embedding(embedded["image"], embedded["text"], batch["label"], 0.7)
    scores = ops.convert_to_numpy(embedded["image"]) @ ops.convert_to_numpy(embedded["text"]).T
    reported = model.evaluate(batch, batch_size=8, verbose=0, return_dict=True)
    np.testing.assert_allclose(reported["loss"], ops.convert_to_numpy(expected), rtol=1e-5)
    assert reported["caption_accuracy"] == np.mean(scores.argmax(axis=1) == np.arange(8))
    assert reported["picture_accuracy"] == np.mean(scores.argmax(axis=0) == np.arange(8))


@pytest.mark.parametrize("by_class", [True, False])
def test_the_contrastive_objective_is_the_matching_loss_of_the_batch(by_class):
    model = tiny_model(objective="contrastive", gamma=4.0, by_class=by_class)
    model.compile(keras.optimizers.SGD(0.0))
    batch = {**tiny_batch(), "label": np.arange(8, dtype="int32") // 2}
    image, text = (ops.convert_to_numpy(model(batch, training=False)[name]) for name in ("image", "text"))
    expected = matching_loss(image, text, 4.0, batch["label"] if by_class else None)
    reported = model.evaluate(batch, batch_size=8, verbose=0, return_dict=True)
    np.testing.assert_allclose(reported["loss"], ops.convert_to_numpy(expected), rtol=1e-5)
    image, text = (each / np.linalg.norm(each, axis=1, keepdims=True) for each in (image, text))
    assert reported["caption_accuracy"] == np.mean((image @ text.T).argmax(axis=1) == np.arange(8))


def test_what_a_caption_says_can_be_read_off_both_embeddings():
    keras.utils.set_random_seed(2)
    reader = picture_reader(16, 5)
    model = tiny_model(reading_weight=0.5, picture_reading_weight=0.25, picture_reader=reader)
    model.compile(keras.optimizers.Adam(1e-2))
    batch = {**tiny_batch(), "label": np.zeros(8, "int32")}  # one class: the hinge is 0
    tells = np.random.default_rng(3).integers(0, 2, (8, 5)).astype("float32")
    batch |= {"caption_words": word_pairs(batch["characters"]), "picture_tells": tells}
    embedded = model(batch, training=False)
    logits = {}
    for name, layer in (("text", model.reader), ("image", reader.layers[-1])):
        embedding = ops.convert_to_numpy(embedded[name])
        # of 16 numbers, root mean square 1
        direction = embedding / np.linalg.norm(embedding, axis=1, keepdims=True) * 4.0
        logits[name] = direction @ ops.convert_to_numpy(layer.kernel) + ops.convert_to_numpy(layer.bias)
    likely = logits["text"] - np.log(np.exp(logits["text"]).sum(axis=1, keepdims=True))
    yes = 1 / (1 + np.exp(-logits["image"]))
    expected = [
        -(batch["caption_words"] * likely).sum(axis=1).mean(),
        -(tells * np.log(yes) + (1 - tells) * np.log(1 - yes)).sum() / tells.sum(),
    ]
    reported = model.evaluate(batch, batch_size=8, verbose=0, return_dict=True)
    assert reported["reading"] == pytest.approx(expected[0], rel=1e-4)
    assert reported["picture_reading"] == pytest.approx(expected[1], rel=1e-4)
    assert reported["loss"] == pytest.approx(0.5 * expected[0] + 0.25 * expected[1], rel=1e-4)
    history = model.fit(batch, batch_size=8, epochs=60, shuffle=False, verbose=0).history
    for name in ("reading", "picture_reading"):
        assert history[name][-1] < 0.7 * history[name][0]


def test_pictures_get_noise_in_training_alone():
    model = tiny_model(picture_noise=0.5)
    batch = tiny_batch()
    batch |= draw_batch(model.draws, seed=1, step=0, batch_size=8)
    plain = tiny_batch()["image"] / 127.5 - 1.0
    noisy = plain + batch["picture_noise_strength"][:, None, None, None] * batch["picture_noise"]
    for training, seen in ((True, noisy), (False, plain)):
        expected = model.image_encoder(seen.astype("float32"), training=training)
        found = model(batch, training=training)["image"]
        np.testing.assert_allclose(*map(ops.convert_to_numpy, (found, expected)), rtol=1e-3, atol=1e-4)
    again = JointEmbedding.from_config(model.get_config())
    assert again.draws == model.draws and set(model.draws) <= set(batch)


@pytest.mark.parametrize("one", ["reading", "picture_reading"])
def test_either_can_be_read_without_the_other(one):
    reader = picture_reader(16, 5) if one == "picture_reading" else None
    model = tiny_model(**{f"{one}_weight": 0.5}, picture_reader=reader)
    model.compile(keras.optimizers.Adam(1e-2))
    batch = {**tiny_batch(), "label": np.zeros(8, "int32")}
    batch |= {"caption_words": word_pairs(batch["characters"]), "picture_tells": np.ones((8, 5), "float32")}
    reported = model.evaluate(batch, batch_size=8, verbose=0, return_dict=True)
    assert {"reading", "picture_reading"} & reported.keys() == {one}
    assert reported["loss"] == pytest.approx(0.5 * reported[one], rel=1e-4)


def test_a_set_of_one_class_is_compared_pair_by_pair():
    one_class = {**tiny_batch(), "label": np.zeros(8, "int32")}
    losses = {}
    for by_class in (True, False):
        keras.utils.set_random_seed(3)
        model = tiny_model(by_class=by_class)
        model.compile(keras.optimizers.SGD(0.0))
        losses[by_class] = model.evaluate(one_class, batch_size=8, verbose=0, return_dict=True)["loss"]
    assert losses[True] == 0.0 and losses[False] > 0.1
    embedded = model(one_class, training=False)
    expected = symmetric_structured_joint_embedding(embedded["image"], embedded["text"], np.arange(8))
    np.testing.assert_allclose(losses[False], ops.convert_to_numpy(expected), rtol=1e-5)
    assert not JointEmbedding.from_config(model.get_config()).by_class


def test_bytes_and_floats_are_the_same_picture():
    model = tiny_model()
    batch = tiny_batch()
    floats = {**batch, "image": (batch["image"] / 127.5 - 1).astype("float32")}
    np.testing.assert_allclose(
        ops.convert_to_numpy(model(batch)["image"]), ops.convert_to_numpy(model(floats)["image"]), atol=1e-5
    )


def test_save_and_reload(tmp_path):
    weights = {"reading_weight": 0.2, "picture_reading_weight": 0.1}
    reader = picture_reader(16, 5)
    model = tiny_model(margin=0.5, objective="contrastive", gamma=3.0, **weights, picture_reader=reader)
    model.save(tmp_path / "joint.keras")
    again = keras.saving.load_model(tmp_path / "joint.keras")
    assert isinstance(again, JointEmbedding) and isinstance(again.text_encoder, CharCNNRNN)
    assert (again.margin, again.objective, again.gamma) == (0.5, "contrastive", 3.0)
    for pair in ((model.reader, again.reader), (reader.layers[-1], again.picture_reader.layers[-1])):
        np.testing.assert_array_equal(*(ops.convert_to_numpy(layer.kernel) for layer in pair))
    batch = tiny_batch()
    for key, value in model(batch).items():
        np.testing.assert_array_equal(ops.convert_to_numpy(again(batch)[key]), ops.convert_to_numpy(value))


def test_wrong_settings_are_refused():
    with pytest.raises(UserError, match="margin of the joint embedding is 0"):
        tiny_model(margin=0)
    with pytest.raises(UserError, match="gamma of the joint embedding is -1"):
        tiny_model(gamma=-1)
    with pytest.raises(UserError, match="contrastive"):
        tiny_model(objective="contrast")
    with pytest.raises(UserError, match=r"16 numbers .* of 8"):
        JointEmbedding(CharCNNRNN(6, 16), ImageEncoder(3, 8))
