"""InceptionV3 as an extractor of features."""

import warnings
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np

from stackgan_k3.errors import UserError
from stackgan_k3.metrics.pictures import resized
from stackgan_k3.metrics.reading import Reading

_BATCH = 32

_UNREADABLE = (ValueError, OSError, KeyError, zipfile.BadZipFile)  # what Keras raises of files


class InceptionFeatures:
    """The 2048 averaged features of Keras's InceptionV3, trained on ImageNet (Szegedy et al., 2016).

    Pictures are resized to 299 px and scaled to [-1, 1], as the network was trained. It is not the network
    of published Fréchet inception distances: that one is an older graph with other weights, 1008
    outputs and other poolings, so these distances are near those, but not comparable.

    Args:
        weights: A weights file of ``keras.applications.InceptionV3``, with the classifier or without it
            (``notop``). Empty for Keras's own, which Keras downloads once.
        side: Pixels; 299 as it was trained, at least 75.

    Raises:
        UserError: If the weights are not there, do not fit, or cannot be downloaded.

    Example:
        ```python
        features = InceptionFeatures("inception_v3.h5").read(pictures).features  # float32 [N, 2048]
        ```
    """

    name = "inception"

    def __init__(self, weights: str | Path = "", *, side: int = 299) -> None:
        if weights and not Path(weights).is_file():
            raise UserError(f"there is no weights file {weights}; give a file of InceptionV3's weights")
        if side < 75 or (not weights and side != 299):
            raise UserError(
                f"side is {side}; InceptionV3 reads 299 px, and with weights from a file at least 75"
            )
        self.side = side
        self.network = _network(str(weights), side)
        self.classes = "probabilities" in self.network.output

    def read(self, pictures: np.ndarray) -> Reading:
        """Reads uint8 ``[N, S, S, 3]``: features float32 ``[N, 2048]``, and probabilities.

        The latter, ``imagenet`` of 1000 classes, only if the weights are with the classifier.
        """
        parts: list[dict[str, np.ndarray]] = []
        for start in range(0, len(pictures), _BATCH):
            images = resized(pictures[start : start + _BATCH], self.side)
            # Copied, for Keras's preprocessing works in place.
            ready = keras.applications.inception_v3.preprocess_input(images.astype(np.float32))
            said = self.network(ready, training=False)
            parts.append({name: keras.ops.convert_to_numpy(value) for name, value in said.items()})
        whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        named = {"imagenet": whole["probabilities"]} if self.classes else {}
        return Reading(whole["features"], named)


def _network(weights: str, side: int) -> Any:
    build = keras.applications.InceptionV3
    shape = (side, side, 3)
    if not weights:
        try:
            return _with_classes(build(weights="imagenet", input_shape=(299, 299, 3)))
        except Exception as error:  # of the network, the disk, or a checksum: Keras raises many kinds
            raise UserError(
                f"InceptionV3's weights cannot be had ({_first_line(error)}); download them where there is a "
                "connection and give the file: inception=WEIGHTS"
            ) from error
    try:
        return _with_classes(_loaded(build(weights=None, input_shape=shape), weights))
    except _UNREADABLE as error:
        first = error
    try:  # a file without the classifier
        network = _loaded(build(weights=None, include_top=False, pooling="avg", input_shape=shape), weights)
    except _UNREADABLE:
        raise UserError(
            f"{weights} does not hold the weights of keras.applications.InceptionV3 ({_first_line(first)}); "
            "give a file that Keras saved of it"
        ) from first
    return keras.Model(network.input, {"features": network.output})


def _loaded(network: keras.Model, path: str) -> keras.Model:
    """Loads weights, all of them: Keras may warn of some that a file lacks, and leave them as they were."""
    for weight in network.weights:
        weight.assign(np.full(weight.shape, np.nan, np.float32))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        network.load_weights(path)
    if not all(np.isfinite(keras.ops.convert_to_numpy(weight)).all() for weight in network.weights):
        raise ValueError("the file lacks some of them")
    return network


def _with_classes(network: keras.Model) -> keras.Model:
    features = network.get_layer("avg_pool").output
    return keras.Model(network.input, {"features": features, "probabilities": network.output})


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
