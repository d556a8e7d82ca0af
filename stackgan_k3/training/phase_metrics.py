"""The metrics of a generator that is being trained: cheap, on held-out captions, always the same ones."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from keras import ops

from stackgan_k3.bundle.alphabet import encode
from stackgan_k3.config.drawing import DrawingConfig
from stackgan_k3.config.features_choice import parse_features
from stackgan_k3.data.records import Records
from stackgan_k3.errors import UserError
from stackgan_k3.metrics.feature_extractor import FeatureExtractor
from stackgan_k3.metrics.frechet_distance import frechet_distance
from stackgan_k3.metrics.kernel_distance import kernel_distance
from stackgan_k3.metrics.reading import Reading, accuracies
from stackgan_k3.models.pipeline import Pipeline
from stackgan_k3.text.sentence_encoder import SentenceEncoder
from stackgan_k3.training.asked_birds import asked_birds
from stackgan_k3.training.drawer import PipelineDrawer, drawing
from stackgan_k3.training.encoders import Encoders
from stackgan_k3.training.features import open_features, open_probe
from stackgan_k3.training.held_out import HeldOut, show
from stackgan_k3.training.run import Run
from stackgan_k3.training.text_phase import caption_encoder


class PhaseMetrics:
    """Measures what a run's generator draws for held-out captions, from the same noise every time.

    ``fid``, ``kid`` and ``kid_error`` with ``fid_floor`` and ``kid_floor``, what real pictures get, where
    features are chosen; ``accuracy``, the mean over the attributes that captions of synthetic birds name,
    with ``accuracy_floor``, where the features are a probe's; ``r_precision`` and ``r_precision_floor`` where
    the run has encoders of its own. Features of real pictures are computed once.

    Args:
        run: The run.
        records: The split that is measured on; see :func:`held_out_records`.

    Raises:
        UserError: See :func:`check_metrics`.

    Example:
        ```python
        PhaseMetrics(run, held_out_records(run.data_info["folder"]))(model.pipeline)["kid"]
        ```
    """

    def __init__(self, run: Run, records: Records) -> None:
        config: DrawingConfig = run.config
        metrics = config.metrics
        self._run = run
        self._held_out = HeldOut(records, metrics.samples)
        self._extractor = open_features(metrics.features) if metrics.features else None
        self._encoders = Encoders(run) if "r_precision" in config.measured else None
        self._birds: dict[str, np.ndarray] | None = None
        if "accuracy" in config.measured and records.info["source"] == "synthetic-birds":
            values = open_probe(parse_features(metrics.features).path)[1]
            self._birds = asked_birds(self._held_out, values)
        self._vectors: np.ndarray | None = None
        self._real: tuple[Reading, Reading] | None = None
        self._floors: dict[str, float] = {}

    def __call__(self, pipeline: Pipeline) -> dict[str, float]:
        """Measures what the networks draw now, by the names above."""
        held_out, drawer = self._held_out, PipelineDrawer(pipeline)
        seeds = np.arange(held_out.count)
        readers: list[Callable[[np.ndarray], Any]] = []
        if self._extractor is not None:
            readers.append(self._extractor.read)
        if self._encoders is not None:
            readers.append(self._encoders.pictures)
        said = show(drawing(drawer, self._asked(pipeline), seeds), held_out.count, *readers)
        found: dict[str, float] = {}
        if self._extractor is not None:
            drawn = Reading.joined(said.pop(0))
            found |= self._distances(drawn, self._extractor, pipeline.image_size)
            if self._birds is not None:
                found["accuracy"] = _mean(accuracies(drawn, self._birds))
        if self._encoders is not None:
            captions = held_out.captions(held_out.first)
            found["r_precision"] = self._encoders.precision(np.concatenate(said[0]), captions)[0]
            if "r_precision_floor" not in self._floors:
                part = held_out.real(held_out.second, 64)
                (real,) = show(part, held_out.count, self._encoders.pictures)
                others = held_out.captions(held_out.second)
                floor = self._encoders.precision(np.concatenate(real), others)[0]
                self._floors["r_precision_floor"] = floor
        return {**found, **self._floors}

    def _distances(self, drawn: Reading, extractor: FeatureExtractor, drawn_size: int) -> dict[str, float]:
        held_out = self._held_out
        if self._real is None:
            size = held_out.size_for(min(extractor.side, drawn_size))
            first, second = (
                Reading.joined(show(held_out.real(half, size), held_out.count, extractor.read)[0])
                for half in (held_out.first, held_out.second)
            )
            self._real = first, second
            self._floors["fid_floor"] = frechet_distance(first.features, second.features)
            self._floors["kid_floor"] = kernel_distance(first.features, second.features).value
            if self._birds is not None:
                self._floors["accuracy_floor"] = _mean(accuracies(first, self._birds))
        real = self._real[0].features
        kid = kernel_distance(real, drawn.features)
        fid = frechet_distance(real, drawn.features)
        return {"fid": fid, "kid": kid.value, "kid_error": kid.error}

    def _asked(self, pipeline: Pipeline) -> Any:
        """What the networks are asked by for the captions of the first half."""
        if pipeline.condition != "embedding":
            return self._held_out.asked(pipeline.condition)
        if self._vectors is None:  # in training, what embeds captions is not a part of the model
            encoder = caption_encoder(self._run)
            if encoder is None:
                self._vectors = self._held_out.asked("embedding")
            else:
                self._vectors = _embedded(encoder, self._held_out.captions(self._held_out.first))
        return self._vectors


def held_out_records(folder: str | Path) -> Records:
    """Opens what a run is measured on: the test split, or the training split of a set that has no other."""
    try:
        held_out = Records(folder, "test")
    except UserError:
        return Records(folder, "train")
    return held_out if len(held_out) else Records(folder, "train")


def check_metrics(config: Any, data: str | Path) -> None:
    """Refuses, before anything is trained, what could not be measured once a generator is.

    Args:
        config: The configuration of a run.
        data: Its prepared data set.

    Raises:
        UserError: If the set has too few held-out pictures, the features cannot be opened, or the best is to
            be kept by the accuracy of what are no synthetic birds.

    Example:
        >>> from stackgan_k3.config import load_preset
        >>> check_metrics(load_preset("dcgan-digits"), "no/such/set")  # measures nothing
    """
    if not isinstance(config, DrawingConfig) or not config.metrics.every:
        return
    held_out = HeldOut(held_out_records(data), config.metrics.samples)
    if config.metrics.features:
        extractor = open_features(config.metrics.features)
        size = held_out.size_for(extractor.side)
        extractor.read(held_out.real(held_out.first, size)(slice(0, 1)))
    if config.metrics.keep_best == "accuracy":
        values = open_probe(parse_features(config.metrics.features).path)[1]
        asked_birds(held_out, values)


def _embedded(encoder: Any, lines: list[str]) -> np.ndarray:
    if isinstance(encoder, SentenceEncoder):
        return encoder.embed(lines)
    starts = range(0, len(lines), 256)
    parts = [encoder(encode(lines[start : start + 256]), training=False) for start in starts]
    return np.concatenate([ops.convert_to_numpy(part) for part in parts]).astype(np.float32)


def _mean(values: dict[str, float]) -> float:
    return float(np.mean(list(values.values())))
