"""The phase of every text-conditioned system that comes first: captions to embeddings."""

from pathlib import Path

import keras
import numpy as np

from stackgan_k3.bundle.alphabet import encode
from stackgan_k3.config.parts import TextConfig
from stackgan_k3.data.record import Record
from stackgan_k3.data.records import Records
from stackgan_k3.errors import UserError
from stackgan_k3.text.char_cnn_rnn import CharCNNRNN
from stackgan_k3.text.embedding_table import EmbeddingTable, encoder_checksum
from stackgan_k3.text.image_encoder import ImageEncoder
from stackgan_k3.text.joint_embedding import JointEmbedding
from stackgan_k3.training.checkpoints import Checkpoints
from stackgan_k3.training.phase import train_phase
from stackgan_k3.training.run import Run
from stackgan_k3.training.setting_up import halving, open_loader, seed_weights

_PREPARE = "prepare a set that brings its own (stackgan-pickles does)"


def train_text(run: Run, records: Records, deadline: float | None = None) -> bool:
    """Trains the text encoder with an image encoder on the joint embedding objective.

    With ``text.encoder=published`` there is nothing to train: the data set must hold embeddings.

    Args:
        run: The run.
        records: The training split.
        deadline: Time (of ``time.monotonic``) after which to stop.

    Returns:
        Whether the phase is finished.

    Raises:
        UserError: If published embeddings are asked for and the data set has none of that size.

    Example:
        See :func:`stackgan_k3.training.train.train`, which calls it for the phase ``text``.
    """
    text = run.config.text
    if text.encoder == "published":
        _check_published(records, text)
        return True
    seed_weights(run.config, "text")
    networks = text_networks(text)
    encoder, image_encoder = networks["text_encoder"], networks["image_encoder"]
    by_class = len(records.info["classes"]) > 1
    model = JointEmbedding(encoder, image_encoder, text.margin, by_class=by_class)
    loader = open_loader(run.config, "text", records, captions="characters")
    rate = halving(text.learning_rate, text.halve_every, loader.steps_per_epoch)
    model.compile(keras.optimizers.Adam(rate))
    model.optimizer.build(model.trainable_variables)
    finished = train_phase(run, "text", model, loader, text.epochs, products={}, deadline=deadline)
    latest = Checkpoints(run.phase("text") / "checkpoints").latest()
    of = "" if latest is None else latest.name
    if not run.keeps("text", "text_encoder", of):
        # The margin sets the embeddings' scale, and it is far below what the dense
        # layer of the conditioning augmentation, with its weights from N(0, 0.02²), can see.
        encoder.calibrate(_some_captions(records))
        run.keep("text", "image_encoder", image_encoder, of)
        run.keep("text", "text_encoder", encoder, of)
    return finished


def text_networks(text: TextConfig) -> dict[str, keras.Model]:
    """Builds the networks of the phase with fresh weights, by name; none for published embeddings.

    Example:
        >>> text_networks(TextConfig(encoder="published"))
        {}
    """
    if text.encoder == "published":
        return {}
    return {
        "text_encoder": CharCNNRNN(text.width, text.embedding_dim),
        "image_encoder": ImageEncoder(text.image_width, text.embedding_dim),
    }


def text_encoder(run: Run) -> CharCNNRNN | None:
    """Builds the text encoder with its trained weights; None where embeddings come from elsewhere.

    Raises:
        UserError: If the phase ``text`` has not been trained.
    """
    networks = text_networks(run.config.text)
    return run.trained(networks["text_encoder"], "text", "text_encoder") if networks else None


def embedding_table(records: Records, text_encoder: keras.Model | None) -> EmbeddingTable | None:
    """Opens the embeddings of a split's captions, making them first where need be.

    They lie beside the records, named by the encoder's checksum, so every run
    with the same encoder shares them. Without an encoder there is no table, and a
    :class:`stackgan_k3.data.loader.Loader` takes the records' own embeddings.
    """
    if text_encoder is None:
        return None
    name = f"{records.split}-{encoder_checksum(text_encoder)[:16]}.npy"
    path = Path(records.folder) / "embeddings" / name
    if path.exists() and path.with_suffix(".json").exists():
        try:
            table = EmbeddingTable.open(path)
            if table.matches(records, text_encoder):
                return table
        except UserError:
            pass  # a damaged table is made again
    return EmbeddingTable.write(path, records, text_encoder)


def examples(records: Records, count: int = 8) -> list[str]:
    """Takes captions, evenly spread, that samples are drawn for.

    Args:
        records: The test split, or the training split where there is no other.
        count: At most so many.
    """
    return [record.captions[caption] for record, caption in _spread(records, count)]


def example_vectors(run: Run, records: Records, text_encoder: keras.Model | None) -> np.ndarray:
    """Returns the embeddings of the captions that samples are drawn for, float32 ``[N, T]``.

    Args:
        run: The run.
        records: The training split of its data.
        text_encoder: What made the embeddings; None where they are the records' own.
    """
    if text_encoder is not None:
        vectors = keras.ops.convert_to_numpy(text_encoder(encode(run.examples), training=False))
        return vectors.astype(np.float32)
    try:
        held_out = Records(records.folder, "test")
    except UserError:  # a set without one; the captions were taken from the training split, too
        held_out = records
    rows = []
    for record, caption in _spread(held_out if len(held_out) else records, len(run.examples)):
        if record.embeddings is None:
            raise UserError(f"{records.folder} holds no embeddings; {_PREPARE}")
        rows.append(record.embeddings[caption])
    return np.stack(rows).astype(np.float32)


def _spread(records: Records, count: int) -> list[tuple[Record, int]]:
    """Records, evenly spread, each with the number of one of its captions."""
    count = min(count, len(records))
    chosen = [records[i * len(records) // count] for i in range(count)]
    return [(record, i % len(record.captions)) for i, record in enumerate(chosen)]


def _check_published(records: Records, text: TextConfig) -> None:
    if records.embedding_dim is None:
        raise UserError(
            f"text.encoder=published, but {records.folder} holds no embeddings; {_PREPARE}, or set "
            "text.encoder=char-cnn-rnn"
        )
    if records.embedding_dim != text.embedding_dim:
        raise UserError(
            f"text.embedding_dim is {text.embedding_dim:,}, but the embeddings in {records.folder} have "
            f"{records.embedding_dim:,} numbers; set text.embedding_dim={records.embedding_dim}"
        )


def _some_captions(records: Records, count: int = 2000) -> np.ndarray:
    chosen = [records[i] for i in range(0, len(records), max(1, len(records) // count))]
    return encode([record.captions[i % len(record.captions)] for i, record in enumerate(chosen)])
