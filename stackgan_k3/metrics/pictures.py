"""Pictures as an extractor of features wants them."""

import numpy as np
from PIL import Image

from stackgan_k3.errors import UserError


def check_pictures(pictures: np.ndarray) -> None:
    """Refuses what is no set of pictures.

    Raises:
        UserError: If it is not uint8 ``[N, H, W, 3]`` with N of at least 1.

    Example:
        >>> check_pictures(np.zeros((2, 8, 8, 3), "uint8"))
    """
    if pictures.ndim != 4 or pictures.shape[-1] != 3 or pictures.dtype != np.uint8 or not len(pictures):
        raise UserError(f"pictures are {pictures.dtype} {list(pictures.shape)}; not uint8 [N, S, S, 3]")


def resized(pictures: np.ndarray, side: int) -> np.ndarray:
    """Resizes pictures to ``side × side``, bicubic and, where they shrink, antialiased.

    Plain bicubic resizing skips pixels, and changes Fréchet distances more than many a generator
    does (Parmar et al., 2022); Pillow's does not.

    Args:
        pictures: uint8 ``[N, H, W, 3]``.
        side: Pixels.

    Returns:
        uint8 ``[N, side, side, 3]``.

    Raises:
        UserError: See :func:`check_pictures`.

    Example:
        >>> resized(np.full((1, 8, 8, 3), 7, "uint8"), 20).mean()
        np.float64(7.0)
    """
    check_pictures(pictures)
    if pictures.shape[1:3] == (side, side):
        return pictures
    size, method = (side, side), Image.Resampling.BICUBIC
    return np.stack([np.asarray(Image.fromarray(each).resize(size, method)) for each in pictures])
