"""Gradients and the training step on JAX.

JAX wants pure functions, Keras layers assign to variables. ``train_step`` opens
one ``StatelessScope`` over every variable and runs the same update code as the
other backends inside it; the gradient functions open an inner scope over the
same variables, differentiate with respect to the chosen ones and hand what the
others became (batch normalization's statistics, metrics) to the outer scope.
"""

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import jax
import keras

from stackgan_k3.engine.forms import asked_form

Variables = Sequence[keras.Variable]

_frames: list[tuple[keras.StatelessScope, list[keras.Variable]]] = []

inference = contextlib.nullcontext
"""What to draw and to measure in: here nothing is recorded without being asked for."""


class EngineModel(keras.Model):
    """A ``keras.Model`` whose step is ``update(batch) -> logs`` on every backend."""

    def train_step(self, state: tuple[list, list, list, list], batch: Any) -> tuple[dict, tuple]:
        groups: list[list[keras.Variable]] = [
            self.trainable_variables,
            self.non_trainable_variables,
            self.optimizer.variables,
            self.metrics_variables,
        ]
        mapping = [
            pair
            for group, values in zip(groups, state, strict=True)
            for pair in zip(group, values, strict=True)
        ]
        with keras.StatelessScope(state_mapping=mapping) as scope:
            _frames.append((scope, [variable for variable, _ in mapping]))
            try:
                logs = self.update(batch)
            finally:
                _frames.pop()
        return logs, tuple([scope.get_current_value(variable) for variable in group] for group in groups)

    def update(self, batch: Any) -> dict[str, Any]:
        """Makes one training step on a batch and returns its logs."""
        raise NotImplementedError


def _pure(
    fn: Callable[[], Any], variables: Variables
) -> tuple[Callable[[list], Any], list, list[keras.Variable]]:
    if not _frames:
        raise RuntimeError("on JAX, gradients are taken inside train_step: call fit() or train_on_batch()")
    scope, everything = _frames[-1]
    chosen = {id(variable) for variable in variables}
    rest = [variable for variable in everything if id(variable) not in chosen]
    fixed = [(variable, scope.get_current_value(variable)) for variable in rest]

    def pure(values: list) -> tuple[Any, list]:
        mapping = [*zip(variables, values, strict=True), *fixed]
        with keras.StatelessScope(state_mapping=mapping) as inner:
            out = fn()
            return out, [inner.get_current_value(variable) for variable in rest]

    return pure, [scope.get_current_value(variable) for variable in variables], rest


def _assign(variables: Variables, values: Sequence[Any]) -> None:
    scope, _ = _frames[-1]
    for variable, value in zip(variables, values, strict=True):
        # An untouched variable keeps the very same value; only what moved is written.
        if value is not scope.get_current_value(variable):
            variable.assign(value)


def value_and_grad(fn: Callable[[], tuple[Any, Any]], variables: Variables) -> tuple[tuple[Any, Any], list]:
    """Returns ``fn()`` = (loss, aux) and the gradients of the loss for ``variables``.

    Here it works inside ``train_step`` alone, where the values of the variables are known.

    Example:
        >>> import numpy as np
        >>> class Square(EngineModel):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.x = self.add_weight(shape=(), initializer="ones", name="x")
        ...     def update(self, batch):
        ...         (loss, _), gradients = value_and_grad(lambda: (self.x * self.x, {}), [self.x])
        ...         self.optimizer.apply(gradients, [self.x])
        ...         return {"loss": loss}
        >>> square = Square()
        >>> square.built = True
        >>> square.compile(keras.optimizers.SGD(0.25))
        >>> logs = square.fit(np.zeros((1, 1)), verbose=0)
        >>> float(square.x.value)  # 1 − ¼·2
        0.5
    """
    pure, values, rest = _pure(fn, variables)

    def loss_first(values: list) -> tuple[Any, Any]:
        (loss, aux), updates = pure(values)
        return loss, (aux, updates)

    (loss, (aux, updates)), gradients = jax.value_and_grad(loss_first, has_aux=True)(values)
    _assign(rest, updates)
    return (loss, aux), gradients


def input_gradient(fn: Callable[[Any], tuple[Any, Any]], inputs: Any) -> tuple[tuple[Any, Any], Any]:
    """Returns ``fn(inputs)`` = (loss, aux) and the gradient of the loss for the tensors ``inputs``."""
    box: list[Any] = [None]
    pure, values, rest = _pure(lambda: fn(box[0]), [])

    def loss_first(inputs: Any) -> tuple[Any, Any]:
        box[0] = inputs
        (loss, aux), updates = pure(values)
        return loss, (aux, updates)

    (loss, (aux, updates)), gradient = jax.value_and_grad(loss_first, has_aux=True)(inputs)
    _assign(rest, updates)
    return (loss, aux), gradient


def vjp(fn: Callable[[], Any], variables: Variables) -> tuple[Any, Callable[[Any], list]]:
    """Returns ``fn()`` and its pullback: cotangents of the outputs to gradients of ``variables``."""
    pure, values, rest = _pure(fn, variables)
    outputs, pull, updates = jax.vjp(pure, values, has_aux=True)
    _assign(rest, updates)
    return outputs, lambda cotangents: pull(cotangents)[0]


def differentiable_gradient(fn: Callable[[Any], Any], inputs: Any) -> Any:
    """Returns the gradient of the scalar ``fn(inputs)`` for the tensor ``inputs``, itself differentiable.

    It may stand inside what :func:`value_and_grad` differentiates. Outside ``train_step`` what ``fn``
    assigns to variables is lost.

    Example:
        >>> import numpy as np
        >>> gradient = differentiable_gradient(lambda x: keras.ops.sum(x**3), np.ones((2,), "float32"))
        >>> np.asarray(gradient).tolist()
        [3.0, 3.0]
    """
    pure, hand_over = _held(fn)
    gradient, updates = jax.grad(pure, has_aux=True)(inputs)
    hand_over(updates)
    return gradient


def when(condition: Any, fn: Callable[[], Any]) -> Any:
    """Returns the scalar ``fn()`` where the scalar ``condition`` holds, else 0 without computing it.

    Example:
        >>> float(when(keras.ops.equal(1, 1), lambda: keras.ops.ones(())))
        1.0
    """
    pure, hand_over = _held(lambda _: fn())
    unchanged, _ = _held(lambda _: jax.numpy.zeros((), "float32"))
    value, updates = jax.lax.cond(condition, pure, unchanged, None)
    hand_over(updates)
    return value


def _held(fn: Callable[[Any], Any]) -> tuple[Callable[[Any], tuple[Any, list]], Callable[[list], None]]:
    """Makes a function of tensors alone of ``fn``, for a place inside another gradient.

    Returns:
        The function, which returns what ``fn`` does and what the untrained variables became; and a
        function that writes the latter to where the caller's variables are held.
    """
    everything = _frames[-1][1] if _frames else []
    # Not of the outer scope: inside a gradient an inner one holds the values that count.
    values = [(variable, variable.value) for variable in everything]
    untrained = [(variable, value) for variable, value in values if not variable.trainable]

    def pure(x: Any) -> tuple[Any, list]:
        with keras.StatelessScope(state_mapping=values) as scope:
            out = fn(x)
            return out, [scope.get_current_value(variable) for variable, _ in untrained]

    def hand_over(updates: list) -> None:
        for (variable, before), value in zip(untrained, updates, strict=True):
            if value is not before:
                variable.assign(value)

    return pure, hand_over


def sync(model: keras.Model) -> None:
    """Brings the model's variables up to date in the middle of an epoch (JAX trains on copies)."""
    model.jax_state_sync()


def convolve(x: Any, kernel: Any, strides: tuple[int, int] = (1, 1), padding: str = "valid") -> Any:
    """Convolves pictures ``[batch, height, width, channels]``: ``keras.ops.conv`` with channels last.

    Example:
        >>> convolve(jax.numpy.zeros((2, 9, 8, 3)), jax.numpy.zeros((4, 4, 3, 5)), (2, 2), "same").shape
        (2, 5, 4, 5)
    """
    return keras.ops.conv(x, kernel, strides, padding, data_format="channels_last")


def convolve_transposed(x: Any, kernel: Any, strides: tuple[int, int]) -> Any:
    """Convolves transposed: ``keras.ops.conv_transpose`` with ``"same"`` padding and channels last.

    Example:
        >>> convolve_transposed(jax.numpy.zeros((2, 3, 5, 8)), jax.numpy.zeros((4, 4, 6, 8)), (2, 2)).shape
        (2, 6, 10, 6)
    """
    return keras.ops.conv_transpose(x, kernel, strides, padding="same", data_format="channels_last")


def normalize_batch(x: Any, scale: Any, offset: Any, epsilon: float) -> tuple[Any, Any, Any]:
    """Normalizes each channel by its mean and variance over everything else.

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
        >>> one, zero = jax.numpy.ones(1), jax.numpy.zeros(1)
        >>> y, mean, variance = normalize_batch(jax.numpy.array([[1.0], [3.0]]), one, zero, 0.0)
        >>> y[:, 0].tolist(), float(mean[0]), float(variance[0])
        ([-1.0, 1.0], 2.0, 1.0)
    """
    x, scale, offset = (keras.ops.convert_to_tensor(each) for each in (x, scale, offset))
    wide = keras.ops.cast(x, scale.dtype)
    mean, variance = keras.ops.moments(wide, axes=tuple(range(x.ndim - 1)))
    y = keras.ops.batch_normalization(wide, mean, variance, -1, offset, scale, epsilon)
    return keras.ops.cast(y, x.dtype), jax.lax.stop_gradient(mean), jax.lax.stop_gradient(variance)


def upsampling_form() -> str:
    """Returns the form of the upsampling convolution that is fastest here."""
    return asked_form() or ("phases" if jax.default_backend() == "cpu" else "plain")


def library() -> str:
    """Names the library and its version, for example ``"JAX 2.1.0"``."""
    return f"JAX {jax.__version__}"
