import numpy as np
import pytest
from bundles_of_kinds import SIZE, build_kind

from stackgan_k3.bundle.interpolation import spherical
from stackgan_k3.bundle.noise import normal
from stackgan_k3.errors import UserError
from stackgan_k3.inference import TextToImage


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kinds")
    return {
        kind: TextToImage.load(build_kind(folder / kind, kind), "cpu")
        for kind in ("embedding", "label", "none")
    }


def test_from_noise_alone(models):
    walk = models["none"].interpolate(seed=3, seed_b=4, steps=5)
    assert walk.captions[2] == "seed 3 \u2192 4: 0.50" and walk.seeds == (3, 3, 3, 3, 4)
    for place, seed in ((0, 3), (-1, 4)):
        assert (walk.images[place] == models["none"].generate(seed=seed).images[0]).all()
    # The one layer of this model, by hand, at the middle of the circle.
    weights = np.random.default_rng(3).normal(0, 0.3, (14, 3)).astype(np.float32)
    middle = spherical(normal(3, 0, 14), normal(4, 0, 14), 3)[1]
    colour = np.tanh(middle @ weights) * 127.5 + 127.5
    assert np.abs(walk.images[2][0, 0] - colour).max() <= 1


def test_a_class_with_two_noises(models):
    walk = models["label"].interpolate("two", seed=3, seed_b=4, steps=3)
    assert walk.captions[0] == "two, seed 3 \u2192 4: 0.00"
    assert (walk.images[-1] == models["label"].generate("two", seed=4).images[0]).all()
    with pytest.raises(UserError, match="nothing between two classes"):
        models["label"].interpolate("two", "one")
    with pytest.raises(UserError, match="unknown class 'tow'; did you mean 'two'"):
        models["label"].interpolate("tow", seed_b=1)


def test_between_two_embeddings(models):
    ends = np.random.default_rng(0).normal(size=(2, SIZE)).astype("float32")
    walk = models["embedding"].interpolate(ends[0], ends[1:], seed=3, steps=3)
    right = models["embedding"].generate(np.stack([ends[0], ends.mean(axis=0), ends[1]]), seed=3)
    assert np.abs(walk.images.astype(int) - right.images).max() <= 1
    assert (walk.images[[0, 2]] == right.images[[0, 2]]).all()
    assert walk.captions[1] == "embedding 0 \u2192 embedding 1: 0.50"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("a red bird", None), "no text encoder"),
        ((np.zeros(SIZE + 1), None), "must be"),
        ((np.zeros(SIZE), np.ones(SIZE + 1)), "different sizes"),
        ((np.zeros((2, SIZE)), None), "one embedding"),
        ((np.zeros(SIZE), np.full(SIZE, np.nan)), "not finite"),
        ((np.array(["a"] * SIZE), None), "must be float32"),
    ],
)
def test_embeddings_that_are_refused(models, given, message):
    with pytest.raises(UserError, match=message):
        models["embedding"].interpolate(*given, seed=1, seed_b=2)
