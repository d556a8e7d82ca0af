"""From records to batches, each a pure function of (seed, step)."""

import operator
import os
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal, Protocol

import grain
import numpy as np

from stackgan_k3.bundle.alphabet import encode
from stackgan_k3.data.record import SIZES, Record, margin_size, stored_sizes
from stackgan_k3.data.records import Records
from stackgan_k3.data.whole import MAX_SEED, one_of, whole
from stackgan_k3.draws import Draw, draw_batch
from stackgan_k3.errors import UserError

MAX_WORKERS = 1024
"""The largest number of worker processes that is accepted."""

_ENDLESS = 2**40  # steps

# Drawn for each example besides what a system asks for; the names keep clear of a system's own.
_OWN_DRAWS = {f"loader/{name}": Draw((), kind="uniform") for name in ("caption", "top", "left", "flip")}

_ENTRIES = ("image", "label", "index", "caption", "characters", "embedding")


class Embeddings(Protocol):
    """What the loader asks of a table of caption embeddings.

    With ``workers``, the table travels to the worker processes pickled.

    Example:
        >>> class Zeros:
        ...     def row(self, record_index, caption_index):
        ...         return np.zeros(1024, np.float32)
        >>> table: Embeddings = Zeros()
    """

    def row(self, record_index: int, caption_index: int) -> np.ndarray:
        """Returns the embedding of one caption, float32 ``[embedding_dim]``."""
        ...


class Loader:
    """Batches of a prepared set for ``fit()``, on any backend.

    Each epoch takes the records in another order, without the last ones that
    would not fill a batch, and of each record a random caption, a random crop
    and, half of the time, its mirror image. Batch ``step`` is the same whatever
    the number of workers, on every machine and after every restart.

    Args:
        records: The prepared split.
        image_size: Side of the pictures in pixels: the size that the set was
            prepared at or, if that is larger, 64.
        batch_size: Examples a batch.
        seed: Seed of everything random, 0 to 2**63 - 1.
        captions: What batches hold of the caption: ``"characters"``,
            ``"embedding"`` or None for nothing.
        embeddings: The table of embeddings, for ``captions="embedding"``; without it,
            the records' own, in a set that was prepared with embeddings.
        draws: The random entries that the system to be trained asks for.
        crop: Crop at random places; otherwise in the centre. At 28 px there is nothing to crop.
        flip: Mirror half of the pictures.
        shuffle: Take another order in each epoch; otherwise that of the records.
        workers: Processes that make batches beside this one. With 0, threads of
            this process do. Processes are spawned: a script that uses them needs
            the usual ``if __name__ == "__main__":`` guard.
        shard: ``(i, n)``: take part ``i`` of ``n``, for training on ``n`` hosts.
            The parts of a step are disjoint and together are that step's batch
            of a loader with an ``n`` times larger batch.

    Raises:
        UserError: If an argument is out of range, the set holds no pictures of
            that size, or it has too few records for one batch.

    Example:
        >>> import tempfile
        >>> from stackgan_k3.data.prepare import prepare
        >>> folder = tempfile.mkdtemp()
        >>> _ = prepare("synthetic-birds", folder, size=64, limit=24, workers=1)
        >>> loader = Loader(Records(folder), batch_size=4, draws={"noise": Draw((100,))})
        >>> {name: entry.shape[1:] for name, entry in loader.batch(0).items()}
        {'image': (64, 64, 3), 'label': (), 'index': (), 'caption': (), 'characters': (201,), 'noise': (100,)}
    """

    def __init__(
        self,
        records: Records,
        *,
        image_size: int = 64,
        batch_size: int = 64,
        seed: int = 0,
        captions: Literal["characters", "embedding"] | None = "characters",
        embeddings: Embeddings | None = None,
        draws: Mapping[str, Draw] | None = None,
        crop: bool = True,
        flip: bool = True,
        shuffle: bool = True,
        workers: int = 0,
        shard: tuple[int, int] = (0, 1),
    ) -> None:
        if isinstance(records, str | os.PathLike):
            raise UserError(f"records is {str(records)!r}; open the folder first: Records({str(records)!r})")
        if image_size not in stored_sizes(records.size):
            held = " and ".join(map(str, stored_sizes(records.size)))
            known = ", ".join(map(str, SIZES))
            remedy = f"prepare it with --size {image_size}" if image_size in SIZES else f"sizes are {known}"
            raise UserError(
                f"image_size is {image_size!r}, but {records.folder} holds pictures for {held} px; {remedy}"
            )
        image_size, batch_size = one_of("image_size", image_size, SIZES), whole("batch_size", batch_size, 1)
        seed, workers = whole("seed", seed, 0, MAX_SEED), whole("workers", workers, 0, MAX_WORKERS)
        if captions not in ("characters", "embedding", None):
            raise UserError(f'captions is {captions!r}; it must be "characters", "embedding" or None')
        if captions == "embedding" and embeddings is None and records.embedding_dim is None:
            raise UserError(
                f'captions="embedding" needs the table of embeddings, embeddings=…: {records.folder} holds '
                "none of its own (a set prepared from stackgan-pickles does)"
            )
        check = getattr(embeddings, "check", None)
        if check is not None:  # an EmbeddingTable of another split is told here, by its counts
            check(records)
        if embeddings is not None and not hasattr(embeddings, "row"):
            raise UserError(f"embeddings is {embeddings!r:.80}; it must have row(), as an EmbeddingTable has")
        part, parts = _checked_shard(shard)
        for name, draw in (draws or {}).items():
            if not isinstance(draw, Draw):
                raise UserError(f"draws['{name}'] is {draw!r:.80}; it must be a stackgan_k3.draws.Draw")
        taken = sorted({*(draws or {})} & {*_ENTRIES, *_OWN_DRAWS})
        if taken:
            raise UserError(
                f"draws has an entry '{taken[0]}', which the loader itself makes; name it otherwise"
            )
        if len(records) < batch_size * parts:
            each = "" if parts == 1 else f" for each of {parts} shards"
            raise UserError(
                f"the {records.split} split of {records.folder} has {len(records)} records, fewer than one "
                f"batch of {batch_size}{each}; take a smaller batch_size"
            )
        self.records = records
        self.image_size = image_size
        self.batch_size = batch_size
        self.seed = seed
        self.captions = captions
        self.embeddings = embeddings
        self.draws = dict(draws or {})
        self.crop = crop
        self.flip = flip
        self.shuffle = shuffle
        self.workers = workers
        self.shard = (part, parts)

    @property
    def steps_per_epoch(self) -> int:
        """The number of whole batches in the records (of all shards together)."""
        return len(self.records) // (self.batch_size * self.shard[1])

    def batch(self, step: int) -> dict[str, np.ndarray]:
        """Makes one batch.

        Args:
            step: Number of the training step, counted from 0 over all epochs.

        Returns:
            ``image`` uint8 ``[B, S, S, 3]``, ``label`` int32 ``[B]``, ``index``
            int32 ``[B]`` (the record's number), by choice ``characters`` int32
            ``[B, 201]`` or ``embedding`` float32 ``[B, T]`` with ``caption`` int32 ``[B]`` (its place
            among the record's captions), and float32 ``[B, …]`` for each of ``draws``.

        Raises:
            UserError: If ``step`` is negative or no whole number.
        """
        step = whole("step", step, 0, _ENDLESS)
        part, parts = self.shard
        of_all = self.batch_size * parts
        own = draw_batch(_OWN_DRAWS, seed=self.seed, step=step, batch_size=of_all)
        # float64: a float32 product of a number below 1 can round up to the limit
        caption, top, left, flip = (values[part::parts].astype(np.float64) for values in own.values())
        indices = self._order(step, of_all)[part::parts]
        size, room = self.image_size, margin_size(self.image_size) - self.image_size
        images = np.empty((self.batch_size, size, size, 3), np.uint8)
        labels = np.empty(self.batch_size, np.int32)
        choices = np.zeros(self.batch_size, np.int32)
        texts: list[str] = []
        vectors: list[np.ndarray] = []
        for row, index in enumerate(indices):
            record = self.records[index]
            y, x = (
                (int(top[row] * (room + 1)), int(left[row] * (room + 1))) if self.crop else (room // 2,) * 2
            )
            view = record.picture(size)[y : y + size, x : x + size]
            images[row] = view[:, ::-1] if self.flip and flip[row] < 0.5 else view
            labels[row] = record.label
            choices[row] = int(caption[row] * len(record.captions))
            self._caption(record, int(choices[row]), texts, vectors)
        batch: dict[str, np.ndarray] = {"image": images, "label": labels, "index": indices.astype(np.int32)}
        if self.captions is not None:
            batch["caption"] = choices
        if self.captions == "characters":
            batch["characters"] = encode(texts)
        elif self.captions == "embedding":
            batch["embedding"] = np.stack(vectors).astype(np.float32, copy=False)
        if self.draws:
            drawn = draw_batch(self.draws, seed=self.seed, step=step, batch_size=of_all)
            batch.update({name: values[part::parts] for name, values in drawn.items()})
        return batch

    def dataset(self, start_step: int = 0) -> grain.IterDataset:
        """Returns the batches from ``start_step`` on, without end.

        Its iterators have grain's ``get_state`` and ``set_state``. ``fit`` takes
        it with ``steps_per_epoch=loader.steps_per_epoch, shuffle=False`` (it is shuffled
        already, and Keras warns when left to shuffle it).

        Args:
            start_step: The step of the first batch, at least 0.

        Returns:
            A grain dataset whose element *i* is ``batch(start_step + i)``.

        Raises:
            UserError: If ``start_step`` is negative.
        """
        start_step = whole("start_step", start_step, 0, _ENDLESS - 1)
        steps = grain.MapDataset.range(start_step, _ENDLESS).map(self.batch)
        threads = 1 if self.workers else min(os.cpu_count() or 1, 8)
        # grain's own choice would keep 500 batches of 256 px in memory: 6 GB
        dataset = steps.to_iter_dataset(
            grain.ReadOptions(num_threads=threads, prefetch_buffer_size=2 * threads)
        )
        if self.workers:
            _parse_flags()
            dataset = dataset.mp_prefetch(
                grain.MultiprocessingOptions(num_workers=self.workers, per_worker_buffer_size=2)
            )
        return dataset

    def _order(self, step: int, of_all: int) -> np.ndarray:
        epoch, place = divmod(step, self.steps_per_epoch)
        if not self.shuffle:
            return np.arange(place * of_all, (place + 1) * of_all)
        return _permutation(self.seed, epoch, len(self.records))[place * of_all : (place + 1) * of_all]

    def _caption(self, record: Record, choice: int, texts: list[str], vectors: list[np.ndarray]) -> None:
        if self.captions == "characters":
            texts.append(record.captions[choice])
        elif self.captions == "embedding" and self.embeddings is not None:
            vectors.append(self.embeddings.row(record.index, choice))
        elif self.captions == "embedding" and record.embeddings is not None:
            vectors.append(record.embeddings[choice])


def _checked_shard(shard: tuple[int, int]) -> tuple[int, int]:
    try:
        part, parts = map(operator.index, shard)
    except (TypeError, ValueError):
        part, parts = 0, 0
    if not 0 <= part < parts:
        raise UserError(f"shard is {shard}; it must be (i, n) with 0 <= i < n")
    return part, parts


@lru_cache(maxsize=4)  # batches of two epochs can be in the making at once
def _permutation(seed: int, epoch: int, count: int) -> np.ndarray:
    bits = np.random.Philox(key=[seed, epoch])
    return np.random.Generator(bits).permutation(count)


def _parse_flags() -> None:
    # grain reads absl's flags when it starts processes, and they count as unread until a program's
    # command line has been through absl, which is not how this package reads its own.
    from absl import flags

    if not flags.FLAGS.is_parsed():
        flags.FLAGS.mark_as_parsed()
