"""Opens what sees pictures for a measurement, as it was asked for."""

from pathlib import Path

from stackgan_k3.bundle.shipped import judge_folder
from stackgan_k3.config.features_choice import parse_features
from stackgan_k3.metrics.feature_extractor import FeatureExtractor
from stackgan_k3.metrics.inception_features import InceptionFeatures
from stackgan_k3.metrics.onnx_features import OnnxFeatures
from stackgan_k3.metrics.pixel_features import PixelFeatures
from stackgan_k3.metrics.probe import Probe
from stackgan_k3.metrics.probe_features import ProbeFeatures
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
