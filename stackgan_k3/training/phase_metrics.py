"""The metrics of a generator that is being trained: cheap, on held-out captions, always the same ones."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from stackgan_k3.config.drawing import DrawingConfig
from stackgan_k3.config.features_choice import parse_features
from stackgan_k3.data.records import Records, read_info
from stackgan_k3.errors import UserError
from stackgan_k3.metrics.feature_extractor import FeatureExtractor
from stackgan_k3.metrics.frechet_distance import frechet_distance
from stackgan_k3.metrics.kernel_distance import kernel_distance
from stackgan_k3.metrics.reading import Reading, accuracies
from stackgan_k3.models.pipeline import Pipeline
from stackgan_k3.training.asked_birds import asked_birds, can_ask
from stackgan_k3.training.asking import asking
from stackgan_k3.training.drawer import PipelineDrawer, drawing
from stackgan_k3.training.encoders import Encoders, candidates_of
from stackgan_k3.training.features import compares, finite, open_features, open_probe
from stackgan_k3.training.held_out import HeldOut, show
from stackgan_k3.training.run import Run


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
        judged = "r_precision" in config.measured and candidates_of(self._held_out) > 1
        self._encoders = Encoders(run) if judged else None
        self._birds: dict[str, np.ndarray] | None = None
        if "accuracy" in config.measured:
            self._birds = _looked_for(self._held_out, config)
        self._asked: dict[str, Any] = {}
        self._real: np.ndarray | None = None
        self._floors: dict[str, float] = {}

    def __call__(self, pipeline: Pipeline) -> dict[str, float]:
        """Measures what the networks draw now, by the names above."""
        held_out, drawer = self._held_out, PipelineDrawer(pipeline)
        if pipeline.condition not in self._asked:
            self._asked[pipeline.condition] = asking(held_out, pipeline.condition, self._run)
        readers: list[Callable[[np.ndarray], Any]] = []
        if self._extractor is not None:
            readers.append(finite(self._extractor))
        if self._encoders is not None:
            readers.append(self._encoders.pictures)
        said = show(
            drawing(drawer, self._asked[pipeline.condition], held_out.seeds()), held_out.count, *readers
        )
        found: dict[str, float] = {}
        if self._extractor is not None:
            drawn = Reading.joined(said.pop(0))
            found |= self._distances(drawn, self._extractor, pipeline.image_size)
            if self._birds is not None:
                found["accuracy"] = _mean(accuracies(drawn, self._birds))
        if self._encoders is not None:
            found["r_precision"] = self._encoders.precision(np.concatenate(said[0]), held_out, held_out.first)
            if "r_precision_floor" not in self._floors:
                part = held_out.real(held_out.first, held_out.size_for(pipeline.image_size))
                own = np.concatenate(show(part, held_out.count, self._encoders.pictures)[0])
                self._floors["r_precision_floor"] = self._encoders.precision(own, held_out, held_out.first)
        return {**found, **self._floors}

    def _distances(self, drawn: Reading, extractor: FeatureExtractor, drawn_size: int) -> dict[str, float]:
        held_out = self._held_out
        if self._real is None:
            size = held_out.size_for(drawn_size)
            first, second = (
                Reading.joined(show(held_out.real(half, size), held_out.count, finite(extractor))[0])
                for half in held_out.halves
            )
            self._real = second.features
            self._floors["fid_floor"] = frechet_distance(self._real, first.features)
            self._floors["kid_floor"] = kernel_distance(self._real, first.features).value
            if self._birds is not None:
                self._floors["accuracy_floor"] = _mean(accuracies(first, self._birds))
        kid = kernel_distance(self._real, drawn.features)
        fid = frechet_distance(self._real, drawn.features)
        return {"fid": fid, "kid": kid.value, "kid_error": kid.error}


def held_out_records(folder: str | Path) -> Records:
    """Opens what a run is measured on: the test split, or the training split of a set that has no other."""
    return Records(folder, "test" if read_info(folder)["splits"]["test"]["records"] else "train")


def check_metrics(config: Any, data: str | Path) -> None:
    """Refuses, before anything is trained, what could not be measured once a generator is.

    Args:
        config: The configuration of a run.
        data: Its prepared data set.

    Raises:
        UserError: If the set has too few held-out pictures, one of them has no caption that can be drawn, the
            features cannot be opened, or the best is to
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
        compares(extractor, held_out.real(held_out.first, size)(slice(0, 20)))
    if getattr(getattr(config, "text", None), "encoder", "published") != "published":
        for half in held_out.halves:
            held_out.captions(half)
    if "accuracy" in config.measured:
        _looked_for(held_out, config)
    if config.metrics.keep_best == "r_precision" and candidates_of(held_out) < 2:
        raise UserError(
            f"the captions of {data} all mean the same, or its pictures are of one class, so there is no "
            "R-precision; keep the best by another metric"
        )


def _looked_for(held_out: HeldOut, config: DrawingConfig) -> dict[str, np.ndarray] | None:
    """See :func:`asked_birds`; None where there is no accuracy, and the best is not kept by it."""
    values = open_probe(parse_features(config.metrics.features).path)[1]
    wanted = config.metrics.keep_best == "accuracy" or can_ask(held_out.records, values)
    return asked_birds(held_out, values) if wanted else None


def _mean(values: dict[str, float]) -> float:
    return float(np.mean(list(values.values())))
