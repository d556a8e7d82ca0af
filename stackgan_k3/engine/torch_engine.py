"""Gradients and the training step on PyTorch."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import torch

from stackgan_k3.engine.forms import asked_form

Variables = Sequence[keras.Variable]


class EngineModel(keras.Model):
    """A ``keras.Model`` whose step is ``update(batch) -> logs`` on every backend."""

    def train_step(self, batch: Any) -> dict[str, Any]:
        with torch.no_grad():
            # Only the engine's functions record: what runs between them (the
            # optimizers, metrics, the averaged weights) needs no graph.
            return self.update(batch)

    def update(self, batch: Any) -> dict[str, Any]:
        """Makes one training step on a batch and returns its logs."""
        raise NotImplementedError


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


def upsampling_form() -> str:
    """Returns the form of the upsampling convolution that is fastest here."""
    return asked_form() or ("phases" if not torch.cuda.is_available() else "plain")


def library() -> str:
    """Names the library and its version, for example ``"PyTorch 2.1.0"``."""
    return f"PyTorch {torch.__version__}"
