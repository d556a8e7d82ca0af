import keras
import networks
import numpy as np
import pytest

from stackgan_k3.adversarial.judgement import Judgement
from stackgan_k3.adversarial.objective import ADVERSARIAL_LOSSES, Objective
from stackgan_k3.models.discriminator import Discriminator
from stackgan_k3.models.stackgan_stage import StackGANStage


def numpy(tensor):
    return np.array(keras.ops.convert_to_numpy(tensor))  # a copy: PyTorch would share its memory


@pytest.fixture(params=["stage1", "stage2"])
def stage(request):
    return getattr(networks, request.param)()


def test_fit_moves_both_networks_and_logs_means(stage):
    stage.compile()
    before = [w.copy() for w in (*stage.generator.get_weights(), *stage.discriminator.get_weights())]
    frozen = [w.copy() for network in stage.frozen for w in network.get_weights()]
    history = stage.fit(networks.batches(stage, 2), steps_per_epoch=2, shuffle=False, verbose=0).history
    after = (*stage.generator.get_weights(), *stage.discriminator.get_weights())
    moved = [not np.array_equal(a, b) for a, b in zip(before, after, strict=True)]
    assert all(moved), f"{moved.count(False)} of {len(moved)} variables did not move"
    assert all(
        np.array_equal(a, b)
        for a, b in zip(frozen, (w for n in stage.frozen for w in n.get_weights()), strict=True)
    )
    losses = {"discriminator_loss", "generator_loss", "kl"}
    gradients = {"discriminator_gradient", "generator_gradient"}
    assert set(history) == {*losses, *gradients, "d_real", "d_wrong", "d_fake"}
    assert all(0 < history[name][0] < 1 for name in ("d_real", "d_wrong", "d_fake"))


def test_the_discriminator_sees_the_text(stage):
    features = (
        np.random.default_rng(0)
        .normal(size=stage.discriminator.trunk.output.shape[1:])[None]
        .astype("float32")
    )
    conditions = np.random.default_rng(1).normal(size=(2, networks.CONDITION)).astype("float32")
    one, two = (numpy(stage.discriminator.conditional_head([features, c[None]])) for c in conditions)
    assert abs(one - two).max() > 1e-3


def test_wrong_pairs_are_real_pictures_with_the_captions_of_others():
    stage = networks.stage1()
    batch = stage.prepare(networks.batch(stage))
    drawn = stage.draw(batch)
    _, logs = stage.discriminator_loss(batch, drawn)
    d, rolled = stage.discriminator, np.roll(numpy(batch["image"]), 1, axis=0)
    features = numpy(d.trunk(rolled, training=True))
    expected = d.conditional_head([features, numpy(drawn["mean"])], training=True)
    assert float(numpy(logs["d_wrong"])) == pytest.approx(
        float(np.mean(1 / (1 + np.exp(-numpy(expected))))), abs=1e-5
    )
    assert abs(float(numpy(logs["d_wrong"])) - float(numpy(logs["d_real"]))) > 1e-5


def test_without_matching_awareness_wrong_pairs_teach_nothing(stage):
    said = {}
    for aware in (True, False):
        stage.matching_aware = aware
        batch = stage.prepare(networks.batch(stage))
        loss, logs = stage.discriminator_loss(batch, stage.draw(batch))
        beliefs = {name: float(numpy(value)) for name, value in logs.items()}
        assert beliefs.pop("discriminator_loss") == float(numpy(loss))
        said[aware] = (float(numpy(loss)), beliefs)
    assert said[True][1] == pytest.approx(said[False][1], rel=1e-5)
    assert abs(said[True][0] - said[False][0]) > 1e-3


@pytest.mark.parametrize("name", ADVERSARIAL_LOSSES)
def test_what_remains_counts_half_each_without_wrong_pairs(name):
    random = np.random.default_rng(0)
    real, fake, real_alone, fake_alone = (random.normal(size=(6, 1)).astype("float32") for _ in range(4))
    if name == "relativistic":
        real, fake = real - fake.mean(), fake - real.mean()
        real_alone, fake_alone = real_alone - fake_alone.mean(), fake_alone - real_alone.mean()
    positive, negative = {
        "hinge": (lambda x: np.maximum(0, 1 - x), lambda x: np.maximum(0, 1 + x)),
    }.get(name, (lambda x: np.log1p(np.exp(-x)), lambda x: np.log1p(np.exp(x))))
    random = np.random.default_rng(0)
    logits = [random.normal(size=(6, 1)).astype("float32") for _ in range(4)]
    heads = [Judgement(fake=logits[1], real=logits[0]), Judgement(fake=logits[3], real=logits[2])]
    one, two = positive(real).mean() + negative(fake).mean(), positive(real_alone) + negative(fake_alone)
    objective = Objective(name)
    assert float(numpy(objective.discriminator_loss(heads[:1]))) == pytest.approx(one, rel=1e-5)
    assert float(numpy(objective.discriminator_loss(heads))) == pytest.approx(
        (one + two.mean()) / 2, rel=1e-5
    )


def test_batch_norm_of_the_generator_moves_once_a_step():
    stage = networks.stage1()
    stage.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    batch = networks.batch(stage)
    means = {v.path: numpy(v) for v in stage.generator.variables if "moving_mean" in v.path}
    once = stage.generator({k: batch[k] for k in stage.generator.input}, training=True)
    assert once["image"].shape == (networks.BATCH, 64, 64, 3)
    expected = {v.path: numpy(v) for v in stage.generator.variables if "moving_mean" in v.path}
    for variable in stage.generator.variables:
        if variable.path in means:
            variable.assign(means[variable.path])
    stage.train_on_batch(batch)
    for variable in stage.generator.variables:
        if variable.path in means:
            np.testing.assert_allclose(numpy(variable), expected[variable.path], atol=1e-5)


def test_the_averaged_generator_follows():
    stage = networks.stage1(average_decay=0.5)
    stage.compile()
    start = stage.averaged_generator.get_weights()
    stage.train_on_batch(networks.batch(stage))
    keep = min(0.5, 2 / 11)  # after the first step the generator's optimizer counts 1
    triples = zip(start, stage.generator.get_weights(), stage.averaged_generator.get_weights(), strict=True)
    for first, now, average in triples:
        np.testing.assert_allclose(average, keep * first + (1 - keep) * now, atol=1e-6)


def test_a_batch_without_random_entries_gets_them_from_the_seed():
    def losses(seed):
        stage = networks.stage1(seed=seed)
        stage.compile()
        batch = {k: v for k, v in networks.batch(stage).items() if k in ("image", "embedding")}
        return [stage.train_on_batch(batch, return_dict=True)["generator_loss"] for _ in range(2)]

    assert losses(1) == losses(1)
    assert losses(1) != losses(2)


def test_generate_depends_on_embedding_and_seed_alone(stage):
    vectors = np.random.default_rng(5).normal(size=(2, networks.EMBEDDING)).astype("float32")
    both = stage.generate(vectors, num_images=3, seed=7)
    size = stage.discriminator.image_size
    assert both.shape == (6, size, size, 3) and both.dtype == np.uint8
    alone = stage.generate(vectors[1:], seed=9)  # picture 2 of seed 7 is picture 0 of seed 9
    assert np.abs(both[5].astype(int) - alone[0]).max() <= 1
    assert np.abs(both[3].astype(int) - both[4]).max() > 1


def test_save_and_load(tmp_path, stage):
    stage.compile()
    stage.train_on_batch(networks.batch(stage))
    stage.save(tmp_path / "stage.keras")
    again = keras.saving.load_model(tmp_path / "stage.keras")
    batch = networks.batch(stage, 1)
    assert stage.train_on_batch(batch) == pytest.approx(again.train_on_batch(batch), rel=1e-5)
    assert again.kl_weight == stage.kl_weight and again.real_labels == stage.real_labels


def test_mixed_bfloat16_trains_with_float32_losses():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        stage = networks.stage1()
        stage.compile()
        logs = stage.train_on_batch(networks.batch(stage), return_dict=True)
        image = stage.draw(stage.prepare(networks.batch(stage)))["image"]
    finally:
        keras.config.set_dtype_policy(before)
    assert all(np.isfinite(float(value)) for value in logs.values())
    assert keras.backend.standardize_dtype(image.dtype) == "float32"
    assert {v.dtype for v in stage.generator.trainable_variables} == {"float32"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"real_labels": (0.2, 1.0)}, "above 0.5"),
        ({"average_decay": 1.0}, "average_decay"),
        ({"sketcher": "generator"}, "Stage-I takes none"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, message):
    if "sketcher" in settings:
        settings = {"sketcher": networks.stage1_generator()}
    with pytest.raises(ValueError, match=message):
        networks.stage1(**settings)


@pytest.mark.parametrize(
    ("judge", "message"),
    [
        ({"condition_dim": 9}, "expects 9"),
        ({"condition_dim": 5, "image_size": 128}, "looks at 128 px"),
        ({"condition_dim": 5, "unconditional": True}, "unconditional head"),
    ],
)
def test_networks_that_do_not_fit_are_refused(judge, message):
    with pytest.raises(ValueError, match=message):
        StackGANStage(networks.stage1_generator(), Discriminator(4, **judge))


def test_compile_refuses_what_would_be_ignored():
    stage = networks.stage1()
    with pytest.raises(ValueError, match="brings its own losses"):
        stage.compile(loss="mse")
    adam = keras.optimizers.Adam()
    with pytest.raises(ValueError, match="pass two"):
        stage.compile(adam, adam)


def test_captions_need_a_text_encoder():
    with pytest.raises(ValueError, match="no text_encoder"):
        networks.stage1().generate("a red bird")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda batch: batch["image"], "a batch must be a dict .* this one is: "),
        (lambda batch: {"embedding": batch["embedding"]}, "'image'; this one is: embedding"),
        (
            lambda batch: {**batch, "image": batch["image"][:, ::2, ::2]},
            r"\(32, 32\), the generator's \(64, 64\)",
        ),
    ],
)
def test_batches_of_another_form_are_refused(change, message):
    stage = networks.stage1()
    stage.compile()
    with pytest.raises(ValueError, match=message):
        stage.train_on_batch(change(networks.batch(stage)))


@pytest.mark.parametrize("asked", [5, 2.5, np.int64(3), object()])
def test_what_is_no_caption_is_refused(asked):
    with pytest.raises(ValueError, match=r"is no caption; give one, or a list of them"):
        networks.stage1().generate(asked)
