"""GAN, GAN-CLS, GAN-INT and GAN-INT-CLS: the text encoder, then the networks that read it."""

from typing import Any

import keras

from stackgan_k3.config.gan_cls import GANCLSConfig
from stackgan_k3.data.records import Records
from stackgan_k3.models.gan_cls.discriminator import GANCLSDiscriminator
from stackgan_k3.models.gan_cls.gan_cls import GANCLS
from stackgan_k3.models.gan_cls.gan_int import GANINT
from stackgan_k3.models.gan_cls.generator import GANCLSGenerator
from stackgan_k3.models.pipeline import Pipeline
from stackgan_k3.training.callbacks.sampler import Sampler
from stackgan_k3.training.checkpoints import Checkpoints
from stackgan_k3.training.phase import train_phase
from stackgan_k3.training.run import Run
from stackgan_k3.training.setting_up import (
    adversarial_settings,
    compile_adversarial,
    open_loader,
    precision,
    seed_weights,
)
from stackgan_k3.training.text_phase import (
    caption_encoder,
    embedding_table,
    example_vectors,
    examples,
    text_networks,
    train_text,
)

__all__ = ["TRAINERS", "examples", "load", "networks", "pipeline"]


def networks(config: GANCLSConfig) -> dict[str, keras.Model]:
    """Builds every network of a configuration with fresh weights, by name.

    Example:
        >>> from stackgan_k3.config import load_preset
        >>> sorted(networks(load_preset("gan-cls-flowers")))
        ['discriminator', 'generator', 'image_encoder', 'text_encoder']
    """
    return {
        **text_networks(config.text),
        "generator": _generator(config),
        "discriminator": _discriminator(config),
    }


def build(config: GANCLSConfig, *, text_encoder: keras.Model | None = None) -> GANCLS:
    """Builds the model of a configuration with fresh weights, not yet compiled.

    Args:
        config: The configuration; ``gan.interpolation`` makes it a :class:`GANINT`.
        text_encoder: To draw captions with ``generate()``; not trained here.

    Example:
        >>> from stackgan_k3.config import load_preset
        >>> small = {"gan.width": 4, "gan.discriminator_width": 4}
        >>> type(build(load_preset("gan-int-flowers", small))).__name__
        'GANINT'
    """
    seed_weights(config, "gan")
    gan = config.gan
    settings: dict[str, Any] = {
        "text_encoder": text_encoder,
        "matching_aware": gan.matching_aware,
        "caption_dropout": gan.caption_dropout,
        **adversarial_settings(config, "gan"),
    }
    with precision(config.precision, gan.image_size):
        if gan.interpolation:
            return GANINT(_generator(config), _discriminator(config), beta=gan.beta, **settings)
        return GANCLS(_generator(config), _discriminator(config), **settings)


def train_gan(run: Run, records: Records, deadline: float | None = None) -> bool:
    """Trains the GAN on the cached embeddings; the arguments are those of :func:`train_text`."""
    encoder = caption_encoder(run)
    model = build(run.config)
    loader = open_loader(
        run.config,
        "gan",
        records,
        captions="embedding",
        embeddings=embedding_table(records, encoder),
        draws=model.draws,
    )
    compile_adversarial(model, run.config.gan, loader.steps_per_epoch)
    vectors = example_vectors(run, records, encoder)
    sampler = Sampler(run.folder / "samples", "gan", run.examples, vectors)
    return train_phase(
        run,
        "gan",
        model,
        loader,
        run.config.gan.epochs,
        products={"generator": model.averaged_generator},
        callbacks=[sampler],
        deadline=deadline,
    )


TRAINERS = {"text": train_text, "gan": train_gan}


def pipeline(run: Run) -> Pipeline:
    """Returns the trained text encoder and generator.

    Raises:
        UserError: If one of them has not been trained.
    """
    encoder = run.text_encoder()
    return Pipeline([run.trained(_generator(run.config), "gan", "generator")], text_encoder=encoder)


def load(run: Run) -> GANCLS:
    """Returns the model with its weights and optimizers.

    Raises:
        UserError: If it has not been trained.
    """
    encoder = pipeline(run).text_encoder  # says so where nothing has been trained
    model = build(run.config, text_encoder=encoder)
    checkpoints = Checkpoints(run.phase("gan") / "checkpoints")
    compile_adversarial(model, run.config.gan, checkpoints.steps_per_epoch())
    checkpoints.restore(model)
    return model


def _generator(config: GANCLSConfig) -> GANCLSGenerator:
    gan = config.gan
    return GANCLSGenerator(
        gan.width,
        image_size=gan.image_size,
        embedding_dim=config.text.embedding_dim,
        text_dim=gan.text_dim,
        noise_dim=gan.noise_dim,
        noise=gan.noise,
    )


def _discriminator(config: GANCLSConfig) -> GANCLSDiscriminator:
    gan = config.gan
    return GANCLSDiscriminator(
        gan.discriminator_width,
        image_size=gan.image_size,
        embedding_dim=config.text.embedding_dim,
        text_dim=gan.text_dim,
    )
