"""The package's Conv2D and BatchNormalization are Keras's, by name, by weights and by what they compute."""

import keras
import numpy as np
import pytest
from keras import ops

from stackgan_k3.layers.batch_normalization import BatchNormalization
from stackgan_k3.layers.conv2d import Conv2D


def numpy(tensor):
    return np.array(ops.convert_to_numpy(ops.cast(ops.stop_gradient(tensor), "float32")))


def twins(ours, shape, **settings):
    """A layer of ours and Keras's own with the same weights."""
    theirs = getattr(keras.layers, ours.__name__)
    pair = ours(**settings), theirs(**settings)
    for layer in pair:
        layer.build(shape)
    random = np.random.default_rng(0)
    weights = [random.uniform(0.5, 1.5, size=w.shape) for w in pair[0].get_weights()]
    for layer in pair:
        layer.set_weights(weights)
    return pair


@pytest.mark.parametrize(
    "settings",
    [
        {"strides": 2, "padding": "same"},
        {"padding": "valid", "activation": "relu"},
        {"dilation_rate": 2, "padding": "same"},
        {"groups": 2},
        {"strides": 2, "dtype": "mixed_bfloat16"},
    ],
)
def test_a_convolution_is_that_of_keras(settings):
    x = np.random.default_rng(1).normal(size=(2, 9, 8, 4)).astype("float32")
    ours, theirs = twins(Conv2D, x.shape, filters=6, kernel_size=3, **settings)
    tolerance = 0.05 if "dtype" in settings else 1e-5
    np.testing.assert_allclose(numpy(ours(x)), numpy(theirs(x)), atol=tolerance, rtol=tolerance)
    assert ours.compute_output_shape(x.shape) == theirs.compute_output_shape(x.shape)


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize("shape", [(4, 3, 5, 6), (8, 6)])
@pytest.mark.parametrize("parts", [{}, {"scale": False, "center": False}])
def test_a_batch_norm_is_that_of_keras(shape, parts, dtype):
    pair = twins(BatchNormalization, shape, momentum=0.8, epsilon=1e-5, dtype=dtype, **parts)
    random = np.random.default_rng(1)
    tolerance = 0.03 if dtype == "mixed_bfloat16" else 1e-5
    for training in (True, True, False, None):
        x = random.normal(1.0, 2.0, size=shape).astype("float32")
        ours, theirs = (numpy(layer(x, training=training)) for layer in pair)
        np.testing.assert_allclose(ours, theirs, atol=tolerance)
        for a, b in zip(pair[0].get_weights(), pair[1].get_weights(), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)  # the moving statistics too


def test_a_frozen_batch_norm_uses_its_averages_and_keeps_them():
    ours, theirs = twins(BatchNormalization, (4, 6))
    ours.trainable = theirs.trainable = False
    before = ours.get_weights()
    x = np.random.default_rng(1).normal(size=(4, 6)).astype("float32")
    np.testing.assert_allclose(numpy(ours(x, training=True)), numpy(theirs(x, training=True)), atol=1e-6)
    for a, b in zip(before, ours.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_what_the_engine_does_not_know_is_left_to_keras():
    x = np.random.default_rng(1).normal(size=(4, 3, 6)).astype("float32")
    ours, theirs = twins(BatchNormalization, x.shape, axis=1)
    np.testing.assert_allclose(numpy(ours(x, training=True)), numpy(theirs(x, training=True)), atol=1e-6)
    ours, theirs = twins(BatchNormalization, x.shape)
    mask = np.array([[True, True, False]] * 4)
    got, expected = (layer(x, training=True, mask=mask) for layer in (ours, theirs))
    np.testing.assert_allclose(numpy(got), numpy(expected), atol=1e-6)


def network(convolution, norm):
    inputs = keras.Input((8, 8, 3))
    return keras.Model(inputs, norm()(convolution(4, 3, use_bias=False)(inputs)))


def test_names_paths_and_files_are_those_of_keras(tmp_path):
    built = {}
    for name, kinds in (
        ("keras", (keras.layers.Conv2D, keras.layers.BatchNormalization)),
        ("ours", (Conv2D, BatchNormalization)),
    ):
        keras.utils.clear_session(free_memory=False)
        built[name] = network(*kinds)
    paths = [[variable.path for variable in model.variables] for model in built.values()]
    assert paths[0] == paths[1] and paths[0][0] == "conv2d/kernel"
    # Weights of either are weights of the other, and a whole model comes back as what it was.
    x = np.random.default_rng(1).normal(size=(2, 8, 8, 3)).astype("float32")
    built["keras"].save_weights(tmp_path / "keras.weights.h5")
    built["ours"].load_weights(tmp_path / "keras.weights.h5")
    np.testing.assert_allclose(numpy(built["ours"](x)), numpy(built["keras"](x)), atol=1e-6)
    for name, model in built.items():
        model.save(tmp_path / f"{name}.keras")
        again = keras.saving.load_model(tmp_path / f"{name}.keras")
        assert [type(layer) for layer in again.layers] == [type(layer) for layer in model.layers]
        np.testing.assert_allclose(numpy(again(x)), numpy(model(x)), atol=1e-6)
