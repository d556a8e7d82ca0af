"""Pictures back to what a tanh made them of."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("stackgan_k3")
class InverseTanh(keras.layers.Layer):
    """The inverse of tanh, of values a little reduced: ``artanh(scale · x)``.

    What a network adds to it in front of a tanh changes the picture, and adding nothing leaves it as it
    was, but for the reduction, which keeps black and white finite and their gradients above nothing.

    Input and output: float32 of any shape; the input lies in [-1, 1].

    Args:
        scale: Above 0 and below 1.
        **kwargs: Of ``keras.layers.Layer``; computed in float32 whatever they say.

    Example:
        >>> import numpy as np
        >>> pictures = np.array([[-1.0, 0.0, 0.5]], "float32")
        >>> ops.convert_to_numpy(ops.tanh(InverseTanh(0.9)(pictures))).round(4).tolist()
        [[-0.8999999761581421, 0.0, 0.44999998807907104]]
    """

    def __init__(self, scale: float = 0.95, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.scale = scale

    def call(self, inputs: Any) -> Any:
        x = self.scale * inputs
        return 0.5 * ops.log((1.0 + x) / (1.0 - x))  # arctanh itself is in fewer graph formats

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "scale": self.scale}
