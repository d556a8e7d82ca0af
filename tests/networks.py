"""Tiny networks and batches with numbers that do not depend on the backend."""

import numpy as np

EMBEDDING, CONDITION, NOISE, WIDTH, BATCH = 12, 5, 7, 4, 6


def stage1(**settings):
    """Builds a Stage-I of a few thousand weights, compiled by the caller."""
    from stackgan_k3.models.discriminator import Discriminator
    from stackgan_k3.models.stackgan_stage import StackGANStage

    stage = StackGANStage(stage1_generator(), Discriminator(WIDTH, condition_dim=CONDITION), **settings)
    return set_weights(stage)


def stage1_generator():
    from stackgan_k3.models.stage1_generator import Stage1Generator

    return Stage1Generator(WIDTH, embedding_dim=EMBEDDING, conditioning_dim=CONDITION, noise_dim=NOISE)


def stage2(**settings):
    """Builds a Stage-II at 128 px on top of a Stage-I."""
    from stackgan_k3.models.discriminator import Discriminator
    from stackgan_k3.models.stackgan_stage import StackGANStage
    from stackgan_k3.models.stage2_generator import Stage2Generator

    stage = StackGANStage(
        Stage2Generator(
            WIDTH, image_size=128, residual_blocks=1, embedding_dim=EMBEDDING, conditioning_dim=CONDITION
        ),
        Discriminator(WIDTH, image_size=128, condition_dim=CONDITION, unconditional=True),
        sketcher=stage1_generator(),
        **settings,
    )
    return set_weights(stage)


def set_weights(stage):
    """Gives every network the same weights on every backend, far from zero so that all of it matters."""
    networks = [stage.generator, stage.discriminator, *([stage.sketcher] if stage.sketcher else [])]
    for number, network in enumerate(networks):
        generator = np.random.default_rng(number)
        for variable in network.variables:
            value = generator.normal(0.0, 0.1, variable.shape)
            if variable.path.endswith(("gamma", "moving_variance")):
                value = 1.0 + np.abs(value)
            variable.assign(value.astype("float32"))
    stage.averaged_generator.set_weights(stage.generator.get_weights())
    return stage


def batch(stage, seed=0, size=BATCH):
    """Makes a batch with everything a stage asks for."""
    from stackgan_k3.draws import draw_batch

    generator = np.random.default_rng(seed)
    pixels = stage.discriminator.image_size
    return {
        "image": generator.integers(0, 256, (size, pixels, pixels, 3)).astype("uint8"),
        "embedding": generator.normal(size=(size, EMBEDDING)).astype("float32"),
        **draw_batch(stage.draws, seed=seed, step=0, batch_size=size),
    }


def batches(stage, count):
    """Yields batches as fit() takes them from a generator."""
    for seed in range(count):
        yield (batch(stage, seed),)


def learnt_by_heart(kind, generator, name, **settings):
    """Trains a Stage-II 40 steps on two pictures of 8 × 8 squares at 128 px, and returns a log of each."""
    import keras

    from stackgan_k3.models.discriminator import Discriminator

    judge = Discriminator(WIDTH, image_size=128, condition_dim=CONDITION, unconditional=True)
    stage = kind(generator, judge, sketcher=stage1_generator(), **settings)
    stage.compile(keras.optimizers.Adam(3e-3), keras.optimizers.Adam(1e-4))
    one = batch(stage, size=2)
    coarse = np.random.default_rng(5).integers(0, 256, (2, 8, 8, 3))
    one["image"] = coarse.repeat(16, axis=1).repeat(16, axis=2).astype("uint8")
    seen = []
    for _ in range(40):
        stage.reset_metrics()
        seen.append(stage.train_on_batch(one, return_dict=True)[name])
    return seen
