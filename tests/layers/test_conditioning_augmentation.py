import keras
import numpy as np

from stackgan_k3.layers.conditioning_augmentation import ConditioningAugmentation

EMBEDDING = np.random.default_rng(1).normal(size=(3, 6)).astype("float32")
NOISE = np.random.default_rng(2).normal(size=(3, 4)).astype("float32")


def layer_and_parts():
    keras.utils.set_random_seed(0)
    layer = ConditioningAugmentation(4)
    layer.build([(None, 6), (None, 4)])
    kernel = np.random.default_rng(3).normal(size=(6, 8)).astype("float32")
    bias = np.linspace(-1, 1, 8).astype("float32")
    layer.dense.set_weights([kernel, bias])
    both = np.maximum(EMBEDDING @ kernel + bias, 0)
    return layer, both[:, :4], both[:, 4:]


def test_condition_is_mean_plus_noise_times_deviation():
    layer, mean, log_variance = layer_and_parts()
    c, m, v = (keras.ops.convert_to_numpy(x) for x in layer([EMBEDDING, NOISE]))
    np.testing.assert_allclose(m, mean, atol=1e-6)
    np.testing.assert_allclose(v, log_variance, atol=1e-6)  # the other half of the dense layer
    np.testing.assert_allclose(c, mean + NOISE * np.exp(log_variance / 2), rtol=1e-5, atol=1e-6)


def test_each_example_has_its_own_noise():
    layer, _, _ = layer_and_parts()
    same = np.repeat(EMBEDDING[:1], 3, axis=0)
    c = keras.ops.convert_to_numpy(layer([same, NOISE])[0])
    assert np.abs(c[0] - c[1]).max() > 0.1 and np.abs(c[1] - c[2]).max() > 0.1


def test_it_computes_in_float32_under_any_policy():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        outputs = ConditioningAugmentation(4)([EMBEDDING, NOISE])
    finally:
        keras.config.set_dtype_policy(before)
    assert {keras.backend.standardize_dtype(x.dtype) for x in outputs} == {"float32"}


def test_config_round_trip():
    layer = ConditioningAugmentation.from_config(ConditioningAugmentation(4).get_config())
    assert layer.units == 4
