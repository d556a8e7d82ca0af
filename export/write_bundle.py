"""Networks to a bundle: both formats, the card and the samples, checked before it gets its name."""

import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import keras
import numpy as np

from stackgan_k3.bundle import alphabet
from stackgan_k3.bundle.manifest import FILE_NAME, Manifest
from stackgan_k3.bundle.words import words_of
from stackgan_k3.errors import UserError
from stackgan_k3.files import hidden, naming, replacing_folder
from stackgan_k3.inference import TextToImage
from stackgan_k3.models.pipeline import Pipeline

from .about import About
from .agreement import LARGEST_DIFFERENCE, SMALL_DIFFERENCE, check_agreement
from .card import model_card
from .drawing_model import drawing_model
from .extras import write_extras
from .onnx_file import write_onnx
from .saved_model import SavedDrawing

_SAMPLES = 6  # captions
_EACH = 4  # pictures of each


def write_bundle(
    pipeline: Pipeline,
    about: About,
    bundle: str | os.PathLike[str],
    *,
    extras: Mapping[str, keras.Model] | None = None,
    force: bool = False,
    small: bool = False,
    say: Callable[[str], None] = print,
) -> Path:
    """Writes trained networks as a bundle.

    ``model.onnx``, the SavedModel and the Keras networks must draw the same
    pictures, and the samples are drawn by the bundle itself, before the folder
    gets its final name. If anything fails, nothing is left under that name, and
    an older bundle stays as it was.

    Args:
        pipeline: The trained networks.
        about: Where they come from.
        bundle: The folder to write.
        extras: Other networks that belong to it, by name; see :func:`write_extras`.
        force: Replace a bundle that is already there.
        small: Write ``model.onnx`` with its weights in 16 bits, samples as JPEG and nothing beside them:
            a quarter of the bytes, and pictures at most 16 grey levels from those of the run, and a quarter
            of one in the mean.
        say: Called with a line of text after each part.

    Returns:
        The bundle's path.

    Raises:
        UserError: If ``bundle`` exists and ``force`` is not set, or is something else
            than a bundle, or a weight is not a finite number.
        RuntimeError: If the forms of the model do not draw the same pictures.

    Example:
        ```python
        write_bundle(Pipeline([stage1, stage2], text_encoder=encoder), about, "bundles/birds")
        ```
    """
    final = Path(bundle)
    check_target(final, force=force)
    _check_finite(pipeline)
    taken = final.exists() and (not final.is_dir() or any(final.iterdir()))
    final.parent.mkdir(parents=True, exist_ok=True)
    with naming(final):
        older = tempfile.TemporaryDirectory(**hidden(final))
    with older as aside:
        target = Path(aside, "new") if taken else final
        with replacing_folder(target) as folder:
            if not small:
                write_extras(extras or {}, folder, say)
            _fill(folder, pipeline, about, small, say)
        if taken:
            os.replace(final, Path(aside, "old"))
            os.replace(target, final)
    return final


def check_target(bundle: Path, *, force: bool) -> None:
    """Refuses a place that a bundle must not be written to.

    Args:
        bundle: The folder to write.
        force: Whether an older bundle there may be replaced.

    Raises:
        UserError: If it is taken, and ``force`` is not set or it is not a bundle.

    Example:
        >>> check_target(Path("a-new-folder"), force=False)
    """
    if not bundle.exists() or (bundle.is_dir() and not any(bundle.iterdir())):
        return
    if not (bundle / FILE_NAME).is_file():
        raise UserError(f"{bundle} exists and is not a bundle; give the name of a new folder")
    if not force:
        raise UserError(f"the bundle {bundle} exists; give another name, or --force to replace it")


def _fill(folder: Path, pipeline: Pipeline, about: About, small: bool, say: Callable[[str], None]) -> None:
    joined = drawing_model(pipeline, folded=True, between=True)
    graph = write_onnx(joined, folder / "model.onnx", small=small)
    size = (folder / "model.onnx").stat().st_size
    say(f"model.onnx: {len(graph.graph.node)} nodes, {size / 1e6:.1f} MB")
    saved_model = None if small else folder / "saved_model"
    if saved_model is not None:
        SavedDrawing(drawing_model(pipeline, folded=True)).save(saved_model)
        say("saved_model")
    differences = check_agreement(
        drawing_model(pipeline, folded=False),
        folder / "model.onnx",
        saved_model,
        allowed=SMALL_DIFFERENCE if small else LARGEST_DIFFERENCE,
    )
    worst = max(differences.values())
    forms = "Keras and onnxruntime" if small else "Keras, onnxruntime and the SavedModel"
    say(f"checked: {forms} agree (largest difference: {worst} of 255)")
    kind = pipeline.condition
    known = frozenset(pipeline.vocabulary)
    examples = tuple(
        dict.fromkeys(text for text in about.captions if kind == "label" or _readable(text, known))
    )
    manifest = Manifest(
        name=about.name,
        system=about.system,
        image_size=pipeline.image_size,
        preview_size=pipeline.preview_size,
        noise_parts=pipeline.noise_parts,
        condition=kind,
        classes=pipeline.classes,
        embedding="" if kind != "characters" else "word-vectors" if pipeline.vocabulary else "char-cnn-rnn",
        embedding_size=pipeline.embedding_dim,
        words=pipeline.vocabulary,
        data=dict(about.data),
        metrics=dict(about.metrics),
        examples=examples if kind in ("characters", "label") else (),
    )
    manifest = manifest.write(folder)
    samples = _draw_samples(folder, manifest, "jpg" if small else "png")
    (folder / "README.md").write_text(model_card(manifest, about, samples), "utf-8")
    manifest.write(folder)
    say(f"README.md, samples: {len(samples)} of {_EACH} pictures")


def _draw_samples(folder: Path, manifest: Manifest, kind: str) -> list[tuple[str, list[str]]]:
    """Draws for the first captions or classes, or from noise alone; embeddings have no words."""
    model = TextToImage.load(folder, provider="cpu")
    asked: list[str | None] = list(manifest.examples[:_SAMPLES])
    if manifest.condition == "none":
        asked = [None] * _SAMPLES
    samples = []
    (folder / "samples").mkdir()
    for number, caption in enumerate(asked):
        # From noise alone, each row goes on with the seeds where the one before stopped.
        seed = number * _EACH if caption is None else 0
        drawing = model.generate(caption, num_images=_EACH, seed=seed)
        files = [f"samples/{number}.{kind}"]
        drawing.save(folder / files[0], columns=_EACH)
        if model.manifest.image_size > model.manifest.preview_size:
            files.append(f"samples/{number}-sketches.{kind}")
            drawing.save(folder / files[1], columns=_EACH, previews=True)
        samples.append((caption or f"seeds {seed} to {seed + _EACH - 1}", files))
    return samples


def _readable(caption: str, known: frozenset[str]) -> bool:
    """Whether a caption makes a good example: whole, and of characters and words that are read."""
    if known and known.isdisjoint(words_of(caption)):
        return False
    text = alphabet.normalise(caption)
    read = any(alphabet.TABLE.get(sign, 0) for sign in text if sign != " ")
    return read and len(text) <= alphabet.MAX_CHARACTERS


def _check_finite(pipeline: Pipeline) -> None:
    networks = {f"generator {number + 1}": network for number, network in enumerate(pipeline.generators)}
    if pipeline.text_encoder is not None:
        networks["text encoder"] = pipeline.text_encoder
    for name, network in networks.items():
        if not all(np.isfinite(value).all() for value in network.get_weights()):
            raise UserError(
                f"the {name} network holds weights that are not finite numbers, so it draws nothing; "
                "export an earlier run, or train it again with a lower learning rate"
            )
