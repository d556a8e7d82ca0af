"""Pictures between two captions: the bundle draws what the networks draw, and costs nobody else anything."""

import numpy as np
import onnx
import onnxruntime
import pytest

from stackgan_k3.bundle import alphabet, noise
from stackgan_k3.inference import TextToImage
from stackgan_k3.models.pipeline import Pipeline

ONE, OTHER = "a small red bird with a black wing", "two blue fish, of which one is long"


@pytest.fixture(scope="module")
def model(bundle):
    return TextToImage.load(bundle, "cpu")


@pytest.mark.parametrize(
    ("ends", "seeds"), [((ONE, OTHER), (5, None)), ((ONE, None), (5, 8)), ((ONE, OTHER), (5, 8))]
)
def test_the_bundle_draws_what_the_networks_draw(networks, model, ends, seeds):
    right = networks.interpolate(*ends, seed=seeds[0], seed_b=seeds[1], steps=4)
    walk = model.interpolate(*ends, seed=seeds[0], seed_b=seeds[1], steps=4)
    assert np.abs(walk.images.astype(int) - right).max() <= 1
    assert len({picture.tobytes() for picture in walk.images}) == 4


def test_the_ends_are_those_of_generate_in_keras_too(networks):
    walk = networks.interpolate(ONE, OTHER, seed=5, seed_b=8, steps=3)
    for picture, caption, seed in ((walk[0], ONE, 5), (walk[-1], OTHER, 8)):
        assert np.abs(picture.astype(int) - networks.generate(caption, seed=seed)[0]).max() <= 1


def test_the_middle_is_drawn_from_the_mean_of_the_embeddings(networks, model):
    """The formula, written out: the network is asked by the mean of what the text encoder says."""
    vectors = np.array(networks.text_encoder(alphabet.encode([ONE, OTHER]), training=False))
    right = Pipeline(networks.generators).generate(vectors.mean(axis=0)[None], seed=5)
    middle = model.interpolate(ONE, OTHER, seed=5, steps=3).images[1]
    assert np.abs(middle.astype(int) - right[0]).max() <= 1


def test_inputs_that_may_be_left_out_are_no_inputs_to_a_reader(bundle):
    session = onnxruntime.InferenceSession(bundle / "model.onnx", providers=["CPUExecutionProvider"])
    assert [entry.name for entry in session.get_inputs()] == ["characters", "noise"]
    assert [entry.name for entry in session.get_outputs()] == ["image", "preview"]
    optional = {entry.name: entry.shape for entry in session.get_overridable_initializers()}
    assert optional == {"other_characters": [1, 201], "other_weight": ["weights", 1]}


def test_the_defaults_change_no_byte(bundle, model):
    """Against the same graph with the other caption given and no weight."""
    session = onnxruntime.InferenceSession(bundle / "model.onnx", providers=["CPUExecutionProvider"])
    entries = {
        "characters": alphabet.encode([ONE, OTHER]),
        "noise": np.stack([noise.normal(seed, 0, model.manifest.noise_size) for seed in (5, 5)]),
    }
    plain = session.run(["image"], entries)[0]
    given = {"other_characters": alphabet.encode(["x"]), "other_weight": np.zeros((2, 1), np.float32)}
    assert (session.run(["image"], {**entries, **given})[0] == plain).all()
    assert (session.run(["image"], {**entries, "other_characters": entries["characters"][1:],
                                    "other_weight": np.array([[1], [0]], np.float32)})[0][0]
            != plain[0]).any()  # fmt: skip


def test_the_size_does_not_grow(bundle):
    """The encoder stands in the graph once: what is added are a few nodes and two small defaults."""
    graph = onnx.load(bundle / "model.onnx").graph
    added = [tensor for tensor in graph.initializer if tensor.name.startswith("other_")]
    assert sum(tensor.ByteSize() for tensor in added) < 1000
    assert len([node for node in graph.node if node.op_type == "Conv"]) == 11


def test_between_embeddings(networks):
    pipeline = Pipeline(networks.generators)
    vectors = np.random.default_rng(0).normal(size=(2, 16)).astype("float32")
    walk = pipeline.interpolate(vectors[0], vectors[1], seed=3, steps=3)
    right = pipeline.generate(np.stack([vectors[0], vectors.mean(axis=0), vectors[1]]), seed=3)
    assert np.abs(walk.astype(int) - right).max() <= 1
