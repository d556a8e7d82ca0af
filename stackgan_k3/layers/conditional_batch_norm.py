"""Batch normalization whose scale and shift follow a condition."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from stackgan_k3.errors import unknown
from stackgan_k3.layers.batch_normalization import BatchNormalization
from stackgan_k3.layers.blocks import batch_norm, normal

NORMALIZATIONS = ("batch", "conditional")


@keras.saving.register_keras_serializable("stackgan_k3")
class ConditionalBatchNorm(keras.layers.Layer):
    """Conditional batch normalization (De Vries et al., 2017).

    ``y = (γ + c·Wγ) · (x − mean)/√(variance + ε) + β + c·Wβ``: batch normalization whose scale and
    shift, one number a channel, move away from γ and β by a linear function of the example's
    condition ``c``. The matrices begin at zero, so training begins with plain batch normalization,
    and where the condition is zero it stays plain. Momentum 0.9 and ε 1e-5, as in the
    published networks; γ begins as N(1, 0.02²).

    Args:
        **kwargs: Of ``keras.layers.Layer``.

    Input: a list of float ``[batch, height, width, channels]`` and the condition, float
    ``[batch, C]``. Output: as the first. It adds ``2·C·channels`` weights to those of a batch norm.

    Example:
        >>> import numpy as np
        >>> layer = ConditionalBatchNorm()
        >>> x, c = np.ones((2, 4, 4, 3), "float32"), np.ones((2, 5), "float32")
        >>> tuple(layer([x, c]).shape), layer.count_params()  # γ, β, mean, variance, matrices
        ((2, 4, 4, 3), 42)
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.norm = BatchNormalization(
            momentum=0.9, epsilon=1e-5, center=False, scale=False, dtype=self.dtype_policy, name="norm"
        )

    def build(self, input_shape: list[tuple[int | None, ...]]) -> None:
        features, condition = input_shape
        channels: Any = features[-1]  # known where layers are built
        self.norm.build(features)
        self.gamma = self.add_weight(name="gamma", shape=(channels,), initializer=normal(mean=1.0))
        self.beta = self.add_weight(name="beta", shape=(channels,), initializer="zeros")
        self.offsets = self.add_weight(
            name="offsets", shape=(condition[-1], 2 * channels), initializer="zeros"
        )

    def call(self, inputs: list[Any], training: bool = False) -> Any:
        x, condition = inputs
        channels = x.shape[-1]
        offsets = ops.reshape(ops.matmul(condition, self.offsets), (-1, 1, 1, 2 * channels))
        gamma = self.gamma + offsets[..., :channels]
        beta = self.beta + offsets[..., channels:]
        return self.norm(x, training=training) * gamma + beta

    def compute_output_shape(self, input_shape: list[tuple[int | None, ...]]) -> tuple[int | None, ...]:
        return input_shape[0]


def normalizer(kind: str, condition: Any) -> Callable[[Any], Any]:
    """Returns the function that normalizes feature maps in a network.

    Args:
        kind: ``"batch"``, or ``"conditional"`` for :class:`ConditionalBatchNorm`.
        condition: Float ``[batch, C]``; plain batch normalization does not look at it.

    Returns:
        A function from a feature map to one of the same shape; each call makes a layer.

    Raises:
        UserError: For another kind.

    Example:
        >>> norm = normalizer("conditional", keras.Input((5,)))
        >>> norm(keras.Input((4, 4, 3))).shape
        (None, 4, 4, 3)
    """
    if kind not in NORMALIZATIONS:
        raise unknown("normalization", kind, NORMALIZATIONS)
    if kind == "batch":
        return batch_norm
    return lambda x: ConditionalBatchNorm()([x, condition])
