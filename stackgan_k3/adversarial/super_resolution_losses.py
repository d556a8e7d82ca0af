"""What a super-resolution stage minimizes besides the adversarial loss, as pure functions."""

from typing import Any

from keras import ops


def reduced(image: Any, size: int = 64) -> Any:
    """Averages a picture down: each pixel is the mean of the square of pixels it stands for.

    Args:
        image: Float ``[batch, S, S, C]``, S a multiple of ``size``.
        size: Side of the result, in pixels.

    Returns:
        Float ``[batch, size, size, C]``.

    Example:
        >>> import numpy as np
        >>> quarter = np.array([[1.0, 2.0], [3.0, 6.0]], "float32").reshape(1, 2, 2, 1)
        >>> float(reduced(quarter, 1)[0, 0, 0, 0])
        3.0
    """
    factor = image.shape[1] // size
    return ops.average_pool(image, factor, strides=factor, data_format="channels_last")


def content_loss(sketch: Any, drawn: Any, real: Any, restored: Any) -> Any:
    """The pixels: ``mean (↓drawn − sketch)² + mean (restored − real)²``.

    The first term holds the picture to the sketch it was drawn over: a sketch has no large picture
    to be compared with, but averaged down (↓) the large picture must be the sketch again. The
    second is SRGAN's pixel-wise loss (Ledig et al., 2017, equation 4) on a real pair, ``restored``
    being what is drawn over ``↓real``.

    Args:
        sketch: Float ``[batch, 64, 64, 3]``.
        drawn: Float ``[batch, S, S, 3]``, drawn over the sketch.
        real: Float ``[batch, S, S, 3]``.
        restored: Float ``[batch, S, S, 3]``, drawn over ``reduced(real)``.

    Returns:
        A float32 scalar, at least 0; 0 where both are met exactly.

    Example:
        >>> import numpy as np
        >>> small, large = np.zeros((1, 64, 64, 3), "float32"), np.zeros((1, 128, 128, 3), "float32")
        >>> float(content_loss(small, large + 1, large, large + 2))
        5.0
    """
    held = ops.mean(ops.square(_difference(reduced(drawn, sketch.shape[1]), sketch)))
    return held + ops.mean(ops.square(_difference(restored, real)))


def feature_loss(real_features: Any, features: Any) -> Any:
    """Feature matching of a real pair: ``mean |f(real) − f(restored)|``.

    It has the part of SRGAN's VGG loss (Ledig et al., 2017, equation 5); f is the discriminator's
    trunk (Larsen et al., 2016; the absolute value as in Wang et al., 2018), which learns what matters
    for these pictures and needs no weights from elsewhere.

    Args:
        real_features: Float ``[batch, …]``, features of real pictures; no gradient goes there.
        features: The same of the pictures restored from their reductions.

    Returns:
        A float32 scalar, at least 0.

    Example:
        >>> import numpy as np
        >>> float(feature_loss(np.zeros((2, 4), "float32"), np.full((2, 4), -3.0, "float32")))
        3.0
    """
    real_features = ops.stop_gradient(ops.cast(real_features, "float32"))
    return ops.mean(ops.abs(_difference(features, real_features)))


def _difference(one: Any, other: Any) -> Any:
    return ops.subtract(ops.cast(one, "float32"), ops.cast(other, "float32"))
