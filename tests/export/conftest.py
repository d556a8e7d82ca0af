"""Tiny networks with weights that make every operation count, and bundles of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from stackgan_k3.export.about import About
from stackgan_k3.export.write_bundle import write_bundle

from stackgan_k3.models.pipeline import Pipeline
from stackgan_k3.models.stage1_generator import Stage1Generator
from stackgan_k3.models.stage2_generator import Stage2Generator
from stackgan_k3.text.char_cnn_rnn import CharCNNRNN

CAPTIONS = ("a small red bird with a black wing", "this bird has a yellow belly", "   ", "x" * 300)


def shaken(network: keras.Model, random: np.random.Generator) -> keras.Model:
    """Gives a network weights as after long training: strong kernels, batch norms far from the identity."""
    for variable in network.weights:
        name, shape = variable.path.split("/")[-1], variable.shape
        if name in ("moving_variance", "gamma"):
            variable.assign(random.uniform(0.5, 2.0, shape))
        elif name in ("beta", "moving_mean", "bias"):
            variable.assign(random.normal(0, 0.2, shape))
        else:
            variable.assign(random.normal(0, 1.4 / np.sqrt(np.prod(shape[:-1])), shape))
    return network


def tiny(*, stage2: bool = True, seed: int = 0, **variant: Any) -> Pipeline:
    random = np.random.default_rng(seed)
    sizes = {"embedding_dim": 16, "conditioning_dim": 4}
    text_encoder = shaken(CharCNNRNN(width=6, embedding_dim=16), random)
    generators = [shaken(Stage1Generator(4, noise_dim=6, **sizes), random)]
    if stage2:
        second = Stage2Generator(4, image_size=128, residual_blocks=1, **sizes, **variant)
        generators.append(shaken(second, random))
    return Pipeline(generators, text_encoder=text_encoder)


@pytest.fixture(scope="session")
def make_networks() -> Callable[..., Pipeline]:
    return tiny


@pytest.fixture(scope="session")
def networks() -> Pipeline:
    return tiny()


@pytest.fixture(scope="session")
def about() -> About:
    return About(
        name="tiny birds",
        preset="stackgan-tiny",
        system="stackgan",
        data={
            "name": "synthetic-birds",
            "title": "Synthetic birds",
            "licence": "CC0-1.0",
            "homepage": "https://example.org/birds",
        },
        captions=CAPTIONS,
        settings={"seed": 3, "stage1.epochs": 5},
        metrics={"stage1/kl": 0.25},
        commands=("stackgan-k3 train stackgan-tiny --data data/birds --run 'tiny birds'",),
        times={"stage1": "5 epochs, 12 minutes"},
        machines=("AMD EPYC, 2 cores, no GPU; jax 0.10.2, keras 3.15.1",),
    )


@pytest.fixture(scope="session")
def bundle(networks: Pipeline, about: About, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bundle(networks, about, tmp_path_factory.mktemp("whole") / "bundle")


@pytest.fixture(scope="session")
def sketch_bundle(about: About, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bundle(tiny(stage2=False), about, tmp_path_factory.mktemp("sketch") / "bundle")
