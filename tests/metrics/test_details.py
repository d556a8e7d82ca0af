"""Squares of pictures at full resolution: of the same places, and able to tell sharp from enlarged."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from stackgan_k3.errors import UserError
from stackgan_k3.metrics.details import Details
from stackgan_k3.metrics.frechet_distance import frechet_distance
from stackgan_k3.metrics.pixel_features import PixelFeatures
from stackgan_k3.metrics.reading import Reading


class Kept:
    """Takes the pictures themselves for their features."""

    name = "kept"

    def read(self, pictures):
        return Reading(pictures, {})


class Edges:
    """How much neighbouring pixels differ, a number a channel."""

    name = "edges"

    def read(self, pictures):
        return Reading(np.abs(np.diff(pictures.astype("float64"), axis=2)).max(axis=2).mean(axis=1), {})


def discs(seed):
    """A picture of large discs with sharp borders."""
    generator = np.random.default_rng(seed)
    picture = Image.new("RGB", (256, 256))
    for x, y, radius, *colour in generator.integers(0, 256, (12, 6)).tolist():
        ImageDraw.Draw(picture).circle((x, y), 20 + radius // 4, fill=tuple(colour))
    return np.asarray(picture)


def test_two_sets_are_cropped_at_the_same_places_however_they_are_parted():
    ramp = np.indices((256, 256)).transpose(1, 2, 0).astype("uint8")  # each pixel says where it is
    pictures = np.repeat(np.concatenate([ramp, ramp[..., :1]], axis=-1)[None], 6, axis=0)
    whole = Details(Kept(), 256, seed=3).read(pictures).features
    parted = Details(Kept(), 256, seed=3)
    parts = [parted.read(pictures[:4]).features, parted.read(pictures[4:]).features]
    assert whole.shape == (6, 64, 64, 3) and (np.concatenate(parts) == whole).all()
    corners = whole[:, 0, 0, :2].astype(int)
    assert len({tuple(corner) for corner in corners}) == 6 and corners.max() <= 192
    for square, (y, x) in zip(whole, corners, strict=True):
        assert (square == pictures[0, y : y + 64, x : x + 64]).all()
    assert (Details(Kept(), 256, seed=4).read(pictures).features != whole).any()


def test_smaller_pictures_are_enlarged_first():
    sketches = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), "uint8")
    large = np.stack([np.asarray(Image.fromarray(each).resize((128, 128), 3)) for each in sketches])
    found, wanted = (Details(Kept(), 128).read(each).features for each in (sketches, large))
    assert (found == wanted).all()


def test_enlarged_pictures_are_farther_from_sharp_ones_than_sharp_ones_are():
    every = np.stack([discs(seed) for seed in range(160)])
    first, second = every[:80], every[80:]
    dull = np.stack(
        [np.asarray(Image.fromarray(each).resize((64, 64), Image.Resampling.BOX)) for each in second]
    )
    real, sharp, enlarged = (Details(Edges(), 256).read(some).features for some in (first, second, dull))
    assert frechet_distance(real, enlarged) > 3 * frechet_distance(real, sharp)


def test_what_is_no_picture_is_refused():
    with pytest.raises(UserError):
        Details(PixelFeatures(), 128).read(np.zeros((2, 64, 64), "uint8"))
