"""The residual network that reads pictures of 64 px, without what is read off it."""

from typing import Any

import keras

from stackgan_k3.layers.blocks import batch_norm, relu
from stackgan_k3.layers.conv2d import Conv2D


def residual_trunk(image: Any, width: int, features: int) -> Any:
    """Turns pictures into features by residual blocks (He et al., 2016).

    3 × 3 to ``width`` channels, four pairs of convolutions, each halving the side, with 1, 2, 4 and 4
    times as many channels, then, with every place of the 4 × 4 grid kept apart, one dense layer. Its ReLU is
    what lets one feature stand for a part wherever it is: a grid of places alone says where a colour
    is, and not what it is on.

    Args:
        image: Float ``[batch, 64, 64, 3]`` in [-1, 1].
        width: Channels of the first convolution.
        features: Number of features.

    Returns:
        float32 ``[batch, features]``, at least 0.

    Example:
        >>> residual_trunk(keras.Input((64, 64, 3)), 4, 8).shape
        (None, 8)
    """
    x = relu(batch_norm(_convolution(image, width)))
    for times in (1, 2, 4, 4):  # 32, 16, 8, 4 px
        x = _halved(x, times * width)
    dense = keras.layers.Dense(features, activation="relu", dtype="float32", name="features")
    return dense(keras.layers.Flatten()(x))


def _convolution(x: Any, filters: int, strides: int = 1, size: int = 3) -> Any:
    layer = Conv2D(filters, size, strides, padding="same", use_bias=False, kernel_initializer="he_normal")
    return layer(x)


def _halved(x: Any, filters: int) -> Any:
    """A residual block that halves the side."""
    y = relu(batch_norm(_convolution(x, filters, 2)))
    y = batch_norm(_convolution(y, filters))
    # The mean of four pixels loses less than every fourth one; and a 1 × 1 convolution of stride 2 crashes
    # PyTorch 2.13 on some processors (pictures with the channels last, few channels).
    short = keras.layers.AveragePooling2D(2)(x)
    return relu(keras.layers.Add()([batch_norm(_convolution(short, filters, 1, 1)), y]))
