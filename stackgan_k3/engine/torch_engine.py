"""Gradients and the training step on PyTorch."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import torch
from torch.nn import functional

from stackgan_k3.engine.forms import asked_form

Variables = Sequence[keras.Variable]

inference = torch.no_grad
"""What to draw and to measure in: nothing is recorded for gradients, which would keep every feature map."""


class EngineModel(keras.Model):
    """A ``keras.Model`` whose step is ``update(batch) -> logs`` on every backend."""

    def train_step(self, batch: Any) -> dict[str, Any]:
        _lay_out([*self.variables, *self.optimizer.variables])
        with torch.no_grad():
            # Only the engine's functions record: what runs between them (the
            # optimizers, metrics, the averaged weights) needs no graph.
            return self.update(batch)

    def update(self, batch: Any) -> dict[str, Any]:
        """Makes one training step on a batch and returns its logs."""
        raise NotImplementedError


def _lay_out(variables: Variables) -> None:
    """Moves kernels to where PyTorch's convolutions read them without a copy; their values stay.

    A kernel ``[rows, columns, channels, filters]`` becomes a view of memory in the order filters, rows,
    columns, channels. Its gradient comes in that order, so an optimizer's moments are laid out alike.
    """
    for variable in variables:
        value = variable.value
        if value.ndim != 4:
            continue
        kernel = value.data.permute(3, 2, 0, 1)
        if not kernel.is_contiguous(memory_format=torch.channels_last):
            value.data = kernel.contiguous(memory_format=torch.channels_last).permute(2, 3, 1, 0)


def _gradients(outputs: Any, inputs: list, cotangents: Any = None) -> list:
    found = torch.autograd.grad(outputs, inputs, cotangents, allow_unused=True)
    return [torch.zeros_like(x) if g is None else g for g, x in zip(found, inputs, strict=True)]


def _detached(tree: Any) -> Any:
    return keras.tree.map_structure(lambda x: x.detach() if isinstance(x, torch.Tensor) else x, tree)


def value_and_grad(fn: Callable[[], tuple[Any, Any]], variables: Variables) -> tuple[tuple[Any, Any], list]:
    """Returns ``fn()`` = (loss, aux) and the gradients of the loss for ``variables``.

    Example:
        >>> x = keras.Variable(3.0)
        >>> (loss, aux), gradients = value_and_grad(lambda: (x * x, {"x": x + 1}), [x])
        >>> float(loss), float(aux["x"]), float(gradients[0])
        (9.0, 4.0, 6.0)
    """
    with torch.enable_grad():
        loss, aux = fn()
        gradients = _gradients(loss, [variable.value for variable in variables])
    return (loss.detach(), _detached(aux)), gradients


def input_gradient(fn: Callable[[Any], tuple[Any, Any]], inputs: Any) -> tuple[tuple[Any, Any], Any]:
    """Returns ``fn(inputs)`` = (loss, aux) and the gradient of the loss for the tensors ``inputs``."""
    with torch.enable_grad():
        leaves = keras.tree.map_structure(lambda x: x.detach().requires_grad_(), inputs)
        loss, aux = fn(leaves)
        gradient = _gradients(loss, keras.tree.flatten(leaves))
    return (loss.detach(), _detached(aux)), keras.tree.pack_sequence_as(inputs, gradient)


def vjp(fn: Callable[[], Any], variables: Variables) -> tuple[Any, Callable[[Any], list]]:
    """Returns ``fn()`` and its pullback: cotangents of the outputs to gradients of ``variables``."""
    with torch.enable_grad():
        outputs = fn()
    raw = [variable.value for variable in variables]

    def pullback(cotangents: Any) -> list:
        return _gradients(keras.tree.flatten(outputs), raw, keras.tree.flatten(cotangents))

    return _detached(outputs), pullback


def differentiable_gradient(fn: Callable[[Any], Any], inputs: Any) -> Any:
    """Returns the gradient of the scalar ``fn(inputs)`` for the tensor ``inputs``, itself differentiable.

    It may stand inside what :func:`value_and_grad` differentiates.

    Example:
        >>> differentiable_gradient(lambda x: keras.ops.sum(x**3), torch.ones(2)).tolist()
        [3.0, 3.0]
    """
    recorded = torch.is_grad_enabled()
    with torch.enable_grad():
        x = inputs if inputs.requires_grad else inputs.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(fn(x), [x], create_graph=recorded, allow_unused=True)
    return torch.zeros_like(inputs) if gradient is None else gradient


def when(condition: Any, fn: Callable[[], Any]) -> Any:
    """Returns the scalar ``fn()`` where the scalar ``condition`` holds, else 0 without computing it.

    Example:
        >>> float(when(keras.ops.equal(1, 1), lambda: keras.ops.ones(())))
        1.0
    """
    return fn() if bool(condition) else keras.ops.zeros((), "float32")


def sync(model: keras.Model) -> None:
    """Brings the model's variables up to date in the middle of an epoch (here they always are)."""


def _channels_first(x: Any) -> Any:
    # A view: in memory the channels stay last, as PyTorch's convolutions like them. Keras's operation
    # makes it contiguous first, and then contiguous with the channels last again: two copies.
    return _ordered(x.permute(0, 3, 1, 2))


def _filters_first(kernel: Any) -> Any:
    return _ordered(kernel.permute(3, 2, 0, 1))  # no copy where _lay_out has been


def _ordered(x: Any) -> Any:
    # Where the processor has no instructions for 16 bits, PyTorch falls back to convolutions whose
    # gradients take nothing but channels first.
    plain = (
        x.device.type == "cpu"
        and x.dtype != torch.float32
        and torch.backends.cpu.get_cpu_capability() != "AVX512"
    )
    return x.contiguous(memory_format=torch.contiguous_format if plain else torch.channels_last)


def convolve(x: Any, kernel: Any, strides: tuple[int, int] = (1, 1), padding: str = "valid") -> Any:
    """Convolves pictures, as ``keras.ops.conv`` does of channels-last data.

    Args:
        x: Float ``[batch, height, width, channels]``.
        kernel: ``[rows, columns, channels, filters]`` of the same dtype.
        strides: Step down and to the right.
        padding: ``"same"`` or ``"valid"``.

    Returns:
        Float ``[batch, new height, new width, filters]`` of the same dtype.

    Example:
        >>> tuple(convolve(torch.zeros(2, 9, 8, 3), torch.zeros(4, 4, 3, 5), (2, 2), "same").shape)
        (2, 5, 4, 5)
    """
    x, kernel = _channels_first(keras.ops.convert_to_tensor(x)), keras.ops.convert_to_tensor(kernel)
    around = [0, 0]
    if padding == "same":
        ends = [
            max((-(-side // step) - 1) * step + taps - side, 0)
            for side, taps, step in zip(x.shape[2:], kernel.shape[:2], strides, strict=True)
        ]
        around = [total // 2 for total in ends]
        if any(total % 2 for total in ends):  # the further end gets the odd one, which PyTorch cannot
            top, left = around
            x = functional.pad(x, (left, ends[1] - left, top, ends[0] - top))
            around = [0, 0]
    out = functional.conv2d(x, _filters_first(kernel), stride=strides, padding=around)
    return out.permute(0, 2, 3, 1)


def convolve_transposed(x: Any, kernel: Any, strides: tuple[int, int]) -> Any:
    """Convolves transposed, as ``keras.ops.conv_transpose`` with ``"same"`` padding and channels last.

    Args:
        x: Float ``[batch, height, width, channels]``.
        kernel: ``[rows, columns, filters, channels]`` of the same dtype.
        strides: How many times as high and as wide the result is.

    Returns:
        Float ``[batch, strides · height, strides · width, filters]`` of the same dtype.

    Example:
        >>> tuple(convolve_transposed(torch.zeros(2, 3, 5, 8), torch.zeros(4, 4, 6, 8), (2, 2)).shape)
        (2, 6, 10, 6)
    """
    x, kernel = keras.ops.convert_to_tensor(x), keras.ops.convert_to_tensor(kernel)
    ends = [taps - step for taps, step in zip(kernel.shape[:2], strides, strict=True)]
    if any(total < 0 or total % 2 for total in ends):
        return keras.ops.conv_transpose(x, kernel, strides, padding="same", data_format="channels_last")
    around = [total // 2 for total in ends]
    out = functional.conv_transpose2d(
        _channels_first(x), _filters_first(kernel), stride=strides, padding=around
    )
    return out.permute(0, 2, 3, 1)


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
        >>> one, zero = torch.ones(1), torch.zeros(1)
        >>> y, mean, variance = normalize_batch(torch.tensor([[1.0], [3.0]]), one, zero, 0.0)
        >>> y[:, 0].tolist(), float(mean[0]), float(variance[0])
        ([-1.0, 1.0], 2.0, 1.0)
    """
    x, scale, offset = (keras.ops.convert_to_tensor(each) for each in (x, scale, offset))
    y, mean, inverse = torch.native_batch_norm(
        x.movedim(-1, 1), scale, offset, None, None, True, 0.0, epsilon
    )
    # It gives 1/√(variance + ε); rounding must not make a variance of 0 negative.
    variance = (inverse.detach().pow(-2) - epsilon).clamp(min=0.0)
    return y.movedim(1, -1), mean.detach(), variance


def upsampling_form() -> str:
    """Returns the form of the upsampling convolution that is fastest here."""
    return asked_form() or ("transposed" if not torch.cuda.is_available() else "plain")


def library() -> str:
    """Names the library and its version, for example ``"PyTorch 2.1.0"``."""
    return f"PyTorch {torch.__version__}"
