"""How good the pictures of a run or a bundle are, in numbers, with what real pictures would get."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from stackgan_k3.config.features_choice import parse_features
from stackgan_k3.data.records import Records
from stackgan_k3.errors import UserError
from stackgan_k3.metrics.diversity import class_diversity, diversity
from stackgan_k3.metrics.feature_extractor import FeatureExtractor
from stackgan_k3.metrics.frechet_distance import frechet_distance
from stackgan_k3.metrics.inception_score import inception_score
from stackgan_k3.metrics.kernel_distance import kernel_distance
from stackgan_k3.metrics.manifold import manifold
from stackgan_k3.metrics.probe_features import ProbeFeatures
from stackgan_k3.metrics.reading import Reading, accuracies
from stackgan_k3.training.asked_birds import ASKED, asked_birds
from stackgan_k3.training.drawer import Drawer, drawing, open_drawer
from stackgan_k3.training.encoders import Encoders
from stackgan_k3.training.features import open_features, open_probe
from stackgan_k3.training.held_out import HeldOut, show
from stackgan_k3.training.run import Run

_CAPTIONS, _EACH = 20, 8  # for the diversity


def evaluate(
    target: str | Path,
    data: str | Path,
    probe: str | Path | None = None,
    *,
    features: str = "",
    samples: int = 1000,
    split: str = "test",
    encoders: str | Path | None = None,
    seed: int = 0,
    best: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Measures the pictures of a run or a bundle.

    The real pictures of a split are parted in two halves of n each. n pictures are drawn for the
    captions (classes, embeddings) of the first half and compared with it; the *floor* of each
    measure is what the second half gets, which are real. Pictures are drawn, read and shown some at a time,
    and of real ones the features are computed once. The numbers hold for these features and this data set,
    and cannot be compared with published ones.

    Args:
        target: The run directory or bundle.
        data: A prepared data set.
        probe: A probe trained on it, by ``stackgan-k3 train-probe``; for ``accuracy``, and for the features
            where no others are named.
        features: What the distances compare: ``probe=DIR``, ``inception``, ``inception=WEIGHTS``,
            ``onnx=FILE``, ``onnx=FILE@RANGE`` or ``pixels``; by default the probe's.
        samples: At most so many pictures are drawn (n), at least 20; more than half of the split
            cannot be.
        split: ``"test"`` or ``"train"``.
        encoders: A run whose text phase has been trained, for the R-precision; by default the run
            itself. Without any there is no R-precision.
        seed: Picture i is drawn from seed ``seed + i``.
        best: Of a run, measure the best generator that it kept (``metrics.keep_best``), not the newest.
        say: Called with a line of text as the work goes on.

    Returns:
        ``samples`` (n), ``features`` (the extractor's name), and for each measure ``{"drawn": …, "floor":
        …}``: ``fid`` and ``kid`` (lower is better; ``kid`` with its ``error``), ``precision``, ``recall``,
        ``density``, ``coverage``, ``diversity``, ``inception_score`` by attribute (missing where the
        extractor has no class probabilities), ``r_precision``; ``accuracy`` by attribute for synthetic birds:
        the part of pictures that show what their caption names, its floor being the probe's own accuracy
        on the real pictures. Where pictures have two stages, ``sketches`` holds ``fid`` and ``kid`` of
        the first.

    Raises:
        UserError: If something is not what it should be, or the split has fewer than 40 pictures.

    Example:
        ```python
        numbers = evaluate("runs/birds", "data/birds", "probes/birds", samples=500)
        ```
    """
    if not features and probe is None:
        raise UserError(
            "nothing says what sees the pictures; give a probe (see `stackgan-k3 train-probe`), or features: "
            "inception, onnx=FILE or pixels"
        )
    choice = parse_features(features) if features else None
    if choice is not None and choice.kind == "probe" and probe is None:
        probe = choice.path
    eye, values = (None, {}) if probe is None else open_probe(probe)
    extractor: FeatureExtractor
    if eye is not None and (choice is None or choice.path == str(probe)):
        extractor = ProbeFeatures(eye)
    else:
        extractor = open_features(features)
    if samples < 20:
        raise UserError(f"samples is {samples}; it must be at least 20")
    held_out = HeldOut(Records(data, split), samples, seed)
    n = held_out.count
    drawer = open_drawer(target, best=best)
    seeds = seed + np.arange(n)
    asked = held_out.asked(drawer.condition)
    judge = _judge(target, encoders, drawer)
    say(f"{n} pictures are drawn")
    birds = held_out.records.info["source"] == "synthetic-birds" and any(name in values for name in ASKED)
    looked_for = (
        ProbeFeatures(eye) if eye is not None and birds and drawer.condition == "characters" else None
    )
    sizes: list[int] = []
    readings, _, embedded, looked = show(
        drawing(drawer, asked, seeds),
        n,
        extractor.read,
        lambda some: sizes.append(some.shape[1]),
        judge.pictures if judge else len,
        looked_for.read if looked_for else len,
    )
    drawn = Reading.joined(readings)
    say("real pictures are read")
    size = held_out.size_for(min(extractor.side, sizes[0]))
    real, other = (
        Reading.joined(show(held_out.real(half, size), n, extractor.read)[0])
        for half in (held_out.first, held_out.second)
    )
    result = {"samples": n, "split": split, "seed": seed, "features": extractor.name}
    result |= _compare(drawn, real, other)
    if not drawn.probabilities:
        say(f"no inception score: the features ({extractor.name}) come without class probabilities")
    if sizes[0] > 64:
        (sketched,) = show(drawing(drawer, asked, seeds, previews=True), n, extractor.read)
        compared = _compare(Reading.joined(sketched), real, other)
        result["sketches"] = {name: compared[name] for name in ("fid", "kid")}
    say("pictures of one caption are drawn")
    result["diversity"] = _diversity(drawer, asked, extractor, held_out, [real, other], seed)
    if looked_for is not None:
        say("the pictures are compared with what their captions name")
        result["accuracy"] = _accuracy(Reading.joined(looked), held_out, looked_for, values)
    if judge is not None:
        own, candidates = judge.precision(np.concatenate(embedded), asked)
        (others,) = show(held_out.real(held_out.second, 64), n, judge.pictures)
        floor, _ = judge.precision(np.concatenate(others), held_out.captions(held_out.second))
        result["r_precision"] = {"drawn": own, "floor": floor, "candidates": float(candidates)}
    return result


def _judge(target: str | Path, encoders: str | Path | None, drawer: Drawer) -> Encoders | None:
    """The encoders that R-precision is judged by; None where pictures are not asked for by captions."""
    if drawer.condition != "characters":
        return None
    if encoders is not None:
        return Encoders(Run.open(encoders))
    if not (Path(target) / "config.json").is_file():
        return None
    run = Run.open(target)
    return Encoders(run) if run.has("text", "image_encoder") else None


def _compare(drawn: Reading, real: Reading, other: Reading) -> dict[str, Any]:
    result: dict[str, Any] = {
        "fid": {
            "drawn": frechet_distance(real.features, drawn.features),
            "floor": frechet_distance(real.features, other.features),
        },
        "kid": {},
    }
    for name, features in (("drawn", drawn.features), ("floor", other.features)):
        distance = kernel_distance(real.features, features)
        error = "error" if name == "drawn" else "floor_error"
        result["kid"] |= {name: distance.value, error: distance.error}
    among, floor = manifold(real.features, drawn.features), manifold(real.features, other.features)
    for name in ("precision", "recall", "density", "coverage"):
        result[name] = {"drawn": getattr(among, name), "floor": getattr(floor, name)}
    if drawn.probabilities:
        result["inception_score"] = {
            name: {
                "drawn": inception_score(drawn.probabilities[name], splits=1).value,
                "floor": inception_score(other.probabilities[name], splits=1).value,
            }
            for name in drawn.probabilities
        }
    return result


def _diversity(
    drawer: Drawer, asked: Any, eye: FeatureExtractor, held_out: HeldOut, halves: list[Reading], seed: int
) -> dict[str, float]:
    count = _CAPTIONS if asked is None else min(_CAPTIONS, len(asked))
    seeds = seed + np.tile(np.arange(_EACH), count)
    rows = np.repeat(np.arange(count), _EACH)
    if asked is None:
        wanted, seeds = None, seed + np.arange(len(seeds))
    else:
        wanted = asked[rows] if isinstance(asked, np.ndarray) else [asked[row] for row in rows]
    (readings,) = show(drawing(drawer, wanted, seeds), len(seeds), eye.read)
    features = Reading.joined(readings).features.reshape(count, _EACH, -1)
    every = Reading.joined(halves).features
    found = diversity(features, every)
    # Pictures that are asked for by nothing leave everything open, as do those of sets without classes.
    floor = None if asked is None else class_diversity(every, held_out.classes())
    return {"drawn": found, "floor": 1.0 if floor is None else floor}


def _accuracy(
    drawn: Reading, held_out: HeldOut, eye: ProbeFeatures, values: dict[str, list[str]]
) -> dict[str, dict[str, float]]:
    right = asked_birds(held_out, values)
    (real,) = show(held_out.real(held_out.first, 64), held_out.count, eye.read)
    found, own = (accuracies(reading, right) for reading in (drawn, Reading.joined(real)))
    return {name: {"drawn": found[name], "floor": own[name]} for name in found}
