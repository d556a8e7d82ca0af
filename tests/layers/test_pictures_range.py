"""Bytes to [-1, 1] and back."""

import numpy as np
from keras import ops

from stackgan_k3.layers.pictures import to_float, to_uint8


def test_every_byte_survives_the_round_trip():
    image = np.arange(256, dtype="uint8").repeat(3).reshape(16, 16, 3)
    floats = ops.convert_to_numpy(to_float(image))
    assert floats.dtype == np.float32
    np.testing.assert_allclose(floats, image.astype("float64") / 127.5 - 1, atol=2e-7)
    assert floats.min() == -1.0 and floats.max() == 1.0
    back = ops.convert_to_numpy(to_uint8(floats))
    assert back.dtype == np.uint8
    np.testing.assert_array_equal(back, image)


def test_floats_are_only_cast():
    image = np.array([-1.0, -0.25, 0.5, 1.0])
    floats = ops.convert_to_numpy(to_float(image.astype("float16")))
    assert floats.dtype == np.float32
    np.testing.assert_array_equal(floats, image)


def test_values_are_rounded_not_cut_and_clipped_not_wrapped():
    near = np.array([0.6, 1.4, 254.6], "float32") / 127.5 - 1
    np.testing.assert_array_equal(ops.convert_to_numpy(to_uint8(near)), [1, 1, 255])
    beyond = np.array([-1.5, -1.001, 1.001, 40.0], "float32")
    np.testing.assert_array_equal(ops.convert_to_numpy(to_uint8(beyond)), [0, 0, 255, 255])


def test_both_work_inside_a_model():
    import keras

    inputs = keras.Input((2, 2, 3), dtype="uint8")
    model = keras.Model(inputs, to_uint8(to_float(inputs)))
    image = np.arange(24, dtype="uint8").reshape(2, 2, 2, 3) * 10
    np.testing.assert_array_equal(ops.convert_to_numpy(model(image)), image)
