"""The phase of every text-conditioned system that comes first: captions to embeddings."""

from pathlib import Path

import keras
import numpy as np

from stackgan_k3.bundle.alphabet import encode
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


def train_text(run: Run, records: Records, deadline: float | None = None) -> bool:
    """Trains the text encoder with an image encoder on the joint embedding objective.

    Args:
        run: The run.
        records: The training split.
        deadline: Time (of ``time.monotonic``) after which to stop.

    Returns:
        Whether the phase is finished.

    Example:
        See :func:`stackgan_k3.training.train.train`, which calls it for the phase ``text``.
    """
    text = run.config.text
    seed_weights(run.config, "text")
    encoder = CharCNNRNN(text.width, text.embedding_dim)
    image_encoder = ImageEncoder(text.image_width, text.embedding_dim)
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


def text_encoder(run: Run) -> CharCNNRNN:
    """Builds the text encoder with its trained weights.

    Raises:
        UserError: If the phase ``text`` has not been trained.
    """
    text = run.config.text
    return run.trained(CharCNNRNN(text.width, text.embedding_dim), "text", "text_encoder")


def embedding_table(records: Records, text_encoder: keras.Model) -> EmbeddingTable:
    """Opens the embeddings of a split's captions, making them first where need be.

    They lie beside the records, named by the encoder's checksum, so every run
    with the same encoder shares them.
    """
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
    count = min(count, len(records))
    chosen = [records[i * len(records) // count] for i in range(count)]
    return [record.captions[i % len(record.captions)] for i, record in enumerate(chosen)]


def _some_captions(records: Records, count: int = 2000) -> np.ndarray:
    chosen = [records[i] for i in range(0, len(records), max(1, len(records) // count))]
    return encode([record.captions[i % len(record.captions)] for i, record in enumerate(chosen)])
