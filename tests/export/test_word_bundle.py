"""A bundle whose text encoder averages word vectors: the same words on every way."""

import json

import numpy as np
import pytest
import tensorflow as tf
from stackgan_k3.export.about import About
from stackgan_k3.export.write_bundle import write_bundle

from stackgan_k3.bundle.alphabet import encode
from stackgan_k3.bundle.manifest import Manifest
from stackgan_k3.errors import UserError
from stackgan_k3.inference import TextToImage
from stackgan_k3.models.gan_cls.generator import GANCLSGenerator
from stackgan_k3.models.pipeline import Pipeline
from stackgan_k3.text.word_vectors import WordVectors

WORDS = ("red", "blue", "small", "bird", "wings")
CAPTIONS = ["A small, RED bird!", "blue wings", "red \u2014 unheard-of \u9ce5", "wings " * 40]


@pytest.fixture(scope="module")
def pipeline():
    rng = np.random.default_rng(0)
    encoder = WordVectors(WORDS, 6)
    encoder.set_vectors(rng.normal(size=(len(WORDS), 6)))
    generator = GANCLSGenerator(4, image_size=64, embedding_dim=6, text_dim=4, noise_dim=3)
    for variable in generator.variables:
        value = rng.normal(0.0, 0.2, variable.shape)
        if variable.path.endswith(("gamma", "moving_variance")):
            value = 1.0 + np.abs(value)
        variable.assign(value)
    return Pipeline([generator], text_encoder=encoder)


@pytest.fixture(scope="module")
def bundle(pipeline, tmp_path_factory):
    folder = tmp_path_factory.mktemp("words") / "bundle"
    about = About("words", "mine", "gan-cls", "An idea.", data={}, captions=("a red bird", "oiseau"))
    return write_bundle(pipeline, about, folder, say=lambda line: None)


@pytest.mark.filterwarnings("ignore:.*characters; the first 201 are read")
def test_every_way_draws_the_same(pipeline, bundle):
    model = TextToImage.load(bundle, "cpu")
    drawing = model.generate(CAPTIONS, num_images=2, seed=4)
    right = pipeline.generate(CAPTIONS, num_images=2, seed=4)
    assert len({picture.tobytes() for picture in right}) == 8
    assert np.abs(drawing.images.astype(int) - right).max() <= 1
    serve = tf.saved_model.load(str(bundle / "saved_model")).signatures["serving_default"]
    seeds = tf.constant(drawing.seeds, tf.int64)
    served = serve(text=tf.constant(drawing.captions), seed=seeds)["image"].numpy()
    assert np.abs(served.astype(int) - drawing.images).max() <= 1
    # What the words do not say changes nothing, what they say does.
    again = model.generate(["bird, red (small) unheard", "a small blue bird"], seed=4).images
    np.testing.assert_array_equal(again[0], drawing.images[0])
    assert (again[1] != drawing.images[0]).any()


def test_the_manifest_holds_the_words(bundle):
    manifest = Manifest.read(bundle)
    assert manifest.words == WORDS
    assert (manifest.condition, manifest.embedding) == ("characters", "word-vectors")
    assert manifest.examples == ("a red bird",)  # the other has no word that is known
    assert "It knows 5 words" in (bundle / "README.md").read_text("utf-8")


def test_no_known_word_is_refused_with_the_words(pipeline, bundle):
    model = TextToImage.load(bundle, "cpu")
    for draw in (model.generate, pipeline.generate):
        with pytest.raises(UserError, match="known: un, oiseau; words that are: bird"):
            draw(["a red bird", "un oiseau"])
    with pytest.raises(UserError, match="no word of the caption is known: oiseau"):
        model.interpolate("a red bird", "oiseau")


def test_words_of_a_wrong_type_are_refused(bundle, tmp_path):
    said = json.loads((bundle / "bundle.json").read_text("utf-8"))
    said["embedding"]["words"] = ["red"]
    (tmp_path / "bundle.json").write_text(json.dumps(said), "utf-8")
    with pytest.raises(UserError, match=r"'embedding.words' is missing or of a wrong type"):
        Manifest.read(tmp_path)


def test_embeddings_go_the_straight_way_between_two_captions(pipeline, bundle):
    walk = TextToImage.load(bundle, "cpu").interpolate("red", "blue", seed=1, steps=3)
    encoder = pipeline.text_encoder
    ends = encoder(encode(["red", "blue"]), training=False).numpy()
    middle = pipeline.generate(ends.mean(axis=0, keepdims=True), seed=1)
    assert np.abs(walk.images[1].astype(int) - middle[0]).max() <= 1
