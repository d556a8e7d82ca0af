"""Keras's convolution, computed the way that suits the backend."""

from typing import Any

import keras

from stackgan_k3 import engine


@keras.saving.register_keras_serializable("stackgan_k3")
class Conv2D(keras.layers.Conv2D):
    """``keras.layers.Conv2D`` by :func:`stackgan_k3.engine.convolve`: the same numbers, sooner on PyTorch.

    It has the name of Keras's class because layers, and with them the variables of checkpoints, are
    named after their class. Dilation, groups and channels first are left to Keras.

    Args:
        *args: Of ``keras.layers.Conv2D``.
        **kwargs: Of ``keras.layers.Conv2D``.

    Input: float ``[batch, height, width, channels]``.
    Output: float ``[batch, new height, new width, filters]``.

    Example:
        >>> import numpy as np
        >>> tuple(Conv2D(8, 4, strides=2, padding="same")(np.zeros((1, 6, 6, 3), "float32")).shape)
        (1, 3, 3, 8)
    """

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        plain = self.data_format == "channels_last" and self.groups == 1 and set(self.dilation_rate) == {1}
        if not plain:
            return super().convolution_op(inputs, kernel)
        return engine.convolve(inputs, kernel, self.strides, self.padding)
