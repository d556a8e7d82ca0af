import math

import pytest

from stackgan_k3.config import load_preset
from stackgan_k3.models.discriminator import Discriminator
from stackgan_k3.models.stage1_generator import Stage1Generator
from stackgan_k3.models.stage2_generator import Stage2Generator
from stackgan_k3.training.recipes.stackgan import networks

pytestmark = pytest.mark.neutral  # shapes are shapes everywhere

PUBLISHED = {
    "stackgan-coco": (20_020_832, 12_407_425, 37_130_480, 159_889_538),
    "stackgan-birds": (10_301_248, 5_715_713, 26_290_080, 71_269_122),
}
PARTS = ("stage1_generator", "stage1_discriminator", "stage2_generator", "stage2_discriminator")


def count(model):
    return sum(math.prod(variable.shape) for variable in model.trainable_variables)


@pytest.mark.parametrize("preset", PUBLISHED)
def test_published_presets_have_the_published_number_of_parameters(preset):
    built = networks(load_preset(preset))
    assert tuple(count(built[name]) for name in PARTS) == PUBLISHED[preset]


@pytest.mark.parametrize("width", [4, 12])
def test_any_width(width):
    generator = Stage1Generator(width, embedding_dim=8, conditioning_dim=4, noise_dim=4)
    assert generator.output["image"].shape == (None, 64, 64, 3)
    for size in (128, 256):
        second = Stage2Generator(width, image_size=size, embedding_dim=8, conditioning_dim=4)
        assert second.output["image"].shape == (None, size, size, 3)
        judge = Discriminator(width, image_size=size, condition_dim=4, unconditional=True)
        assert judge.trunk.output.shape == (None, 4, 4, 8 * width)


def test_other_sizes_are_refused():
    with pytest.raises(ValueError, match="128 or 256 pixels, not of 64"):
        Stage2Generator(4, image_size=64)
    with pytest.raises(ValueError, match="not of 96"):
        Discriminator(4, image_size=96)
