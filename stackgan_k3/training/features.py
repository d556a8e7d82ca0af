"""Opens what sees pictures for a measurement, as it was asked for."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from stackgan_k3.bundle.shipped import judge_folder
from stackgan_k3.config.features_choice import parse_features
from stackgan_k3.errors import UserError
from stackgan_k3.metrics.feature_extractor import FeatureExtractor
from stackgan_k3.metrics.inception_features import InceptionFeatures
from stackgan_k3.metrics.onnx_features import OnnxFeatures
from stackgan_k3.metrics.pixel_features import PixelFeatures
from stackgan_k3.metrics.probe import Probe
from stackgan_k3.metrics.probe_features import ProbeFeatures
from stackgan_k3.metrics.reading import Reading
from stackgan_k3.training.recipes.probe import trained_probe, values_of
from stackgan_k3.training.run import Run


def open_features(text: str) -> FeatureExtractor:
    """Opens an extractor of features.

    Args:
        text: See :func:`stackgan_k3.config.features_choice.parse_features`.

    Raises:
        UserError: If it is unknown, or what it names is not there or damaged.

    Example:
        >>> open_features("pixels").name
        'pixels'
    """
    choice = parse_features(text)
    if choice.kind == "pixels":
        return PixelFeatures()
    if choice.kind == "inception":
        return InceptionFeatures(choice.path)
    if choice.kind == "onnx":
        return OnnxFeatures(choice.path, scale=choice.range)
    return ProbeFeatures(open_probe(choice.path)[0])


def open_probe(folder: str | Path) -> tuple[Probe, dict[str, list[str]]]:
    """Opens a trained probe: its network, and the values of each attribute in the order of its logits.

    Args:
        folder: The run of the probe, or ``"shipped"``; see
            :func:`stackgan_k3.bundle.shipped.judge_folder`.

    Raises:
        UserError: If there is none.

    Example:
        ```python
        probe, values = open_probe("probes/birds")
        ```
    """
    run = Run.open(judge_folder(folder, "probe"))
    return trained_probe(run), values_of(run)


def finite(extractor: FeatureExtractor) -> Callable[[np.ndarray], Reading]:
    """Returns what reads pictures by an extractor, and stops at the first features that are not finite.

    Example:
        >>> finite(open_features("pixels"))(np.zeros((2, 64, 64, 3), "uint8")).features.shape[0]
        2
    """

    def read(pictures: np.ndarray) -> Reading:
        reading = extractor.read(pictures)
        if not np.isfinite(reading.features).all():
            raise UserError(
                f"the features of {extractor.name} hold numbers that are not finite; check what it expects "
                "of pictures (onnx=FILE@RANGE), or choose other features"
            )
        return reading

    return read


def compares(extractor: FeatureExtractor, pictures: np.ndarray) -> None:
    """Refuses an extractor that cannot read pictures, or sees no difference between them.

    Args:
        extractor: The extractor.
        pictures: Some pictures, uint8 ``[N, S, S, 3]``, not all of them alike.

    Raises:
        UserError: If it cannot read them, or they all have the same features.

    Example:
        >>> compares(open_features("pixels"), np.zeros((1, 64, 64, 3), "uint8"))
    """
    features = finite(extractor)(pictures).features
    if len(pictures) > 1 and (features == features[0]).all():
        raise UserError(
            f"the features of {extractor.name} are the same for {len(pictures)} different pictures, so they "
            "compare nothing; choose others"
        )
