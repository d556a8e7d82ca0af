"""How good the pictures of a run or a bundle are, in numbers, with what real pictures would get."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from keras import ops

from stackgan_k3.bundle.alphabet import encode
from stackgan_k3.data.birds import grammar
from stackgan_k3.data.record import margin_size
from stackgan_k3.data.records import Records
from stackgan_k3.data.targets import Targets
from stackgan_k3.errors import UserError
from stackgan_k3.metrics.diversity import diversity
from stackgan_k3.metrics.frechet_distance import frechet_distance
from stackgan_k3.metrics.inception_score import inception_score
from stackgan_k3.metrics.kernel_distance import kernel_distance
from stackgan_k3.metrics.manifold import manifold
from stackgan_k3.metrics.probe import Probe
from stackgan_k3.metrics.r_precision import r_precision
from stackgan_k3.metrics.reading import Reading, accuracies, at_64, read
from stackgan_k3.text.image_encoder import ImageEncoder
from stackgan_k3.training.drawer import Drawer, open_drawer
from stackgan_k3.training.recipes.probe import trained_probe, values_of
from stackgan_k3.training.run import Run

ASKED = ("body", "wing", "belly", "crown", "beak", "background")
"""The attributes of synthetic birds that pictures are asked for by, to see whether they show them."""

_CAPTIONS, _EACH = 20, 8  # for the diversity


def evaluate(
    target: str | Path,
    data: str | Path,
    probe: str | Path,
    *,
    samples: int = 1000,
    split: str = "test",
    encoders: str | Path | None = None,
    seed: int = 0,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Measures the pictures of a run or a bundle.

    The real pictures of a split are parted in two halves of n each. n pictures are drawn for the
    captions (classes, embeddings) of the first half and compared with it; the *floor* of each
    measure is what the second half gets, which are real. All of it is seen by the probe at 64 px, so
    the numbers hold for this data set and this probe, and cannot be compared with published ones.

    Args:
        target: The run directory or bundle.
        data: A prepared data set.
        probe: A probe trained on it, by ``stackgan-k3 train-probe``.
        samples: At most so many pictures are drawn (n), at least 20; more than half of the split
            cannot be.
        split: ``"test"`` or ``"train"``.
        encoders: A run whose text phase has been trained, for the R-precision; by default the run
            itself. Without any there is no R-precision.
        seed: Picture i is drawn from seed ``seed + i``.
        say: Called with a line of text as the work goes on.

    Returns:
        ``samples`` (n), and for each measure ``{"drawn": …, "floor": …}``: ``fid`` and ``kid`` (lower is
        better; ``kid`` with its ``error``), ``precision``, ``recall``, ``density``, ``coverage``,
        ``diversity``, ``inception_score`` by attribute, ``r_precision``; ``accuracy`` by attribute for
        synthetic birds: the part of pictures that show what was asked, its floor being the probe's own
        accuracy on the real pictures. Where pictures have two stages, ``sketches`` holds ``fid`` and
        ``kid`` of the first.

    Raises:
        UserError: If something is not what it should be, or the split has fewer than 40 pictures.

    Example:
        ```python
        numbers = evaluate("runs/birds", "data/birds", "probes/birds", samples=500)
        ```
    """
    run = Run.open(probe)
    eye, values = trained_probe(run), values_of(run)
    records = Records(data, split)
    n = min(samples, len(records) // 2)
    if samples < 20 or n < 20:
        raise UserError(
            f"samples is {samples} and the {split} split of {data} has {len(records)} pictures; both halves "
            "need 20 at least: prepare more pictures, or take --split train"
        )
    drawer = open_drawer(target)
    order = np.random.Generator(np.random.Philox(key=[seed, 1])).permutation(len(records))
    first, second = order[:n], order[n : 2 * n]
    seeds = seed + np.arange(n)
    say(f"{n} pictures are drawn")
    asked = _asked(drawer, records, first)
    pictures = drawer.draw(asked, seeds)
    say("real pictures are read")
    real, other = (read(eye, _real(records, half)) for half in (first, second))
    result = _compare(read(eye, pictures), real, other)
    result = {"samples": n, "split": split, "seed": seed, **result}
    if pictures.shape[1] > 64:
        sketches = read(eye, drawer.draw(asked, seeds, previews=True))
        result["sketches"] = {name: _compare(sketches, real, other)[name] for name in ("fid", "kid")}
    say("pictures of one caption are drawn")
    result["diversity"] = _diversity(drawer, asked, eye, real, other, seed)
    truth = Targets(records, values=values).numbers
    if records.info["source"] == "synthetic-birds" and drawer.condition == "characters":
        say("birds are asked for by their attributes")
        result["accuracy"] = _accuracy(drawer, records, first, eye, truth, seeds, real)
    if drawer.condition == "characters":
        own = Path(target) if (Path(target) / "config.json").is_file() else None
        source = encoders or own
        if source is not None:
            result["r_precision"] = _r_precision(Run.open(source), asked, pictures, records, first, second)
    return result


def _asked(drawer: Drawer, records: Records, chosen: np.ndarray) -> Any:
    if drawer.condition == "none":
        return None
    if drawer.condition == "label":
        classes = records.info["classes"]
        return [classes[records[index].label] for index in chosen]
    if drawer.condition == "embedding":
        if records[0].embeddings is None:
            raise UserError(f"{records.folder} has no embeddings, which this model is asked by")
        return np.stack([records[i].embeddings[i % len(records[i].captions)] for i in chosen])  # type: ignore[index]
    return [records[index].captions[index % len(records[index].captions)] for index in chosen]


def _real(records: Records, chosen: np.ndarray) -> np.ndarray:
    size = 64
    margin = (margin_size(size) - size) // 2
    middle = slice(margin, margin + size)
    return np.stack([records[int(index)].picture(size)[middle, middle] for index in chosen])


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
    result["inception_score"] = {
        name: {
            "drawn": inception_score(drawn.probabilities[name], splits=1).value,
            "floor": inception_score(other.probabilities[name], splits=1).value,
        }
        for name in drawn.probabilities
    }
    return result


def _diversity(
    drawer: Drawer, asked: Any, eye: Probe, real: Reading, other: Reading, seed: int
) -> dict[str, float]:
    count = _CAPTIONS if asked is None else min(_CAPTIONS, len(asked))
    seeds = seed + np.tile(np.arange(_EACH), count)
    rows = np.repeat(np.arange(count), _EACH)
    if asked is None:
        wanted, seeds = None, seed + np.arange(len(seeds))
    else:
        wanted = asked[rows] if isinstance(asked, np.ndarray) else [asked[row] for row in rows]
    features = read(eye, drawer.draw(wanted, seeds)).features.reshape(count, _EACH, -1)
    every = np.concatenate([real.features, other.features])
    return {"drawn": diversity(features, every), "floor": 1.0}


def _accuracy(
    drawer: Drawer,
    records: Records,
    chosen: np.ndarray,
    eye: Probe,
    truth: dict[str, np.ndarray],
    seeds: np.ndarray,
    real: Reading,
) -> dict[str, dict[str, float]]:
    asked = [name for name in ASKED if name in truth]
    birds = [records[int(index)].attributes for index in chosen]
    captions = [grammar.caption({name: bird[name] for name in asked}) for bird in birds]
    right = {name: truth[name][chosen] for name in asked}
    drawn, own = accuracies(read(eye, drawer.draw(captions, seeds)), right), accuracies(real, right)
    return {name: {"drawn": drawn[name], "floor": own[name]} for name in drawn}


def _r_precision(
    run: Run,
    captions: list[str],
    pictures: np.ndarray,
    records: Records,
    first: np.ndarray,
    second: np.ndarray,
) -> dict[str, float]:
    text = run.config.text
    encoder = run.text_encoder()
    seer = run.trained(ImageEncoder(text.image_width, text.embedding_dim), "text", "image_encoder")

    def of(images: np.ndarray) -> np.ndarray:
        parts = [seer(at_64(images[k : k + 64]), training=False) for k in range(0, len(images), 64)]
        return np.concatenate([ops.convert_to_numpy(part) for part in parts])

    def said(lines: list[str]) -> np.ndarray:
        parts = [encoder(encode(lines[k : k + 256]), training=False) for k in range(0, len(lines), 256)]
        return np.concatenate([ops.convert_to_numpy(part) for part in parts])

    candidates = min(100, len(captions) // 2)
    other = [records[int(i)].captions[int(i) % len(records[int(i)].captions)] for i in second]
    return {
        "drawn": r_precision(of(pictures), said(captions), groups=np.array(captions), candidates=candidates),
        "floor": r_precision(
            of(_real(records, second)), said(other), groups=np.array(other), candidates=candidates
        ),
        "candidates": float(candidates),
    }
