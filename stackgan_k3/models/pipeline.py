"""The networks that draw, in a row: what a caption, a class or nothing at all becomes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import keras
import numpy as np
from keras import ops

from stackgan_k3.bundle import alphabet
from stackgan_k3.bundle.classes import label_of
from stackgan_k3.bundle.embeddings import embeddings_of
from stackgan_k3.bundle.interpolation import both_ends, check_ends, spherical, straight
from stackgan_k3.bundle.noise import normal
from stackgan_k3.bundle.words import check_known
from stackgan_k3.draws import Draw
from stackgan_k3.errors import UserError
from stackgan_k3.layers.pictures import to_rgb, to_uint8
from stackgan_k3.models.caption_reader import CaptionReader

Condition = Literal["characters", "embedding", "label", "none"]

# Inputs of generators that are not noise: what was asked for, and what the generator before has drawn.
_GIVEN = ("embedding", "words", "label", "sketch")


class Pipeline:
    """Generators in a row, each drawing over what the one before drew.

    A generator is a functional model whose inputs are a dict: ``embedding`` float32
    ``[batch, T]`` or ``label`` int32 ``[batch]`` for what is asked for, ``sketch`` for the
    picture of the generator before, and noises, each float32 ``[batch, n]`` from N(0, 1)
    with a name of its own. One that attends to the caption also takes ``words`` float32
    ``[batch, L, D]``, which :func:`stackgan_k3.models.words.with_words` takes out of the text
    encoder. Its outputs are a dict with ``image`` float32 ``[batch, S, S, 1 or 3]`` in [-1, 1]. Any
    system that draws like this can be sampled, exported and served.

    Args:
        generators: At least one.
        text_encoder: Network from characters int32 ``[batch, 201]`` to embeddings float32
            ``[batch, T]``, for generators that take ``embedding``. Without it they are
            asked by embeddings.
        classes: Names of the classes, for generators that take ``label``.

    Raises:
        UserError: If the networks do not fit together.

    Example:
        >>> from stackgan_k3.models.stage1_generator import Stage1Generator
        >>> generator = Stage1Generator(4, embedding_dim=8, conditioning_dim=4, noise_dim=6)
        >>> pipeline = Pipeline([generator])
        >>> pipeline.condition, pipeline.noise_parts
        ('embedding', (('noise', 6), ('conditioning_noise', 4)))
        >>> pipeline.generate(np.ones((2, 8), "float32"), num_images=3, seed=1).shape
        (6, 64, 64, 3)
    """

    def __init__(
        self,
        generators: Sequence[keras.Model],
        *,
        text_encoder: keras.Model | None = None,
        classes: Sequence[str] = (),
    ) -> None:
        self.generators = list(generators)
        self.text_encoder = text_encoder
        self.classes = tuple(classes)
        _check(self.generators, text_encoder)
        self._reader = None if text_encoder is None else CaptionReader(text_encoder, words=self.attends)

    @property
    def condition(self) -> Condition:
        """What a picture is asked for by."""
        names = {name for generator in self.generators for name in generator.input}
        if "embedding" in names:
            return "embedding" if self.text_encoder is None else "characters"
        return "label" if "label" in names else "none"

    @property
    def attends(self) -> bool:
        """Whether a generator looks at the words of a caption, so that an embedding is not enough."""
        return any("words" in generator.input for generator in self.generators)

    @property
    def noise_parts(self) -> tuple[tuple[str, int], ...]:
        """Name and length of each part of a picture's noise vector, in order."""
        return tuple(
            (name, tensor.shape[-1])
            for generator in self.generators
            for name, tensor in generator.input.items()
            if name not in _GIVEN
        )

    @property
    def noise_size(self) -> int:
        """Length of the noise vector of one picture."""
        return sum(size for _, size in self.noise_parts)

    @property
    def draws(self) -> dict[str, Draw]:
        """The noises as entries of a batch."""
        return {name: Draw((size,)) for name, size in self.noise_parts}

    @property
    def embedding_dim(self) -> int:
        """Size T of the embeddings that the generators read; 0 where they read none."""
        sizes = [g.input["embedding"].shape[-1] for g in self.generators if "embedding" in g.input]
        return sizes[0] if sizes else 0

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The words that the text encoder knows; empty where it reads characters, or there is none."""
        return tuple(getattr(self.text_encoder, "words", ()))

    @property
    def image_size(self) -> int:
        """Side of a picture, in pixels."""
        return int(self.generators[-1].output["image"].shape[1])

    @property
    def preview_size(self) -> int:
        """Side of what the first generator draws, in pixels."""
        return int(self.generators[0].output["image"].shape[1])

    def replaced(self, change: Callable[[keras.Model], keras.Model]) -> "Pipeline":
        """Returns the same pipeline of changed networks, for example rebuilt ones."""
        return Pipeline(
            [change(generator) for generator in self.generators],
            text_encoder=None if self.text_encoder is None else change(self.text_encoder),
            classes=self.classes,
        )

    def entry(self) -> tuple[str, tuple[int, ...], str]:
        """Returns name, shape without the batch and dtype of what a picture is asked for by.

        Raises:
            UserError: If it is asked for by nothing.
        """
        if self.condition == "characters":
            return "characters", (alphabet.MAX_CHARACTERS,), "int32"
        if self.condition == "embedding":
            return "embedding", (self.embedding_dim,), "float32"
        if self.condition == "label":
            return "label", (), "int32"
        raise UserError("these networks draw from noise alone")

    def paint(self, asked: dict[str, Any], noise: Any) -> dict[str, Any]:
        """Draws one picture a row.

        Args:
            asked: ``characters``, ``embedding`` or ``label`` (see :attr:`condition`), or
                nothing; ``embedding`` is taken in the place of ``characters`` too. Beside
                ``characters``, ``other_characters`` int32 ``[1, 201]`` and ``other_weight`` float32
                ``[batch, 1]`` in [0, 1] mix another caption's embedding into that of each row.
            noise: float32 ``[batch, noise_size]``, N(0, 1), the parts one after another.

        Returns:
            ``image`` and ``preview``, float32 ``[batch, S, S, 3]`` in [-1, 1]; the same
            where there is one generator.
        """
        entries = dict(asked)
        if "characters" in entries and self._reader is not None:
            entries.update(self._reader.read(entries))
        start, pictures = 0, []
        for generator in self.generators:
            inputs = {}
            for name, tensor in generator.input.items():
                if name in _GIVEN:
                    inputs[name] = entries[name]
                else:
                    inputs[name] = noise[:, start : start + tensor.shape[-1]]
                    start += tensor.shape[-1]
            entries["sketch"] = generator(inputs, training=False)["image"]
            pictures.append(to_rgb(entries["sketch"]))
        return {"image": pictures[-1], "preview": pictures[0]}

    def generate(
        self,
        conditions: Any = None,
        *,
        num_images: int = 1,
        seed: int = 0,
        batch_size: int = 16,
    ) -> np.ndarray:
        """Draws pictures.

        The noise is the stream of the bundles: picture *k* of a condition has seed
        ``seed + k``, and is the picture that the exported bundle draws.

        Args:
            conditions: Captions (needs a text encoder), embeddings float32 ``[N, T]``,
                classes by number or name, or None for networks that draw from noise alone.
            num_images: Pictures a condition.
            seed: Seed of the first picture, 0 to 2**63 - 1.
            batch_size: Pictures drawn at a time.

        Returns:
            uint8 ``[N · num_images, S, S, 3]``: all pictures of the first condition, then
            of the next.

        Raises:
            UserError: For conditions of another kind than the networks take, none at all,
                unreadable captions, unknown classes, or a number that is out of range.
        """
        if num_images < 1:
            raise UserError(f"num_images is {num_images}; it must be at least 1")
        name, rows = self.rows(conditions)
        stream = np.stack([normal(seed, k, self.noise_size) for k in range(num_images)])
        chosen = np.arange(len(rows) * num_images)
        asked = {} if name is None else {name: rows[chosen // num_images]}
        return self._draw(asked, stream[chosen % num_images], batch_size)

    def interpolate(
        self,
        start: Any = None,
        end: Any = None,
        *,
        seed: int = 0,
        seed_b: int | None = None,
        steps: int = 8,
        batch_size: int = 16,
    ) -> np.ndarray:
        """Draws the way from one picture to another: another caption, another noise, or both.

        Embeddings go in a straight line, noises along a circle (see
        :mod:`stackgan_k3.bundle.interpolation`); the exported bundle's ``interpolate``
        draws the same pictures.

        Args:
            start: One caption, embedding float32 ``[T]`` or class; None for networks that
                draw from noise alone.
            end: Another caption or embedding; None to keep the first. Classes have no between.
            seed: Seed of the first picture, 0 to 2**63 - 1.
            seed_b: Seed of the last picture; None to keep the first.
            steps: Pictures, both ends included, at least 2.
            batch_size: Pictures drawn at a time.

        Returns:
            uint8 ``[steps, S, S, 3]``; the first and the last are those of :meth:`generate`.

        Raises:
            UserError: As :meth:`generate`; also if the two ends are the same, or are classes.

        Example:
            >>> from stackgan_k3.models.stage1_generator import Stage1Generator
            >>> pipeline = Pipeline([Stage1Generator(4, embedding_dim=8, conditioning_dim=4, noise_dim=6)])
            >>> pipeline.interpolate(np.ones((1, 8), "float32"), seed=1, seed_b=2, steps=5).shape
            (5, 64, 64, 3)
        """
        check_ends(self.condition, start, end, seed, seed_b)
        name, ends = self.rows(both_ends(start, end))
        size = self.noise_size
        noise = spherical(normal(seed, 0, size), normal(seed if seed_b is None else seed_b, 0, size), steps)
        if name == "characters" and len(ends) == 2:  # embedding and words go the way together
            weight = np.linspace(0.0, 1.0, steps, dtype=np.float32)[:, None]
            asked = {name: ends[:1].repeat(steps, 0), "other_characters": ends[1:], "other_weight": weight}
        else:
            rows = ends.repeat(steps, 0) if len(ends) == 1 else straight(ends[0], ends[1], steps)
            asked = {} if name is None else {name: rows}
        return self._draw(asked, noise, batch_size)

    def _draw(self, asked: Mapping[str, np.ndarray], noise: np.ndarray, batch_size: int) -> np.ndarray:
        if batch_size < 1:
            raise UserError(f"batch_size is {batch_size}; it must be at least 1")
        pictures = []
        for start in range(0, len(noise), batch_size):
            chosen = slice(start, start + batch_size)
            some = {
                name: ops.convert_to_tensor(rows if name == "other_characters" else rows[chosen])
                for name, rows in asked.items()
            }
            drawn = self.paint(some, ops.convert_to_tensor(noise[chosen]))
            pictures.append(ops.convert_to_numpy(to_uint8(drawn["image"])))
        return np.concatenate(pictures)

    def rows(self, conditions: Any) -> tuple[str | None, np.ndarray]:
        """Turns what people ask for into the entry of :meth:`paint`: its name, and a row for each.

        Raises:
            UserError: As :meth:`generate`.
        """
        condition = self.condition
        if condition == "none":
            if conditions is not None:
                raise UserError("this model draws from noise alone; leave the captions out")
            return None, np.zeros((1, 0), np.float32)
        what = "class" if condition == "label" else "caption"
        if isinstance(conditions, int | np.integer) and condition == "label":
            conditions = [conditions]
        if conditions is not None and not isinstance(conditions, str | Sequence | np.ndarray):
            raise UserError(f"{conditions!r} is no {what}; give one, or a list of them")
        if conditions is None or (not isinstance(conditions, str) and not len(conditions)):
            raise UserError(f"there is no {what}; give at least one")
        if condition == "label":
            return "label", self._labels(conditions)
        if isinstance(conditions, np.ndarray) and conditions.dtype.kind == "f":
            if self.attends:
                raise UserError("this model attends to the words of captions; pass captions, not embeddings")
            return "embedding", embeddings_of(conditions, self.embedding_dim)
        if self.text_encoder is None:
            raise UserError("this model has no text_encoder; pass embeddings float32 [N, T] instead")
        texts = [conditions] if isinstance(conditions, str) else list(conditions)
        for text in texts:
            alphabet.check(text)
        check_known(texts, frozenset(self.vocabulary))
        if self.attends:
            return "characters", alphabet.encode(texts)
        vectors = self.text_encoder(alphabet.encode(texts), training=False)
        return "embedding", ops.convert_to_numpy(vectors).astype(np.float32)

    def _labels(self, conditions: Any) -> np.ndarray:
        wanted = [conditions] if isinstance(conditions, str) else conditions
        names = self.classes or tuple(map(str, range(self.generators[0].num_classes)))
        return np.array([label_of(each, names) for each in wanted], np.int32)


def _check(generators: Sequence[keras.Model], text_encoder: keras.Model | None) -> None:
    if not generators:
        raise UserError("a pipeline needs at least one generator")
    sizes = {g.input["embedding"].shape[-1] for g in generators if "embedding" in g.input}
    if text_encoder is not None:
        sizes.add(text_encoder.output.shape[-1])
    elif any("words" in g.input for g in generators):
        raise UserError("a generator attends to the words of captions; give the text_encoder that reads them")
    if len(sizes) > 1:
        raise UserError(
            f"the text encoder and the generators have embeddings of different sizes: "
            f"{', '.join(map(str, sorted(sizes)))}; take all from one run"
        )
