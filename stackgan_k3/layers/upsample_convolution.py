"""Nearest ×2 upsampling and a 3 × 3 convolution, as one layer."""

from typing import Any

import keras
import numpy as np
from keras import ops

from stackgan_k3 import engine

# Row k says which of the three taps of a 3-tap filter fall on the same source
# pixel once every pixel has been doubled: the 4-tap transposed filter.
FOUR_TAPS = np.array([[0, 0, 1], [0, 1, 1], [1, 1, 0], [1, 0, 0]], "float32")
"""float32 [4, 3], zeros and ones."""
# The same for both axes, of kernels as one column of taps: [4·4, 3·3].
FOUR_BY_FOUR_TAPS = np.kron(FOUR_TAPS, FOUR_TAPS)


@keras.saving.register_keras_serializable("stackgan_k3")
class UpsampleConvolution(keras.layers.Layer):
    """Doubles height and width by repeating pixels, then convolves 3 × 3 without bias.

    The weight is the 3 × 3 kernel ``[3, 3, channels, filters]`` of the published
    network. How the result is computed is the engine's choice: directly, as one
    4 × 4 transposed convolution of stride 2 whose kernel is derived from it, or
    as four 2 × 2 convolutions whose results are interleaved. The three agree to
    rounding; the last two need 2.25 times fewer multiplications.

    Args:
        filters: Number of output channels.
        **kwargs: Of ``keras.layers.Layer``.

    Input: float ``[batch, height, width, channels]``.
    Output: float ``[batch, 2·height, 2·width, filters]``.

    Example:
        >>> tuple(UpsampleConvolution(8)(np.zeros((1, 4, 4, 16), "float32")).shape)
        (1, 8, 8, 8)
    """

    def __init__(self, filters: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.filters = filters

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.kernel = self.add_weight(
            name="kernel",
            shape=(3, 3, input_shape[-1], self.filters),
            initializer=keras.initializers.RandomNormal(stddev=0.02),
        )

    def call(self, inputs: Any) -> Any:
        form = engine.upsampling_form()
        kernel = ops.cast(ops.convert_to_tensor(self.kernel), self.compute_dtype)
        if form == "plain":
            doubled = ops.repeat(ops.repeat(inputs, 2, axis=1), 2, axis=2)
            return engine.convolve(doubled, kernel, padding="same")
        if form == "transposed":
            channels = inputs.shape[-1]
            taps = ops.cast(FOUR_BY_FOUR_TAPS, self.compute_dtype)
            four = ops.matmul(taps, ops.reshape(kernel, (9, channels * self.filters)))
            four = ops.reshape(four, (4, 4, channels, self.filters))
            return engine.convolve_transposed(inputs, ops.transpose(four, (0, 1, 3, 2)), (2, 2))
        return self._phases(inputs, kernel)

    def _phases(self, inputs: Any, kernel: Any) -> Any:
        height, width = inputs.shape[1:3]
        # Along one axis: even outputs see (x[i-1], x[i]), odd ones (x[i], x[i+1]).
        rows = (
            ops.stack([kernel[0], kernel[1] + kernel[2]]),
            ops.stack([kernel[0] + kernel[1], kernel[2]]),
        )
        padded = ops.pad(inputs, ((0, 0), (1, 1), (1, 1), (0, 0)))
        lines = []
        for a, row in enumerate(rows):
            columns = (
                ops.stack([row[:, 0], row[:, 1] + row[:, 2]], axis=1),
                ops.stack([row[:, 0] + row[:, 1], row[:, 2]], axis=1),
            )
            line = [
                engine.convolve(padded[:, a : a + height + 1, b : b + width + 1], column)
                for b, column in enumerate(columns)
            ]
            lines.append(ops.stack(line, axis=3))  # [batch, height, width, 2, filters]
        out = ops.stack(lines, axis=2)  # [batch, height, 2, width, 2, filters]
        return ops.reshape(out, (-1, 2 * height, 2 * width, self.filters))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        batch, height, width, _ = input_shape
        return (batch, height and 2 * height, width and 2 * width, self.filters)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "filters": self.filters}
