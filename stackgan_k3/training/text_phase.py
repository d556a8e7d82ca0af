"""The phase of every text-conditioned system that comes first: captions to embeddings."""

import sys
from pathlib import Path
from typing import TypeAlias

import keras
import numpy as np

from stackgan_k3.bundle.alphabet import encode, is_read
from stackgan_k3.bundle.words import words_of
from stackgan_k3.config.parts import TextConfig
from stackgan_k3.data.adding_loader import AddingLoader
from stackgan_k3.data.record import Record
from stackgan_k3.data.records import Records
from stackgan_k3.errors import UserError
from stackgan_k3.files import replacing
from stackgan_k3.text.char_cnn_rnn import CharCNNRNN
from stackgan_k3.text.embedding_table import EmbeddingTable, encoder_checksum
from stackgan_k3.text.image_encoder import ImageEncoder
from stackgan_k3.text.joint_embedding import JointEmbedding, picture_reader
from stackgan_k3.text.own_vectors import own_vectors
from stackgan_k3.text.sentence_encoder import SentenceEncoder
from stackgan_k3.text.vector_file import read_vectors
from stackgan_k3.text.word_vectors import WordVectors
from stackgan_k3.training.checkpoints import Checkpoints
from stackgan_k3.training.phase import train_phase
from stackgan_k3.training.run import Run
from stackgan_k3.training.said_words import SaidWords
from stackgan_k3.training.setting_up import halving, open_loader, seed_weights
from stackgan_k3.training.telling import keep_telling_words

Encoder: TypeAlias = keras.Model | SentenceEncoder
"""What embeds captions in training."""

_WORDS = "words.txt"  # the vocabulary: the weights' shape follows from it
_SENTENCES = "sentence_encoder.json"
_PREPARE = "prepare a set that brings its own (stackgan-pickles does)"


def train_text(run: Run, records: Records, deadline: float | None = None) -> bool:
    """Makes the text encoder.

    ``char-cnn-rnn`` is trained with an image encoder on the joint embedding objective. The others are taken
    from elsewhere, and a line says so: word vectors, a sentence-transformers model, or (``published``) the
    embeddings that the data set must hold.

    Args:
        run: The run.
        records: The training split.
        deadline: Time (of ``time.monotonic``) after which to stop.

    Returns:
        Whether the phase is finished.

    Raises:
        UserError: If embeddings, vectors or a model are asked for and there are none of that size, or no
            caption holds a character that ``char-cnn-rnn`` reads.

    Example:
        See :func:`stackgan_k3.training.train.train`, which calls it for the phase ``text``.
    """
    text = run.config.text
    if text.encoder == "published":
        check_published(records, text)
        return True
    if text.encoder == "word-vectors":
        return _keep_word_vectors(run, records)
    if text.encoder == "sentence-transformers":
        return _keep_sentence_encoder(run, records)
    _check_readable(records)
    seed_weights(run.config, "text")
    networks = text_networks(text)
    encoder, image_encoder = networks["text_encoder"], networks["image_encoder"]
    by_class = len(records.info["classes"]) > 1
    telling = keep_telling_words(run, records) if text.picture_reading_weight else None
    model = JointEmbedding(
        encoder,
        image_encoder,
        text.margin,
        objective=text.objective,
        gamma=text.gamma,
        reading_weight=text.reading_weight,
        picture_reading_weight=text.picture_reading_weight,
        picture_reader=None if telling is None else picture_reader(text.embedding_dim, len(telling)),
        picture_noise=text.picture_noise,
        by_class=by_class,
    )
    characters = open_loader(run.config, "text", records, captions="characters", draws=model.draws)
    read = text.reading_weight or text.picture_reading_weight
    loader = (
        AddingLoader(characters, SaidWords(records, telling, bool(text.reading_weight)))
        if read
        else characters
    )
    rate = halving(text.learning_rate, text.halve_every, loader.steps_per_epoch)
    model.compile(keras.optimizers.Adam(rate))
    model.optimizer.build(model.trainable_variables)
    finished = train_phase(run, "text", model, loader, text.epochs, products={}, deadline=deadline)
    latest = Checkpoints(run.phase("text") / "checkpoints").latest()
    of = "" if latest is None else latest.name
    if not all(run.keeps("text", network, of) for network in ("text_encoder", "image_encoder")):
        # The margin sets the embeddings' scale, and it is far below what the dense layer of the
        # conditioning augmentation, with its weights from N(0, 0.02²), can see. A cosine compares
        # directions from where they are, so what was trained on it is scaled and not moved.
        encoder.calibrate(encode(_some_captions(records)), center=text.objective == "structured")
        run.keep("text", "image_encoder", image_encoder, of)
        run.keep("text", "text_encoder", encoder, of)
    return finished


def text_networks(text: TextConfig) -> dict[str, keras.Model]:
    """Builds the networks that the phase trains with fresh weights, by name: for ``char-cnn-rnn`` alone.

    Example:
        >>> text_networks(TextConfig(encoder="published"))
        {}
    """
    if text.encoder != "char-cnn-rnn":
        return {}
    return {
        "text_encoder": CharCNNRNN(text.width, text.embedding_dim),
        "image_encoder": ImageEncoder(text.image_width, text.embedding_dim, kind=text.image_encoder),
    }


def text_encoder(run: Run) -> CharCNNRNN | WordVectors | None:
    """Builds the text encoder that is part of what draws; None where embeddings come from elsewhere.

    Raises:
        UserError: If the phase ``text`` has not been trained.
    """
    text = run.config.text
    if text.encoder == "char-cnn-rnn":
        return run.trained(text_networks(text)["text_encoder"], "text", "text_encoder")
    if text.encoder != "word-vectors":
        return None
    if not run.has("text", "text_encoder"):
        raise UserError(f"{run.folder} has no word vectors; train its phase 'text' first")
    path = run.phase("text") / _WORDS
    try:
        words = path.read_text(encoding="ascii").split()
    except (OSError, ValueError) as error:
        raise UserError(f"{path} is missing or damaged ({error}); begin a new run") from None
    return run.trained(WordVectors(words, text.embedding_dim), "text", "text_encoder")


def caption_encoder(run: Run) -> Encoder | None:
    """Opens what a run is trained on the embeddings of; None where the records hold their own.

    That is the :func:`text_encoder`, or the sentence-transformers model that no bundle can hold.

    Raises:
        UserError: If the phase ``text`` has not been trained, or the model is not there any more.
    """
    if run.config.text.encoder == "sentence-transformers":
        return SentenceEncoder.open(run.phase("text") / _SENTENCES)
    return text_encoder(run)


def embedding_table(records: Records, text_encoder: Encoder | None) -> EmbeddingTable | None:
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


def example_vectors(run: Run, records: Records, text_encoder: Encoder | None) -> np.ndarray:
    """Returns the embeddings of the captions that samples are drawn for, float32 ``[N, T]``.

    Args:
        run: The run.
        records: The training split of its data.
        text_encoder: What made the embeddings; None where they are the records' own.
    """
    if isinstance(text_encoder, SentenceEncoder):
        return text_encoder.embed(run.examples)
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


def check_published(records: Records, text: TextConfig) -> None:
    """Refuses a data set that does not hold the embeddings a run would be trained on.

    Args:
        records: The training split.
        text: The run's text encoder; other encoders than ``published`` ask nothing of the data.

    Raises:
        UserError: If there are no embeddings, or of another size than ``text.embedding_dim``.

    Example:
        See :func:`stackgan_k3.training.train.train`, which calls it before a run is made.
    """
    if text.encoder != "published":
        return
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


def _keep_word_vectors(run: Run, records: Records) -> bool:
    text = run.config.text
    if run.has("text", "text_encoder"):
        return True  # a run that goes on keeps the vectors that it began with
    captions = [caption for i in range(len(records)) for caption in records[i].captions]
    occurring = {word for caption in captions for word in words_of(caption)}
    if text.vectors == "own":
        words, vectors = own_vectors(captions, text.embedding_dim, run.config.seed)
    else:
        words, vectors = read_vectors(text.vectors, occurring, text.words)
        if vectors.shape[1] != text.embedding_dim:
            raise UserError(
                f"text.embedding_dim is {text.embedding_dim:,}, but the vectors in {text.vectors} have "
                f"{vectors.shape[1]:,} numbers; set text.embedding_dim={vectors.shape[1]}"
            )
    known = occurring.intersection(words)
    if not known:
        raise UserError(
            f"{text.vectors} knows no word of the captions in {records.folder}; give vectors of their "
            "language"
        )
    encoder = WordVectors(words, text.embedding_dim)
    encoder.set_vectors(vectors)
    encoder.calibrate(encode(_some_captions(records)))
    with replacing(run.phase("text") / _WORDS) as beside:
        beside.write_text("\n".join(words) + "\n", encoding="ascii")
    run.keep("text", "text_encoder", encoder)
    print(
        f"text: nothing to train: {len(words):,} word vectors ({text.vectors}); {len(known):,} of the "
        f"captions' {len(occurring):,} words are known",
        file=sys.stderr,
    )
    return True


def _keep_sentence_encoder(run: Run, records: Records) -> bool:
    text, path = run.config.text, run.phase("text") / _SENTENCES
    if not path.is_file():
        encoder = SentenceEncoder(text.folder)
        if encoder.embedding_dim != text.embedding_dim:
            raise UserError(
                f"text.embedding_dim is {text.embedding_dim:,}, but the model in {text.folder} gives "
                f"{encoder.embedding_dim:,} numbers; set text.embedding_dim={encoder.embedding_dim}"
            )
        encoder.calibrate(_some_captions(records))
        encoder.write(path)
    print(
        "text: nothing to train. The sentence-transformers model cannot be exported with what is trained "
        "on it: the bundle will be asked by embeddings (float32 "
        f"[batch, {text.embedding_dim}]), not by captions",
        file=sys.stderr,
    )
    return True


def _check_readable(records: Records) -> None:
    some = _some_captions(records)
    unread = [caption for caption in some if not is_read(caption)]
    if not unread:
        return
    what = (
        f"of the captions in {records.folder} hold no character that is read, such as {unread[0][:40]!r} "
        "(Latin letters, digits and common punctuation are)"
    )
    if len(unread) == len(some):
        raise UserError(f"all {what}; write them so, or set text.encoder=sentence-transformers")
    print(f"note: {len(unread) / len(some):.0%} {what}", file=sys.stderr)


def _some_captions(records: Records, count: int = 2000) -> list[str]:
    chosen = [records[i] for i in range(0, len(records), max(1, len(records) // count))]
    return [record.captions[i % len(record.captions)] for i, record in enumerate(chosen)]
