"""The Stage-II that mends spoiled real pictures too: against numpy, and on every backend."""

import keras
import networks
import numpy as np
import pytest
from backends import assert_same, run_on_each

from stackgan_k3.adversarial.spoiling import Spoiling
from stackgan_k3.config import load_preset
from stackgan_k3.draws import draw_batch
from stackgan_k3.errors import UserError
from stackgan_k3.models.discriminator import Discriminator
from stackgan_k3.models.restoring_stage import RestoringStage
from stackgan_k3.models.stage2_generator import Stage2Generator

SIZES = {"embedding_dim": networks.EMBEDDING, "conditioning_dim": networks.CONDITION}


def numpy(tensor):
    return np.array(keras.ops.convert_to_numpy(tensor))


def built(**settings):
    skips = {"sketch_skip": True, "feature_skip": True}
    generator = Stage2Generator(networks.WIDTH, image_size=128, residual_blocks=1, **skips, **SIZES)
    discriminator = Discriminator(
        networks.WIDTH, image_size=128, condition_dim=networks.CONDITION, unconditional=True
    )
    stage = RestoringStage(generator, discriminator, sketcher=networks.stage1_generator(), **settings)
    return networks.set_weights(stage)


def test_pixels_come_from_near_and_colors_are_off_as_the_numbers_say():
    spoiling = Spoiling(16)
    batch = draw_batch(spoiling.draws, seed=3, step=0, batch_size=4)
    batch["spoil_strength"][0] = 0.0
    image = np.random.default_rng(0).uniform(-0.5, 0.5, (4, 16, 16, 3)).astype("float32")
    spoiled = numpy(spoiling(batch, image))
    np.testing.assert_array_equal(spoiled[0], image[0])
    for number in range(1, 4):
        strength = batch["spoil_strength"][number]
        for y in range(16):
            for x in range(16):
                down, right = np.round(1.5 * strength * batch["spoil_places"][number, y, x]).astype(int)
                source = image[number, np.clip(y + down, 0, 15), np.clip(x + right, 0, 15)]
                wanted = np.clip(source + 0.1 * strength * batch["spoil_colors"][number, y, x], -1, 1)
                np.testing.assert_allclose(spoiled[number, y, x], wanted, atol=1e-6)


def test_a_step_moves_every_weight():
    stage = built()
    stage.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    trained = [*stage.generator.trainable_variables, *stage.discriminator.trainable_variables]
    before = [numpy(v) for v in trained]
    logs = stage.train_on_batch(networks.batch(stage, size=4), return_dict=True)
    assert [v.path for v, old in zip(trained, before, strict=True) if (numpy(v) == old).all()] == []
    assert {"restoring", "kl"} <= set(logs) and np.isfinite(list(logs.values())).all()


def test_the_loss_is_the_weighted_distance_to_the_real_pictures():
    plain, weighted = built(restoring_weight=0.0), built(restoring_weight=3.0)
    batch = networks.batch(plain, size=3)
    losses, logs, drawn, prepared = [], {}, {}, {}
    for stage in (plain, weighted):
        prepared = stage.prepare(batch)
        drawn = stage.draw(prepared)
        assert drawn["image"].shape == drawn["restored"].shape == (3, 128, 128, 3)
        loss, logs = stage.generator_loss(prepared, drawn)
        losses.append(float(numpy(loss)))
    distance = np.abs(numpy(drawn["restored"]) - numpy(prepared["image"])).mean()
    assert distance > 0.05
    assert float(numpy(logs["restoring"])) == pytest.approx(distance, rel=1e-5)
    assert losses[1] - losses[0] == pytest.approx(3 * distance, rel=1e-3)


def test_it_learns_to_mend_a_picture():
    keras.utils.set_random_seed(4)
    generator = Stage2Generator(8, image_size=128, residual_blocks=0, feature_skip=True, **SIZES)
    seen = networks.learnt_by_heart(RestoringStage, generator, "restoring", restoring_weight=50.0)
    assert np.mean(seen[-5:]) < 0.7 * seen[0], seen


def test_it_saves_and_loads(tmp_path):
    stage = built(restoring_weight=7.0)
    stage.compile()
    stage.train_on_batch(networks.batch(stage))
    stage.save(tmp_path / "stage.keras")
    again = keras.saving.load_model(tmp_path / "stage.keras")
    assert again.restoring_weight == 7.0
    batch = networks.batch(stage, 1)
    assert stage.train_on_batch(batch) == pytest.approx(again.train_on_batch(batch), rel=1e-5)


def step(inputs):
    """The losses of a step: the same on every backend."""
    import importlib.util

    import keras
    import networks
    import numpy as np

    spec = importlib.util.spec_from_file_location("restoring", __file__)
    here = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(here)
    stage = here.built()
    stage.compile(keras.optimizers.SGD(0.001), keras.optimizers.SGD(0.001))
    logs = stage.train_on_batch(networks.batch(stage, size=3), return_dict=True)
    return {name: np.array(logs[name], "float32") for name in sorted(logs) if not name.endswith("gradient")}


def test_losses_agree_on_every_backend():
    assert_same(run_on_each(step), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    ("preset", "reason"),
    [
        ("stackgan-srgan", r"with stage2\.kind=srgan Stage-II learns from no spoiled pictures"),
        ("stackgan-attention", r"with attention=true Stage-II learns from no spoiled pictures"),
    ],
)
def test_a_stage_without_it_refuses_its_weight(preset, reason):
    with pytest.raises(UserError, match=reason):
        load_preset(preset, {"stage2.restoring_weight": 5})
    assert load_preset("stackgan-tiny", {"stage2.restoring_weight": 5}).stage2.restoring_weight == 5
