"""The losses' values at D = ½, against models whose discriminator says ½ of everything."""

import keras
import numpy as np
import pytest
from small_run import PUBLISHED

from stackgan_k3.config import load_preset
from stackgan_k3.draws import draw_batch
from stackgan_k3.training.equilibrium import equilibrium
from stackgan_k3.training.recipes import conditional_gan, dcgan, gan_cls, stackgan

SIZES = {"gan.width": 2, "gan.discriminator_width": 2, "gan.noise_dim": 3}
TEXT = {"text.embedding_dim": 4}
STAGE = {"stage1.width": 8, "stage1.discriminator_width": 4, "stage1.real_labels": [0.9, 1.0], **TEXT}
STAGE |= {"stage2.width": 8, "stage2.discriminator_width": 4, "stage2.residual_blocks": 0}
STAGE = {**PUBLISHED, **STAGE, "noise_dim": 3, "conditioning_dim": 3}


def stage2(config):
    sketcher = stackgan.build_stage1_generator(config)
    return stackgan.build_stage(config, "stage2", sketcher=sketcher)


CASES = {
    "dcgan": ("dcgan-digits", SIZES, "gan", dcgan.build),
    "saturating": ("dcgan-digits", {**SIZES, "gan.generator_loss": "saturating"}, "gan", dcgan.build),
    "hinge": ("dcgan-digits", {**SIZES, "gan.adversarial_loss": "hinge"}, "gan", dcgan.build),
    "relativistic gan-int": (
        "gan-int-flowers", {**SIZES, **TEXT, "gan.adversarial_loss": "relativistic"}, "gan", gan_cls.build,
    ),
    "relativistic stage2": ("stackgan-tiny", {**STAGE, "stage2.adversarial_loss": "relativistic"}, "stage2",
                            stage2),
    "hinge stage2": ("stackgan-tiny", {**STAGE, "stage2.adversarial_loss": "hinge"}, "stage2", stage2),
    "by class": ("conditional-gan-digits", SIZES, "gan", conditional_gan.build),
    "gan-cls": ("gan-cls-flowers", {**SIZES, **TEXT}, "gan", gan_cls.build),
    "gan-int": ("gan-cls-flowers", {**SIZES, **TEXT, "gan.interpolation": True}, "gan", gan_cls.build),
    "stage1": ("stackgan-tiny", STAGE, "stage1", lambda config: stackgan.build_stage(config, "stage1")),
    "stage2": ("stackgan-tiny", STAGE, "stage2", stage2),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_discriminator_that_says_one_half_of_everything_has_these_losses(name):
    preset, settings, phase, build = CASES[name]
    config = load_preset(preset, settings)
    model = build(config)
    for variable in model.discriminator.trainable_variables:
        variable.assign(np.zeros(variable.shape))
    size = config.picture_size(phase)
    batch = {
        "image": np.random.randint(0, 256, (2, size, size, 3)).astype("uint8"),
        "label": np.array([0, 1], "int32"),
        "embedding": np.random.standard_normal((2, 4)).astype("float32"),
        **draw_batch(model.draws, seed=0, step=0, batch_size=2),
    }
    batch = model.prepare(batch)
    drawn = model.draw(batch)
    losses = model.discriminator_loss(batch, drawn), model.generator_loss(batch, drawn)
    (discriminator, judged), (generator, logged) = keras.tree.map_structure(
        keras.ops.convert_to_numpy, losses
    )
    kl = model.kl_weight * logged["kl"] if "kl" in logged else 0.0
    right = equilibrium(config, phase)
    assert all(value == 0.5 for key, value in judged.items() if key.startswith("d_"))
    np.testing.assert_allclose(discriminator, right["discriminator_loss"], rtol=1e-5)
    np.testing.assert_allclose(generator - kl, right["generator_loss"], rtol=1e-4, atol=1e-6)


def test_a_phase_without_two_networks_has_none():
    assert equilibrium(load_preset("vae-digits"), "vae") == {}
    assert equilibrium(load_preset("stackgan-tiny"), "text") == {}
