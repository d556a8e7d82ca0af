"""Pictures between the two ranges they have: bytes outside the networks, [-1, 1] inside."""

from typing import Any

import keras
from keras import ops


def to_float(image: Any) -> Any:
    """Turns picture bytes into what the networks work on: ``x / 127.5 - 1``.

    A tensor that is already floating point is taken to be in [-1, 1] and is only
    cast, so code that accepts both may call this on either.

    Args:
        image: uint8 [..., 3] with values 0 to 255, or a float tensor in [-1, 1].

    Returns:
        float32 tensor of the same shape in [-1, 1].

    Example:
        >>> import numpy as np
        >>> tuple(to_float(np.array([[0, 255, 255]], "uint8")).shape)
        (1, 3)
    """
    image = ops.convert_to_tensor(image)
    if keras.backend.is_float_dtype(keras.backend.standardize_dtype(image.dtype)):
        return ops.cast(image, "float32")
    return ops.cast(image, "float32") / 127.5 - 1.0


def to_grey(image: Any) -> Any:
    """Turns pictures with three channels into ones with their mean.

    Args:
        image: Float tensor [..., 3].

    Returns:
        Float tensor [..., 1]; a picture that is grey already keeps its values.

    Example:
        >>> import numpy as np
        >>> to_grey(np.zeros((2, 28, 28, 3), "float32")).shape[-1]
        1
    """
    return ops.mean(image, axis=-1, keepdims=True)


def to_rgb(image: Any) -> Any:
    """Gives grey pictures three channels alike; pictures that have them stay as they are.

    Args:
        image: Float tensor [..., 1 or 3].

    Returns:
        Float tensor [..., 3].

    Example:
        >>> import numpy as np
        >>> tuple(to_rgb(np.zeros((2, 28, 28, 1), "float32")).shape)
        (2, 28, 28, 3)
    """
    return ops.repeat(image, 3, axis=-1) if image.shape[-1] == 1 else image


def blurred(image: Any, times: int = 1) -> Any:
    """Blurs pictures by the binomial filter: each pixel, and its neighbours by 1 : 2 : 1 in both directions.

    A pattern that changes sign from pixel to pixel vanishes after one time, a gradient stays as it is. At the
    borders, the pixels there stand for those that would lie outside.

    Args:
        image: Float ``[batch, S, S, C]``.
        times: How often; after n times an edge is about √(2n) pixels wide.

    Returns:
        Float of the same shape.

    Example:
        >>> import numpy as np
        >>> stripes = np.tile(np.array([[1.0, -1.0]], "float32"), (4, 2)).reshape(1, 4, 4, 1)
        >>> ops.convert_to_numpy(blurred(stripes))[0, 1, :, 0].tolist()
        [0.5, 0.0, 0.0, -0.5]
    """
    for _ in range(times):
        for axis in (1, 2):
            first = ops.take(image, [0], axis=axis)
            last = ops.take(image, [image.shape[axis] - 1], axis=axis)
            image = ops.concatenate([first, image, last], axis=axis)
        for _ in range(2):  # [1 1] by [1 1] is [1 2 1]
            image = ops.average_pool(image, 2, strides=1, data_format="channels_last")
    return image


def to_uint8(image: Any) -> Any:
    """Turns a picture in [-1, 1] into bytes: ``(x + 1) · 127.5``, rounded and clipped.

    The inverse of :func:`to_float`: all 256 byte values survive the round trip.
    Values outside [-1, 1] become 0 or 255; a tie rounds to the even neighbour.

    Args:
        image: Float tensor [..., 3], nominally in [-1, 1], of any float type.

    Returns:
        uint8 tensor of the same shape.

    Example:
        >>> import numpy as np
        >>> keras.ops.convert_to_numpy(to_uint8(np.array([-1.0, 0.2, 3.0], "float32"))).tolist()
        [0, 153, 255]
    """
    scaled = (ops.cast(image, "float32") + 1.0) * 127.5
    return ops.cast(ops.clip(ops.round(scaled), 0.0, 255.0), "uint8")
