"""A bundle, opened: sentences in, pictures out, with numpy and onnxruntime alone."""

import operator
import os
import secrets
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from stackgan_k3.bundle import alphabet, noise
from stackgan_k3.bundle.classes import label_of
from stackgan_k3.bundle.manifest import Manifest
from stackgan_k3.errors import UserError
from stackgan_k3.inference.drawing import Drawing
from stackgan_k3.inference.providers import open_session

MODEL = "model.onnx"
MAX_PICTURES = 10_000
"""The most pictures of one request, as all of them are held in memory (2 GB at 256 px)."""
_TYPES = {"tensor(int32)": "int32", "tensor(float)": "float32", "tensor(uint8)": "uint8"}


class TextToImage:
    """Draws pictures from sentences with the model of a bundle.

    Make one with `load`. It may be used from several threads at once.

    Args:
        manifest: What ``bundle.json`` says.
        session: The ``onnxruntime.InferenceSession`` of the bundle's model.
        provider: Full name of the onnxruntime provider that the session runs on.

    Raises:
        UserError: If the model's inputs or outputs are not those of the manifest.

    Example:
        ```python
        from stackgan_k3.inference import TextToImage

        model = TextToImage.load("birds")
        drawing = model.generate("a small red bird with a black wing", num_images=4, seed=7)
        drawing.save("birds.png")
        ```
    """

    def __init__(self, manifest: Manifest, session: Any, provider: str) -> None:
        self.manifest = manifest
        self.provider = provider
        self._session = session
        _check_signature("input", session.get_inputs(), manifest.inputs)
        _check_signature("output", session.get_outputs(), manifest.outputs)

    @classmethod
    def load(
        cls, path: str | os.PathLike[str], provider: str | None = None, verify: bool = True
    ) -> "TextToImage":
        """Opens a bundle.

        Args:
            path: The bundle's folder.
            provider: ``None`` or ``"auto"`` (CUDA where onnxruntime has it and can use it,
                else the CPU), ``"cpu"``, ``"cuda"``, or a provider's name in onnxruntime.
                Where a GPU cannot be used the CPU is, with a warning; ``.provider`` is
                the one that really runs.
            verify: Compare every file with its SHA-256 first.

        Returns:
            The model, ready to draw.

        Raises:
            UserError: If the folder is no bundle, a file was changed, or onnxruntime is
                missing or does not know the provider.

        Example:
            See `TextToImage`.
        """
        manifest = Manifest.read(path)
        if verify:
            manifest.verify(path)
        if MODEL not in manifest.files:
            raise UserError(f"the bundle {path} has no {MODEL}; export it again")
        session, name = open_session(Path(path) / MODEL, provider)
        return cls(manifest, session, name)

    def generate(
        self,
        captions: str | Sequence[str] | np.ndarray | None = None,
        num_images: int = 1,
        seed: int | None = None,
        batch_size: int = 16,
    ) -> Drawing:
        """Draws pictures: all of the first caption, then of the next.

        Picture *k* of each caption has seed ``seed + k``. A picture depends on its
        caption and its seed alone, so it can be drawn again by itself.

        Args:
            captions: One sentence or several, of at most 1,000 characters each; the
                first 201 are read. For a bundle of classes, their names or numbers; for
                one that takes embeddings, float32 ``[N, T]``; None for one that draws from
                noise alone. ``manifest.condition`` says which it is.
            num_images: Pictures for each caption, at least 1; at most 10,000 in all.
            seed: 0 to 2**63 - 1, or None for one by chance (reported in ``seeds``).
            batch_size: Pictures computed at a time, at least 1: memory against speed.

        Returns:
            N = captions x ``num_images`` pictures.

        Raises:
            UserError: If a caption is empty or too long, or a number out of range.

        Warns:
            UserWarning: If a caption is longer than the 201 characters that are read.

        Example:
            See `TextToImage`.
        """
        lines, asked = self._asked(captions)
        count, size = _at_least_1("num_images", num_images), _at_least_1("batch_size", batch_size)
        if len(lines) * count > MAX_PICTURES:
            raise UserError(
                f"{len(lines) * count:,} pictures were asked for; at most {MAX_PICTURES:,} are drawn at a "
                "time, so ask again with the seeds that follow"
            )
        # Short enough to be noted down, and exact as a number in JavaScript.
        first = secrets.randbelow(2**32) if seed is None else noise.check_seed(seed)
        if first + count - 1 > noise.MAX_SEED:
            raise UserError(f"seed {first} and {count} pictures pass the largest seed, {noise.MAX_SEED}")
        images, previews = [], []
        total = len(lines) * count
        for start in range(0, total, size):
            chosen = range(start, min(start + size, total))
            entries = {name: rows[[number // count for number in chosen]] for name, rows in asked.items()}
            entries["noise"] = np.stack(
                [noise.normal(first, number % count, self.manifest.noise_size) for number in chosen]
            )
            image, preview = self._session.run(["image", "preview"], entries)
            images.append(image)
            previews.append(preview)
        return Drawing(
            images=np.concatenate(images),
            previews=np.concatenate(previews),
            captions=tuple(line for line in lines for _ in range(count)),
            seeds=tuple(first + k for k in range(count)) * len(lines),
            provider=self.provider,
        )

    def _asked(self, captions: Any) -> tuple[list[str], dict[str, np.ndarray]]:
        """Returns a line a row, to tell pictures apart by, and the entry of the model that asks for them."""
        condition = self.manifest.condition
        if condition == "none":
            if captions is not None:
                raise UserError(f"{self.manifest.name} draws from noise alone; leave the captions out")
            return [""], {}
        if condition == "embedding":
            vectors = _embeddings(captions, self.manifest.embedding_size)
            return [f"embedding {row}" for row in range(len(vectors))], {"embedding": vectors}
        if condition == "label":
            classes = self.manifest.classes
            wanted = [captions] if isinstance(captions, str | int | np.integer) else list(captions or ())
            if not wanted:
                raise UserError(f"there is no class; give one of {', '.join(classes)}")
            labels = [label_of(each, classes) for each in wanted]
            return [classes[label] for label in labels], {"label": np.array(labels, np.int32)}
        lines = _captions(captions)
        return lines, {"characters": alphabet.encode(lines)}


def _embeddings(given: Any, size: int) -> np.ndarray:
    if not isinstance(given, np.ndarray):
        raise UserError(
            f"this bundle has no text encoder: it is asked by embeddings, float32 [N, {size}], made where it "
            "was trained"
        )
    vectors = np.atleast_2d(given).astype(np.float32)
    if vectors.ndim != 2 or vectors.shape[1] != size or not len(vectors):
        raise UserError(f"the embeddings have the shape {list(given.shape)}; it must be [N, {size}]")
    if not np.isfinite(vectors).all():
        raise UserError("the embeddings hold numbers that are not finite")
    return vectors


def _captions(captions: Any) -> list[str]:
    if captions is None:
        raise UserError("there is no caption; give at least one")
    if not isinstance(captions, str | Sequence):
        raise UserError(f"captions must be a string or a sequence of strings, not {type(captions).__name__}")
    lines = [captions] if isinstance(captions, str) else list(captions)
    if not lines:
        raise UserError("there is no caption; give at least one")
    for line in lines:
        alphabet.check(line)
    cut = sum(len(alphabet.normalise(line)) > alphabet.MAX_CHARACTERS for line in lines)
    if cut:
        warnings.warn(
            f"{cut} of {len(lines)} captions have more than {alphabet.MAX_CHARACTERS} characters; "
            f"the first {alphabet.MAX_CHARACTERS} are read",
            stacklevel=3,
        )
    return lines


def _at_least_1(name: str, value: int) -> int:
    try:
        if isinstance(value, bool):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        raise UserError(f"{name} must be an integer, not {type(value).__name__}") from None
    if number < 1:
        raise UserError(f"{name} is {number}; it must be at least 1")
    return number


def _check_signature(kind: str, found: Sequence[Any], said: dict[str, dict[str, Any]]) -> None:
    """Compares what the ONNX file takes or gives with what the manifest says."""
    has = {entry.name: (_TYPES.get(entry.type, entry.type), list(entry.shape)) for entry in found}
    for name, entry in said.items():
        dtype, shape = has.get(name, ("nothing", []))
        symbolic = bool(shape) and not isinstance(shape[0], int)
        if dtype != entry["dtype"] or not symbolic or shape[1:] != entry["shape"][1:]:
            raise UserError(
                f"{MODEL} does not fit bundle.json: {kind} '{name}' should be {entry['dtype']} "
                f"{entry['shape']} and is {dtype} {shape}; export the bundle again"
            )
    if extra := sorted(set(has) - set(said)):
        raise UserError(
            f"{MODEL} does not fit bundle.json: unexpected {kind} '{extra[0]}'; export the bundle again"
        )
