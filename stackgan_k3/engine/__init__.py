"""The only place that asks which backend runs.

What the rest of the package needs from a backend beyond ``keras.ops`` is a
handful of functions with one meaning and three implementations: gradients
(:func:`value_and_grad`, :func:`input_gradient`, :func:`vjp`, :func:`differentiable_gradient`), a branch
that is skipped where it is not due (:func:`when`), a context without gradients (:func:`inference`), the
base class
whose ``train_step`` suits the backend's trainer (:class:`EngineModel`), the
fastest form of an operation (:func:`convolve`, :func:`convolve_transposed`, :func:`normalize_batch`,
:func:`upsampling_form`), and the library's name (:func:`library`).
"""

import keras

from stackgan_k3.engine.forms import using_upsampling_form

if keras.backend.backend() == "jax":
    from stackgan_k3.engine import jax_engine as _backend
elif keras.backend.backend() == "tensorflow":
    from stackgan_k3.engine import tensorflow_engine as _backend  # type: ignore[no-redef]
elif keras.backend.backend() == "torch":
    from stackgan_k3.engine import torch_engine as _backend  # type: ignore[no-redef]
else:  # pragma: no cover - Keras has a NumPy and an OpenVINO backend, neither of which trains
    raise ImportError(
        f"stackgan_k3 trains on the Keras backends jax, tensorflow and torch, not on "
        f"'{keras.backend.backend()}'; set KERAS_BACKEND to one of the three"
    )

EngineModel = _backend.EngineModel
value_and_grad = _backend.value_and_grad
input_gradient = _backend.input_gradient
vjp = _backend.vjp
sync = _backend.sync
differentiable_gradient = _backend.differentiable_gradient
when = _backend.when
inference = _backend.inference
library = _backend.library
upsampling_form = _backend.upsampling_form
convolve = _backend.convolve
convolve_transposed = _backend.convolve_transposed
normalize_batch = _backend.normalize_batch

__all__ = [
    "EngineModel",
    "convolve",
    "convolve_transposed",
    "differentiable_gradient",
    "inference",
    "input_gradient",
    "library",
    "normalize_batch",
    "sync",
    "upsampling_form",
    "using_upsampling_form",
    "value_and_grad",
    "vjp",
    "when",
]
