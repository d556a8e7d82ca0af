"""What may be added to the published recipe is one setting each, and what would have no effect is refused."""

import json

import pytest
from small_run import SMALL

from stackgan_k3.config import RunConfig, load_preset, parse_changes
from stackgan_k3.training.recipes import dcgan, gan_cls
from stackgan_k3.training.recipes.stackgan import build_stage

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
    ],
)
def test_what_would_have_no_effect_is_refused_with_the_reason(settings, message):
    with pytest.raises(ValueError, match=message):
        small(*settings)


def test_what_a_preset_says_does_not_stand_in_the_way():
    config = small("stage1.adversarial_loss=hinge")
    assert config.stage1.real_labels == (0.9, 1.0)  # of the preset, and without effect
    assert small("stage1.adversarial_loss=hinge", "stage1.real_labels=[1, 1]").stage1.real_labels == (1, 1)


def test_a_run_that_was_begun_before_there_were_such_settings_is_a_published_one():
    config = load_preset("stackgan-birds")
    tree = json.loads(config.to_json())
    for phase in ("stage1", "stage2"):
        del tree[phase]["adversarial_loss"]
    assert RunConfig.from_json(json.dumps(tree)) == config
