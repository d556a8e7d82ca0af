"""Smooth pictures for the miniature sets."""

import numpy as np
from PIL import Image


def smooth_picture(number: int, width: int = 96, height: int = 80) -> Image.Image:
    """An RGB picture of soft colours, another one for each number."""
    colours = np.random.default_rng(number).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    return Image.fromarray(colours).resize((width, height), Image.Resampling.BICUBIC)
