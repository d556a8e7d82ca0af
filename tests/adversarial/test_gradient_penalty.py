"""The R1 penalty against closed forms, in steps of fit(), and the same on every backend."""

import keras
import networks
import numpy as np
import pytest
from backends import assert_same, run_on_each

from stackgan_k3.adversarial.gradient_penalty import gradient_penalty

RATE = 0.25


def numpy(tensor):
    return np.array(keras.ops.convert_to_numpy(keras.ops.stop_gradient(tensor)))


def test_the_penalty_of_a_linear_and_of_a_quadratic_discriminator():
    random = np.random.default_rng(0)
    x, w = random.normal(size=(5, 4, 4, 3)).astype("float32"), random.normal(size=(4, 4, 3)).astype("float32")
    scale = keras.ops.convert_to_tensor(w)
    linear = gradient_penalty(lambda x: keras.ops.sum(x * scale, axis=(1, 2, 3)), x)
    assert float(numpy(linear)) == pytest.approx(0.5 * np.sum(w**2), rel=1e-5)
    quadratic = gradient_penalty(lambda x: 0.5 * keras.ops.sum(scale * x**2, axis=(1, 2, 3)), x)
    assert float(numpy(quadratic)) == pytest.approx(0.5 * np.mean(np.sum((w * x) ** 2, (1, 2, 3))), rel=1e-5)


def linear_model(**settings):
    """A DCGAN whose discriminator is ``w·x``: the penalty is ½‖w‖², and pulls w by γ·w."""
    from stackgan_k3.models.dcgan.dcgan import DCGAN
    from stackgan_k3.models.dcgan.generator import DCGANGenerator

    image, key = keras.Input((28, 28, 1), name="image"), keras.Input((), name="key")
    layer = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
    logit = layer(keras.layers.Flatten()(image))
    judge = keras.Model({"image": image, "key": key}, {"logit": logit})
    return DCGAN(DCGANGenerator(2, noise_dim=3), judge, **settings), layer.kernel


def first_steps(count, **settings):
    """What the losses alone do to the weights in some steps, and what they do with a penalty."""
    model, kernel = linear_model(**settings)
    model.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(RATE / 1000))
    weights, logged = [numpy(kernel)], []
    for _ in range(count):
        history = model.fit({"image": np.zeros((4, 28, 28, 1), "float32")}, batch_size=4, verbose=0).history
        weights.append(numpy(kernel))
        logged.append({name: value[0] for name, value in history.items()})
    return weights, logged


def test_the_penalty_pulls_the_weights_in_the_first_of_every_so_many_steps():
    gamma, every = 2.0, 3
    # Pictures are zero and the drawn ones nearly so: the losses move the weights by far less.
    plain, unlogged = first_steps(4)
    weights, logged = first_steps(4, r1_weight=gamma, r1_every=every)
    assert "r1" not in unlogged[0]
    for step in range(4):
        moved = weights[step + 1] - weights[step]
        pull = -RATE / 1000 * gamma * every * weights[step] if step % every == 0 else 0.0
        np.testing.assert_allclose(moved, plain[step + 1] - plain[step] + pull, atol=1e-4)
        right = 0.5 * np.sum(weights[step] ** 2) if step % every == 0 else 0.0
        assert logged[step]["r1"] == pytest.approx(right, rel=1e-4)
        assert logged[step]["discriminator_loss"] < 200  # without the penalty, which is 2,352 at first


def test_r1_is_logged_as_the_mean_of_the_steps_that_compute_it():
    model, _ = linear_model(r1_weight=1e-6, r1_every=2)
    model.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    history = model.fit({"image": np.zeros((8, 28, 28, 1), "float32")}, batch_size=2, verbose=0).history
    assert history["r1"][0] == pytest.approx(0.5 * 784)


def test_settings_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="r1_weight is -1"):
        linear_model(r1_weight=-1)
    with pytest.raises(ValueError, match="r1_every 0"):
        linear_model(r1_every=0)


def steps(inputs):
    """Three steps of both stages with a penalty in every second: losses and weights."""
    outputs = {}
    for name in ("stage1", "stage2"):
        stage = getattr(networks, name)(r1_weight=0.01, r1_every=2, adversarial_loss="relativistic")
        stage.compile(keras.optimizers.SGD(1e-3), keras.optimizers.SGD(1e-3))
        for step in range(2 if name == "stage1" else 1):
            logs = stage.train_on_batch(networks.batch(stage, 30 + step, size=4), return_dict=True)
            stage.reset_metrics()
            outputs |= {f"{name} {key} {step}": np.float64(value) for key, value in logs.items()}
        outputs[f"{name} moved"] = np.array([np.sum(w) for w in stage.discriminator.get_weights()])
    return outputs


def test_steps_with_a_penalty_agree_on_every_backend():
    results = run_on_each(steps)
    assert all(arrays["stage1 r1 0"] > 1e-4 and arrays["stage1 r1 1"] == 0 for arrays in results.values())
    assert_same(results, rtol=2e-2, atol=2e-3)
