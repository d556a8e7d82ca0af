"""A convolution whose kernel has spectral norm 1."""

from typing import Any

import keras
from keras import ops

from stackgan_k3.layers.conv2d import Conv2D


@keras.saving.register_keras_serializable("stackgan_k3")
class SpectralConvolution(Conv2D):
    """Spectral normalization (Miyato et al., 2018): convolves with ``W / σ(W)``.

    σ(W) is the largest singular value of the kernel as a matrix ``[height · width · channels, filters]``.
    Each pass in training makes one step of power iteration, ``v = Wu/‖Wu‖``, ``u = Wᵀv/‖Wᵀv‖``, from the
    u of the pass before; σ = vᵀWu with u and v constant, so that gradients go through W alone. The
    weight stays W: an optimizer, a checkpoint and further passes of the same step see what was learnt
    (Keras's own wrapper writes ``W / σ`` into the weight in the forward pass, which is no part of a
    gradient, and of one step with several passes still less). The bias is not divided.

    Args:
        *args: Of ``keras.layers.Conv2D``.
        **kwargs: Of ``keras.layers.Conv2D``.

    Input and output: as of ``keras.layers.Conv2D``. The non-trainable weight ``u`` has a number a filter.

    Example:
        >>> import numpy as np
        >>> layer = SpectralConvolution(1, 1, use_bias=False, kernel_initializer="ones")
        >>> outputs = layer(np.ones((1, 1, 1, 4), "float32"), training=True)
        >>> float(ops.convert_to_numpy(ops.stop_gradient(outputs))[0, 0, 0, 0])  # ‖(1, 1, 1, 1)‖ = 2
        2.0
    """

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        super().build(input_shape)
        # Kept in float32 under every policy: rounded, the iteration would stand still early.
        self.u = self.add_weight(
            name="u", shape=(self.filters,), initializer="random_normal", trainable=False, autocast=False
        )

    def call(self, inputs: Any, training: bool = False) -> Any:
        kernel = ops.cast(self.kernel, "float32")
        matrix = ops.reshape(kernel, (-1, self.filters))
        fixed = ops.stop_gradient(matrix)
        u = _unit(self.u.value)
        v = _unit(ops.matmul(fixed, u))
        if training:
            u = _unit(ops.matmul(ops.transpose(fixed), v))
            self.u.assign(u)
        sigma = ops.sum(v * ops.matmul(matrix, u))
        outputs = self.convolution_op(inputs, ops.cast(kernel / sigma, self.compute_dtype))
        return outputs if self.bias is None else outputs + ops.cast(self.bias, outputs.dtype)

    # Of a convolution Keras writes kernel and bias alone; these are what it does of other layers.
    def save_own_variables(self, store: Any) -> None:
        keras.layers.Layer.save_own_variables(self, store)

    def load_own_variables(self, store: Any) -> None:
        keras.layers.Layer.load_own_variables(self, store)


def _unit(vector: Any) -> Any:
    vector = ops.stop_gradient(vector)
    return vector / ops.sqrt(ops.maximum(ops.sum(ops.square(vector)), 1e-24))
