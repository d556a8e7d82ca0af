"""Small pictures with the faults of sketches, to learn mending from."""

from collections.abc import Mapping
from typing import Any

from keras import ops

from stackgan_k3.draws import Draw

_REACH = 1.5  # standard deviation of a pixel's displacement at full strength, in pixels
_NOISE = 0.1  # of a channel's, of a range of 2


class Spoiling:
    """Frays a picture: each pixel is taken from somewhere near its place, and its color is off a little.

    A second network that learns on clean small pictures is surprised by those of the first. So it learns on
    spoiled ones (the conditioning augmentation of Ho et al., 2021, "Cascaded Diffusion Models for High
    Fidelity Image Generation", which blurs or adds noise). Of a sketch of Stage-I it is the outlines that
    are frayed, and so pixels are scattered here as well. How much is drawn anew for each picture, between
    not at all and a standard deviation of 1.5 pixels and of 0.1 in color.

    Args:
        size: Side of the pictures, in pixels.

    Example:
        >>> import numpy as np
        >>> spoiling = Spoiling(4)
        >>> batch = {name: np.zeros((1, *draw.shape), "float32") for name, draw in spoiling.draws.items()}
        >>> picture = np.arange(16, dtype="float32").reshape(1, 4, 4, 1).repeat(3, -1) / 16
        >>> batch["spoil_strength"][:] = 1.0
        >>> batch["spoil_places"][0, 0, 0] = [0.0, 2.0]  # the first pixel, from three to the right
        >>> ops.convert_to_numpy(spoiling(batch, picture))[0, 0, :, 0].tolist()
        [0.1875, 0.0625, 0.125, 0.1875]
    """

    def __init__(self, size: int = 64) -> None:
        self.size = size

    @property
    def draws(self) -> Mapping[str, Draw]:
        """The random entries of a batch: the strength from U(0, 1), places and colors from N(0, 1)."""
        side = self.size
        return {
            "spoil_strength": Draw((), "uniform"),
            "spoil_places": Draw((side, side, 2)),
            "spoil_colors": Draw((side, side, 3)),
        }

    def __call__(self, batch: Mapping[str, Any], image: Any) -> Any:
        """Spoils pictures; no gradient passes.

        Args:
            batch: Holds the entries of :attr:`draws`.
            image: Float32 ``[B, size, size, 3]`` in [-1, 1].

        Returns:
            Float32 of the same shape and range.
        """
        side = self.size
        strength, places, colors = (ops.convert_to_tensor(batch[name]) for name in self.draws)
        strength = ops.reshape(strength, (-1, 1, 1, 1))
        moved = ops.cast(ops.round(_REACH * strength * places), "int32")
        here = ops.arange(side, dtype="int32")
        rows = ops.clip(ops.reshape(here, (1, -1, 1)) + moved[..., 0], 0, side - 1)
        columns = ops.clip(ops.reshape(here, (1, 1, -1)) + moved[..., 1], 0, side - 1)
        source = ops.reshape(rows * side + columns, (-1, side * side, 1))
        scattered = ops.take_along_axis(ops.reshape(image, (-1, side * side, 3)), source, axis=1)
        noisy = ops.reshape(scattered, (-1, side, side, 3)) + _NOISE * strength * colors
        return ops.stop_gradient(ops.clip(noisy, -1.0, 1.0))
