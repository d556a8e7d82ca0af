import json

import numpy as np
import onnx
import pytest
import tensorflow as tf
from PIL import Image
from stackgan_k3.export import agreement
from stackgan_k3.export import write_bundle as module
from stackgan_k3.export.drawing_model import drawing_model
from stackgan_k3.export.onnx_file import write_onnx
from stackgan_k3.export.write_bundle import write_bundle

from stackgan_k3.bundle.manifest import Manifest
from stackgan_k3.errors import UserError
from stackgan_k3.inference import TextToImage

ASKED = (
    "a small red bird with a black wing",
    "  A  SMALL red\tbird; with 2 (two) wing-bars!\n",
    "l’oiseau était “très” petit — 鳥 🐦",
    "x",
)


def serve(folder, text, seed):
    loaded = tf.saved_model.load(str(folder / "saved_model"))
    drawn = loaded.signatures["serving_default"](text=tf.constant(text), seed=tf.constant(seed, tf.int64))
    return {name: value.numpy() for name, value in drawn.items()}


def largest(left, right):
    return np.abs(left.astype(int) - right.astype(int)).max()


@pytest.mark.parametrize("which", ["bundle", "sketch_bundle"])
def test_the_saved_model_draws_what_text_to_image_draws(which, request):
    folder = request.getfixturevalue(which)
    drawing = TextToImage.load(folder, "cpu").generate(ASKED, num_images=2, seed=2**40 + 3)
    drawn = serve(folder, drawing.captions, drawing.seeds)
    assert set(drawn) == {"image", "preview"}
    assert drawn["image"].dtype == drawn["preview"].dtype == np.uint8
    assert largest(drawn["image"], drawing.images) <= 1
    assert largest(drawn["preview"], drawing.previews) <= 1


def test_one_seed_serves_every_text_and_a_wrong_number_of_seeds_is_refused(bundle):
    many = serve(bundle, ASKED, [5] * len(ASKED))
    np.testing.assert_array_equal(serve(bundle, ASKED, [5])["image"], many["image"])
    with pytest.raises(tf.errors.InvalidArgumentError):
        serve(bundle, ASKED, [5, 6])


def test_text_that_people_should_not_send_is_drawn_all_the_same(bundle):
    drawn = serve(bundle, [b"", b"\xff\xfe bird", b"y" * 10_000], [0, 1, 2])
    assert drawn["image"].shape == (3, 128, 128, 3)


def test_the_manifest_says_what_is_there(bundle, networks):
    manifest = Manifest.read(bundle)
    manifest.verify(bundle)
    assert (manifest.name, manifest.system, manifest.image_size, manifest.preview_size) == (
        "tiny birds", "stackgan", 128, 64,
    )  # fmt: skip
    assert manifest.noise_parts == (("noise", 6), ("conditioning_noise", 4), ("conditioning_noise2", 4))
    assert manifest.embedding_size == networks.generators[0].embedding_dim
    assert manifest.data["licence"] == "CC0-1.0"
    assert manifest.metrics == {"stage1/kl": 0.25}
    # A blank caption and one that is not read to its end are no examples.
    assert manifest.examples == ("a small red bird with a black wing", "this bird has a yellow belly")
    assert {"model.onnx", "README.md", "saved_model/saved_model.pb", "samples/0.png"} < set(manifest.files)


def test_the_samples_are_what_the_bundle_draws(bundle):
    with Image.open(bundle / "samples" / "1.png") as picture:
        sample = np.asarray(picture)
    drawing = TextToImage.load(bundle, "cpu").generate("this bird has a yellow belly", num_images=4, seed=0)
    np.testing.assert_array_equal(sample, drawing.grid(4))
    assert (bundle / "samples" / "1-sketches.png").is_file()


def test_the_card_tells_data_licence_settings_metrics_and_use(bundle):
    card = (bundle / "README.md").read_text("utf-8")
    for told in ("tiny birds", "stackgan-tiny", "Synthetic birds", "CC0-1.0", "https://example.org/birds",
                 "--run 'tiny birds'", "5 epochs, 12 minutes", "AMD EPYC", "| stage1.epochs | 5 |",
                 "| stage1/kl | 0.25 |", "(samples/0.png)", "128 × 128",
                 "stackgan-k3 generate", "TextToImage.load", "saved_model.load", "model.onnx"):  # fmt: skip
        assert told in card, told


def test_a_run_of_stage1_alone_gives_the_sketch_twice(sketch_bundle):
    manifest = Manifest.read(sketch_bundle)
    assert (manifest.image_size, manifest.noise_size) == (64, 10)
    drawing = TextToImage.load(sketch_bundle, "cpu").generate("a red bird", num_images=2, seed=1)
    assert drawing.images.shape == (2, 64, 64, 3)
    np.testing.assert_array_equal(drawing.images, drawing.previews)
    assert not (sketch_bundle / "samples" / "0-sketches.png").exists()
    assert [value.name for value in onnx.load(sketch_bundle / "model.onnx").graph.output] == [
        "image",
        "preview",
    ]


def test_an_onnx_file_of_other_weights_is_refused_and_nothing_is_left(
    monkeypatch, make_networks, networks, about, tmp_path
):
    other = make_networks(seed=9)
    monkeypatch.setattr(
        module, "write_onnx", lambda model, path, small: write_onnx(drawing_model(other, folded=True), path)
    )
    with pytest.raises(RuntimeError, match=r"onnx does not agree .* off by \d+ grey levels"):
        write_bundle(networks, about, tmp_path / "bundle")
    assert list(tmp_path.iterdir()) == []


class Shifted:
    """Pictures that are brighter by some grey levels than those of a model."""

    def __init__(self, model, levels):
        self.model, self.levels, self.input = model, levels, model.input

    def __call__(self, batch, training):
        drawn = self.model(batch, training=training)
        return {
            name: tf.cast(tf.cast(value, tf.int32) + self.levels, tf.uint8) for name, value in drawn.items()
        }


def test_three_grey_levels_are_too_many(bundle, networks):
    model = drawing_model(networks, folded=False)
    differences = agreement.check_agreement(model, bundle / "model.onnx", bundle / "saved_model")
    assert set(differences) == {"onnx", "saved_model draw", "saved_model serving_default"}
    assert max(differences.values()) <= 1
    with pytest.raises(RuntimeError, match="does not agree"):
        agreement.check_agreement(Shifted(model, 3), bundle / "model.onnx", bundle / "saved_model")


def test_one_grey_level_everywhere_is_too_much_where_16_in_places_are_allowed(bundle, networks):
    model = drawing_model(networks, folded=False)
    agreement.check_agreement(model, bundle / "model.onnx", None, allowed=16)
    with pytest.raises(RuntimeError, match=r"is off by 1 grey levels in the mean \(at most 0.25 is right\)"):
        agreement.check_agreement(Shifted(model, 1), bundle / "model.onnx", None, allowed=16)


def test_an_existing_bundle_is_refused_before_any_work(monkeypatch, bundle, networks, about):
    monkeypatch.setattr(module, "_fill", lambda *given: pytest.fail("work was done"))
    before = (bundle / "bundle.json").read_bytes()
    with pytest.raises(UserError, match="exists; give another name, or --force"):
        write_bundle(networks, about, bundle)
    assert (bundle / "bundle.json").read_bytes() == before


def test_force_replaces_a_bundle_and_nothing_else(monkeypatch, networks, about, tmp_path):
    def fill(folder, networks, about, small, say):
        (folder / "bundle.json").write_text(json.dumps("new"))

    monkeypatch.setattr(module, "_fill", fill)
    old = tmp_path / "bundle"
    old.mkdir()
    (old / "bundle.json").write_text(json.dumps("old"))
    (old / "more.txt").touch()
    write_bundle(networks, about, old, force=True)
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]
    assert [path.name for path in old.iterdir()] == ["bundle.json"]
    assert json.loads((old / "bundle.json").read_text()) == "new"

    photographs = tmp_path / "photographs"
    photographs.mkdir()
    (photographs / "holiday.jpg").touch()
    with pytest.raises(UserError, match="is not a bundle"):
        write_bundle(networks, about, photographs, force=True)
    assert (photographs / "holiday.jpg").is_file()


def test_a_failed_replacement_leaves_the_old_bundle(monkeypatch, networks, about, tmp_path):
    def fill(folder, networks, about, small, say):
        (folder / "model.onnx").touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "_fill", fill)
    old = tmp_path / "bundle"
    old.mkdir()
    (old / "bundle.json").write_text("old")
    with pytest.raises(OSError, match="No space left"):
        write_bundle(networks, about, old, force=True)
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]
    assert (old / "bundle.json").read_text() == "old"


def test_weights_that_are_not_numbers_are_refused(make_networks, about, tmp_path):
    broken = make_networks(stage2=False)
    kernel = broken.generators[0].weights[0]
    kernel.assign(np.full(kernel.shape, np.nan))
    with pytest.raises(UserError, match="generator 1 network holds weights that are not finite"):
        write_bundle(broken, about, tmp_path / "bundle")
    assert list(tmp_path.iterdir()) == []
