"""The matching loss in Stage-I: what it asks for, and what it leaves alone."""

import keras
import networks
import numpy as np
import pytest

from stackgan_k3.adversarial.matching import Matching
from stackgan_k3.adversarial.matching_loss import matching_loss
from stackgan_k3.errors import UserError
from stackgan_k3.models.stackgan_stage import StackGANStage
from stackgan_k3.text.image_encoder import ImageEncoder


def numpy(tensor):
    return np.array(keras.ops.convert_to_numpy(tensor))


def built(weight, blur=0, noise=0.0):
    plain = networks.stage1()
    stage = StackGANStage(
        plain.generator,
        plain.discriminator,
        image_encoder=ImageEncoder(4, networks.EMBEDDING),
        matching_weight=weight,
        matching_gamma=7.0,
        matching_blur=blur,
        matching_noise=noise,
    )
    return networks.set_weights(stage)


def test_stage1_minimizes_the_weighted_loss_and_logs_it():
    losses = []
    for weight in (0.0, 3.0):
        stage = built(weight)
        prepared = stage.prepare(networks.batch(stage))
        drawn = stage.draw(prepared)
        loss, logs = stage.generator_loss(prepared, drawn)
        assert ("matching" in logs) == bool(weight)
        losses.append(float(numpy(loss)))
    seen = stage.image_encoder(drawn["image"], training=False)
    expected = float(numpy(matching_loss(seen, prepared["embedding"], 7.0)))
    assert float(numpy(logs["matching"])) == pytest.approx(expected, rel=1e-4)
    assert losses[1] - losses[0] == pytest.approx(3 * expected, rel=1e-3)


def test_further_captions_are_wrong_for_every_picture():
    rng = np.random.default_rng(3)
    image, text, others = (rng.normal(size=(n, 6)).astype("float32") for n in (3, 3, 8))
    v, t, o = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (image, text, others))
    to_captions, to_pictures = 4.0 * v @ np.concatenate([t, o]).T, 4.0 * t @ v.T
    right = np.diagonal(to_pictures)
    expected = np.mean(np.log(np.exp(to_captions).sum(axis=1)) - right)
    expected += np.mean(np.log(np.exp(to_pictures).sum(axis=1)) - right)
    assert float(numpy(matching_loss(image, text, 4.0, others=others))) == pytest.approx(expected, rel=1e-5)
    alike = np.ones((2, 3), "float32")
    loss = float(numpy(matching_loss(alike, alike, others=np.ones((6, 3), "float32"))))
    assert loss == pytest.approx(np.log(8) + np.log(2), rel=1e-5)


def test_a_stage_compares_with_the_further_captions_of_a_batch():
    stage = built(3.0)
    prepared = stage.prepare(networks.batch(stage))
    drawn = stage.draw(prepared)
    rows = len(prepared["embedding"])
    others = np.random.default_rng(0).normal(size=(rows, 5, networks.EMBEDDING)).astype("float32")
    _, logs = stage.generator_loss({**prepared, "other_embedding": others}, drawn)
    seen = stage.image_encoder(drawn["image"], training=False)
    flat = others.reshape(-1, networks.EMBEDDING)
    expected = float(numpy(matching_loss(seen, prepared["embedding"], 7.0, others=flat)))
    assert float(numpy(logs["matching"])) == pytest.approx(expected, rel=1e-4)
    assert expected > float(numpy(matching_loss(seen, prepared["embedding"], 7.0))) + 0.1


def test_the_encoder_sees_blurred_pictures_where_that_is_asked_for():
    stage = built(3.0, blur=2)
    prepared = stage.prepare(networks.batch(stage))
    drawn = stage.draw(prepared)
    _, logs = stage.generator_loss(prepared, drawn)
    picture = numpy(drawn["image"])
    for axis in (1, 2, 1, 2):
        ends = np.pad(picture, [(int(a == axis),) * 2 for a in range(4)], mode="edge")
        picture = sum(
            weight * np.take(ends, range(start, start + 64), axis=axis)
            for start, weight in enumerate((0.25, 0.5, 0.25))
        )
    seen = stage.image_encoder(picture, training=False)
    expected = float(numpy(matching_loss(seen, prepared["embedding"], 7.0)))
    assert float(numpy(logs["matching"])) == pytest.approx(expected, rel=1e-4)
    sharp = stage.image_encoder(drawn["image"], training=False)
    assert abs(expected - float(numpy(matching_loss(sharp, prepared["embedding"], 7.0)))) > 1e-3


def test_the_encoder_sees_noise_where_that_is_asked_for():
    stage = built(3.0, noise=0.5)
    assert set(stage.draws) - set(built(3.0).draws) == {"picture_noise", "picture_noise_strength"}
    assert not set(built(0.0, noise=0.5).draws) - set(built(0.0).draws)
    one = networks.batch(stage)
    prepared = stage.prepare(one)
    drawn = stage.draw(prepared)
    _, logs = stage.generator_loss(prepared, drawn)
    noise = one["picture_noise_strength"][:, None, None, None] * one["picture_noise"]
    assert 0.05 < noise.std() < 0.5
    seen = stage.image_encoder(numpy(drawn["image"]) + noise, training=False)
    expected = float(numpy(matching_loss(seen, prepared["embedding"], 7.0)))
    assert float(numpy(logs["matching"])) == pytest.approx(expected, rel=1e-4)
    plain = stage.image_encoder(drawn["image"], training=False)
    assert abs(expected - float(numpy(matching_loss(plain, prepared["embedding"], 7.0)))) > 1e-3


def test_the_generator_learns_it_and_the_encoder_stays():
    stage = built(20.0)
    stage.compile(keras.optimizers.Adam(5e-3), keras.optimizers.SGD(0.0))
    one, seen = networks.batch(stage), []
    fixed = [numpy(v) for v in stage.image_encoder.variables]
    for _ in range(10):
        stage.reset_metrics()
        seen.append(stage.train_on_batch(one, return_dict=True)["matching"])
    assert seen[-1] < 0.95 * seen[0], seen
    assert all((numpy(v) == f).all() for v, f in zip(stage.image_encoder.variables, fixed, strict=True))


def test_a_stage_with_it_is_saved_and_loaded(tmp_path):
    stage = built(2.0, blur=3, noise=0.25)
    stage.compile()
    stage.save(tmp_path / "stage.keras")
    again = keras.saving.load_model(tmp_path / "stage.keras")
    assert again.matching.get_config() == {
        "matching_weight": 2.0,
        "matching_gamma": 7.0,
        "matching_blur": 3,
        "matching_noise": 0.25,
    }
    assert again.matching.log_names == ("matching",)
    for one, other in zip(stage.image_encoder.variables, again.image_encoder.variables, strict=True):
        np.testing.assert_array_equal(numpy(one), numpy(other))


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(UserError, match="no image encoder to compare with"):
        Matching(None, 8, weight=1.0)
    with pytest.raises(UserError, match="embeddings of 3 numbers"):
        Matching(ImageEncoder(4, 3), 8)
