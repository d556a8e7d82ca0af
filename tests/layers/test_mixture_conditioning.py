import math

import keras
import numpy as np
import pytest

from stackgan_k3.layers.conditioning import COMPONENTS, condition_on
from stackgan_k3.layers.mixture_conditioning import MixtureConditioning, gumbel

K, UNITS, EMBEDDING = 3, 4, 6


def numpy(tensor):
    return np.array(keras.ops.convert_to_numpy(tensor))


@pytest.fixture
def layer():
    layer = MixtureConditioning(UNITS, components=K)
    layer.build([(None, EMBEDDING), (None, UNITS), (None, K)])
    random = np.random.default_rng(0)
    for variable in layer.variables:
        variable.assign(random.normal(0, 0.7, variable.shape).astype("float32"))
    return layer


def draws(count, seed=1):
    random = np.random.default_rng(seed)
    return [random.normal(size=(count, n)).astype("float32") for n in (EMBEDDING, UNITS, K)]


def test_the_condition_is_drawn_from_the_component_that_the_noise_chooses(layer):
    embedding, noise, component_noise = draws(50)
    got = {name: numpy(value) for name, value in layer([embedding, noise, component_noise]).items()}

    kernel, bias, mixing, mixing_bias = (numpy(v).astype("float64") for v in layer.variables)
    both = np.maximum(embedding @ kernel + bias, 0).reshape(50, K, 2, UNITS)
    logits = embedding @ mixing + mixing_bias
    uniform = np.vectorize(lambda x: 0.5 * math.erfc(-x / math.sqrt(2)))(component_noise.astype("float64"))
    k = np.argmax(logits - np.log(-np.log(uniform)), axis=1)
    rows = np.arange(50)
    mean, log_variance = both[rows, k, 0], both[rows, k, 1]
    assert set(k) == {0, 1, 2}  # all of them occur
    np.testing.assert_allclose(got["chosen"], np.eye(K)[k], atol=1e-6)
    np.testing.assert_allclose(got["mean"], mean, atol=1e-5)
    np.testing.assert_allclose(got["c"], mean + noise * np.exp(log_variance / 2), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(got["means"], both[:, :, 0], atol=1e-5)
    np.testing.assert_allclose(got["log_variances"], both[:, :, 1], atol=1e-5)
    weights = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(got["weights"], weights, atol=1e-6)


def test_components_are_chosen_as_often_as_their_weights_say(layer):
    embedding, noise, _ = draws(1)
    count = 20_000
    component_noise = np.random.default_rng(2).normal(size=(count, K)).astype("float32")
    drawn = layer([0.3 * embedding.repeat(count, 0), noise.repeat(count, 0), component_noise])
    weights = numpy(drawn["weights"])[0]
    assert weights.min() > 0.05 and weights.max() < 0.8  # a case that could go wrong
    deviation = np.sqrt(weights * (1 - weights) / count)
    assert (abs(numpy(drawn["chosen"]).mean(axis=0) - weights) < 4 * deviation).all()


def test_gumbel_noise_is_gumbel_noise_and_finite():
    normal = np.random.default_rng(3).normal(size=100_000).astype("float32")
    values = np.sort(numpy(gumbel(normal)))
    cdf = np.exp(-np.exp(-values))
    assert abs(cdf - np.linspace(0, 1, 100_000)).max() < 0.006  # Kolmogorov and Smirnov: 1.6 in 100,000
    far = numpy(gumbel(np.array([-40, -6, 6, 40], "float32")))
    assert np.isfinite(far).all() and far[0] == far[1] < -2 and far[2] == far[3] > 10


def test_it_computes_in_float32_under_any_policy():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        outputs = MixtureConditioning(UNITS)(draws(2))
        plain, *_ = condition_on(keras.Input((EMBEDDING,)), UNITS, "plain")
    finally:
        keras.config.set_dtype_policy(before)
    assert {keras.backend.standardize_dtype(x.dtype) for x in outputs.values()} == {"float32"}
    assert keras.backend.standardize_dtype(plain.dtype) == "float32"


def test_the_plain_condition_is_a_dense_layer_and_leaky_relu():
    embedding = keras.Input((EMBEDDING,), name="embedding")
    c, noises, parameters = condition_on(embedding, UNITS, "plain", stage="2")
    assert not noises and list(parameters) == ["mean"]
    model = keras.Model(embedding, [c, parameters["mean"]])
    assert model.get_layer("conditioning2").units == UNITS
    kernel, bias = (np.random.default_rng(n).normal(size=s).astype("float32")
                    for n, s in ((0, (EMBEDDING, UNITS)), (1, UNITS)))  # fmt: skip
    model.set_weights([kernel, bias])
    (given, *_) = draws(5)
    x = given @ kernel + bias
    got, mean = (numpy(value) for value in model(given))
    np.testing.assert_allclose(got, np.where(x > 0, x, 0.2 * x), atol=1e-5)
    assert (got == mean).all() and (got < 0).any()


def test_the_noises_of_the_two_stages_have_names_of_their_own():
    names = [list(condition_on(keras.Input((8,)), 4, "mixture", stage=stage)[1]) for stage in ("", "2")]
    assert names == [["conditioning_noise", "component_noise"], ["conditioning_noise2", "component_noise2"]]
    assert condition_on(keras.Input((8,)), 4, "mixture")[1]["component_noise"].shape[-1] == COMPONENTS == 3


def test_another_conditioning_is_refused():
    with pytest.raises(ValueError, match="did you mean 'mixture'"):
        condition_on(keras.Input((8,)), 4, "mixtures")
    twin = MixtureConditioning.from_config(MixtureConditioning(5, components=2).get_config())
    assert (twin.units, twin.components) == (5, 2)
