"""Folding the variants of StackGAN: what can be folded is, and what depends on the text stays."""

import keras
import numpy as np
import pytest
from stackgan_k3.export.float32 import fold, rebuild

from stackgan_k3.layers.conditional_batch_norm import ConditionalBatchNorm
from stackgan_k3.models.stage1_generator import Stage1Generator
from stackgan_k3.models.stage2_generator import Stage2Generator

SIZES = {"embedding_dim": 16, "conditioning_dim": 4}


def generator(second, **variant):
    """A generator whose weights all matter."""
    if second:
        network = Stage2Generator(4, image_size=128, residual_blocks=1, **SIZES, **variant)
    else:
        network = Stage1Generator(4, noise_dim=6, noise="uniform", **SIZES, **variant)
    random = np.random.default_rng(4)
    for variable in network.variables:
        inputs = np.prod(variable.shape[:-1]) if len(variable.shape) > 1 else 25  # as if there were so many
        value = random.normal(0.0, (0.7 if second else 1.0) / np.sqrt(inputs), variable.shape)
        if variable.path.endswith("gamma"):
            value = 1.0 + np.abs(value)
        elif variable.path.endswith("moving_variance"):
            value = random.uniform(0.2, 0.6, variable.shape)
        variable.assign(value.astype("float32"))
    return network


def batch_of(network):
    random = np.random.default_rng(5)
    return {
        name: random.normal(0, 1, (3, *tensor.shape[1:])).astype("float32")
        for name, tensor in network.input.items()
    }


def count(network, kind):
    return sum(isinstance(layer, kind) for layer in network.layers)


@pytest.mark.parametrize("second", [False, True])
@pytest.mark.parametrize(
    ("upsampling", "normalization"),
    [("nearest", "conditional"), ("bilinear", "conditional"), ("bicubic", "batch")],
)
def test_a_folded_variant_is_the_same_function(second, upsampling, normalization):
    network = generator(second, conditioning="mixture", upsampling=upsampling, normalization=normalization)
    before = count(network, ConditionalBatchNorm)
    assert (before > 0) == (normalization == "conditional")
    folded = fold(rebuild(network))
    assert count(folded, ConditionalBatchNorm) == before  # they follow the text
    assert count(folded, keras.layers.BatchNormalization) == 0
    batch = batch_of(network)
    right = np.array(network(batch, training=False)["image"])
    assert right.std() > 0.1 and abs(right[0] - right[1]).max() > 0.1
    np.testing.assert_allclose(
        folded(batch, training=False)["image"], right, atol=1e-4
    )  # a hundredth of a grey level


@pytest.mark.parametrize("skip", ["sketch_skip", "feature_skip"])
def test_the_sketch_is_still_added_when_folded(skip):
    network = generator(True, conditioning="plain", **{skip: True})
    batch = {name: value.clip(-1, 1) for name, value in batch_of(network).items()}
    folded, right = fold(rebuild(network)), np.array(network(batch, training=False)["image"])
    np.testing.assert_allclose(folded(batch, training=False)["image"], right, atol=1e-4)
    batch["sketch"] = -batch["sketch"]
    assert abs(np.array(folded(batch, training=False)["image"]) - right).mean() > 0.1


def test_a_folded_conditional_norm_still_follows_the_text():
    network = generator(True, conditioning="plain", normalization="conditional")
    folded, batch = fold(rebuild(network)), batch_of(network)
    batch["sketch"][1:] = batch["sketch"][0]
    pictures = np.array(folded(batch, training=False)["image"])
    assert abs(pictures[0] - pictures[1]).max() > 0.01
