"""Gradients and the training step on TensorFlow."""

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from stackgan_k3.engine.forms import asked_form

Variables = Sequence[keras.Variable]

inference = contextlib.nullcontext
"""What to draw and to measure in: here nothing is recorded without being asked for."""


class EngineModel(keras.Model):
    """A ``keras.Model`` whose step is ``update(batch) -> logs`` on every backend."""

    def train_step(self, batch: Any) -> dict[str, Any]:
        return self.update(batch)

    def update(self, batch: Any) -> dict[str, Any]:
        """Makes one training step on a batch and returns its logs."""
        raise NotImplementedError


def _raw(variables: Variables) -> list[tf.Variable]:
    return [variable.value for variable in variables]


def value_and_grad(fn: Callable[[], tuple[Any, Any]], variables: Variables) -> tuple[tuple[Any, Any], list]:
    """Returns ``fn()`` = (loss, aux) and the gradients of the loss for ``variables``.

    Example:
        >>> x = keras.Variable(3.0)
        >>> (loss, aux), gradients = value_and_grad(lambda: (x * x, {"x": x + 1}), [x])
        >>> float(loss), float(aux["x"]), float(gradients[0])
        (9.0, 4.0, 6.0)
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        raw = _raw(variables)
        tape.watch(raw)
        loss, aux = fn()
    return (loss, aux), tape.gradient(loss, raw, unconnected_gradients="zero")


def input_gradient(fn: Callable[[Any], tuple[Any, Any]], inputs: Any) -> tuple[tuple[Any, Any], Any]:
    """Returns ``fn(inputs)`` = (loss, aux) and the gradient of the loss for the tensors ``inputs``."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(inputs)
        loss, aux = fn(inputs)
    return (loss, aux), tape.gradient(loss, inputs, unconnected_gradients="zero")


def vjp(fn: Callable[[], Any], variables: Variables) -> tuple[Any, Callable[[Any], list]]:
    """Returns ``fn()`` and its pullback: cotangents of the outputs to gradients of ``variables``."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        raw = _raw(variables)
        tape.watch(raw)
        outputs = fn()

    def pullback(cotangents: Any) -> list:
        return tape.gradient(
            tf.nest.flatten(outputs),
            raw,
            output_gradients=tf.nest.flatten(cotangents),
            unconnected_gradients="zero",
        )

    return outputs, pullback


def differentiable_gradient(fn: Callable[[Any], Any], inputs: Any) -> Any:
    """Returns the gradient of the scalar ``fn(inputs)`` for the tensor ``inputs``, itself differentiable.

    It may stand inside what :func:`value_and_grad` differentiates.

    Example:
        >>> differentiable_gradient(lambda x: keras.ops.sum(x**3), tf.ones((2,))).numpy().tolist()
        [3.0, 3.0]
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(inputs)
        value = fn(inputs)
    return tape.gradient(value, inputs, unconnected_gradients="zero")


def when(condition: Any, fn: Callable[[], Any]) -> Any:
    """Returns the scalar ``fn()`` where the scalar ``condition`` holds, else 0 without computing it.

    Example:
        >>> float(when(keras.ops.equal(1, 1), lambda: keras.ops.ones(())))
        1.0
    """
    return tf.cond(condition, fn, lambda: tf.zeros((), "float32"))


def sync(model: keras.Model) -> None:
    """Brings the model's variables up to date in the middle of an epoch (here they always are)."""


def convolve(x: Any, kernel: Any, strides: tuple[int, int] = (1, 1), padding: str = "valid") -> Any:
    """Convolves pictures ``[batch, height, width, channels]``: ``keras.ops.conv`` with channels last.

    Example:
        >>> convolve(tf.zeros((2, 9, 8, 3)), tf.zeros((4, 4, 3, 5)), (2, 2), "same").shape.as_list()
        [2, 5, 4, 5]
    """
    return keras.ops.conv(x, kernel, strides, padding, data_format="channels_last")


def convolve_transposed(x: Any, kernel: Any, strides: tuple[int, int]) -> Any:
    """Convolves transposed: ``keras.ops.conv_transpose`` with ``"same"`` padding and channels last.

    Example:
        >>> convolve_transposed(tf.zeros((2, 3, 5, 8)), tf.zeros((4, 4, 6, 8)), (2, 2)).shape.as_list()
        [2, 6, 10, 6]
    """
    return keras.ops.conv_transpose(x, kernel, strides, padding="same", data_format="channels_last")


def normalize_batch(x: Any, scale: Any, offset: Any, epsilon: float) -> tuple[Any, Any, Any]:
    """Normalizes each channel by its mean and variance over everything else, as one operation.

    ``y = scale · (x − mean)/√(variance + epsilon) + offset``. Gradients of ``y``, also the second ones, know
    that mean and variance come from ``x``; mean and variance themselves are returned as constants.

    Args:
        x: Float ``[batch, …, channels]``.
        scale: Float32 ``[channels]``.
        offset: Float32 ``[channels]``.
        epsilon: Added to the variance.

    Returns:
        ``y``, of the shape and dtype of ``x``; mean and (biased) variance, float32 ``[channels]``.

    Example:
        >>> y, mean, variance = normalize_batch(tf.constant([[1.0], [3.0]]), tf.ones(1), tf.zeros(1), 0.0)
        >>> y[:, 0].numpy().tolist(), float(mean[0]), float(variance[0])
        ([-1.0, 1.0], 2.0, 1.0)
    """
    x, scale, offset = (keras.ops.convert_to_tensor(each) for each in (x, scale, offset))
    pictures = x if x.shape.rank == 4 else tf.reshape(x, (-1, 1, 1, x.shape[-1]))
    # Not tf.nn's function for it, which does not take an ε below 1.001e-5.
    y, mean, unbiased, *_ = tf.raw_ops.FusedBatchNormV3(
        x=pictures, scale=scale, offset=offset, mean=[], variance=[], epsilon=epsilon, is_training=True
    )
    count = tf.cast(tf.reduce_prod(tf.shape(pictures)[:3]), unbiased.dtype)
    # Of a single value a GPU's operation divides 0 by 0; that variance is 0.
    variance = tf.math.multiply_no_nan(unbiased, (count - 1.0) / count)
    y = y if x.shape.rank == 4 else tf.reshape(y, tf.shape(x))
    return y, tf.stop_gradient(mean), tf.stop_gradient(variance)


def upsampling_form() -> str:
    """Returns the form of the upsampling convolution that is fastest here."""
    return asked_form() or "transposed"


def library() -> str:
    """Names the library and its version, for example ``"TensorFlow 2.1.0"``."""
    return f"TensorFlow {tf.__version__}"
