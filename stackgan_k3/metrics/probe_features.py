"""A probe as an extractor of features."""

import numpy as np

from stackgan_k3.metrics.probe import Probe
from stackgan_k3.metrics.reading import Reading, read


class ProbeFeatures:
    """The features that a trained probe reads by, and its probabilities by attribute.

    Args:
        probe: The probe.

    Example:
        >>> extractor = ProbeFeatures(Probe({"wing": 11}, width=4, features=8))
        >>> reading = extractor.read(np.zeros((3, 128, 128, 3), "uint8"))
        >>> reading.features.shape, reading.probabilities["wing"].shape
        ((3, 8), (3, 11))
    """

    name = "probe"
    side = 64

    def __init__(self, probe: Probe) -> None:
        self.probe = probe

    def read(self, pictures: np.ndarray) -> Reading:
        """Reads uint8 ``[N, S, S, 3]``; see :func:`stackgan_k3.metrics.reading.read`."""
        return read(self.probe, pictures)
