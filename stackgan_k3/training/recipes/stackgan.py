"""StackGAN: the text encoder, the caption embeddings, Stage-I, Stage-II."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import keras
import numpy as np

from stackgan_k3.bundle.alphabet import encode
from stackgan_k3.config import RunConfig, StageConfig
from stackgan_k3.data.loader import Loader
from stackgan_k3.data.records import Records
from stackgan_k3.errors import UserError
from stackgan_k3.models.discriminator import Discriminator
from stackgan_k3.models.stackgan_stage import StackGANStage
from stackgan_k3.models.stage1_generator import Stage1Generator
from stackgan_k3.text.char_cnn_rnn import CharCNNRNN
from stackgan_k3.text.embedding_table import EmbeddingTable, encoder_checksum
from stackgan_k3.text.image_encoder import ImageEncoder
from stackgan_k3.text.joint_embedding import JointEmbedding
from stackgan_k3.training.callbacks.sampler import Sampler
from stackgan_k3.training.checkpoints import Checkpoints
from stackgan_k3.training.phase import train_phase
from stackgan_k3.training.run import PHASES, Run, build_stage1_generator, build_stage2_generator


def networks(config: RunConfig) -> dict[str, keras.Model]:
    """Builds every network of a configuration with fresh weights, by name.

    Example:
        >>> from stackgan_k3.config import load_preset
        >>> sorted(networks(load_preset("stackgan-tiny")))[:2]
        ['image_encoder', 'stage1_discriminator']
    """
    return {
        "text_encoder": CharCNNRNN(config.text.width, config.text.embedding_dim),
        "image_encoder": ImageEncoder(config.text.image_width, config.text.embedding_dim),
        "stage1_generator": build_stage1_generator(config),
        "stage1_discriminator": _discriminator(config, "stage1"),
        "stage2_generator": build_stage2_generator(config),
        "stage2_discriminator": _discriminator(config, "stage2"),
    }


def train_text(run: Run, records: Records, deadline: float | None = None) -> bool:
    """Trains the text encoder with an image encoder on the joint embedding objective.

    Args:
        run: The run.
        records: The training split.
        deadline: Time (of ``time.monotonic``) after which to stop.

    Returns:
        Whether the phase is finished.
    """
    text = run.config.text
    _seed(run.config, "text")
    text_encoder = CharCNNRNN(text.width, text.embedding_dim)
    image_encoder = ImageEncoder(text.image_width, text.embedding_dim)
    by_class = len(records.info["classes"]) > 1
    model = JointEmbedding(text_encoder, image_encoder, text.margin, by_class=by_class)
    loader = _loader(run.config, "text", records, image_size=64, batch_size=text.batch_size)
    rate = _halving(text.learning_rate, text.halve_every, loader.steps_per_epoch)
    model.compile(keras.optimizers.Adam(rate))
    model.optimizer.build(model.trainable_variables)
    finished = train_phase(run, "text", model, loader, text.epochs, products={}, deadline=deadline)
    latest = Checkpoints(run.phase("text") / "checkpoints").latest()
    of = "" if latest is None else latest.name
    if not run.keeps("text", "text_encoder", of):
        # The margin sets the embeddings' scale, and it is far below what the dense
        # layer of the conditioning augmentation, with its weights from N(0, 0.02²), can see.
        text_encoder.calibrate(_some_captions(records))
        run.keep("text", "image_encoder", image_encoder, of)
        run.keep("text", "text_encoder", text_encoder, of)
    return finished


def train_stage1(run: Run, records: Records, deadline: float | None = None) -> bool:
    """Trains Stage-I on the cached embeddings; see :func:`train_text` for the arguments."""
    return _train_stage(run, "stage1", records, deadline)


def train_stage2(run: Run, records: Records, deadline: float | None = None) -> bool:
    """Trains Stage-II on top of the averaged Stage-I; see :func:`train_text` for the arguments."""
    return _train_stage(run, "stage2", records, deadline)


TRAINERS = dict(zip(PHASES, (train_text, train_stage1, train_stage2), strict=True))


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


def build_stage(
    config: RunConfig,
    phase: str,
    *,
    sketcher: Stage1Generator | None = None,
    text_encoder: keras.Model | None = None,
) -> StackGANStage:
    """Builds the model of one stage with fresh weights, ready to ``compile()``.

    Args:
        config: The configuration.
        phase: ``"stage1"`` or ``"stage2"``.
        sketcher: For Stage-II, the trained Stage-I generator.
        text_encoder: To draw captions with ``generate()``; not trained here.

    Example:
        >>> from stackgan_k3.config import load_preset
        >>> stage = build_stage(load_preset("stackgan-tiny", {"stage1.width": 8}), "stage1")
        >>> sorted(stage.draws)
        ['conditioning_noise', 'noise', 'real_labels']
    """
    stage: StageConfig = getattr(config, phase)
    _seed(config, phase)
    with _precision(config.precision):
        generator = build_stage2_generator(config) if phase == "stage2" else build_stage1_generator(config)
        return StackGANStage(
            generator,
            _discriminator(config, phase),
            sketcher=sketcher,
            text_encoder=text_encoder,
            kl_weight=stage.kl_weight,
            real_labels=stage.real_labels,
            average_decay=stage.average_decay,
            seed=config.seed,
        )


def compile_stage(model: StackGANStage, config: RunConfig, phase: str, steps_per_epoch: int) -> None:
    """Compiles a stage with the Adam optimizers and rates of its configuration."""
    stage: StageConfig = getattr(config, phase)
    generator, discriminator = (
        keras.optimizers.Adam(_halving(rate, stage.halve_every, steps_per_epoch), beta_1=0.5, beta_2=0.999)
        for rate in (stage.generator_rate, stage.discriminator_rate)
    )
    model.compile(generator, discriminator)


def stage_loader(
    config: RunConfig, phase: str, records: Records, model: StackGANStage, table: EmbeddingTable
) -> Loader:
    """Opens the batches of a stage: pictures, embeddings, and the noise that its model asks for."""
    size = model.discriminator.image_size
    batch_size = getattr(config, phase).batch_size
    return _loader(
        config, phase, records, image_size=size, batch_size=batch_size, embeddings=table, draws=model.draws
    )


def load_run(folder: str | Path) -> StackGANStage:
    """Opens a trained run as a model: it draws captions, and can be trained on.

    Args:
        folder: The run directory.

    Returns:
        Stage-II where it has been trained, else Stage-I, with the weights, the
        averaged weights and the optimizers of the newest checkpoint.

    Raises:
        UserError: If it is not a run, or Stage-I has not been trained.
    """
    run = Run.open(folder)
    phase = "stage2" if run.has("stage2", "generator") else "stage1"
    sketcher = run.stage1_generator()
    model = build_stage(
        run.config,
        phase,
        sketcher=sketcher if phase == "stage2" else None,
        text_encoder=run.text_encoder(),
    )
    checkpoints = Checkpoints(run.phase(phase) / "checkpoints")
    compile_stage(model, run.config, phase, checkpoints.steps_per_epoch())
    checkpoints.restore(model)
    return model


def _train_stage(run: Run, phase: str, records: Records, deadline: float | None) -> bool:
    config = run.config
    text_encoder = run.text_encoder()
    table = embedding_table(records, text_encoder)
    sketcher = run.stage1_generator() if phase == "stage2" else None
    model = build_stage(config, phase, sketcher=sketcher)
    loader = stage_loader(config, phase, records, model, table)
    compile_stage(model, config, phase, loader.steps_per_epoch)
    vectors = keras.ops.convert_to_numpy(text_encoder(encode(run.examples), training=False))
    sampler = Sampler(run.folder / "samples", phase, run.examples, vectors.astype(np.float32))
    epochs = getattr(config, phase).epochs
    products = {"generator": model.averaged_generator}
    return train_phase(
        run, phase, model, loader, epochs, products=products, callbacks=[sampler], deadline=deadline
    )


def _some_captions(records: Records, count: int = 2000) -> np.ndarray:
    chosen = [records[i] for i in range(0, len(records), max(1, len(records) // count))]
    return encode([record.captions[i % len(record.captions)] for i, record in enumerate(chosen)])


def _discriminator(config: RunConfig, phase: str) -> Discriminator:
    second = phase == "stage2"
    return Discriminator(
        config.stage2.discriminator_width if second else config.stage1.discriminator_width,
        image_size=config.stage2.image_size if second else 64,
        condition_dim=config.conditioning_dim,
        unconditional=second,
    )


def _loader(config: RunConfig, phase: str, records: Records, **settings: object) -> Loader:
    data = config.data
    captions: Literal["embedding", "characters"] = "embedding" if "embeddings" in settings else "characters"
    return Loader(
        records,
        seed=_phase_seed(config, phase),
        captions=captions,
        crop=data.crop,
        flip=data.flip,
        workers=data.workers,
        **settings,  # type: ignore[arg-type]
    )


def _phase_seed(config: RunConfig, phase: str) -> int:
    # Each phase has its own order of pictures and its own noise.
    return (config.seed * len(PHASES) + PHASES.index(phase)) % 2**63


def _seed(config: RunConfig, phase: str) -> None:
    keras.utils.set_random_seed(_phase_seed(config, phase) % 2**32)


def _halving(
    rate: float, every: int, steps_per_epoch: int
) -> keras.optimizers.schedules.LearningRateSchedule | float:
    if not every:
        return rate
    return keras.optimizers.schedules.ExponentialDecay(rate, every * steps_per_epoch, 0.5, staircase=True)


@contextmanager
def _precision(policy: str) -> Iterator[None]:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
