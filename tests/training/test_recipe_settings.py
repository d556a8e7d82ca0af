"""What may be added to the published recipe is one setting each, and what would have no effect is refused."""

import json

import keras
import pytest
from small_run import SMALL

from stackgan_k3.config import RunConfig, load_preset, parse_changes
from stackgan_k3.engine import devices
from stackgan_k3.training.recipes import dcgan, gan_cls
from stackgan_k3.training.recipes.stackgan import build_stage, compile_stage, networks
from stackgan_k3.training.train import precision_of

TINY = {"gan.width": 2, "gan.discriminator_width": 2, "gan.noise_dim": 3}


def small(*settings, preset="stackgan-tiny"):
    """A preset with settings as on the command line."""
    sizes = SMALL if preset.startswith("stackgan") else TINY
    return load_preset(preset, sizes).changed(parse_changes(settings))


@pytest.mark.parametrize("name", ["logistic", "hinge", "relativistic"])
def test_the_adversarial_loss_is_one_setting(name):
    assert build_stage(small(f"stage1.adversarial_loss={name}"), "stage1").objective.name == name
    assert dcgan.build(small(f"gan.adversarial_loss={name}", preset="dcgan-digits")).objective.name == name
    config = small(f"gan.adversarial_loss={name}", "text.embedding_dim=4", preset="gan-int-flowers")
    assert gan_cls.build(config).objective.name == name


@pytest.mark.parametrize("phase", ["stage1", "stage2"])
@pytest.mark.parametrize("name", ["spectral_norm", "minibatch_std", "projection"])
def test_each_part_of_a_discriminator_is_one_setting(phase, name):
    built = networks(small(f"{phase}.{name}=true"))
    other = {"stage1": "stage2", "stage2": "stage1"}[phase]
    assert getattr(built[f"{phase}_discriminator"], name)
    assert not getattr(built[f"{other}_discriminator"], name)


@pytest.mark.parametrize("phase", ["stage1", "stage2"])
def test_reading_off_pictures_is_one_setting(phase):
    config = small(f"{phase}.reading_weight=2")
    built = networks(config)
    other = {"stage1": "stage2", "stage2": "stage1"}[phase]
    assert built[f"{phase}_discriminator"].reading == 4096
    assert built[f"{other}_discriminator"].reading == 0
    sketcher = built["stage1_generator"] if phase == "stage2" else None
    assert build_stage(config, phase, sketcher=sketcher).reading.weight == 2


def test_how_soon_guidance_is_halved_is_one_setting():
    config = small("stage1.reading_weight=2", "stage1.guidance_halve_every=3")
    stage = build_stage(config, "stage1")
    compile_stage(stage, config, "stage1", steps_per_epoch=7)
    assert stage.guidance_halve_every == 21
    assert build_stage(small(), "stage1").guidance_halve_every == 0


@pytest.mark.parametrize("phase", ["stage1", "stage2"])
def test_learning_from_mismatched_pairs_is_one_setting(phase):
    for value in (True, False):
        config = small(f"{phase}.matching_aware={str(value).lower()}")
        sketcher = networks(config)["stage1_generator"] if phase == "stage2" else None
        assert build_stage(config, phase, sketcher=sketcher).matching_aware is value


def test_the_penalty_and_the_dropped_captions_are_settings():
    stage = build_stage(
        small("stage1.r1_weight=0.5", "stage1.r1_every=4", "stage1.caption_dropout=0.1"), "stage1"
    )
    assert (stage.r1_weight, stage.r1_every, stage.caption_dropout.probability) == (0.5, 4, 0.1)
    config = small(
        "gan.caption_dropout=0.3", "gan.r1_weight=2", "text.embedding_dim=4", preset="gan-cls-flowers"
    )
    model = gan_cls.build(config)
    assert (model.r1_weight, model.r1_every, model.caption_dropout.probability) == (2, 16, 0.3)
    assert "caption_draw" in model.draws


def test_a_published_preset_has_none_of_them():
    stage = build_stage(small(), "stage1")
    assert "caption_draw" not in stage.draws and stage.r1_weight == 0
    judge = stage.discriminator
    assert not (judge.spectral_norm or judge.minibatch_std or judge.projection)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["stage1.adversarial_loss=wgan"], "adversarial_loss: .*'hinge' or 'relativistic'.*wgan"),
        (
            ["stage2.adversarial_loss=hinge", "stage2.generator_loss=non-saturating"],
            "stage2.generator_loss is non-saturating, but stage2.adversarial_loss=hinge has one loss",
        ),
        (
            ["stage1.adversarial_loss=hinge", "stage1.real_labels=[0.8, 1]"],
            "stage1.real_labels are 0.8 to 1, but stage1.adversarial_loss=hinge has margins",
        ),
        (["stage1.r1_every=8"], "stage1.r1_every is 8, but stage1.r1_weight=0 switches the penalty off"),
        (["stage1.r1_weight=-1"], "stage1.r1_weight: .*greater than or equal to 0"),
        (["stage1.matching_blur=1"], "stage1.matching_blur is 1, but stage1.matching_weight=0 switches"),
        (
            ["stage1.matching_noise=0.3", "text.picture_noise=0.3"],
            "stage1.matching_noise is 0.3, but stage1.matching_weight=0 switches",
        ),
        (
            ["stage1.matching_weight=1", "stage1.matching_noise=0.3"],
            "stage1.matching_noise is 0.3, but text.picture_noise=0 trains the image encoder without noise",
        ),
        (["stage1.matching_gamma=4"], "stage1.matching_weight=0 switches the matching loss off"),
        (
            ["stage2.matching_negatives=4"],
            "stage2.matching_negatives is 4, but stage2.matching_weight=0 switch",
        ),
        (
            ["stage1.matching_weight=5", "stage1.caption_dropout=0.1"],
            "stage1.caption_dropout is 0.1, but stage1.matching_weight asks in every step",
        ),
        (
            ["stage2.reading_weight=5", "stage2.caption_dropout=0.1"],
            "stage2.caption_dropout is 0.1, but stage2.reading_weight asks in every step",
        ),
        (
            ["stage2.guidance_halve_every=4"],
            "stage2.guidance_halve_every is 4, but neither stage2.matching_weight nor stage2.reading_weight",
        ),
        (
            ["stage1.discriminative_reading=true"],
            "stage1.discriminative_reading is set, but stage1.reading_weight=0 has nothing read off pictures",
        ),
        (["stage1.reading_weight=-1"], "stage1.reading_weight: .*greater than or equal to 0"),
        (["text.gamma=5"], "text.gamma is 5, but text.objective=structured has no gamma"),
        (["text.objective=contrastive", "text.margin=2"], "text.objective=contrastive has no margin"),
        (["text.encoder=published", "text.width=9"], "text.width is 9, but text.encoder=published trains no"),
        (["stage1.caption_dropout=1.5"], "stage1.caption_dropout: .*less than or equal to 1"),
        (
            ["stage2.spectral_norm=true", "discriminator_normalization=conditional"],
            "stage2.spectral_norm=true takes the place of the discriminator's normalization",
        ),
        (["attention=true", "stage2.caption_dropout=0.1"], "attention=true reads the words of every caption"),
    ],
)
def test_what_would_have_no_effect_is_refused_with_the_reason(settings, message):
    with pytest.raises(ValueError, match=message):
        small(*settings)


@pytest.mark.parametrize("preset", ["dcgan-digits", "conditional-gan-digits", "gan-cls-flowers"])
def test_a_momentum_without_adam_is_refused_in_every_system(preset):
    sgd = ["gan.generator_optimizer=sgd", "gan.discriminator_optimizer=sgd"]
    with pytest.raises(ValueError, match="gan\\.beta_1 is 0\\.9, but it is Adam's"):
        load_preset(preset, parse_changes([*sgd, "gan.beta_1=0.9"]))
    assert load_preset(preset, parse_changes([*sgd[1:], "gan.beta_1=0.9"])).gan.beta_1 == 0.9


def test_what_a_preset_says_does_not_stand_in_the_way():
    config = small("stage1.adversarial_loss=hinge")
    assert config.stage1.real_labels == (0.9, 1.0)  # of the preset, and without effect
    assert small("stage1.adversarial_loss=hinge", "stage1.real_labels=[1, 1]").stage1.real_labels == (1, 1)


def test_a_run_that_was_begun_before_there_were_such_settings_is_a_published_one():
    config = load_preset("stackgan-birds")
    tree = json.loads(config.to_json())
    new = ["adversarial_loss", "r1_weight", "r1_every", "spectral_norm", "minibatch_std", "projection"]
    for phase in ("stage1", "stage2"):
        matching = ["matching_aware", "matching_weight", "matching_gamma", "matching_negatives"]
        matching += ["matching_blur", "matching_noise", "reading_weight", "guidance_halve_every"]
        matching += ["discriminative_reading"]
        for name in [*new, "caption_dropout", *matching]:
            del tree[phase][name]
    for name in ("objective", "gamma", "reading_weight", "picture_reading_weight", "picture_noise"):
        del tree["text"][name]
    assert RunConfig.from_json(json.dumps(tree)) == config
    tree["stage2"] |= {"matching_weight": 5.0, "matching_gamma": 10.0}  # which only attention read
    assert RunConfig.from_json(json.dumps(tree)) == config


def test_stage2_alone_may_have_the_matching_loss():
    config = load_preset("stackgan-birds", {"stage2.matching_weight": 3.0})
    assert (config.stage1.matching_weight, config.stage2.matching_weight) == (0, 3)
    assert RunConfig.from_json(config.to_json()) == config


def test_auto_trains_a_large_second_stage_in_float32_on_a_processor(monkeypatch):
    monkeypatch.setattr(devices, "multiplies_bfloat16", lambda: True)
    config = small("precision=auto", "stage2.image_size=256")
    stage1 = build_stage(config, "stage1").generator
    stage2 = build_stage(config, "stage2", sketcher=stage1).generator
    kinds = [
        {layer.compute_dtype for layer in generator.layers if "conv" in layer.name}
        for generator in (stage1, stage2)
    ]
    jax = keras.backend.backend() == "jax"
    assert kinds == [{"float32" if jax else "bfloat16"}, {"float32"}]
    assert precision_of(config) == ("float32" if jax else "mixed_bfloat16 (stage2 in float32)")
