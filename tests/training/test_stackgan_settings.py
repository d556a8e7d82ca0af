"""A swap of any one part of StackGAN is one setting, and reaches what it names."""

import json

import keras
import numpy as np
import pytest
from small_run import SMALL, small_data

from stackgan_k3.config import RunConfig, load_preset, parse_changes
from stackgan_k3.data.records import Records
from stackgan_k3.draws import draw_batch
from stackgan_k3.errors import UserError
from stackgan_k3.layers.batch_normalization import BatchNormalization
from stackgan_k3.layers.conditional_batch_norm import ConditionalBatchNorm
from stackgan_k3.layers.inverse_tanh import InverseTanh
from stackgan_k3.layers.kernel_upsampling import KernelUpsampling
from stackgan_k3.layers.uniform_noise import UniformNoise
from stackgan_k3.layers.upsample_convolution import UpsampleConvolution
from stackgan_k3.training.recipes.stackgan import (
    build_stage,
    build_stage1_generator,
    build_stage2_generator,
    compile_stage,
    networks,
    stage_loader,
)
from stackgan_k3.training.text_phase import embedding_table
from stackgan_k3.training.train import train


def small(*settings):
    """The configuration of the smallest StackGAN with settings as on the command line."""
    return load_preset("stackgan-tiny", SMALL).changed(parse_changes(settings))


def stage1(*settings, steps_per_epoch=10):
    """Stage-I under settings, compiled."""
    config = small(*settings)
    stage = build_stage(config, "stage1")
    compile_stage(stage, config, "stage1", steps_per_epoch)
    return stage


def drawn_and_batch(stage, size=4):
    random = np.random.default_rng(0)
    batch = {
        "image": random.integers(0, 256, (size, 64, 64, 3)).astype("uint8"),
        "embedding": random.normal(size=(size, 8)).astype("float32"),
        **draw_batch(stage.draws, seed=1, step=0, batch_size=size),
    }
    batch = stage.prepare(batch)
    return stage.draw(batch), batch


def scalar(tensor):
    return float(keras.ops.convert_to_numpy(tensor))


def kinds(network):
    return {type(layer) for layer in network.layers}


@pytest.mark.parametrize(
    ("setting", "here", "not_here"),
    [
        ("upsampling=bilinear", KernelUpsampling, UpsampleConvolution),
        ("upsampling=bicubic", KernelUpsampling, UpsampleConvolution),
        ("upsampling=nearest", UpsampleConvolution, KernelUpsampling),
        ("normalization=conditional", ConditionalBatchNorm, None),
        ("normalization=batch", BatchNormalization, ConditionalBatchNorm),
    ],
)
def test_a_part_of_both_generators_is_one_setting(setting, here, not_here):
    config = small(setting)
    for network in (build_stage1_generator(config), build_stage2_generator(config)):
        assert here in kinds(network) and not_here not in kinds(network)


def test_the_normalization_of_the_discriminators_is_one_setting():
    built = networks(small("discriminator_normalization=conditional"))
    for phase in ("stage1", "stage2"):
        assert ConditionalBatchNorm in kinds(built[f"{phase}_discriminator"].trunk)
        assert BatchNormalization not in kinds(built[f"{phase}_discriminator"].trunk)
        assert ConditionalBatchNorm not in kinds(built[f"{phase}_generator"])


def test_the_noise_is_one_setting():
    assert UniformNoise in kinds(build_stage1_generator(small("noise=uniform")))
    assert UniformNoise not in kinds(build_stage1_generator(small()))


@pytest.mark.parametrize(
    ("setting", "parts"),
    [
        ("conditioning=plain", {"image", "mean"}),
        ("conditioning=augmentation", {"image", "mean", "log_variance"}),
        ("conditioning=mixture", {"image", "mean", "means", "log_variances", "weights", "chosen"}),
    ],
)
def test_the_conditioning_of_both_generators_is_one_setting(setting, parts):
    config = small(setting)
    assert set(build_stage1_generator(config).output) == parts
    assert set(build_stage2_generator(config).output) == parts


@pytest.mark.parametrize("blocks", [2, 4])
def test_residual_blocks_are_one_setting(blocks):
    generator = build_stage2_generator(small(f"stage2.residual_blocks={blocks}"))
    assert sum(isinstance(layer, keras.layers.Add) for layer in generator.layers) == blocks


def test_adding_to_the_sketch_is_one_setting():
    added = [
        InverseTanh in kinds(build_stage2_generator(small(f"stage2.sketch_skip={on}")))
        for on in (True, False)
    ]
    assert added == [True, False]
    with pytest.raises(UserError, match=r"stage2\.sketch_skip=false"):
        small("stage2.sketch_skip=true", "stage2.kind=srgan")


def test_links_from_the_sketch_are_one_setting():
    def added(on):
        generator = build_stage2_generator(small(f"stage2.feature_skip={on}", "stage2.residual_blocks=0"))
        return sum(isinstance(layer, keras.layers.Add) for layer in generator.layers)

    assert [added(True), added(False)] == [2, 0]  # at 32 and at 64 px
    with pytest.raises(UserError, match=r"stage2\.feature_skip=false"):
        small("stage2.feature_skip=true", "stage2.kind=srgan")


def test_every_seed_that_a_run_may_have_builds_its_networks():
    assert stage1(f"seed={2**63 - 1}").seed == 2**63 - 1


def test_a_second_stage_of_another_kind_leaves_behind_what_it_does_not_have():
    linked = ["stage2.sketch_skip=true", "stage2.feature_skip=true", "stage2.restoring_weight=10"]
    preset = load_preset("stackgan-tiny", linked)

    def stage2(**changes):
        return preset.changed({name.replace("__", "."): value for name, value in changes.items()}).stage2

    srgan = stage2(stage2__kind="srgan")
    assert (srgan.sketch_skip, srgan.feature_skip, srgan.restoring_weight) == (False, False, 0)
    attending = stage2(attention=True)
    assert (attending.sketch_skip, attending.feature_skip, attending.restoring_weight) == (True, True, 0)
    kept = stage2(stage2__width=8)
    assert (kept.sketch_skip, kept.feature_skip, kept.restoring_weight) == (True, True, 10)


@pytest.mark.parametrize("size", [128, 256])
def test_the_size_of_the_pictures_is_one_setting(size):
    config = small(f"stage2.image_size={size}")
    assert build_stage2_generator(config).output["image"].shape[1:] == (size, size, 3)
    assert networks(config)["stage2_discriminator"].image_size == size
    assert config.picture_size("stage2") == size and config.picture_size("stage1") == 64


def test_the_kl_weight_is_one_setting():
    losses, kl = [], []
    for weight in (0, 1, 2):
        stage = stage1(f"stage1.kl_weight={weight}")
        drawn, batch = drawn_and_batch(stage)
        loss, logs = stage.generator_loss(batch, drawn)
        losses.append(scalar(loss))
        kl.append(scalar(logs["kl"]))
    assert kl[0] > 1e-4 and kl[0] == kl[1] == kl[2]
    assert losses[1] - losses[0] == pytest.approx(kl[0], rel=0.05)
    assert losses[2] - losses[0] == pytest.approx(2 * kl[0], rel=0.05)


@pytest.mark.parametrize(("name", "sign"), [("non-saturating", 1), ("saturating", -1)])
def test_the_loss_of_the_generator_is_one_setting(name, sign):
    stage = stage1(f"stage1.generator_loss={name}", "stage1.kl_weight=0")
    drawn, batch = drawn_and_batch(stage)
    loss, _ = stage.generator_loss(batch, drawn)
    features = stage.discriminator.trunk(drawn["image"], training=True)
    logits = stage.discriminator.conditional_head([features, drawn["mean"]], training=True)
    x = keras.ops.convert_to_numpy(keras.ops.stop_gradient(logits)).astype("float64")
    belief = 1 / (1 + np.exp(-x))
    right = -np.log(belief).mean() if sign > 0 else np.log(1 - belief).mean()
    assert scalar(loss) == pytest.approx(right, rel=1e-4) and np.sign(right) == sign


@pytest.mark.parametrize(("setting", "low", "high"), [("[1, 1]", 1.0, 1.0), ("[0.9, 1]", 0.9, 1.0)])
def test_the_real_labels_are_one_setting(setting, low, high):
    stage = stage1(f"stage1.real_labels={setting}")
    labels = draw_batch(stage.draws, seed=3, step=0, batch_size=5000)["real_labels"]
    assert labels.min() == pytest.approx(low, abs=1e-3) and labels.max() == pytest.approx(high, abs=1e-3)
    assert labels.mean() == pytest.approx((low + high) / 2, abs=2e-3)


@pytest.mark.parametrize("who", ["generator", "discriminator"])
def test_the_optimizers_are_a_setting_each(who):
    stage = stage1(f"stage1.{who}_optimizer=sgd")
    other = {"generator": "discriminator", "discriminator": "generator"}[who]
    assert isinstance(getattr(stage, f"{who}_optimizer"), keras.optimizers.SGD)
    assert isinstance(getattr(stage, f"{other}_optimizer"), keras.optimizers.Adam)


@pytest.mark.parametrize("who", ["generator", "discriminator"])
def test_the_rates_are_a_setting_each(who):
    stage = stage1(f"stage1.{who}_rate=0.0007")
    rates = {
        name: scalar(getattr(stage, f"{name}_optimizer").learning_rate)
        for name in ("generator", "discriminator")
    }
    assert rates.pop(who) == pytest.approx(7e-4)
    assert list(rates.values()) == [pytest.approx(4e-4)]  # the preset's


def test_both_rates_are_halved_every_so_many_epochs():
    stage = stage1("stage1.halve_every=100", steps_per_epoch=7)
    for optimizer in (stage.generator_optimizer, stage.discriminator_optimizer):
        rates = []
        for step in (0, 699, 700, 1400):
            optimizer.iterations.assign(step)
            rates.append(scalar(optimizer.learning_rate))
        assert rates == pytest.approx([4e-4, 4e-4, 2e-4, 1e-4])


def test_the_batch_size_is_one_setting():
    config = small("stage1.batch_size=128")
    assert (config.part("stage1").batch_size, config.part("stage2").batch_size) == (128, 8)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["conditioning=plain", "stage1.kl_weight=1"], "stage1.kl_weight is 1, but conditioning=plain"),
        (["conditioning=plain", "stage2.kl_weight=2"], "there is no KL term to weigh"),
        (
            ["stage1.generator_optimizer=sgd", "stage1.discriminator_optimizer=sgd", "stage1.beta_1=0.9"],
            "beta_1 is 0.9, but it is Adam's, and both optimizers of stage1 are SGD",
        ),
        (["conditioning=mix"], "conditioning: .*'plain' or 'mixture'.*mix"),
        (["upsampling=lanczos"], "upsampling: .*'bilinear' or 'bicubic'.*lanczos"),
        (["normalization=instance"], "normalization: .*'batch' or 'conditional'.*instance"),
        (["noise=gaussian"], "noise: .*'normal' or 'uniform'.*gaussian"),
        (["stage1.upsampling=bilinear"], "did you mean 'upsampling'"),
        (["stage1.image_size=128"], "did you mean 'stage2.image_size'"),
    ],
)
def test_impossible_combinations_are_refused_with_the_reason(settings, message):
    with pytest.raises(ValueError, match=message):
        small(*settings)


def test_what_a_preset_says_does_not_stand_in_the_way_of_a_swap():
    plain = small("conditioning=plain").stage1
    assert plain.kl_weight == small().stage1.kl_weight > 0  # of the preset, and without effect
    assert small("conditioning=plain", "stage1.kl_weight=0").conditioning == "plain"
    one = small("stage1.discriminator_optimizer=sgd", "stage1.beta_1=0.9")
    assert one.stage1.beta_1 == 0.9  # the generator's Adam


def test_a_run_that_was_begun_before_there_were_variants_is_a_published_one():
    tree = json.loads(load_preset("stackgan-birds").to_json())
    for name in ("conditioning", "normalization", "discriminator_normalization", "upsampling", "noise"):
        del tree[name]
    assert RunConfig.from_json(json.dumps(tree)) == load_preset("stackgan-birds")


def test_the_batches_of_a_stage_bring_all_that_its_losses_ask_for(tmp_path):
    settings = {
        **SMALL,
        "stage1.matching_weight": 1.0,
        "stage1.matching_negatives": 3,
        "stage1.reading_weight": 2.0,
    }
    config = load_preset("stackgan-tiny", {**settings, "text.picture_reading_weight": 1.0})
    data = small_data(tmp_path / "set")
    run = train(config, data, tmp_path / "run", phases=["text"])
    records, words = Records(data), run.telling_words()
    stage = build_stage(config, "stage1", image_encoder=run.image_encoder(), telling=words)
    table = embedding_table(records, run.text_encoder())
    batch = stage_loader(config, "stage1", records, stage, table, words).batch(0)
    assert batch["other_embedding"].shape == (8, 3, 8)
    assert batch["picture_tells"].shape == batch["caption_tells"].shape == (8, len(words))
    compile_stage(stage, config, "stage1", 5)
    assert np.isfinite(stage.train_on_batch(batch)).all()
    with pytest.raises(
        UserError, match=r"give telling=run\.telling_words\(\), or set stage1\.reading_weight=0"
    ):
        stage_loader(config, "stage1", records, stage, table)


@pytest.mark.parametrize("phase", ["text", "stage3"])
def test_there_are_two_stages(phase):
    with pytest.raises(UserError, match=f"there is no stage '{phase}'; build stage1 or stage2"):
        build_stage(small(), phase)
