"""The pixels themselves as features."""

import numpy as np
from PIL import Image

from stackgan_k3.metrics.pictures import check_pictures
from stackgan_k3.metrics.reading import Reading


class PixelFeatures:
    """Pictures reduced to 16 × 16, in [-1, 1]: 768 features that need no network and no training.

    They see colours and layout and nothing finer, so they tell a collapsed or a grey generator from
    others, and little about how well a bird is drawn. There are no probabilities.

    Example:
        >>> PixelFeatures().read(np.full((2, 64, 64, 3), 255, "uint8")).features.shape
        (2, 768)
    """

    name = "pixels"
    side = 16

    def read(self, pictures: np.ndarray) -> Reading:
        """Reads uint8 ``[N, S, S, 3]``.

        Raises:
            UserError: If they are something else.
        """
        check_pictures(pictures)
        size = (self.side, self.side)
        small = [
            np.asarray(Image.fromarray(each).resize(size, Image.Resampling.BOX), np.float32)
            for each in pictures
        ]
        return Reading(np.stack(small).reshape(len(pictures), -1) / np.float32(127.5) - np.float32(1.0), {})
