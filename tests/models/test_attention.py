"""Attention on words against numpy, its loss against closed forms, and all of it on every backend."""

import keras
import networks
import numpy as np
import pytest
from backends import assert_same, run_on_each

from stackgan_k3.adversarial.matching_loss import matching_loss
from stackgan_k3.bundle import alphabet
from stackgan_k3.config import load_preset
from stackgan_k3.errors import UserError
from stackgan_k3.layers.attention import WordAttention
from stackgan_k3.models.attention_stage import AttentionStage
from stackgan_k3.models.discriminator import Discriminator
from stackgan_k3.models.pipeline import Pipeline
from stackgan_k3.models.stage2_generator import Stage2Generator
from stackgan_k3.models.words import with_words
from stackgan_k3.text.char_cnn_rnn import CharCNNRNN
from stackgan_k3.text.image_encoder import ImageEncoder

SIZES = {"embedding_dim": networks.EMBEDDING, "conditioning_dim": networks.CONDITION}
WORDS = (8, 8)  # of a CharCNNRNN of width 6
CAPTIONS = ["a red bird", "two blue wings and a long beak", "yellow"]


def numpy(tensor):
    return np.array(keras.ops.convert_to_numpy(tensor))


def built(matching_weight=5.0, **settings):
    """A Stage-II with attention whose weights all matter."""
    generator = Stage2Generator(networks.WIDTH, image_size=128, residual_blocks=1, words=WORDS, **SIZES)
    judge = Discriminator(4, image_size=128, condition_dim=networks.CONDITION, unconditional=True)
    text_encoder = CharCNNRNN(6, networks.EMBEDDING)
    image_encoder = ImageEncoder(4, networks.EMBEDDING)
    for number, network in enumerate((text_encoder, image_encoder), start=7):
        random = np.random.default_rng(number)
        for variable in network.variables:
            value = random.normal(0.0, 0.3, variable.shape)
            variable.assign((np.abs(value) if "variance" in variable.path else value).astype("float32"))
    stage = AttentionStage(
        generator,
        judge,
        sketcher=networks.stage1_generator(),
        text_encoder=text_encoder,
        image_encoder=image_encoder,
        matching_weight=matching_weight,
        **settings,
    )
    return networks.set_weights(stage)


def batch(stage, seed=0):
    """A batch of three with characters, as the loader makes it."""
    entries = networks.batch(stage, seed, size=len(CAPTIONS))
    del entries["embedding"]
    return {**entries, "characters": alphabet.encode(CAPTIONS)}


def test_attention_is_the_softmax_of_the_paper():
    random = np.random.default_rng(0)
    features = random.normal(size=(2, 3, 4, 5)).astype("float32")
    words = random.normal(size=(2, 6, 7)).astype("float32")
    layer = WordAttention()
    layer.build([features.shape, words.shape])
    kernel = random.normal(size=(7, 5)).astype("float32")
    layer.set_weights([kernel])
    out = numpy(layer([features, words]))
    for b, y, x in np.ndindex(2, 3, 4):
        projected = words[b] @ kernel
        scores = projected @ features[b, y, x]
        weights = np.exp(scores - scores.max())
        np.testing.assert_allclose(out[b, y, x], weights / weights.sum() @ projected, atol=1e-5)
    beta = numpy(layer.weights_of([keras.ops.convert_to_tensor(features), words]))
    assert beta.shape == (2, 12, 6)
    np.testing.assert_allclose(beta.sum(axis=-1), 1.0, atol=1e-6)


def test_the_matching_loss_is_two_cross_entropies_of_cosines():
    random = np.random.default_rng(1)
    pictures, texts = random.normal(size=(2, 5, 9)).astype("float32")
    cosines = (pictures @ texts.T) / np.outer(np.linalg.norm(pictures, axis=1), np.linalg.norm(texts, axis=1))
    scores = np.exp(4.0 * cosines)
    right = -np.log(np.diag(scores) / scores.sum(axis=1)) - np.log(np.diag(scores) / scores.sum(axis=0))
    assert float(numpy(matching_loss(pictures, texts, 4.0))) == pytest.approx(right.mean(), rel=1e-5)
    # Lengths do not count; what cannot be told apart costs a guess each way.
    assert float(numpy(matching_loss(3 * pictures, 0.1 * texts, 4.0))) == pytest.approx(
        right.mean(), rel=1e-5
    )
    same = np.ones((5, 9), "float32")
    assert float(numpy(matching_loss(same, same))) == pytest.approx(2 * np.log(5), rel=1e-5)
    assert float(numpy(matching_loss(np.eye(5, dtype="float32"), np.eye(5, dtype="float32"), 50.0))) < 1e-6
    assert np.isfinite(float(numpy(matching_loss(0 * same, same))))


def test_pairs_of_one_class_are_no_negatives_of_each_other():
    random = np.random.default_rng(2)
    pictures, texts = random.normal(size=(2, 4, 6)).astype("float32")
    unit = [each / np.linalg.norm(each, axis=1, keepdims=True) for each in (pictures, texts)]
    scores = np.exp(3.0 * unit[0] @ unit[1].T)
    scores[0, 2] = scores[2, 0] = 0.0  # the first and the third are of one class
    right = -np.log(np.diag(scores) / scores.sum(axis=1)) - np.log(np.diag(scores) / scores.sum(axis=0))
    labels = np.array([7, 1, 7, 2], "int32")
    assert float(numpy(matching_loss(pictures, texts, 3.0, labels))) == pytest.approx(right.mean(), rel=1e-5)


def test_attention_adds_a_matrix_and_a_convolution():
    def count(words):
        network = Stage2Generator(networks.WIDTH, image_size=128, residual_blocks=1, words=words, **SIZES)
        return sum(int(np.prod(v.shape)) for v in network.trainable_variables)

    channels = 4 * networks.WIDTH
    assert count((8, 11)) - count(None) == 11 * channels + 9 * 2 * channels * channels + 2 * channels


def test_words_come_beside_the_same_embedding():
    encoder = CharCNNRNN(6, 8)
    characters = alphabet.encode(CAPTIONS)
    read = with_words(encoder)(characters)
    assert (numpy(read["embedding"]) == numpy(encoder(characters))).all()
    assert read["words"].shape == (3, 8, 8)
    # A folded copy shares the layers; its words are those of its own graph.
    assert with_words(keras.models.clone_model(encoder, clone_function=lambda layer: layer)).layers
    inputs = keras.Input((201,))
    plain = keras.Model(inputs, keras.layers.Dense(8)(inputs))
    with pytest.raises(UserError, match=r"set text\.encoder=char-cnn-rnn"):
        with_words(plain)


def test_a_step_trains_both_networks_and_neither_encoder():
    stage = built()
    stage.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    trained = [*stage.generator.trainable_variables, *stage.discriminator.trainable_variables]
    frozen = [v for network in stage.frozen for v in network.variables]
    assert len(stage.frozen) == 3
    before, fixed = [numpy(v) for v in trained], [numpy(v) for v in frozen]
    logs = stage.train_on_batch(batch(stage), return_dict=True)
    assert [v.path for v, value in zip(trained, before, strict=True) if (numpy(v) == value).all()] == []
    assert all((numpy(v) == value).all() for v, value in zip(frozen, fixed, strict=True))
    assert np.isfinite(list(logs.values())).all() and logs["matching"] > 0


def test_the_matching_loss_is_weighted_and_asks_for_the_own_caption():
    losses, logs = [], {}
    for weight in (0.0, 3.0):
        stage = built(matching_weight=weight)
        prepared = stage.prepare(batch(stage))
        drawn = stage.draw(prepared)
        loss, logs = stage.generator_loss(prepared, drawn)
        losses.append(float(numpy(loss)))
    matching = float(numpy(logs["matching"]))
    assert losses[1] - losses[0] == pytest.approx(3 * matching, rel=1e-3)
    # Independently: the pictures, averaged down, through the image encoder.
    small = numpy(drawn["image"]).reshape(3, 64, 2, 64, 2, 3).mean(axis=(2, 4))
    seen = stage.image_encoder(small, training=False)
    right = matching_loss(seen, stage.text_encoder(alphabet.encode(CAPTIONS)), 10.0)
    assert matching == pytest.approx(float(numpy(right)), rel=1e-3)


def test_the_matching_loss_falls_on_one_batch():
    stage = built(matching_weight=20.0)
    stage.compile(keras.optimizers.Adam(5e-3), keras.optimizers.SGD(0.0))
    one, seen = batch(stage), []
    for _ in range(10):
        stage.reset_metrics()
        seen.append(stage.train_on_batch(one, return_dict=True)["matching"])
    assert seen[-1] < 0.95 * seen[0], seen


def test_words_alone_change_the_picture():
    stage = built()
    prepared = stage.prepare(batch(stage))
    one = numpy(stage.draw(prepared)["image"])
    prepared["words"] = keras.ops.roll(prepared["words"], 1, axis=0)  # the embeddings stay
    assert abs(numpy(stage.draw(prepared)["image"]) - one).max() > 1e-3


def test_a_pipeline_with_attention_is_asked_by_captions():
    stage = built()
    pipeline = stage.pipeline
    assert pipeline.condition == "characters" and pipeline.attends
    assert [name for name, _ in pipeline.noise_parts] == [
        "noise",
        "conditioning_noise",
        "conditioning_noise2",
    ]
    pictures = pipeline.generate(CAPTIONS[:2], seed=5)
    way = pipeline.interpolate(CAPTIONS[0], CAPTIONS[1], seed=5, steps=3)
    assert (abs(way[[0, 2]].astype(int) - pictures) <= 1).all()
    assert (way[1] != way[0]).any() and (way[1] != way[2]).any()
    with pytest.raises(UserError, match="captions, not embeddings"):
        pipeline.generate(np.zeros((1, networks.EMBEDDING), "float32"))
    with pytest.raises(UserError, match="give the text_encoder"):
        Pipeline(pipeline.generators)


def step(inputs):
    """Pictures and the losses of two steps: the same on every backend."""
    import importlib.util

    import keras
    import numpy as np

    spec = importlib.util.spec_from_file_location("attention", __file__)
    here = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(here)
    stage = here.built()
    results = {"pictures": stage.generate(here.CAPTIONS[:2], seed=4).astype("float32")}
    stage.compile(keras.optimizers.SGD(0.001), keras.optimizers.SGD(0.001))
    for number in range(2):
        logs = stage.train_on_batch(here.batch(stage, number), return_dict=True)
        for name in sorted(logs):
            if not name.endswith("gradient"):
                results[f"{name} {number}"] = np.array(logs[name], "float32")
    return results


def test_pictures_and_losses_agree_on_every_backend():
    results = run_on_each(step)
    pictures = {name: {"pictures": arrays.pop("pictures")} for name, arrays in results.items()}
    assert_same(pictures, atol=1.0)
    assert_same(results, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"text.encoder": "published"}, "knows whole captions only, no words"),
        ({"stage2.kind": "srgan"}, "works at 64 px, has no features"),
        ({"stage2.matching_weight": 0, "stage2.matching_gamma": 2.0}, "switches the matching loss off"),
        ({"attention": False, "text.encoder": "published"}, "has no image encoder to compare with"),
        ({"attention": False, "stage2.caption_dropout": 0.1}, "whether a picture shows its caption"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(changes, reason):
    with pytest.raises(UserError, match=reason):
        load_preset("stackgan-attention", changes)


def test_networks_that_do_not_fit_are_refused():
    stage = built()
    given = {"sketcher": stage.sketcher, "text_encoder": stage.text_encoder}
    plain = Stage2Generator(4, image_size=128, **SIZES)
    with pytest.raises(UserError, match="takes no words"):
        AttentionStage(plain, stage.discriminator, image_encoder=stage.image_encoder, **given)
    with pytest.raises(UserError, match="embeddings of 3 numbers"):
        AttentionStage(stage.generator, stage.discriminator, image_encoder=ImageEncoder(4, 3), **given)
