"""What the discriminator of StackGAN may have besides the published one."""

import keras
import networks
import numpy as np
import pytest
from backends import assert_same, run_on_each

from stackgan_k3.layers.spectral_convolution import SpectralConvolution
from stackgan_k3.models.discriminator import Discriminator

OPTIONS = {"spectral_norm": True, "minibatch_std": True, "projection": True}


def numpy(tensor):
    return np.array(keras.ops.convert_to_numpy(keras.ops.stop_gradient(tensor)))


def stage_with(build, options, **settings):
    """A stage of the tests whose discriminator has options."""
    from stackgan_k3.models.discriminator import Discriminator
    from stackgan_k3.models.stackgan_stage import StackGANStage

    plain = build()
    judge = Discriminator.from_config({**plain.discriminator.get_config(), **options})
    return networks.set_weights(StackGANStage(plain.generator, judge, sketcher=plain.sketcher, **settings))


def test_the_projection_is_that_of_the_paper():
    d = Discriminator(4, condition_dim=5, projection=True)
    random = np.random.default_rng(0)
    for variable in d.conditional_head.variables:
        variable.assign(random.normal(size=variable.shape))
    features = random.normal(size=(3, 4, 4, 32)).astype("float32")
    condition = random.normal(size=(3, 5)).astype("float32")
    weights = {tuple(w.shape): w for w in d.conditional_head.get_weights()}
    assert set(weights) == {(1, 1, 5, 32), (1, 1, 32, 1), (1,)}
    phi = features.sum(axis=(1, 2))
    match = np.sum((condition @ weights[1, 1, 5, 32][0, 0]) * phi, axis=1, keepdims=True)
    expected = phi @ weights[1, 1, 32, 1][0, 0] + weights[1,] + match
    np.testing.assert_allclose(
        numpy(d.conditional_head([features, condition])), expected, rtol=1e-4, atol=1e-4
    )


def test_spectral_norm_takes_the_place_of_batch_norm_everywhere():
    d = Discriminator(4, image_size=128, condition_dim=5, unconditional=True, spectral_norm=True)
    plain = Discriminator(4, image_size=128, condition_dim=5, unconditional=True)
    layers = [layer for part in d.layers if isinstance(part, keras.Model) for layer in part.layers]
    kinds = [type(layer) for layer in layers]
    assert keras.layers.Conv2D not in kinds and keras.layers.BatchNormalization not in kinds
    convolutions = [layer for layer in layers if isinstance(layer, SpectralConvolution)]
    others = [
        layer
        for part in plain.layers
        if isinstance(part, keras.Model)
        for layer in part.layers
        if isinstance(layer, keras.layers.Conv2D)
    ]
    assert [c.kernel.shape for c in convolutions] == [c.kernel.shape for c in others]
    with pytest.raises(ValueError, match="takes the place"):
        Discriminator(4, condition_dim=5, spectral_norm=True, normalization="conditional")


def test_the_minibatch_deviation_is_one_channel_at_4_px():
    d = Discriminator(4, condition_dim=5, minibatch_std=True)
    assert d.trunk.output.shape == (None, 4, 4, 33)
    more = d.count_params() - Discriminator(4, condition_dim=5).count_params()
    assert more == 3 * 3 * 1 * 32


@pytest.mark.parametrize("name", ["stage1", "stage2"])
def test_a_stage_with_all_of_them_trains_and_comes_back(tmp_path, name):
    stage = stage_with(getattr(networks, name), OPTIONS, adversarial_loss="hinge", r1_weight=0.1, r1_every=2)
    stage.compile()
    before = stage.discriminator.get_weights()
    history = stage.fit(networks.batches(stage, 2), steps_per_epoch=2, shuffle=False, verbose=0).history
    assert all(np.isfinite(value[0]) for value in history.values()) and history["r1"][0] > 0
    pairs = zip(before, stage.discriminator.get_weights(), strict=True)
    assert all(not np.array_equal(a, b) for a, b in pairs)
    stage.save(tmp_path / "stage.keras")
    again = keras.saving.load_model(tmp_path / "stage.keras")
    assert again.discriminator.get_config() == stage.discriminator.get_config()
    assert (again.r1_weight, again.r1_every, again.objective.name) == (0.1, 2, "hinge")
    batch = networks.batch(stage, 1)
    assert stage.train_on_batch(batch) == pytest.approx(again.train_on_batch(batch), rel=1e-4)


def steps(inputs):
    """Two steps of Stage-I with every option: losses and weights."""
    stage = stage_with(
        networks.stage1, OPTIONS, adversarial_loss="hinge", r1_weight=0.1, r1_every=2, caption_dropout=0.5
    )
    stage.compile(keras.optimizers.SGD(0.01), keras.optimizers.SGD(0.01))
    outputs = {}
    for step in range(2):
        logs = stage.train_on_batch(networks.batch(stage, 30 + step, size=6), return_dict=True)
        stage.reset_metrics()
        outputs |= {f"{key} {step}": np.float64(value) for key, value in logs.items()}
    return outputs | {f"weight {i}": w for i, w in enumerate(stage.discriminator.get_weights())}


def test_steps_with_every_option_agree_on_every_backend():
    assert_same(run_on_each(steps), rtol=1e-2, atol=1e-3)
