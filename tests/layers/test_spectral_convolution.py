import keras
import numpy as np
import pytest

from stackgan_k3.layers.minibatch_deviation import MinibatchDeviation
from stackgan_k3.layers.spectral_convolution import SpectralConvolution


def numpy(tensor):
    return np.array(keras.ops.convert_to_numpy(keras.ops.stop_gradient(tensor)))


def layer_and_pictures(**settings):
    random = np.random.default_rng(0)
    layer = SpectralConvolution(7, 3, padding="same", bias_initializer="ones", **settings)
    x = random.normal(size=(2, 5, 5, 4)).astype("float32")
    layer(x)
    layer.kernel.assign(random.normal(size=(3, 3, 4, 7)))
    return layer, x


def test_the_kernel_is_divided_by_its_largest_singular_value_and_stays_as_it_was():
    layer, x = layer_and_pictures()
    kernel = numpy(layer.kernel)
    for _ in range(100):
        found = numpy(layer(x, training=True))
    sigma = np.linalg.svd(kernel.reshape(-1, 7), compute_uv=False)[0]
    plain = keras.layers.Conv2D(7, 3, padding="same", bias_initializer="ones")
    plain(x)
    plain.kernel.assign(kernel / sigma)
    np.testing.assert_allclose(found, numpy(plain(x)), atol=2e-4)
    np.testing.assert_array_equal(numpy(layer.kernel), kernel)
    settled = numpy(layer.u)
    np.testing.assert_allclose(numpy(layer(x, training=False)), found, atol=1e-4)
    np.testing.assert_array_equal(numpy(layer.u), settled)  # inference changes nothing


def test_each_pass_in_training_is_one_step_of_the_power_iteration():
    layer, x = layer_and_pictures()
    matrix, u = numpy(layer.kernel).reshape(-1, 7), numpy(layer.u)
    for _ in range(3):
        layer(x, training=True)
        u = matrix.T @ (matrix @ u)
        u /= np.linalg.norm(u)
        np.testing.assert_allclose(numpy(layer.u), u, atol=1e-5)


def test_the_scale_of_the_weights_does_not_matter():
    layer, x = layer_and_pictures(use_bias=False)
    before = numpy(layer(x))
    layer.kernel.assign(numpy(layer.kernel) * 5)
    np.testing.assert_allclose(numpy(layer(x)), before, rtol=1e-4, atol=1e-5)


def test_a_group_is_an_example_and_the_three_before_it():
    x = np.random.default_rng(1).normal(size=(6, 3, 3, 2)).astype("float32")
    found = numpy(MinibatchDeviation()(x))
    np.testing.assert_array_equal(found[..., :2], x)
    for i in range(6):
        group = x[[i, i - 1, i - 2, i - 3]]
        np.testing.assert_allclose(found[i, ..., 2], group.std(axis=0).mean(), rtol=1e-4)
    rolled = numpy(MinibatchDeviation()(np.roll(x, 1, axis=0)))
    np.testing.assert_allclose(rolled, np.roll(found, 1, axis=0), rtol=1e-5)


def test_pictures_that_are_alike_have_no_deviation():
    found = numpy(MinibatchDeviation(2)(np.ones((3, 2, 2, 5), "float32")))
    assert (found[..., 5] < 2e-4).all()
    with pytest.raises(ValueError, match="a group of 1"):
        MinibatchDeviation(1)
