"""Networks to a bundle: both formats, the card and the samples, checked before it gets its name."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from stackgan_k3.bundle import alphabet
from stackgan_k3.bundle.manifest import FILE_NAME, Manifest
from stackgan_k3.errors import UserError
from stackgan_k3.files import replacing_folder
from stackgan_k3.inference import TextToImage

from .about import About
from .agreement import check_agreement
from .card import model_card
from .drawing_model import Networks, drawing_model
from .onnx_file import write_onnx
from .saved_model import SavedDrawing

_SAMPLES = 6  # captions
_EACH = 4  # pictures of each


def write_bundle(
    networks: Networks,
    about: About,
    bundle: str | os.PathLike[str],
    *,
    force: bool = False,
    say: Callable[[str], None] = print,
) -> Path:
    """Writes trained networks as a bundle.

    ``model.onnx``, the SavedModel and the Keras networks must draw the same
    pictures, and the samples are drawn by the bundle itself, before the folder
    gets its final name. If anything fails, nothing is left under that name, and
    an older bundle stays as it was.

    Args:
        networks: The trained networks.
        about: Where they come from.
        bundle: The folder to write.
        force: Replace a bundle that is already there.
        say: Called with a line of text after each part.

    Returns:
        The bundle's path.

    Raises:
        UserError: If ``bundle`` exists and ``force`` is not set, or is something else
            than a bundle, or a weight is not a finite number.
        RuntimeError: If the forms of the model do not draw the same pictures.

    Example:
        ```python
        write_bundle(Networks(encoder, stage1, stage2), about, "bundles/birds")
        ```
    """
    final = Path(bundle)
    check_target(final, force=force)
    _check_finite(networks)
    taken = final.exists() and (not final.is_dir() or any(final.iterdir()))
    final.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=final.parent, prefix=f".{final.name}.") as aside:
        target = Path(aside, "new") if taken else final
        with replacing_folder(target) as folder:
            _fill(folder, networks, about, say)
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


def _fill(folder: Path, networks: Networks, about: About, say: Callable[[str], None]) -> None:
    folded = drawing_model(networks, folded=True)
    graph = write_onnx(folded, folder / "model.onnx")
    size = (folder / "model.onnx").stat().st_size
    say(f"model.onnx: {len(graph.graph.node)} nodes, {size / 1e6:.1f} MB")
    SavedDrawing(folded).save(folder / "saved_model")
    say("saved_model")
    differences = check_agreement(
        drawing_model(networks, folded=False), folder / "model.onnx", folder / "saved_model"
    )
    worst = max(differences.values())
    say(f"checked: Keras, onnxruntime and the SavedModel agree (largest difference: {worst} of 255)")
    examples = tuple(dict.fromkeys(caption for caption in about.captions if _readable(caption)))
    manifest = Manifest(
        name=about.name,
        system=about.system,
        image_size=networks.image_size,
        preview_size=64,
        noise_parts=networks.noise_parts,
        embedding="char-cnn-rnn",
        embedding_size=networks.stage1.embedding_dim,
        data=dict(about.data),
        metrics=dict(about.metrics),
        examples=examples,
    )
    manifest.write(folder)
    samples = _draw_samples(folder, examples[:_SAMPLES])
    (folder / "README.md").write_text(model_card(manifest, about, samples), "utf-8")
    manifest.write(folder)
    say(f"README.md, samples: {len(samples)} captions of {_EACH} pictures")


def _draw_samples(folder: Path, captions: tuple[str, ...]) -> list[tuple[str, list[str]]]:
    model = TextToImage.load(folder, provider="cpu")
    samples = []
    (folder / "samples").mkdir()
    for number, caption in enumerate(captions):
        drawing = model.generate(caption, num_images=_EACH, seed=0)
        files = [f"samples/{number}.png"]
        drawing.save(folder / files[0], columns=_EACH)
        if model.manifest.image_size > model.manifest.preview_size:
            files.append(f"samples/{number}-sketches.png")
            drawing.save(folder / files[1], columns=_EACH, previews=True)
        samples.append((caption, files))
    return samples


def _readable(caption: str) -> bool:
    """Whether a caption makes a good example: whole, and of characters that are read."""
    text = alphabet.normalise(caption)
    read = any(alphabet.TABLE.get(sign, 0) for sign in text if sign != " ")
    return read and len(text) <= alphabet.MAX_CHARACTERS


def _check_finite(networks: Networks) -> None:
    named = {"text encoder": networks.text_encoder, "Stage-I": networks.stage1, "Stage-II": networks.stage2}
    for name, network in named.items():
        if network is not None and not all(np.isfinite(value).all() for value in network.get_weights()):
            raise UserError(
                f"the {name} network holds weights that are not finite numbers, so it draws nothing; "
                "export an earlier run, or train it again with a lower learning rate"
            )
