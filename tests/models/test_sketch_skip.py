"""Stage-II adds to the sketch: at the beginning it draws the sketch, enlarged, and it learns from there."""

import keras
import numpy as np
import pytest
from PIL import Image

from stackgan_k3.models.stage2_generator import Stage2Generator

SIZES = {"embedding_dim": 8, "conditioning_dim": 4, "conditioning": "plain", "residual_blocks": 1}


def batch(count=3):
    random = np.random.default_rng(0)
    sketch = random.uniform(-1, 1, (count, 64, 64, 3)).astype("float32")
    sketch[0, :8], sketch[0, 8:16] = -1.0, 1.0  # pure black and white are finite too
    return {"sketch": sketch, "embedding": random.normal(size=(count, 8)).astype("float32")}


@pytest.mark.parametrize("size", [128, 256])
def test_a_network_that_says_nothing_draws_the_enlarged_sketch(size):
    generator = Stage2Generator(4, image_size=size, sketch_skip=True, **SIZES)
    last = [layer for layer in generator.layers if layer.weights][-1]
    assert last.kernel.shape[-1] == 3
    last.kernel.assign(np.zeros(last.kernel.shape))
    asked = batch()
    drawn = keras.ops.convert_to_numpy(generator(asked, training=False)["image"])
    for sketch, picture in zip(asked["sketch"], drawn, strict=True):
        whole = sketch
        while len(whole) < size:  # doubled and doubled again, as the layer does
            bands = [
                Image.fromarray(band).resize((2 * len(whole), 2 * len(whole)), Image.Resampling.BILINEAR)
                for band in whole.transpose(2, 0, 1)
            ]
            whole = np.stack([np.asarray(band) for band in bands], axis=-1)
        np.testing.assert_allclose(picture, 0.95 * whole, atol=2e-5)


def test_a_fresh_one_is_near_it_and_the_published_network_is_not():
    asked = batch()
    near, far = (
        keras.ops.convert_to_numpy(
            Stage2Generator(4, image_size=128, sketch_skip=skip, **SIZES)(asked, training=False)["image"]
        )
        for skip in (True, False)
    )
    enlarged = asked["sketch"].repeat(2, axis=1).repeat(2, axis=2)
    assert np.abs(near - enlarged).mean() < 0.5 * np.abs(far - enlarged).mean()


def test_links_pass_edges_by_what_goes_through_16_px():
    generator = Stage2Generator(4, image_size=128, feature_skip=True, **SIZES)
    published = Stage2Generator(4, image_size=128, **SIZES)
    assert generator.count_params() == published.count_params()
    published.set_weights(generator.get_weights())
    # Nothing comes from below: what is left of the sketch came over the links.
    for network in (generator, published):
        deepest = [layer for layer in network.layers if layer.output.shape[1:] == (16, 16, 16)]
        for layer in deepest:
            for weight in layer.weights:
                weight.assign(np.zeros(weight.shape))
    asked = batch()
    asked["embedding"][:] = 0
    with_links, without = (
        keras.ops.convert_to_numpy(network(asked, training=False)["image"])
        for network in (generator, published)
    )
    assert np.abs(without[0] - without[1]).max() == 0
    assert np.abs(with_links[0] - with_links[1]).max() > 1e-4


@pytest.mark.parametrize("skip", ["sketch_skip", "feature_skip"])
def test_it_saves_and_loads_with_its_skip(skip, tmp_path):
    generator = Stage2Generator(4, image_size=128, **{skip: True}, **SIZES)
    generator.save(tmp_path / "generator.keras")
    again = keras.saving.load_model(tmp_path / "generator.keras")
    assert getattr(again, skip)
    one, other = (
        keras.ops.convert_to_numpy(each(batch(), training=False)["image"]) for each in (generator, again)
    )
    np.testing.assert_allclose(one, other, atol=1e-6)
