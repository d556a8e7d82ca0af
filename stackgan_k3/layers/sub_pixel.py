"""Sub-pixel upsampling: channels become pixels."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("stackgan_k3")
class SubPixel(keras.layers.Layer):
    """Doubles height and width by laying four channels out as 2 × 2 pixels (Shi et al., 2016).

    Output pixel ``(2y + i, 2x + j)`` takes channel ``c`` from input channel
    ``(2i + j)·filters + c`` at ``(y, x)``: the order of TensorFlow's ``depth_to_space``. (PyTorch's
    ``pixel_shuffle`` counts the channels otherwise.) It is a reshape, a transposition and a
    reshape, so every backend and an exported graph move the same numbers.

    Input: float ``[batch, height, width, 4·filters]``, all but the batch known.
    Output: float ``[batch, 2·height, 2·width, filters]``.

    Example:
        >>> import numpy as np
        >>> four = np.arange(4, dtype="float32").reshape(1, 1, 1, 4)
        >>> ops.convert_to_numpy(SubPixel()(four))[0, :, :, 0].tolist()
        [[0.0, 1.0], [2.0, 3.0]]
    """

    def call(self, inputs: Any) -> Any:
        _, height, width, channels = inputs.shape
        filters = channels // 4
        x = ops.reshape(inputs, (-1, height, width, 2, 2, filters))
        x = ops.transpose(x, (0, 1, 3, 2, 4, 5))  # [batch, height, 2, width, 2, filters]
        return ops.reshape(x, (-1, 2 * height, 2 * width, filters))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        batch, height, width, channels = input_shape
        return (batch, height and 2 * height, width and 2 * width, channels and channels // 4)
