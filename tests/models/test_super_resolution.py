"""The super-resolution Stage-II against closed forms, numpy and PyTorch, and on every backend."""

import keras
import networks
import numpy as np
import pytest
from backends import assert_same, run_on_each

from stackgan_k3.adversarial.super_resolution_losses import content_loss, feature_loss, reduced
from stackgan_k3.config import load_preset
from stackgan_k3.errors import UserError
from stackgan_k3.layers.sub_pixel import SubPixel
from stackgan_k3.models.discriminator import Discriminator
from stackgan_k3.models.super_resolution_generator import SuperResolutionGenerator
from stackgan_k3.models.super_resolution_stage import SuperResolutionStage

SIZES = {"embedding_dim": networks.EMBEDDING, "conditioning_dim": networks.CONDITION}


def numpy(tensor):
    return np.array(keras.ops.convert_to_numpy(tensor))


def built(size=128, variant="augmentation", judge="batch", **settings):
    """A stage whose weights all matter."""
    generator = SuperResolutionGenerator(
        networks.WIDTH, image_size=size, residual_blocks=1, conditioning=variant, **SIZES
    )
    discriminator = Discriminator(
        networks.WIDTH,
        image_size=size,
        condition_dim=networks.CONDITION,
        unconditional=True,
        normalization=judge,
    )
    stage = SuperResolutionStage(generator, discriminator, sketcher=networks.stage1_generator(), **settings)
    return networks.set_weights(stage)


def test_sub_pixels_are_the_channels_in_the_order_of_depth_to_space():
    x = np.random.default_rng(0).normal(size=(2, 3, 4, 12)).astype("float32")
    out = numpy(SubPixel()(x))
    assert out.shape == (2, 6, 8, 3)
    for i in range(2):
        for j in range(2):
            first = 3 * (2 * i + j)
            assert (out[:, i::2, j::2] == x[..., first : first + 3]).all()


@pytest.mark.parametrize(("size", "blocks"), [(128, 2), (256, 16)])
def test_the_generator_has_as_many_parameters_as_the_formula_says(size, blocks):
    w, c, t = 6, networks.CONDITION, networks.EMBEDDING
    generator = SuperResolutionGenerator(w, image_size=size, residual_blocks=blocks, **SIZES)
    doublings = {128: 1, 256: 2}[size]
    text = 2 * c * (t + 1)
    ends = 2 * 81 * 3 * w + w  # both 9 × 9 convolutions, a PReLU
    joined = 9 * (w + c) * w + w
    block = 2 * (9 * w * w + 2 * w) + w
    last = 9 * w * w + 2 * w
    doubled = 9 * w * 4 * w + w
    right = text + ends + joined + blocks * block + last + doublings * doubled
    assert sum(int(np.prod(v.shape)) for v in generator.trainable_variables) == right
    assert generator.output["image"].shape == (None, size, size, 3)


def test_reduced_pictures_are_means_of_squares_of_pixels():
    image = np.random.default_rng(1).normal(size=(2, 256, 256, 3)).astype("float32")
    right = image.reshape(2, 64, 4, 64, 4, 3).mean(axis=(2, 4))
    np.testing.assert_allclose(numpy(reduced(image)), right, atol=1e-6)


def test_the_content_loss_is_zero_for_a_perfect_enlargement_only():
    random = np.random.default_rng(2)
    real = random.normal(size=(2, 128, 128, 3)).astype("float32")
    small = numpy(reduced(real))
    assert float(content_loss(small, real, real, real)) < 1e-12
    # What averages out over each square is no offence against the sketch.
    noise = np.tile(np.array([[1.0, -1.0], [-1.0, 1.0]], "float32"), (64, 64))[None, :, :, None]
    assert float(content_loss(small, real + noise, real, real)) < 1e-10
    assert float(content_loss(small, real + 0.5, real, real - 2)) == pytest.approx(0.25 + 4.0, rel=1e-5)


def test_feature_matching_is_the_mean_distance():
    random = np.random.default_rng(3)
    a, b = random.normal(size=(2, 3, 5)).astype("float32")
    assert float(feature_loss(a, b)) == pytest.approx(abs(a - b).mean(), rel=1e-6)
    assert float(feature_loss(a, a)) == 0


@pytest.mark.parametrize(("variant", "judge"), [("augmentation", "batch"), ("mixture", "conditional")])
def test_a_step_moves_every_weight(variant, judge):
    stage = built(variant=variant, judge=judge)
    stage.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    trained = [*stage.generator.trainable_variables, *stage.discriminator.trainable_variables]
    before = [numpy(v) for v in trained]
    logs = stage.train_on_batch(networks.batch(stage, size=4), return_dict=True)
    still = [v.path for v, value in zip(trained, before, strict=True) if (numpy(v) == value).all()]
    assert still == []
    assert {"content", "features", "kl"} <= set(logs) and np.isfinite(list(logs.values())).all()


def test_the_loss_is_the_weighted_sum_of_its_terms():
    plain = built(content_weight=0.0, feature_weight=0.0)
    weighted = built(content_weight=3.0, feature_weight=5.0)
    batch = networks.batch(plain, size=3)
    losses, logs = [], {}
    for stage in (plain, weighted):
        prepared = stage.prepare(batch)
        drawn = stage.draw(prepared)
        assert drawn["image"].shape == drawn["restored"].shape == (3, 128, 128, 3)
        loss, logs = stage.generator_loss(prepared, drawn)
        losses.append(float(numpy(loss)))
    content, features = float(numpy(logs["content"])), float(numpy(logs["features"]))
    assert content > 0 and features > 0
    more = 3 * content + 5 * features
    assert losses[1] - losses[0] == pytest.approx(more, rel=1e-3)


def test_the_content_loss_falls_on_one_batch():
    keras.utils.set_random_seed(4)
    generator = SuperResolutionGenerator(8, image_size=128, residual_blocks=1, **SIZES)
    seen = networks.learnt_by_heart(SuperResolutionStage, generator, "content", content_weight=10.0)
    assert np.mean(seen[-5:]) < 0.85 * seen[0], seen


def step(inputs):
    """Pictures and the losses of two steps: the same on every backend."""
    import keras
    import networks
    import numpy as np

    from stackgan_k3.models.discriminator import Discriminator
    from stackgan_k3.models.super_resolution_generator import SuperResolutionGenerator
    from stackgan_k3.models.super_resolution_stage import SuperResolutionStage

    sizes = {"embedding_dim": networks.EMBEDDING, "conditioning_dim": networks.CONDITION}
    generator = SuperResolutionGenerator(networks.WIDTH, image_size=128, residual_blocks=1, **sizes)
    judge = Discriminator(4, image_size=128, condition_dim=networks.CONDITION, unconditional=True)
    stage = networks.set_weights(SuperResolutionStage(generator, judge, sketcher=networks.stage1_generator()))
    embeddings = np.random.default_rng(6).normal(size=(2, networks.EMBEDDING)).astype("float32")
    results = {"pictures": stage.generate(embeddings, seed=4).astype("float32")}
    stage.compile(keras.optimizers.SGD(0.001), keras.optimizers.SGD(0.001))
    for number in range(2):
        logs = stage.train_on_batch(networks.batch(stage, number, size=3), return_dict=True)
        for name in sorted(logs):
            if not name.endswith("gradient"):
                results[f"{name} {number}"] = np.array(logs[name], "float32")
    return results


def test_pictures_and_losses_agree_on_every_backend():
    results = run_on_each(step)
    pictures = {name: {"pictures": arrays.pop("pictures")} for name, arrays in results.items()}
    assert_same(pictures, atol=1.0)
    # A unit at the kink of its ReLU may go one way here and another there (see test_parity.py); with three
    # pictures and these widths, the loss after such a step differs by up to a percent.
    for number, tolerance in ((0, 1e-3), (1, 2e-2)):
        losses = {
            name: {key: value for key, value in arrays.items() if key.endswith(f" {number}")}
            for name, arrays in results.items()
        }
        assert_same(losses, rtol=tolerance, atol=1e-3)


def test_what_cannot_be_is_refused():
    with pytest.raises(UserError, match="128 or 256 pixels, not of 64"):
        SuperResolutionGenerator(4, image_size=64)
    with pytest.raises(UserError, match=r"stage2\.kind=stackgan has no such loss"):
        load_preset("stackgan-flowers", {"stage2.content_weight": 2})
    assert load_preset("stackgan-flowers", {"stage2.kind": "srgan", "stage2.content_weight": 2})
