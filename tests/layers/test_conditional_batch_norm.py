import keras
import numpy as np
import pytest

from stackgan_k3.layers.blocks import batch_norm
from stackgan_k3.layers.conditional_batch_norm import ConditionalBatchNorm, normalizer


def numpy(tensor):
    return np.array(keras.ops.convert_to_numpy(tensor))


@pytest.fixture
def setting():
    """A layer with weights that all matter, a batch and its conditions."""
    random = np.random.default_rng(0)
    layer = ConditionalBatchNorm()
    layer.build([(None, 3, 4, 5), (None, 2)])
    for variable in layer.variables:
        variable.assign(random.uniform(0.5, 1.5, variable.shape).astype("float32"))
    x = random.normal(1.0, 2.0, (6, 3, 4, 5)).astype("float32")
    return layer, x, random.normal(size=(6, 2)).astype("float32")


def by_definition(layer, x, condition, mean, variance):
    gamma, beta, offsets = (numpy(layer.gamma), numpy(layer.beta), numpy(layer.offsets))
    scale = gamma + condition @ offsets[:, :5]  # [batch, channels]
    shift = beta + condition @ offsets[:, 5:]
    return scale[:, None, None] * (x - mean) / np.sqrt(variance + 1e-5) + shift[:, None, None]


def test_in_training_it_is_the_formula_with_the_statistics_of_the_batch(setting):
    layer, x, condition = setting
    before = numpy(layer.norm.moving_mean)
    got = numpy(layer([x, condition], training=True))
    mean, variance = x.mean(axis=(0, 1, 2)), x.var(axis=(0, 1, 2))
    np.testing.assert_allclose(got, by_definition(layer, x, condition, mean, variance), atol=2e-5)
    np.testing.assert_allclose(numpy(layer.norm.moving_mean), 0.9 * before + 0.1 * mean, atol=1e-5)


def test_in_inference_it_is_the_formula_with_the_moving_statistics(setting):
    layer, x, condition = setting
    mean, variance = numpy(layer.norm.moving_mean), numpy(layer.norm.moving_variance)
    got = numpy(layer([x, condition], training=False))
    np.testing.assert_allclose(got, by_definition(layer, x, condition, mean, variance), atol=2e-5)


def test_a_new_layer_and_a_condition_of_zero_are_plain_batch_norm(setting):
    layer, x, condition = setting
    inputs = keras.Input(x.shape[1:])
    plain = keras.Model(inputs, batch_norm(inputs))
    norm = plain.layers[-1]
    norm.gamma.assign(numpy(layer.gamma))
    norm.beta.assign(numpy(layer.beta))
    right = numpy(plain(x, training=True))
    np.testing.assert_allclose(numpy(layer([x, 0 * condition], training=True)), right, atol=1e-5)
    assert abs(numpy(layer([x, condition], training=True)) - right).max() > 0.5
    assert not numpy(_built().offsets).any()


def _built():
    layer = ConditionalBatchNorm()
    layer.build([(None, 3, 4, 5), (None, 2)])
    return layer


def test_each_example_has_its_own_scale(setting):
    layer, x, condition = setting
    same = np.repeat(x[:1], 6, axis=0)
    got = numpy(layer([same, condition], training=False))
    assert min(abs(got[0] - got[k]).max() for k in range(1, 6)) > 0.01


def test_it_adds_two_matrices_to_the_weights_of_a_batch_norm():
    layer = _built()
    assert sum(int(np.prod(v.shape)) for v in layer.trainable_variables) == 2 * 5 + 2 * 2 * 5


def test_the_normalizer_of_a_name():
    features, condition = keras.Input((4, 4, 3)), keras.Input((2,))
    plain = keras.Model([features, condition], normalizer("batch", condition)(features))
    conditional = keras.Model([features, condition], normalizer("conditional", condition)(features))
    assert isinstance(plain.layers[-1], keras.layers.BatchNormalization)
    assert conditional.count_params() - plain.count_params() == 2 * 2 * 3
    with pytest.raises(ValueError, match="did you mean 'conditional'"):
        normalizer("conditionl", condition)
