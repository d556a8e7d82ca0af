"""Uniform noise from normal noise, so that every system has the same stream."""

import math
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("stackgan_k3")
class UniformNoise(keras.layers.Layer):
    """Turns N(0, 1) into U(−1, 1), value by value: ``erf(x / √2)``, twice the normal CDF less one.

    A bundle's noise is N(0, 1) whatever the networks were trained with; those that were
    trained with uniform noise make it in their first layer.

    Input and output: float32 ``[batch, n]``; the output lies in (−1, 1).

    Example:
        >>> import numpy as np
        >>> abs(float(UniformNoise()(np.array([[0.6744898]], "float32"))[0, 0]) - 0.5) < 1e-6
        True
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float32"})

    def call(self, inputs: Any) -> Any:
        return ops.erf(inputs / math.sqrt(2.0))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape
