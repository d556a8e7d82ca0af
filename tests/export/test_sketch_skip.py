"""A second stage that adds to the sketch, out of the bundle."""

import numpy as np
from stackgan_k3.export.write_bundle import write_bundle

from stackgan_k3.inference import TextToImage


def test_the_bundle_draws_what_the_networks_draw(make_networks, about, tmp_path):
    networks = make_networks(sketch_skip=True)
    drawing = TextToImage.load(write_bundle(networks, about, tmp_path / "bundle")).generate(
        "a small red bird", num_images=3, seed=5
    )
    wanted = networks.generate("a small red bird", num_images=3, seed=5)
    assert np.abs(drawing.images.astype(int) - wanted).max() <= 1
    # Not the pictures of the same weights without it, which do not look like the sketches.
    without = make_networks().generate("a small red bird", num_images=3, seed=5)
    enlarged = drawing.previews.repeat(2, axis=1).repeat(2, axis=2).astype(int)
    assert np.abs(enlarged - wanted).mean() < 0.9 * np.abs(enlarged - without).mean()
