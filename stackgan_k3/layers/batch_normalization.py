"""Keras's batch normalization, computed the way that suits the backend."""

from typing import Any

import keras
from keras import ops

from stackgan_k3 import engine


@keras.saving.register_keras_serializable("stackgan_k3")
class BatchNormalization(keras.layers.BatchNormalization):
    """``keras.layers.BatchNormalization`` by :func:`stackgan_k3.engine.normalize_batch`, as one operation.

    In training it normalizes by the batch and moves the averages as Keras's layer does; everything
    else (inference, a frozen layer, a mask, another axis) is left to Keras. It has the name of
    Keras's class because layers, and with them the variables of checkpoints, are named after their class.

    Args:
        *args: Of ``keras.layers.BatchNormalization``.
        **kwargs: Of ``keras.layers.BatchNormalization``.

    Input: float ``[batch, …, channels]``. Output: as the input.

    Example:
        >>> import numpy as np
        >>> layer = BatchNormalization(momentum=0.5, epsilon=0.0)
        >>> y = layer(np.array([[1.0], [3.0]], "float32"), training=True)
        >>> ops.convert_to_numpy(ops.stop_gradient(y))[:, 0].tolist()
        [-1.0, 1.0]
        >>> float(layer.moving_mean.value[0]), float(layer.moving_variance.value[0])
        (1.0, 1.0)
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        plain = mask is None and not self.renorm and not self.synchronized
        if not (training and self.trainable and plain and self.axis in (-1, len(inputs.shape) - 1)):
            return super().call(inputs, training=training, mask=mask)
        dtype = keras.backend.result_type(inputs.dtype, "float32")
        channels = inputs.shape[-1]
        scale = ops.cast(self.gamma, dtype) if self.scale else ops.ones((channels,), dtype)
        offset = ops.cast(self.beta, dtype) if self.center else ops.zeros((channels,), dtype)
        outputs, mean, variance = engine.normalize_batch(inputs, scale, offset, self.epsilon)
        for moving, now in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(ops.cast(moving, dtype) * self.momentum + now * (1.0 - self.momentum))
        return ops.cast(outputs, self.compute_dtype)
