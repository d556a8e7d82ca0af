"""StackGAN: the text encoder, the caption embeddings, Stage-I, Stage-II."""

from typing import Any

import keras

from stackgan_k3.config.stackgan import StackGANConfig, StageConfig
from stackgan_k3.data.adding_loader import AddingLoader
from stackgan_k3.data.loader import Loader
from stackgan_k3.data.records import Records
from stackgan_k3.errors import UserError
from stackgan_k3.models.attention_stage import AttentionStage
from stackgan_k3.models.discriminator import Discriminator
from stackgan_k3.models.pipeline import Pipeline
from stackgan_k3.models.restoring_stage import RestoringStage
from stackgan_k3.models.stackgan_stage import StackGANStage
from stackgan_k3.models.stage1_generator import Stage1Generator
from stackgan_k3.models.stage2_generator import Stage2Generator
from stackgan_k3.models.super_resolution_generator import SuperResolutionGenerator
from stackgan_k3.models.super_resolution_stage import SuperResolutionStage
from stackgan_k3.models.words import with_words
from stackgan_k3.text.embedding_table import EmbeddingTable
from stackgan_k3.text.telling_words import MOST, TellingWords
from stackgan_k3.training.callbacks.sampler import Sampler
from stackgan_k3.training.checkpoints import Checkpoints
from stackgan_k3.training.other_captions import OtherCaptions
from stackgan_k3.training.phase import train_phase
from stackgan_k3.training.run import Run
from stackgan_k3.training.said_words import SaidWords
from stackgan_k3.training.setting_up import (
    adversarial_settings,
    compile_adversarial,
    open_loader,
    precision,
    seed_weights,
)
from stackgan_k3.training.telling import keep_telling_words
from stackgan_k3.training.text_phase import (
    caption_encoder,
    embedding_table,
    example_vectors,
    examples,
    text_networks,
    train_text,
)

__all__ = ["TRAINERS", "examples", "load", "networks", "pipeline"]


def networks(config: StackGANConfig) -> dict[str, keras.Model]:
    """Builds every network of a configuration with fresh weights, by name.

    A discriminator that reads has a head for as many words as there can be, since those of a data set
    are found in training.

    Example:
        >>> from stackgan_k3.config import load_preset
        >>> sorted(networks(load_preset("stackgan-tiny")))[:2]
        ['image_encoder', 'stage1_discriminator']
    """
    return {
        **text_networks(config.text),
        "stage1_generator": build_stage1_generator(config),
        "stage1_discriminator": _discriminator(config, "stage1", MOST),
        "stage2_generator": build_stage2_generator(config),
        "stage2_discriminator": _discriminator(config, "stage2", MOST),
    }


def train_stage1(run: Run, records: Records, deadline: float | None = None) -> bool:
    """Trains Stage-I on the cached embeddings; the arguments are those of :func:`train_text`."""
    return _train_stage(run, "stage1", records, deadline)


def train_stage2(run: Run, records: Records, deadline: float | None = None) -> bool:
    """Trains Stage-II on top of the averaged Stage-I; the arguments are those of :func:`train_text`."""
    return _train_stage(run, "stage2", records, deadline)


TRAINERS = {"text": train_text, "stage1": train_stage1, "stage2": train_stage2}


def build_stage(
    config: StackGANConfig,
    phase: str,
    *,
    sketcher: Stage1Generator | None = None,
    text_encoder: keras.Model | None = None,
    image_encoder: keras.Model | None = None,
    telling: TellingWords | None = None,
) -> StackGANStage:
    """Builds the model of one stage with fresh weights, ready to ``compile()``.

    Args:
        config: The configuration.
        phase: ``"stage1"`` or ``"stage2"``.
        sketcher: For Stage-II, the trained Stage-I generator.
        text_encoder: To draw captions with ``generate()``; not trained here. A Stage-II with attention
            reads words with it in training, too.
        image_encoder: The image encoder that was trained with it, for a matching loss.
        telling: For a reading loss: the words that are read off pictures, ``run.telling_words()``; without,
            the discriminator has room for as many as there can be.

    Raises:
        UserError: If there is no such stage, the networks do not fit together, or a loss lacks what it asks.

    Example:
        >>> from stackgan_k3.config import load_preset
        >>> settings = {"stage1.width": 8, "stage1.matching_weight": 0}
        >>> stage = build_stage(load_preset("stackgan-tiny", settings), "stage1")
        >>> sorted(stage.draws)
        ['augment_cutout', 'augment_translation', 'conditioning_noise', 'noise', 'real_labels']
    """
    if phase not in ("stage1", "stage2"):
        raise UserError(f"there is no stage '{phase}'; build stage1 or stage2")
    stage: StageConfig = getattr(config, phase)
    seed_weights(config, phase)
    with precision(config.precision, config.picture_size(phase)):
        generator = build_stage2_generator(config) if phase == "stage2" else build_stage1_generator(config)
        kind, settings = _kind(config, phase)
        return kind(
            generator,
            _discriminator(config, phase, MOST if telling is None else len(telling)),
            sketcher=sketcher,
            text_encoder=text_encoder,
            image_encoder=image_encoder,
            kl_weight=stage.kl_weight,
            matching_weight=stage.matching_weight,
            matching_gamma=stage.matching_gamma,
            matching_blur=stage.matching_blur,
            matching_noise=stage.matching_noise,
            reading_weight=stage.reading_weight,
            discriminative_reading=stage.discriminative_reading and stage.reading_weight > 0,
            matching_aware=stage.matching_aware,
            caption_dropout=stage.caption_dropout,
            **adversarial_settings(config, phase),
            **settings,
        )


def compile_stage(model: StackGANStage, config: StackGANConfig, phase: str, steps_per_epoch: int) -> None:
    """Compiles a stage with the Adam optimizers, rates and guidance of its configuration."""
    stage: StageConfig = getattr(config, phase)
    model.guidance_halve_every = stage.guidance_halve_every * steps_per_epoch
    compile_adversarial(model, stage, steps_per_epoch)


def stage_loader(
    config: StackGANConfig,
    phase: str,
    records: Records,
    model: StackGANStage,
    table: EmbeddingTable | None,
    telling: TellingWords | None = None,
) -> Loader | AddingLoader:
    """Opens the batches of a stage: pictures, embeddings, and all that its model and its losses ask for.

    Args:
        config: The configuration.
        phase: ``"stage1"`` or ``"stage2"``.
        records: The training split.
        model: What :func:`build_stage` made.
        table: The embeddings of its captions; a Stage-II with attention and no further captions needs none.
        telling: For a reading loss, what :func:`build_stage` was given.

    Raises:
        UserError: If there is a reading loss and no words to read.

    Example:
        See the program in the README, which trains Stage-I with it.
    """
    stage: StageConfig = getattr(config, phase)
    if isinstance(model, AttentionStage):  # which reads them itself: words of every caption are too many
        captions: dict[str, Any] = {"captions": "characters"}
    else:
        captions = {"captions": "embedding", "embeddings": table}
    loader: Loader | AddingLoader = open_loader(config, phase, records, draws=model.draws, **captions)
    if stage.matching_negatives and table is not None:
        loader = AddingLoader(loader, OtherCaptions(table, stage.matching_negatives))
    if not stage.reading_weight:
        return loader
    if telling is None:
        raise UserError(
            f"{phase}.reading_weight is {stage.reading_weight:g}, but there are no words to read off "
            f"pictures; give telling=run.telling_words(), or set {phase}.reading_weight=0"
        )
    return AddingLoader(loader, SaidWords(records, telling))


def pipeline(run: Run) -> Pipeline:
    """Returns the trained networks that draw: Stage-I, and Stage-II where it has been trained.

    Raises:
        UserError: If the text encoder or Stage-I has not been trained.
    """
    encoder = run.text_encoder()
    generators = [stage1_generator(run)]
    if run.has("stage2", "generator"):
        generators.append(run.trained(build_stage2_generator(run.config), "stage2", "generator"))
    return Pipeline(generators, text_encoder=encoder)


def load(run: Run) -> StackGANStage:
    """Returns the last stage that was trained, as :func:`stackgan_k3.training.load_run.load_run` gives it."""
    phase = "stage2" if run.has("stage2", "generator") else "stage1"
    sketcher = stage1_generator(run)
    model = build_stage(
        run.config,
        phase,
        sketcher=sketcher if phase == "stage2" else None,
        text_encoder=run.text_encoder(),
        image_encoder=_image_encoder(run, phase),
        telling=run.telling_words() if getattr(run.config, phase).reading_weight else None,
    )
    checkpoints = Checkpoints(run.phase(phase) / "checkpoints")
    compile_stage(model, run.config, phase, checkpoints.steps_per_epoch())
    checkpoints.restore(model)
    return model


def stage1_generator(run: Run) -> Stage1Generator:
    """Builds the averaged Stage-I generator with its trained weights.

    Raises:
        UserError: If the phase ``stage1`` has not been trained.
    """
    return run.trained(build_stage1_generator(run.config), "stage1", "generator")


def build_stage1_generator(config: StackGANConfig) -> Stage1Generator:
    """Builds the Stage-I generator of a configuration, with fresh weights."""
    return Stage1Generator(
        config.stage1.width,
        embedding_dim=config.text.embedding_dim,
        conditioning_dim=config.conditioning_dim,
        noise_dim=config.noise_dim,
        noise=config.noise,
        **_variant(config),
    )


def build_stage2_generator(config: StackGANConfig) -> Stage2Generator | SuperResolutionGenerator:
    """Builds the Stage-II generator of a configuration, with fresh weights."""
    settings: dict[str, Any] = {
        "image_size": config.stage2.image_size,
        "residual_blocks": config.stage2.residual_blocks,
        "embedding_dim": config.text.embedding_dim,
        "conditioning_dim": config.conditioning_dim,
        **_variant(config),
    }
    if config.stage2.kind == "srgan":
        del settings["upsampling"]  # its doublings are sub-pixel layers; the setting is Stage-I's alone
        return SuperResolutionGenerator(config.stage2.width, **settings)
    if config.attention:
        words = with_words(text_networks(config.text)["text_encoder"]).output["words"]
        settings["words"] = words.shape[1:]
    settings |= {name: getattr(config.stage2, name) for name in ("sketch_skip", "feature_skip")}
    return Stage2Generator(config.stage2.width, **settings)


def _variant(config: StackGANConfig) -> dict[str, str]:
    """The settings that both generators share."""
    return {
        "conditioning": config.conditioning,
        "normalization": config.normalization,
        "upsampling": config.upsampling,
    }


def _train_stage(run: Run, phase: str, records: Records, deadline: float | None) -> bool:
    config = run.config
    encoder = caption_encoder(run)
    attends = config.attention and phase == "stage2"
    alone = attends and not getattr(config, phase).matching_negatives
    table = None if alone else embedding_table(records, encoder)
    telling = keep_telling_words(run, records) if getattr(config, phase).reading_weight else None
    model = build_stage(
        config,
        phase,
        sketcher=stage1_generator(run) if phase == "stage2" else None,
        text_encoder=encoder if attends else None,
        image_encoder=_image_encoder(run, phase),
        telling=telling,
    )
    loader = stage_loader(config, phase, records, model, table, telling)
    compile_stage(model, config, phase, loader.steps_per_epoch)
    asked = run.examples if attends else example_vectors(run, records, encoder)
    sampler = Sampler(run.folder / "samples", phase, run.examples, asked)
    epochs = getattr(config, phase).epochs
    products = {"generator": model.averaged_generator}
    return train_phase(
        run, phase, model, loader, epochs, products=products, callbacks=[sampler], deadline=deadline
    )


def _image_encoder(run: Run, phase: str) -> keras.Model | None:
    """The trained image encoder, where the phase compares pictures with captions."""
    if not getattr(run.config, phase).matching_weight:
        return None
    encoder: keras.Model = run.image_encoder()
    return encoder


def _kind(config: StackGANConfig, phase: str) -> tuple[type[StackGANStage], dict[str, Any]]:
    """The class of a stage's model, and the settings that it alone has."""
    stage = config.stage2
    if phase == "stage2" and stage.kind == "srgan":
        weights = {"content_weight": stage.content_weight, "feature_weight": stage.feature_weight}
        return SuperResolutionStage, weights
    if phase == "stage2" and config.attention:
        return AttentionStage, {}
    if phase == "stage2" and stage.restoring_weight:
        return RestoringStage, {"restoring_weight": stage.restoring_weight}
    return StackGANStage, {}


def _discriminator(config: StackGANConfig, phase: str, words: int) -> Discriminator:
    second = phase == "stage2"
    stage: StageConfig = getattr(config, phase)
    return Discriminator(
        stage.discriminator_width,
        image_size=config.stage2.image_size if second else 64,
        condition_dim=config.conditioning_dim,
        unconditional=second,
        normalization=config.discriminator_normalization,
        spectral_norm=stage.spectral_norm,
        minibatch_std=stage.minibatch_std,
        projection=stage.projection,
        reading=words if stage.reading_weight else 0,
    )
