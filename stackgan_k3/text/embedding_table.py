"""The embeddings of every caption of a split, computed once and read from the disk."""

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import keras
import numpy as np
from keras import ops

from stackgan_k3 import files
from stackgan_k3.bundle.alphabet import encode
from stackgan_k3.errors import UserError
from stackgan_k3.text.sentence_encoder import SentenceEncoder

if TYPE_CHECKING:
    from stackgan_k3.data.records import Records

FORMAT_VERSION = 1
"""Version of the tables that this package writes and reads."""


class EmbeddingTable:
    """Caption embeddings in a memory-mapped ``.npy`` file with a ``.json`` beside it.

    The array is ``[captions, dim]``, float32 or float16, the captions of record 0
    first. The description holds how many captions each record has, and checksums of
    the text encoder and of the data, so that a table is never used with others.
    Plain to pickle: a worker process opens the files itself. Made by `write` or `open`.

    Attributes:
        path: The ``.npy`` file.
        dim: Size of an embedding.
        captions: int64 ``[records]``: how many captions each record has.

    Example:
        >>> import tempfile
        >>> from stackgan_k3.data.prepare import prepare
        >>> from stackgan_k3.data.records import Records
        >>> from stackgan_k3.text.char_cnn_rnn import CharCNNRNN
        >>> folder = tempfile.mkdtemp()
        >>> _ = prepare("synthetic-birds", folder, size=64, limit=12, workers=1)
        >>> records, encoder = Records(folder), CharCNNRNN(width=6, embedding_dim=16)
        >>> table = EmbeddingTable.write(f"{folder}/train.npy", records, encoder, progress=False)
        >>> table.row(0, 3).shape, table.matches(records, encoder)
        ((16,), True)
    """

    def __init__(self, path: Path, embeddings: np.ndarray, description: dict[str, Any]) -> None:
        self.path = path
        self.dim = int(embeddings.shape[1])
        self.captions = np.asarray(description["captions"], np.int64)
        self._embeddings = embeddings
        self._description = description
        self._first = np.concatenate([[0], np.cumsum(self.captions)])  # row of each record's first caption

    @classmethod
    def write(
        cls,
        path: str | os.PathLike[str],
        records: "Records",
        text_encoder: keras.Model | SentenceEncoder,
        batch_size: int = 256,
        progress: bool = True,
        dtype: Literal["float32", "float16"] = "float32",
    ) -> "EmbeddingTable":
        """Embeds every caption of a split and writes the table.

        Args:
            path: The file to write, ending in ``.npy``; the description takes the same
                name with ``.json``. A table that is there is replaced.
            records: The split.
            text_encoder: int32 ``[B, 201]`` -> float32 ``[B, dim]``, trained; or an encoder of sentences.
            batch_size: How many captions are embedded at a time.
            progress: Whether to show a progress bar.
            dtype: How the numbers are stored; float16 halves the file and keeps three digits.

        Returns:
            The table, open.

        Raises:
            UserError: If the name does not end in ``.npy`` or ``batch_size`` is less than 1.
        """
        path = _npy(path)
        if batch_size < 1:
            raise UserError(f"batch_size is {batch_size}; it must be at least 1")
        captions = [records[number].captions for number in range(len(records))]
        every = [caption for those in captions for caption in those]
        if isinstance(text_encoder, SentenceEncoder):
            dim = text_encoder.embedding_dim
        else:
            dim = int(text_encoder.output_shape[-1])
        starts = range(0, len(every), batch_size)
        bar = keras.utils.Progbar(len(starts), unit_name="batch") if progress else None
        path.with_suffix(".json").unlink(missing_ok=True)  # stopped half-way, there is no table
        # Not a memory map: on a full disk, writing to one kills the process.
        with files.replacing(path) as beside, open(beside, "wb") as file:
            header = {
                "descr": np.lib.format.dtype_to_descr(np.dtype(dtype)),
                "fortran_order": False,
                "shape": (len(every), dim),
            }
            np.lib.format.write_array_header_1_0(file, header)
            for start in starts:
                some = every[start : start + batch_size]
                if isinstance(text_encoder, SentenceEncoder):
                    rows = text_encoder.embed(some)
                else:
                    # Every batch of one size: another size would be compiled again.
                    characters = np.pad(encode(some), ((0, batch_size - len(some)), (0, 0)))
                    rows = text_encoder.predict_on_batch(characters)[: len(some)]
                file.write(np.asarray(rows, dtype).tobytes())
                if bar is not None:
                    bar.add(1)
        description = {
            "format_version": FORMAT_VERSION,
            "dim": dim,
            "dtype": dtype,
            "encoder": encoder_checksum(text_encoder),
            "data": _data_checksum(records),
            "captions": [len(those) for those in captions],
        }
        with files.replacing(path.with_suffix(".json")) as beside:
            beside.write_text(json.dumps(description), encoding="utf-8")
        return cls.open(path)

    @classmethod
    def open(cls, path: str | os.PathLike[str], records: "Records | None" = None) -> "EmbeddingTable":
        """Opens a table that `write` finished.

        Args:
            path: The ``.npy`` file.
            records: The split it is to be used with; see `check`.

        Raises:
            UserError: If there is no whole table, or its counts are not those of ``records``.
        """
        path = _npy(path).resolve()
        again = "write it again with EmbeddingTable.write"
        try:
            description = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
            embeddings = np.load(path, mmap_mode="r", allow_pickle=False)
        except FileNotFoundError as error:
            raise UserError(f"{path} is no finished table of embeddings ({error}); {again}") from None
        except (ValueError, EOFError) as error:
            raise UserError(f"the table of embeddings {path} is damaged ({error}); {again}") from None
        if description.get("format_version") != FORMAT_VERSION:
            raise UserError(
                f"the table of embeddings {path} has format version {description.get('format_version')}, "
                f"this package reads version {FORMAT_VERSION}; {again}"
            )
        expected = (sum(description["captions"]), description["dim"])
        if embeddings.shape != expected:
            raise UserError(
                f"the table of embeddings {path} holds an array {list(embeddings.shape)}, "
                f"its description says {list(expected)}; {again}"
            )
        table = cls(path, embeddings, description)
        if records is not None:
            table.check(records)
        return table

    def row(self, record_index: int, caption_index: int) -> np.ndarray:
        """Returns the embedding of one caption, float32 ``[dim]``, a copy.

        Args:
            record_index: ``Record.index``.
            caption_index: Place of the caption in ``Record.captions``.

        Raises:
            UserError: If the table holds no such record or caption.
        """
        if not 0 <= record_index < len(self.captions):
            raise UserError(
                f"record {record_index} was asked of the table of embeddings {self.path}, which holds "
                f"{len(self.captions):,} records; it was written for another data set or split"
            )
        if not 0 <= caption_index < self.captions[record_index]:
            raise UserError(
                f"caption {caption_index} of record {record_index} was asked of the table of embeddings "
                f"{self.path}, which holds {self.captions[record_index]} of it; "
                "it was written for another data set or split"
            )
        return np.array(self._embeddings[self._first[record_index] + caption_index], np.float32)

    def check(self, records: "Records") -> None:
        """Refuses records that this table cannot be of.

        Raises:
            UserError: If the numbers of records or captions differ; the message has both.
        """
        held = len(self.captions), int(self.captions.sum())
        wanted = len(records), int(records.info["splits"][records.split]["captions"])
        if held != wanted:
            raise UserError(
                f"the table of embeddings {self.path} has {held[0]:,} records with {held[1]:,} captions, "
                f"the {records.split} split in {records.folder} has {wanted[0]:,} with {wanted[1]:,}; "
                "write the table again for this split"
            )

    def matches(self, records: "Records", text_encoder: keras.Model | SentenceEncoder) -> bool:
        """Says whether this is the table of exactly these records and this encoder.

        Compares checksums: of the split's shards as they were prepared, and of the
        encoder's configuration and weights.
        """
        return bool(
            self._description["data"] == _data_checksum(records)
            and self._description["encoder"] == encoder_checksum(text_encoder)
        )

    def __len__(self) -> int:
        """The number of captions in the table."""
        return int(self._first[-1])

    def __reduce__(self) -> tuple[Any, ...]:
        return EmbeddingTable.open, (self.path,)


def encoder_checksum(text_encoder: keras.Model | SentenceEncoder) -> str:
    """Returns the SHA-256 of an encoder's configuration and weights, 64 hexadecimal digits.

    The same on every backend, and for an encoder that was saved and loaded.

    Example:
        >>> from stackgan_k3.text.char_cnn_rnn import CharCNNRNN
        >>> encoder = CharCNNRNN(width=6, embedding_dim=16)
        >>> encoder_checksum(encoder) == encoder_checksum(CharCNNRNN(width=6, embedding_dim=16))
        False
    """
    if isinstance(text_encoder, SentenceEncoder):
        return text_encoder.checksum
    digest = hashlib.sha256(type(text_encoder).__name__.encode())
    config = {key: value for key, value in text_encoder.get_config().items() if key != "name"}
    digest.update(json.dumps(config, sort_keys=True, default=str).encode())
    for variable in text_encoder.weights:
        value = np.ascontiguousarray(ops.convert_to_numpy(ops.cast(variable, "float32")), "<f4")
        digest.update(str(value.shape).encode())
        digest.update(value.tobytes())
    return digest.hexdigest()


def _data_checksum(records: "Records") -> str:
    shards = [
        (shard["records"], shard["sha256"])
        for shard in records.info["shards"]
        if shard["split"] == records.split
    ]
    return hashlib.sha256(json.dumps([records.split, shards]).encode()).hexdigest()


def _npy(path: str | os.PathLike[str]) -> Path:
    if Path(path).suffix != ".npy":
        raise UserError(f"a table of embeddings is a file that ends in .npy, not {path}")
    return Path(path)
