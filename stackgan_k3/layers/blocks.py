"""The recurring groups of layers of the published networks, as functions."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from stackgan_k3.layers.batch_normalization import BatchNormalization
from stackgan_k3.layers.conv2d import Conv2D
from stackgan_k3.layers.spectral_convolution import SpectralConvolution


def normal(stddev: float = 0.02, mean: float = 0.0) -> keras.initializers.Initializer:
    """Returns the published weight initializer N(mean, stddev²)."""
    return keras.initializers.RandomNormal(mean=mean, stddev=stddev)


def convolution(
    x: Any, filters: int, size: int, strides: int = 1, *, padding: str = "same", spectral: bool = False
) -> Any:
    """Convolves without bias, weights from N(0, 0.02²).

    Args:
        x: Float ``[batch, height, width, channels]``.
        filters: Number of output channels.
        size: Side of the square kernel.
        strides: Step in both directions.
        padding: ``"same"`` or ``"valid"``.
        spectral: Whether its spectral norm is 1; see :class:`SpectralConvolution`.

    Returns:
        Float ``[batch, height / strides, width / strides, filters]``.

    Example:
        >>> convolution(keras.Input((8, 8, 3)), 16, 4, 2).shape
        (None, 4, 4, 16)
    """
    kind = SpectralConvolution if spectral else Conv2D
    layer = kind(filters, size, strides, padding=padding, use_bias=False, kernel_initializer=normal())
    return layer(x)


def batch_norm(x: Any) -> Any:
    """Normalizes each channel over the batch, with the published constants.

    Keras's defaults (momentum 0.99, ε 1e-3, scale 1) are not the published
    ones (0.9, 1e-5, scale from N(1, 0.02²)).
    """
    return BatchNormalization(momentum=0.9, epsilon=1e-5, gamma_initializer=normal(mean=1.0))(x)


def relu(x: Any) -> Any:
    """Applies max(x, 0) as a layer."""
    return keras.layers.ReLU()(x)


def leaky_relu(x: Any) -> Any:
    """Applies max(x, 0.2·x) as a layer."""
    return keras.layers.LeakyReLU(negative_slope=0.2)(x)


def residual_block(x: Any, norm: Callable[[Any], Any] = batch_norm) -> Any:
    """Adds two normalized 3 × 3 convolutions to their input, then ReLU; the shape stays."""
    channels = x.shape[-1]
    y = relu(norm(convolution(x, channels, 3)))
    y = norm(convolution(y, channels, 3))
    return relu(keras.layers.Add()([x, y]))


def join_condition(features: Any, condition: Any) -> Any:
    """Repeats a condition over a feature map's positions and appends it to the channels.

    Args:
        features: Float ``[batch, height, width, channels]``.
        condition: Float ``[batch, C]``.

    Returns:
        Float ``[batch, height, width, C + channels]``, the condition first as in
        the published code.

    Example:
        >>> join_condition(keras.Input((4, 4, 64)), keras.Input((16,))).shape
        (None, 4, 4, 80)
    """
    height, width, _ = features.shape[1:]
    tiled = ops.tile(ops.reshape(condition, (-1, 1, 1, condition.shape[-1])), (1, height, width, 1))
    return keras.layers.Concatenate()([ops.cast(tiled, features.dtype), features])
