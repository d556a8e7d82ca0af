"""Bilinear and bicubic ×2 upsampling, the same function on every backend."""

from typing import Any

import keras
import numpy as np
from keras import ops

from stackgan_k3.errors import unknown
from stackgan_k3.layers.blocks import convolution
from stackgan_k3.layers.upsample_convolution import UpsampleConvolution


def cubic(distance: float, a: float = -0.5) -> float:
    """Returns the weight of a pixel at a distance: the cubic convolution kernel of Keys (1981).

    Args:
        distance: From the place that is asked for, in pixels.
        a: The slope at distance 1; −0.5 reproduces quadratic functions, and is what Pillow takes.

    Example:
        >>> cubic(0.0), cubic(0.5), cubic(1.5)
        (1.0, 0.5625, -0.0625)
    """
    d = abs(distance)
    if d < 1:
        return (a + 2) * d**3 - (a + 3) * d**2 + 1
    return a * (d**3 - 5 * d**2 + 8 * d - 4) if d < 2 else 0.0


# What an even output takes from the pixels around it, whose centres lie 1.75, 0.75, −0.25 and −1.25 pixels
# before it; an odd one takes the mirror image.
TAPS = {
    "bilinear": (0.25, 0.75),
    "bicubic": tuple(cubic(distance) for distance in (1.75, 0.75, -0.25, -1.25)),
}


@keras.saving.register_keras_serializable("stackgan_k3")
class KernelUpsampling(keras.layers.Layer):
    """Doubles height and width by a fixed kernel.

    Pixels are squares: output *o* lies at ``(o + ½)/2 − ½`` of the input, a quarter of a pixel
    off a centre, so two sets of weights serve all places. Bilinear weights are ¾ and ¼; bicubic ones are
    :func:`cubic` with a = −0.5. At an edge, weights of pixels that do not exist are left out
    and the others divided by their sum, as Pillow does. Keras's ``UpSampling2D("bicubic")``
    takes a = −0.75 on PyTorch; this layer is additions and multiplications alone.

    Args:
        kind: ``"bilinear"`` or ``"bicubic"``.
        **kwargs: Of ``keras.layers.Layer``.

    Input: float ``[batch, height, width, channels]``, height and width known.
    Output: float ``[batch, 2·height, 2·width, channels]``.

    Raises:
        UserError: For another kind.

    Example:
        >>> step = np.array([0, 0, 1, 1], "float32").reshape(1, 1, 4, 1)
        >>> ops.convert_to_numpy(KernelUpsampling("bilinear")(step))[0, 0, :, 0].tolist()
        [0.0, 0.0, 0.0, 0.25, 0.75, 1.0, 1.0, 1.0]
    """

    def __init__(self, kind: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if kind not in TAPS:
            raise unknown("upsampling kernel", kind, TAPS)
        self.kind = kind

    def call(self, inputs: Any) -> Any:
        return _doubled(_doubled(inputs, 1, TAPS[self.kind]), 2, TAPS[self.kind])

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        batch, height, width, channels = input_shape
        return (batch, height and 2 * height, width and 2 * width, channels)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "kind": self.kind}


def _doubled(x: Any, axis: int, taps: tuple[float, ...]) -> Any:
    length, reach = x.shape[axis], len(taps) // 2
    around = [(0, 0)] * 4
    around[axis] = (reach, reach)
    padded = ops.pad(x, around)
    present = np.pad(np.ones(length), reach)
    halves = []
    # An even output starts `reach` pixels before its own, an odd one a pixel later.
    for first, weights in ((0, taps), (1, taps[::-1])):
        total = sum(w * present[first + k : first + k + length] for k, w in enumerate(weights))
        at = [slice(None)] * 4
        parts = []
        for k, weight in enumerate(weights):
            at[axis] = slice(first + k, first + k + length)
            parts.append(weight * padded[tuple(at)])
        scale = np.reshape(1.0 / np.asarray(total), [-1 if i == axis else 1 for i in range(4)])
        halves.append(sum(parts[1:], parts[0]) * ops.cast(scale, x.dtype))
    shape = [-1, *x.shape[1:]]
    shape[axis] = 2 * length
    return ops.reshape(ops.stack(halves, axis=axis + 1), shape)


def upsample(x: Any, filters: int, kind: str = "nearest") -> Any:
    """Doubles height and width, then convolves 3 × 3 without bias, weights from N(0, 0.02²).

    Args:
        x: Float ``[batch, height, width, channels]``.
        filters: Number of output channels.
        kind: ``"nearest"``, ``"bilinear"`` or ``"bicubic"``. The weights are the same for all three:
            one kernel ``[3, 3, channels, filters]``.

    Returns:
        Float ``[batch, 2·height, 2·width, filters]``.

    Raises:
        UserError: For another kind.

    Example:
        >>> upsample(keras.Input((4, 4, 16)), 8, "bicubic").shape
        (None, 8, 8, 8)
    """
    if kind == "nearest":
        return UpsampleConvolution(filters)(x)
    if kind not in TAPS:
        raise unknown("upsampling", kind, ("nearest", *TAPS))
    return convolution(KernelUpsampling(kind)(x), filters, 3)
