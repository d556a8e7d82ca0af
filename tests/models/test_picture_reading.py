"""The telling words of captions, read off pictures by the discriminator: a loss of both networks."""

import keras
import networks
import numpy as np
import pytest
from backends import assert_same, run_on_each

from stackgan_k3.errors import UserError

READ = 9
"""How many numbers are read in these tests."""


def numpy(tensor):
    return np.array(keras.ops.convert_to_numpy(keras.ops.stop_gradient(tensor)))


def reading(build, weight=3.0, normalization="batch", **settings):
    """A stage of the tests whose discriminator reads."""
    from stackgan_k3.models.discriminator import Discriminator
    from stackgan_k3.models.stackgan_stage import StackGANStage

    plain = build()
    options = {"reading": READ, "normalization": normalization}
    judge = Discriminator.from_config({**plain.discriminator.get_config(), **options})
    stage = StackGANStage(plain.generator, judge, sketcher=plain.sketcher, reading_weight=weight, **settings)
    return networks.set_weights(stage)


def batch(stage, seed=0):
    """A batch with words: what a caption says, and what all captions of its picture say."""
    random, rows = np.random.default_rng(seed), networks.BATCH
    one = random.integers(0, 2, (rows, READ))
    said = {"caption_tells": one, "picture_tells": np.maximum(one, random.integers(0, 2, (rows, READ)))}
    return networks.batch(stage, seed) | {name: value.astype("float32") for name, value in said.items()}


def likely(stage, image, condition):
    """The probabilities that each word is said, of pictures on their own."""
    d = stage.discriminator
    features = d.look_alone(image, condition, d.look(image, condition))
    return 1 / (1 + np.exp(-numpy(d.reading_head(features, training=True)).astype("float64")))


@pytest.mark.parametrize("normalization", ["batch", "conditional"])
@pytest.mark.parametrize("name", ["stage1", "stage2"])
def test_both_networks_minimize_it_each_on_its_own_pictures(name, normalization):
    stage = reading(getattr(networks, name), 3.0, normalization)
    prepared = stage.prepare(batch(stage))
    drawn = stage.draw(prepared)
    losses = []
    for weight in (3.0, 5.0):
        stage.reading.weight = weight
        both = stage.discriminator_loss(prepared, drawn), stage.generator_loss(prepared, drawn)
        losses.append([float(numpy(loss)) for loss, _ in both])
        logged = [{key: float(numpy(value)) for key, value in logs.items()} for _, logs in both]
    condition = drawn["mean"]
    p, y = likely(stage, prepared["image"], condition), numpy(prepared["picture_tells"])
    real = -(y * np.log(p) + (1 - y) * np.log(1 - p)).sum() / y.sum()
    p, y = likely(stage, drawn["image"], condition), numpy(prepared["caption_tells"])
    fake = -(y * np.log(p)).sum() / y.sum()
    assert logged[0]["reading_real"] == pytest.approx(real, rel=1e-4)
    assert logged[1]["reading"] == pytest.approx(fake, rel=1e-4)
    assert losses[1][0] - losses[0][0] == pytest.approx(2 * real, rel=1e-3)
    assert losses[1][0] - logged[0]["discriminator_loss"] == pytest.approx(5 * real, rel=1e-3)
    assert losses[1][1] - losses[0][1] == pytest.approx(2 * fake, rel=1e-3)


@pytest.mark.parametrize("normalization", ["batch", "conditional"])
@pytest.mark.parametrize("name", ["stage1", "stage2"])
def test_a_discriminative_reader_denies_drawn_pictures_their_words(name, normalization):
    stage = reading(getattr(networks, name), 3.0, normalization, discriminative_reading=True)
    prepared = stage.prepare(batch(stage))
    drawn = stage.draw(prepared)
    loss, logs = stage.discriminator_loss(prepared, drawn)
    p, y = likely(stage, drawn["image"], drawn["mean"]), numpy(prepared["caption_tells"])
    denied = -(y * np.log(1 - p)).sum() / y.sum()
    assert float(numpy(logs["reading_denied"])) == pytest.approx(denied, rel=1e-4)
    parts = [float(numpy(logs[name])) for name in ("discriminator_loss", "reading_real", "reading_denied")]
    assert float(numpy(loss)) == pytest.approx(parts[0] + 3 * parts[1] + 3 * parts[2], rel=1e-4)
    assert "reading_denied" in [metric.name for metric in stage.metrics]
    again = type(stage).from_config(stage.get_config())
    assert again.reading.discriminative and "reading_denied" not in reading(networks.stage1).reading.log_names


def test_a_discriminative_reader_learns_who_drew():
    """Real and drawn pictures of the same words: a classifier reads both, this one the real ones alone."""
    found = {}
    for discriminative in (False, True):
        stage = reading(networks.stage1, 5.0, discriminative_reading=discriminative)
        stage.compile(keras.optimizers.SGD(0.0), keras.optimizers.Adam(3e-3))
        one = batch(stage)
        one["picture_tells"] = one["caption_tells"]
        for _ in range(25):
            stage.train_on_batch(one)
        prepared = stage.prepare(one)
        drawn, y = stage.draw(prepared), one["caption_tells"]
        p = [likely(stage, image, drawn["mean"]) for image in (prepared["image"], drawn["image"])]
        found[discriminative] = [(each * y).sum() / y.sum() for each in p]
    assert found[True][1] < found[False][1] - 0.05, found
    assert found[True][0] - found[True][1] > 0.2, found


def test_what_is_read_is_the_picture_and_not_its_condition():
    stage = reading(networks.stage1, normalization="conditional")
    d, random = stage.discriminator, np.random.default_rng(1)
    image = random.uniform(-1, 1, (4, 64, 64, 3)).astype("float32")
    conditions = random.normal(size=(2, 4, networks.CONDITION)).astype("float32")
    looked = [d.look(image, condition) for condition in conditions]
    assert np.abs(numpy(looked[0]) - numpy(looked[1])).max() > 1e-3
    pairs = zip(conditions, looked, strict=True)
    alone = [numpy(d.look_alone(image, condition, features)) for condition, features in pairs]
    np.testing.assert_array_equal(*alone)
    read = [numpy(d({"image": image, "condition": condition})["reading"]) for condition in conditions]
    assert read[0].shape == (4, READ) and np.ptp(read[0], axis=0).max() > 1e-3
    np.testing.assert_array_equal(*read)


def test_the_discriminator_learns_to_read_and_the_generator_to_be_read():
    stage = reading(networks.stage1, 20.0)
    stage.compile(keras.optimizers.Adam(3e-3), keras.optimizers.Adam(3e-3))
    one, seen = batch(stage), []
    one["caption_tells"] = one["picture_tells"]
    for _ in range(12):
        stage.reset_metrics()
        seen.append(stage.train_on_batch(one, return_dict=True))
    for name in ("reading", "reading_real"):
        assert seen[-1][name] < 0.97 * seen[0][name], (name, seen)


def test_a_stage_that_reads_is_saved_and_loaded(tmp_path):
    stage = reading(networks.stage1)
    stage.compile()
    stage.train_on_batch(batch(stage))
    stage.save(tmp_path / "stage.keras")
    again = keras.saving.load_model(tmp_path / "stage.keras")
    assert again.reading.weight == 3.0 and again.discriminator.reading == READ
    assert stage.train_on_batch(batch(stage, 1)) == pytest.approx(
        again.train_on_batch(batch(stage, 1)), rel=1e-4
    )


def test_what_cannot_be_read_is_refused():
    with pytest.raises(UserError, match="reading_weight is 3, and the discriminator reads 0 numbers"):
        networks.stage1(reading_weight=3.0)
    with pytest.raises(UserError, match="discriminative_reading is set, but reading_weight=0 has nothing"):
        networks.stage1(discriminative_reading=True)
    stage = reading(networks.stage1)
    stage.compile()
    with pytest.raises(UserError, match="the batch has no 'picture_tells', which reading_weight=3 reads"):
        stage.discriminator_loss(prepared := stage.prepare(networks.batch(stage)), stage.draw(prepared))


def test_guidance_is_halved_after_so_many_steps():
    stage = reading(networks.stage1, 3.0)
    stage.compile()
    prepared = stage.prepare(batch(stage))
    drawn = stage.draw(prepared)
    whole, logs = stage.generator_loss(prepared, drawn)
    stage.guidance_halve_every = 2
    left = []
    for step in range(6):
        stage.generator_optimizer.iterations.assign(step)
        loss, _ = stage.generator_loss(prepared, drawn)
        left.append(1 - float(numpy(whole - loss)) / (3.0 * float(numpy(logs["reading"]))))
    assert left == pytest.approx([1, 1, 0.5, 0.5, 0.25, 0.25], abs=1e-4)
    assert type(stage).from_config(stage.get_config()).guidance_halve_every == 2


def steps(inputs):
    """Two steps of Stage-I that reads: losses and the discriminator's weights."""
    options = {"adversarial_loss": "hinge", "r1_weight": 0.1, "r1_every": 2, "guidance_halve_every": 1}
    options["discriminative_reading"] = True
    stage = reading(networks.stage1, **options)
    stage.compile(keras.optimizers.SGD(0.01), keras.optimizers.SGD(0.01))
    outputs = {}
    for step in range(2):
        logs = stage.train_on_batch(batch(stage, 30 + step), return_dict=True)
        stage.reset_metrics()
        outputs |= {f"{key} {step}": np.float64(value) for key, value in logs.items()}
    return outputs | {f"weight {i}": w for i, w in enumerate(stage.discriminator.get_weights())}


def test_steps_that_read_agree_on_every_backend():
    assert_same(run_on_each(steps), rtol=1e-2, atol=1e-3)
