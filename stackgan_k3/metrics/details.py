"""What large pictures look like close by."""

import numpy as np
from PIL import Image

from stackgan_k3.metrics.feature_extractor import FeatureExtractor
from stackgan_k3.metrics.pictures import check_pictures
from stackgan_k3.metrics.reading import Reading


class Details:
    """Reads a square of each picture at full resolution, where an extractor would see the whole reduced.

    A second stage adds what is lost when its pictures are averaged down to the size of its sketches. The
    distances of crops, from anywhere in the pictures, see it: the patch FID of Chai et al., 2022,
    "Any-resolution Training for High-resolution Image Synthesis". Two that were made with one seed crop
    the pictures of two sets, in order, at the same places.

    Args:
        extractor: What reads the squares.
        size: Side of the pictures, in pixels; smaller ones are enlarged first, bicubically.
        side: Side of the squares, in pixels.
        seed: Of the places.

    Example:
        >>> from stackgan_k3.metrics.pixel_features import PixelFeatures
        >>> details = Details(PixelFeatures(), 256)
        >>> details.read(np.zeros((2, 64, 64, 3), "uint8")).features.shape
        (2, 768)
    """

    def __init__(self, extractor: FeatureExtractor, size: int, *, side: int = 64, seed: int = 0) -> None:
        self.extractor = extractor
        self.size = size
        self.side = side
        self._places = np.random.Generator(np.random.Philox(key=[seed, 2]))

    def read(self, pictures: np.ndarray) -> Reading:
        """Reads a square of each picture, uint8 ``[N, S, S, 3]``.

        Raises:
            UserError: If they are something else.
        """
        check_pictures(pictures)
        corners = self._places.integers(0, self.size - self.side + 1, (len(pictures), 2))
        squares = [
            self._enlarged(picture)[y : y + self.side, x : x + self.side]
            for picture, (y, x) in zip(pictures, corners, strict=True)
        ]
        return self.extractor.read(np.stack(squares))

    def _enlarged(self, picture: np.ndarray) -> np.ndarray:
        if len(picture) == self.size:
            return picture
        whole = Image.fromarray(picture).resize((self.size, self.size), Image.Resampling.BICUBIC)
        return np.asarray(whole)
