import numpy as np
import onnx
import pytest
from bundles import build_bundle, build_manifest, build_model
from PIL import Image

from stackgan_k3.errors import UserError
from stackgan_k3.inference import TextToImage
from stackgan_k3.inference.walk import save_walk

ONE, OTHER = "a small red bird", "two blue fish"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return TextToImage.load(build_bundle(tmp_path_factory.mktemp("between") / "bundle"), "cpu")


def same(pictures, others):
    return (pictures == others).all()


def test_between_two_captions_the_ends_are_those_of_generate(model):
    walk = model.interpolate(ONE, OTHER, seed=7, steps=5)
    assert len(walk) == 5 and walk.seeds == (7,) * 5
    for number, caption in ((0, ONE), (-1, OTHER)):
        alone = model.generate(caption, seed=7)
        assert same(walk.images[number], alone.images[0])
        assert same(walk.previews[number], alone.previews[0])
    assert walk.captions[0] == f"{ONE} \u2192 {OTHER}: 0.00"
    assert walk.captions[1] == f"{ONE} \u2192 {OTHER}: 0.25"
    assert len({picture.tobytes() for picture in walk.images}) == 5


def test_between_two_noises_the_ends_are_those_of_generate(model):
    walk = model.interpolate(ONE, seed=7, seed_b=9, steps=4)
    assert walk.seeds == (7, 7, 7, 9)
    assert same(walk.images[0], model.generate(ONE, seed=7).images[0])
    assert same(walk.images[-1], model.generate(ONE, seed=9).images[0])
    assert walk.captions[-1] == f"{ONE}, seed 7 \u2192 9: 1.00"


def test_both_at_once(model):
    walk = model.interpolate(ONE, OTHER, seed=7, seed_b=9, steps=3)
    assert same(walk.images[0], model.generate(ONE, seed=7).images[0])
    assert same(walk.images[-1], model.generate(OTHER, seed=9).images[0])
    assert walk.captions[1] == f"{ONE} \u2192 {OTHER}, seed 7 \u2192 9: 0.50"


def test_each_step_is_a_small_one(model):
    """The pictures of this model are smooth in what goes in, so no step may be most of the way."""
    images = model.interpolate(ONE, OTHER, seed=7, seed_b=9, steps=9).images.astype(float)
    steps = np.abs(np.diff(images, axis=0)).mean(axis=(1, 2, 3))
    whole = np.abs(images[-1] - images[0]).mean()
    assert whole > 5
    assert steps.max() < 0.5 * whole


@pytest.mark.parametrize("batch_size", [1, 2, 100])
def test_batching_changes_nothing(model, batch_size):
    expected = model.interpolate(ONE, OTHER, seed_b=3, steps=5)
    assert same(
        model.interpolate(ONE, OTHER, seed_b=3, steps=5, batch_size=batch_size).images, expected.images
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"caption_b": None}, "both ends are the same"),
        ({"caption_b": ""}, "empty"),
        ({"caption_a": None}, "each|both|no caption|same"),
        ({"steps": 1}, "steps is 1"),
        ({"steps": 20_000}, "at most 10,000"),
        ({"seed": -1}, "out of range"),
        ({"seed_b": 2**63}, "out of range"),
        ({"batch_size": 0}, "batch_size is 0"),
    ],
)
def test_bad_requests(model, arguments, message):
    request = {"caption_a": ONE, "caption_b": OTHER, **arguments}
    if request["caption_a"] is None:
        request["caption_b"] = None
    with pytest.raises(UserError, match=message):
        model.interpolate(**request)


def test_an_older_bundle_says_so_and_still_goes_between_noises(tmp_path):
    graph = build_model(noise_size=14)
    for inputs in graph.graph.input:  # a model of before: both are constants now
        if inputs.name.startswith("other"):
            inputs.name = f"unused_{inputs.name}"
    kept = [entry for entry in graph.graph.input if not entry.name.startswith("unused")]
    del graph.graph.input[:]
    graph.graph.input.extend(kept)
    onnx.save(graph, tmp_path / "model.onnx")
    build_manifest().write(tmp_path)
    old = TextToImage.load(tmp_path, "cpu")
    with pytest.raises(UserError, match=r"exported before .* export its run again"):
        old.interpolate(ONE, OTHER)
    assert len(old.interpolate(ONE, seed=1, seed_b=2)) == 8


def test_a_strip_is_one_row(model, tmp_path):
    walk = model.interpolate(ONE, OTHER, steps=5)
    with Image.open(save_walk(walk, tmp_path / "strip.png")) as file:
        strip = np.asarray(file)
    assert strip.shape == (128, 5 * 132 - 4, 3)
    assert same(strip[:, 2 * 132 : 2 * 132 + 128], walk.images[2])


def test_a_gif_goes_there_and_back_endlessly(model, tmp_path):
    walk = model.interpolate(ONE, OTHER, steps=4)
    with Image.open(save_walk(walk, tmp_path / "walk.gif", milliseconds=200)) as file:
        assert (file.n_frames, file.info["loop"], file.info["duration"]) == (6, 0, 200)
        for place, number in enumerate((0, 1, 2, 3, 2, 1)):
            file.seek(place)
            off = np.asarray(file.convert("RGB")).astype(int) - walk.images[number]
            assert np.abs(off).mean() < 8  # 256 colours; another picture is off by 20 and more


def test_two_steps_make_a_gif_of_two(model, tmp_path):
    walk = model.interpolate(ONE, OTHER, steps=2)
    with Image.open(save_walk(walk, tmp_path / "walk.gif")) as file:
        assert file.n_frames == 2


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("a.mp4", {}, "or .gif"),
        ("missing/a.gif", {}, "does not exist"),
        ("a.gif", {"milliseconds": 5}, "at least 20"),
    ],
)
def test_what_cannot_be_saved(model, tmp_path, name, settings, message):
    walk = model.interpolate(ONE, OTHER, steps=2)
    with pytest.raises(UserError, match=message):
        save_walk(walk, tmp_path / name, **settings)
    assert list(tmp_path.iterdir()) == []
