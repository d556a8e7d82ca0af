"""How good the pictures of a run or a bundle are, in numbers, with what real pictures would get."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from stackgan_k3.bundle.shipped import SHIPPED, bundle_folder, judge_folder
from stackgan_k3.config.features_choice import parse_features
from stackgan_k3.data.records import Records
from stackgan_k3.errors import UserError
from stackgan_k3.metrics.details import Details
from stackgan_k3.metrics.diversity import class_diversity, diversity
from stackgan_k3.metrics.feature_extractor import FeatureExtractor
from stackgan_k3.metrics.frechet_distance import frechet_distance
from stackgan_k3.metrics.inception_score import inception_score
from stackgan_k3.metrics.kernel_distance import kernel_distance
from stackgan_k3.metrics.manifold import manifold
from stackgan_k3.metrics.probe_features import ProbeFeatures
from stackgan_k3.metrics.reading import Reading, accuracies
from stackgan_k3.training.asked_birds import asked_birds, can_ask
from stackgan_k3.training.asking import asking, embeds_captions
from stackgan_k3.training.drawer import Drawer, drawing, is_bundle, open_drawer
from stackgan_k3.training.encoders import Encoders, candidates_of
from stackgan_k3.training.features import compares, finite, open_features, open_probe
from stackgan_k3.training.held_out import HeldOut, Part, show
from stackgan_k3.training.run import Run

_SKETCH = 64  # pixels of what a first stage draws
_CAPTIONS, _EACH = 20, 8  # for the diversity
_LEARNT = 256  # pixels that the shipped probe's pictures were prepared for
_SURE = 0.97  # what a probe must read right of real pictures to judge drawn ones by


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
    captions (classes, embeddings) of the first half and compared with the second; the *floor* of each
    measure is what the first half's own pictures get, which are real. Pictures are drawn, read and shown
    some at a time, and of real ones the features are computed once for each size that is drawn. The numbers
    hold for these features and this data set, and cannot be compared with published ones.

    Args:
        target: The run directory or bundle, or ``"shipped"`` for the bundle that comes with the package.
        data: A prepared data set.
        probe: A probe trained on it, by ``stackgan-k3 train-probe``, or ``"shipped"`` for that of
            ``synthetic-birds``; for ``accuracy``, and for the features where no others are named.
        features: What the distances compare: ``probe=DIR``, ``inception``, ``inception=WEIGHTS``,
            ``onnx=FILE``, ``onnx=FILE@RANGE`` or ``pixels``; by default the probe's.
        samples: At most so many pictures are drawn (n), at least 20; more than half of the split
            cannot be.
        split: ``"test"`` or ``"train"``.
        encoders: A run whose text phase has been trained, or ``"shipped"`` for those that come with the
            package (the shipped bundle was trained with others), for the R-precision; by default the run
            itself. Without any there is no R-precision.
        seed: Says which real pictures are in which half; picture i is drawn from seed ``2³²·seed + i``, so
            that other seeds are other pictures. 0 to 2³¹ − 1.
        best: Of a run, measure the best generator that it kept (``metrics.keep_best``), not the newest.
        say: Called with a line of text as the work goes on.

    Returns:
        What was measured and by what, as it was given (``samples``, ``split``, ``seed``, ``target``,
        ``data``, ``features``, ``probe``, ``encoders``, ``best``), and for each measure ``{"drawn": …,
        "floor": …}``: ``fid`` and ``kid`` (lower is better; ``kid`` with its ``error``), ``precision``,
        ``recall``, ``density``, ``coverage``, ``diversity`` (without a floor where no two real pictures are
        of one class), ``inception_score`` by attribute (missing where the extractor has no class
        probabilities), ``r_precision``; ``accuracy`` by attribute for synthetic birds:
        the part of pictures that show what their caption names, its floor being the probe's own accuracy
        on the real pictures. Where pictures have two stages, ``sketches`` holds ``fid`` and ``kid`` of
        the first, and ``details`` those of squares of 64 px at full resolution, both of the pictures and (in
        ``sketches``) of the enlarged sketches; see :class:`stackgan_k3.metrics.details.Details`.

    Raises:
        UserError: If something is not what it should be, or the split has fewer than 40 pictures.

    Example:
        ```python
        numbers = evaluate("runs/birds", "data/birds", "probes/birds", samples=500)
        ```
    """
    if not features and probe is None:
        raise UserError(
            "nothing says what sees the pictures; give a probe (one trained by `stackgan-k3 train-probe`, or "
            "for synthetic-birds `shipped`), or features: inception, onnx=FILE or pixels"
        )
    if samples < 20:
        raise UserError(f"samples is {samples}; it must be at least 20")
    choice = parse_features(features) if features else None
    if choice is not None and choice.kind == "probe":
        probe = choice.path if probe is None else probe
        choice = choice._replace(path=str(judge_folder(choice.path, "probe")))
    given = {"target": target, "data": data, "probe": probe, "encoders": encoders}
    names = {name: str(path) for name, path in given.items() if path is not None}
    probe = None if probe is None else judge_folder(probe, "probe")
    eye, values = (None, {}) if probe is None else open_probe(probe)
    looks = None if eye is None else ProbeFeatures(eye)
    alike = looks is not None and (choice is None or choice.path == str(probe))
    extractor: FeatureExtractor = looks if looks is not None and alike else open_features(features)
    held_out = HeldOut(Records(data, split), samples, seed)
    if probe is not None:
        _say_if_strange(probe, names["probe"], held_out.records, say)
    target = bundle_folder(target)
    drawer = open_drawer(target, best=best)
    run = None if is_bundle(target) else Run.open(target)
    by_captions = drawer.condition == "characters" or embeds_captions(drawer.condition, run)
    judge = _judge(run, encoders, by_captions)
    if judge is not None and candidates_of(held_out) < 2:
        say("no R-precision: all captions mean the same, or their pictures are of one class")
        judge = None
    right = asked_birds(held_out, values) if by_captions and can_ask(held_out.records, values) else None
    if judge is None and by_captions and run is None and encoders is None:
        say("no R-precision: a bundle brings no image encoder; name the --encoders that judge")
    if right is None and by_captions and held_out.records.info["source"] == "synthetic-birds":
        say("no accuracy: there is no probe that reads the colours of birds; --probe shipped does")
    looks = None if right is None or alike else looks
    viewers = [finite(extractor), judge.pictures if judge else len, looks.read if looks else len]
    some = held_out.real(held_out.first, held_out.size_for(64))(slice(0, 20))
    compares(extractor, some)  # whatever cannot see such pictures says so now
    for viewer in viewers[1:]:
        viewer(some[:1])
    if split == "train" and (probe is not None or judge is not None):
        say("note: a probe or encoders that learnt from the training split read its pictures too well")
    asked = asking(held_out, drawer.condition, run)
    n, seeds = held_out.count, held_out.seeds()
    say(f"{n} pictures are drawn")
    size = sketched = _side(drawing(drawer, asked, seeds))
    if size > _SKETCH:
        sketched = _side(drawing(drawer, asked, seeds, previews=True))
    held = held_out.size_for(size)  # like the drawn ones, so that both are reduced to what is seen
    close, staged = held >= size > _SKETCH, sketched < size
    if size > held:
        say(
            f"no details: {held_out.records.folder} holds pictures of {held} px, drawn ones have {size} and "
            "are reduced more than these; prepare larger ones for a fair comparison"
        )
    closer = [Details(extractor, size, seed=seed).read if close else len for _ in range(4)]
    parts = drawing(drawer, asked, seeds)
    readings, embedded, looked, near = show(parts, n, *viewers, closer[0])
    drawn = Reading.joined(readings)
    say("real pictures are read")
    readings, own, seen, near1 = show(held_out.real(held_out.first, held), n, *viewers, closer[1])
    first = Reading.joined(readings)
    readings, near2 = show(held_out.real(held_out.second, held), n, viewers[0], closer[2])
    second = Reading.joined(readings)
    result: dict[str, Any] = {"samples": n, "split": split, "seed": seed, "best": best, **names}
    result["features"] = features or f"probe={names['probe']}"
    result |= _distances(drawn, first, second) | _manifolds(drawn, first, second)
    if drawn.probabilities:
        result["inception_score"] = _scores(drawn, first)
    else:
        say(f"no inception score: the features ({extractor.name}) come without class probabilities")
    if staged:
        sketches, enlarged = show(drawing(drawer, asked, seeds, previews=True), n, viewers[0], closer[3])
        small = [held_out.real(half, held_out.size_for(sketched)) for half in held_out.halves]
        small_readings = [show(part, n, viewers[0])[0] for part in small]
        result["sketches"] = _distances(*map(Reading.joined, [sketches, *small_readings]))
        if close:
            result["sketches"]["details"] = _distances(*map(Reading.joined, [enlarged, near1, near2]))
    if close:
        result["details"] = _distances(*map(Reading.joined, [near, near1, near2]))
    say("pictures of one caption are drawn")
    result["diversity"] = _diversity(drawer, asked, extractor, held_out, [first, second])
    if "floor" not in result["diversity"]:
        say("diversity has no floor: no two of these real pictures are of one class")
    if right is not None:
        both = (Reading.joined(looked), Reading.joined(seen)) if looks else (drawn, first)
        found, floor = (accuracies(reading, right) for reading in both)
        result["accuracy"] = {
            name: {"drawn": found[name], "floor": floor[name], "captions": int((right[name] >= 0).sum())}
            for name in found
        }
        _say_if_weak(names["probe"], held_out.records.size, floor, right, say)
    if judge is not None:
        result["r_precision"] = {
            "drawn": judge.precision(np.concatenate(embedded), held_out, held_out.first),
            "floor": judge.precision(np.concatenate(own), held_out, held_out.first),
            "candidates": float(candidates_of(held_out)),
        }
    return result


def _side(part: Part) -> int:
    ((side,),) = show(part, 1, lambda some: some.shape[1])
    return int(side)


def _say_if_strange(folder: str | Path, probe: str, records: Records, say: Callable[[str], None]) -> None:
    learnt = {"source": "other", **Run.open(folder).data_info}
    for what in ("source", "classes"):
        if learnt.get(what, records.info[what]) != records.info[what]:
            say(f"note: {probe} was trained on {learnt['source']} data; {records.folder} has other {what}")
            return


def _say_if_weak(
    probe: str, size: int, own: dict[str, float], right: dict[str, np.ndarray], say: Callable[[str], None]
) -> None:
    known = {name: int((right[name] >= 0).sum()) for name in own}
    weak = [
        f"{name} {100 * value:.1f} % of {known[name]}"
        for name, value in own.items()
        if value < _SURE and round((1 - value) * known[name]) > 1  # one mistake says nothing
    ]
    if weak:
        remedy = "; train it for longer, on more pictures, or on fewer attributes"
        if probe == SHIPPED:
            remedy = "" if size == _LEARNT else f"; it knows birds prepared with --size {_LEARNT} best"
        say(
            f"note: the probe {probe} reads real pictures right in less than {100 * _SURE:.0f} % "
            f"({', '.join(weak)}), and drawn ones no better{remedy}"
        )


def _judge(run: Run | None, encoders: str | Path | None, by_captions: bool) -> Encoders | None:
    """The encoders that R-precision is judged by; None where there are none."""
    if encoders is not None:
        if not by_captions:
            raise UserError(
                "encoders judge pictures by captions, and these are not asked for by any; leave them out"
            )
        return Encoders(Run.open(judge_folder(encoders, "encoders")))
    if run is None or not by_captions or not run.has("text", "image_encoder"):
        return None
    return Encoders(run)


def _distances(drawn: Reading, first: Reading, second: Reading) -> dict[str, Any]:
    real = second.features
    distance, floor = kernel_distance(real, drawn.features), kernel_distance(real, first.features)
    return {
        "fid": {
            "drawn": frechet_distance(real, drawn.features),
            "floor": frechet_distance(real, first.features),
        },
        "kid": {
            "drawn": distance.value,
            "error": distance.error,
            "floor": floor.value,
            "floor_error": floor.error,
        },
    }


def _manifolds(drawn: Reading, first: Reading, second: Reading) -> dict[str, dict[str, float]]:
    found, floor = (manifold(second.features, each.features) for each in (drawn, first))
    names = ("precision", "recall", "density", "coverage")
    return {name: {"drawn": getattr(found, name), "floor": getattr(floor, name)} for name in names}


def _scores(drawn: Reading, real: Reading) -> dict[str, dict[str, float]]:
    def score(reading: Reading, name: str) -> float:
        return inception_score(reading.probabilities[name], splits=1).value

    return {name: {"drawn": score(drawn, name), "floor": score(real, name)} for name in drawn.probabilities}


def _diversity(
    drawer: Drawer, asked: Any, eye: FeatureExtractor, held_out: HeldOut, halves: list[Reading]
) -> dict[str, float]:
    count = _CAPTIONS if asked is None else min(_CAPTIONS, len(asked))
    seeds = held_out.seeds()[0] + np.tile(np.arange(_EACH), count)
    rows = np.repeat(np.arange(count), _EACH)
    if asked is None:
        wanted, seeds = None, seeds[0] + np.arange(len(seeds))
    else:
        wanted = asked[rows] if isinstance(asked, np.ndarray) else [asked[row] for row in rows]
    (readings,) = show(drawing(drawer, wanted, seeds), len(seeds), eye.read)
    features = Reading.joined(readings).features.reshape(count, _EACH, -1)
    every = Reading.joined(halves).features
    found = diversity(features, every)
    if asked is None:  # pictures that are asked for by nothing leave everything open
        return {"drawn": found, "floor": 1.0}
    floor = class_diversity(every, held_out.classes(np.concatenate(held_out.halves)))
    return {"drawn": found} | ({} if floor is None else {"floor": floor})
