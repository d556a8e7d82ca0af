"""The engine's own convolutions and batch normalization are the functions of Keras's operations."""

import keras
import numpy as np
import pytest
from keras import ops

from stackgan_k3 import engine


def numpy(tensor):
    return np.array(ops.convert_to_numpy(ops.cast(ops.stop_gradient(tensor), "float32")))


def gradients(fn, arrays, twice):
    """Gradients of Σ sin(fn) for the arrays or, `twice`, of Σ (dfn/dx)² with x the first of them."""
    backend = keras.backend.backend()
    if backend == "jax":
        import jax

        def scalar(*arrays):
            return ops.sum(ops.sin(ops.cast(fn(*arrays), "float32")))

        def penalty(*arrays):
            return ops.sum(ops.square(ops.cast(jax.grad(scalar)(*arrays), "float32")))

        found = jax.grad(penalty if twice else scalar, argnums=tuple(range(len(arrays))))(*arrays)
    elif backend == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as outer:
            outer.watch(arrays)
            with tf.GradientTape() as inner:
                inner.watch(arrays[0])
                loss = ops.sum(ops.sin(ops.cast(fn(*arrays), "float32")))
            if twice:
                loss = ops.sum(ops.square(ops.cast(inner.gradient(loss, arrays[0]), "float32")))
        found = outer.gradient(loss, arrays, unconnected_gradients="zero")
    else:
        import torch

        with torch.enable_grad():
            arrays = [each.detach().requires_grad_() for each in arrays]
            loss = ops.sum(ops.sin(ops.cast(fn(*arrays), "float32")))
            if twice:
                (first,) = torch.autograd.grad(loss, arrays[:1], create_graph=True)
                loss = ops.sum(ops.square(ops.cast(first, "float32")))
            found = torch.autograd.grad(loss, arrays, allow_unused=True)
        found = [torch.zeros_like(x) if g is None else g for g, x in zip(found, arrays, strict=True)]
    return [numpy(each) for each in found]


def same(ours, keras_own, arrays, dtype):
    arrays = [ops.cast(ops.convert_to_tensor(each), kind) for each, kind in zip(arrays, dtype, strict=True)]
    # Keras's own in float32: not every processor has its convolutions in 16 bits.
    wide = [ops.cast(each, "float32") for each in arrays]
    pairs = [([numpy(ours(*arrays))], [numpy(keras_own(*wide))])]
    pairs += [(gradients(ours, arrays, twice), gradients(keras_own, wide, twice)) for twice in (False, True)]
    # bfloat16 has 8 bits; the largest number is the scale.
    tolerances = (0.02, 0.06, 0.2) if "bfloat16" in dtype else (1e-5, 1e-4, 2e-4)
    for (got, expected), tolerance in zip(pairs, tolerances, strict=True):
        for a, b in zip(got, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * max(np.abs(b).max(), 1e-2))


DTYPES = ["float32", "bfloat16"]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize(
    ("shape", "taps", "strides"),
    [
        ((2, 8, 8, 3), (4, 4), (2, 2)),
        ((2, 7, 5, 4), (3, 3), (1, 1)),
        ((1, 9, 8, 1), (5, 4), (2, 2)),
        ((2, 6, 7, 2), (2, 3), (1, 2)),
        ((2, 4, 4, 5), (4, 4), (4, 4)),
        ((3, 5, 5, 2), (1, 1), (1, 1)),
    ],
)
def test_a_convolution_is_that_of_keras(shape, taps, strides, padding, dtype):
    random = np.random.default_rng(0)
    arrays = [random.normal(size=shape), random.normal(size=(*taps, shape[-1], 6)) / 4]
    same(
        lambda x, k: engine.convolve(x, k, strides, padding),
        lambda x, k: ops.conv(x, k, strides, padding, data_format="channels_last"),
        arrays,
        [dtype, dtype],
    )


def test_a_convolution_of_a_part_of_a_picture():
    random = np.random.default_rng(0)
    x, k = random.normal(size=(2, 8, 9, 3)).astype("float32"), random.normal(size=(3, 3, 3, 2))
    k = k.astype("float32")
    part = ops.convert_to_tensor(x)[:, 1:6, 2:]
    expected = sum(x[:, 1 + a : 4 + a, 2 + b : 7 + b] @ k[a, b] for a in range(3) for b in range(3))
    np.testing.assert_allclose(numpy(engine.convolve(part, k)), expected, atol=1e-5)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("shape", "taps", "strides"),
    [
        ((2, 4, 4, 3), (4, 4), (2, 2)),
        ((1, 3, 5, 1), (4, 4), (2, 2)),
        ((2, 3, 5, 4), (3, 3), (2, 2)),
        ((2, 3, 4, 2), (3, 3), (1, 1)),
        ((2, 3, 4, 2), (2, 2), (2, 2)),
    ],
)
def test_a_transposed_convolution_is_that_of_keras(shape, taps, strides, dtype):
    random = np.random.default_rng(0)
    arrays = [random.normal(size=shape), random.normal(size=(*taps, 6, shape[-1])) / 4]
    same(
        lambda x, k: engine.convolve_transposed(x, k, strides),
        lambda x, k: ops.conv_transpose(x, k, strides, padding="same", data_format="channels_last"),
        arrays,
        [dtype, dtype],
    )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(4, 5, 3, 6), (16, 7), (2, 4, 3), (3, 1, 1, 2)])
def test_batch_normalization_is_that_of_keras(shape, dtype):
    random = np.random.default_rng(0)
    channels = shape[-1]
    x = random.normal(0.5, 2.0, size=shape)
    arrays = [x, random.normal(1, 0.2, size=channels), random.normal(size=channels)]

    def by_operations(x, scale, offset):
        wide = ops.cast(x, "float32")
        mean, variance = ops.moments(wide, axes=tuple(range(len(shape) - 1)))
        y = ops.batch_normalization(wide, mean, variance, -1, offset, scale, 1e-3)
        return ops.cast(y, x.dtype)

    dtypes = [dtype, "float32", "float32"]
    same(lambda *given: engine.normalize_batch(*given, 1e-3)[0], by_operations, arrays, dtypes)

    given = [ops.cast(ops.convert_to_tensor(a), kind) for a, kind in zip(arrays, dtypes, strict=True)]
    y, mean, variance = engine.normalize_batch(*given, 1e-3)
    axes = tuple(range(len(shape) - 1))
    rounded = numpy(given[0]).astype("float64")
    np.testing.assert_allclose(numpy(mean), rounded.mean(axes), atol=1e-5)
    np.testing.assert_allclose(numpy(variance), rounded.var(axes), atol=1e-4)
    assert keras.backend.standardize_dtype(y.dtype) == dtype
    assert {keras.backend.standardize_dtype(each.dtype) for each in (mean, variance)} == {"float32"}


@pytest.mark.parametrize("shape", [(1, 3), (1, 1, 1, 3)])
def test_of_a_single_value_the_variance_is_zero(shape):
    x = np.array([1.0, -2.0, 3.0], "float32").reshape(shape)
    one, offset = np.ones(3, "float32"), np.array([0.0, 4.0, 5.0], "float32")
    y, mean, variance = engine.normalize_batch(x, one, offset, 1e-5)
    # x·scale/√ε and mean·scale/√ε, each some hundreds, may be rounded before they are subtracted.
    np.testing.assert_allclose(numpy(y).reshape(-1), offset, atol=2e-4)
    np.testing.assert_allclose(numpy(mean), x.reshape(-1))
    np.testing.assert_allclose(numpy(variance), 0, atol=1e-9)
