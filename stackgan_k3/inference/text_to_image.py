"""A bundle, opened: sentences in, pictures out, with numpy and onnxruntime alone."""

import os
import secrets
from collections.abc import Sequence
from typing import Any

import numpy as np

from stackgan_k3.bundle import alphabet, noise
from stackgan_k3.bundle.classes import label_of
from stackgan_k3.bundle.embeddings import embeddings_of
from stackgan_k3.bundle.interpolation import both_ends, check_ends, fractions, spherical, straight
from stackgan_k3.bundle.manifest import Manifest
from stackgan_k3.bundle.shipped import bundle_folder
from stackgan_k3.bundle.words import check_known
from stackgan_k3.errors import UserError
from stackgan_k3.inference.drawing import Drawing
from stackgan_k3.inference.providers import open_session
from stackgan_k3.inference.requests import at_least_1, between_line, captions_of

MODEL = "model.onnx"
MAX_PICTURES = 10_000
"""The most pictures of one request, as all of them are held in memory (2 GB at 256 px)."""
_OTHER = ("other_characters", "other_weight")  # the inputs with defaults, for pictures between two captions
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

        model = TextToImage.load()  # or the folder of a bundle of your own
        drawing = model.generate("a small red bird with a black wing", num_images=4, seed=7)
        drawing.save("birds.png")
        ```
    """

    def __init__(self, manifest: Manifest, session: Any, provider: str) -> None:
        self.manifest = manifest
        self.provider = provider
        self._session = session
        self._words = frozenset(manifest.words)
        _check_signature("input", session.get_inputs(), manifest.inputs)
        _check_signature("output", session.get_outputs(), manifest.outputs)

    @classmethod
    def load(
        cls, path: str | os.PathLike[str] | None = None, provider: str | None = None, verify: bool = True
    ) -> "TextToImage":
        """Opens a bundle.

        Args:
            path: The bundle's folder; None for the one that comes with the package.
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
        folder = bundle_folder(path)
        manifest = Manifest.read(folder)
        if verify:
            manifest.verify(folder)
        if MODEL not in manifest.files:
            raise UserError(f"the bundle {folder} has no {MODEL}; export it again")
        session, name = open_session(folder / MODEL, provider)
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
            UserError: If a caption is empty, too long or, where the bundle knows words
                (``manifest.words``), has none of them; or if a number is out of range.

        Warns:
            UserWarning: If a caption is longer than the 201 characters that are read.

        Example:
            See `TextToImage`.
        """
        lines, asked = self._asked(captions)
        count, size = at_least_1("num_images", num_images), at_least_1("batch_size", batch_size)
        if len(lines) * count > MAX_PICTURES:
            raise UserError(
                f"{len(lines) * count:,} pictures were asked for; at most {MAX_PICTURES:,} are drawn at a "
                "time, so ask again with the seeds that follow"
            )
        # Short enough to be noted down, and exact as a number in JavaScript.
        first = secrets.randbelow(2**32) if seed is None else noise.check_seed(seed)
        if first + count - 1 > noise.MAX_SEED:
            raise UserError(f"seed {first} and {count} pictures pass the largest seed, {noise.MAX_SEED}")
        chosen = np.arange(len(lines) * count)
        stream = np.stack([noise.normal(first, k, self.manifest.noise_size) for k in range(count)])
        entries = {name: rows[chosen // count] for name, rows in asked.items()}
        return self._draw(
            {**entries, "noise": stream[chosen % count]},
            captions=[line for line in lines for _ in range(count)],
            seeds=[first + k for k in range(count)] * len(lines),
            batch_size=size,
        )

    def interpolate(
        self,
        caption_a: str | int | np.ndarray | None = None,
        caption_b: str | np.ndarray | None = None,
        *,
        seed: int = 0,
        seed_b: int | None = None,
        steps: int = 8,
        batch_size: int = 16,
    ) -> Drawing:
        """Draws the way from one picture to another: another caption, another noise, or both.

        The embeddings of two captions go in a straight line, the noises of two seeds
        along a circle (see :mod:`stackgan_k3.bundle.interpolation`). The first and the
        last picture are those of `generate`.

        Args:
            caption_a: The first caption (or class, or embedding float32 ``[T]``, as
                `generate` takes them); None for a bundle that draws from noise alone.
            caption_b: The last caption or embedding; None to keep the first. Classes have no between.
            seed: Seed of the first picture, 0 to 2**63 - 1.
            seed_b: Seed of the last picture; None to keep the first.
            steps: Pictures, both ends included: 2 to 10,000.
            batch_size: Pictures computed at a time, at least 1: memory against speed.

        Returns:
            ``steps`` pictures. The captions say what each is between, and the fraction of the
            way; ``seeds`` holds the seed that each set out from, and for the last its own.

        Raises:
            UserError: As `generate`; also if the two ends are the same picture, are classes, or
                are captions and the bundle was exported before there was this.

        Warns:
            UserWarning: If a caption is longer than the 201 characters that are read.

        Example:
            ```python
            walk = model.interpolate("a small red bird", "a small blue bird", seed=7, steps=8)
            walk.save("walk.png", columns=8)
            ```
        """
        size = at_least_1("batch_size", batch_size)
        if len(fractions(steps)) > MAX_PICTURES:
            raise UserError(f"steps is {steps:,}; at most {MAX_PICTURES:,} pictures are drawn at a time")
        check_ends(self.manifest.condition, caption_a, caption_b, seed, seed_b)
        last = seed if seed_b is None else seed_b
        first_noise, last_noise = (noise.normal(which, 0, self.manifest.noise_size) for which in (seed, last))
        lines, asked = self._asked(both_ends(caption_a, caption_b))
        entries = self._between(asked, len(lines), steps)
        return self._draw(
            {**entries, "noise": spherical(first_noise, last_noise, steps)},
            captions=[between_line(lines, (seed, last), t) for t in fractions(steps)],
            seeds=[seed] * (steps - 1) + [last],
            batch_size=size,
        )

    def _between(self, asked: dict[str, np.ndarray], ends: int, steps: int) -> dict[str, np.ndarray]:
        """Turns the rows of one or two ends into a row for each step."""
        if ends == 1:
            return {name: np.repeat(rows, steps, axis=0) for name, rows in asked.items()}
        if "embedding" in asked:
            return {"embedding": straight(asked["embedding"][0], asked["embedding"][1], steps)}
        optional = {entry.name for entry in self._session.get_overridable_initializers()}
        if not optional.issuperset(_OTHER):
            raise UserError(
                f"{self.manifest.name} was exported before bundles could draw between two captions; export "
                "its run again, or give one caption and two seeds"
            )
        weight = fractions(steps).astype(np.float32)[:, np.newaxis]
        characters = asked["characters"]
        return {
            "characters": np.repeat(characters[:1], steps, axis=0),
            "other_weight": weight,
            "other_characters": characters[1:],
        }

    def _draw(
        self, entries: dict[str, np.ndarray], *, captions: list[str], seeds: list[int], batch_size: int
    ) -> Drawing:
        images, previews = [], []
        for start in range(0, len(seeds), batch_size):
            batch = {
                # The one entry that has no row for each picture.
                name: rows if name == "other_characters" else rows[start : start + batch_size]
                for name, rows in entries.items()
            }
            image, preview = self._session.run(["image", "preview"], batch)
            images.append(image)
            previews.append(preview)
        return Drawing(
            images=np.concatenate(images),
            previews=np.concatenate(previews),
            captions=tuple(captions),
            seeds=tuple(seeds),
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
            vectors = embeddings_of(captions, self.manifest.embedding_size)
            return [f"embedding {row}" for row in range(len(vectors))], {"embedding": vectors}
        if condition == "label":
            classes = self.manifest.classes
            wanted = [captions] if isinstance(captions, str | int | np.integer) else list(captions or ())
            if not wanted:
                raise UserError(f"there is no class; give one of {', '.join(classes)}")
            labels = [label_of(each, classes) for each in wanted]
            return [classes[label] for label in labels], {"label": np.array(labels, np.int32)}
        lines = captions_of(captions)
        check_known(lines, self._words)
        return lines, {"characters": alphabet.encode(lines)}


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
