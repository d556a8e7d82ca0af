"""What turns pictures into the features that are compared."""

from typing import Protocol

import numpy as np

from stackgan_k3.metrics.reading import Reading


class FeatureExtractor(Protocol):
    """Reads pictures of any size: a probe, InceptionV3, an ONNX graph, or the pixels themselves.

    Example:
        >>> from stackgan_k3.metrics.pixel_features import PixelFeatures
        >>> extractor: FeatureExtractor = PixelFeatures()
        >>> extractor.side
        16
    """

    @property
    def name(self) -> str:
        """What it is, for people."""
        ...

    @property
    def side(self) -> int:
        """Side in pixels that it sees pictures at."""
        ...

    def read(self, pictures: np.ndarray) -> Reading:
        """Reads uint8 ``[N, S, S, 3]``: features, and class probabilities where it has any."""
        ...
