"""Extractors of features: what they see must be what their networks were made for."""

import keras
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from stackgan_k3.config.features_choice import parse_features
from stackgan_k3.metrics import inception_features
from stackgan_k3.metrics.inception_features import InceptionFeatures
from stackgan_k3.metrics.onnx_features import OnnxFeatures
from stackgan_k3.metrics.pictures import resized
from stackgan_k3.metrics.pixel_features import PixelFeatures

PICTURES = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3)).astype("uint8")
FLOAT, UINT8 = TensorProto.FLOAT, TensorProto.UINT8


def graph(path, shape, dtype=FLOAT, *, axes=(1, 2), outputs=("features",), keep=0):
    """A graph whose every output is the mean over some axes of what it reads."""
    nodes = [helper.make_node("Cast", ["x"], ["y"], to=FLOAT)]
    nodes += [
        helper.make_node("ReduceMean", ["y"], [name], axes=list(axes), keepdims=keep) for name in outputs
    ]
    made = helper.make_graph(
        nodes,
        "eye",
        [helper.make_tensor_value_info("x", dtype, shape)],
        [helper.make_tensor_value_info(name, FLOAT, None) for name in outputs],
    )
    onnx.save(helper.make_model(made, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
    return path


def one_at_a_time(path):
    """A graph that says it takes any batch, and cannot."""
    three = helper.make_tensor("shape", TensorProto.INT64, [2], [1, 192])
    nodes = [
        helper.make_node("Cast", ["x"], ["y"], to=FLOAT),
        helper.make_node("Reshape", ["y", "shape"], ["z"]),
    ]
    made = helper.make_graph(
        nodes,
        "eye",
        [helper.make_tensor_value_info("x", UINT8, ["n", 8, 8, 3])],
        [helper.make_tensor_value_info("z", FLOAT, None)],
        [three],
    )
    onnx.save(helper.make_model(made, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
    return path


def test_pixels_are_the_means_of_squares():
    reading = PixelFeatures().read(PICTURES)
    first = PICTURES[3, :2, :2].mean(axis=(0, 1)) / 127.5 - 1
    assert reading.features.shape == (5, 768) and not reading.probabilities
    assert reading.features[3, :3] == pytest.approx(first, abs=0.005)  # rounded to bytes


@pytest.mark.parametrize(
    ("scale", "change"),
    [
        ("0..255", lambda x: x),
        ("0..1", lambda x: x / 255),
        ("-1..1", lambda x: x / 127.5 - 1),
        ("imagenet", lambda x: (x / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]),
    ],
)
def test_a_graph_is_shown_the_range_and_layout_that_it_reads(tmp_path, scale, change):
    expected = change(PICTURES.astype(np.float64)).mean(axis=(1, 2))
    last = OnnxFeatures(graph(tmp_path / "a.onnx", ["n", 32, 32, 3]), scale=scale)
    assert last.read(PICTURES).features == pytest.approx(expected, rel=1e-4, abs=1e-4)
    # Channels first, in batches of 4 and no others, so that the last has to be filled up.
    first = OnnxFeatures(graph(tmp_path / "b.onnx", [4, 3, 32, 32], axes=(2, 3), keep=1), scale=scale)
    assert first.channels_first and first.side == 32
    assert first.read(PICTURES).features == pytest.approx(expected, rel=1e-4, abs=1e-4)


def test_a_graph_that_reads_bytes_needs_no_range_and_may_know_classes(tmp_path):
    path = graph(tmp_path / "eye.onnx", ["n", 8, 8, 3], UINT8, outputs=("logits", "features"))
    reading = OnnxFeatures(path).read(PICTURES)
    means = resized(PICTURES, 8).astype(np.float64).mean(axis=(1, 2))
    assert reading.features == pytest.approx(means, rel=1e-5)
    raised = np.exp(means - means.max(axis=1, keepdims=True))
    softmax = raised / raised.sum(axis=1, keepdims=True)
    assert reading.probabilities["classes"] == pytest.approx(softmax, rel=1e-3)
    only = OnnxFeatures(graph(tmp_path / "plain.onnx", ["n", 8, 8, 3], UINT8, outputs=("anything",)))
    assert not only.read(PICTURES).probabilities


def test_graphs_that_are_no_extractors_are_refused(tmp_path):
    path = tmp_path / "eye.onnx"
    with pytest.raises(ValueError, match="there is no ONNX file"):
        OnnxFeatures(path)
    with pytest.raises(ValueError, match=r"does not say in which range.*@RANGE"):
        OnnxFeatures(graph(path, ["n", 8, 8, 3]))
    with pytest.raises(ValueError, match="reads bytes, 0 to 255, not imagenet"):
        OnnxFeatures(graph(path, ["n", 8, 8, 3], UINT8), scale="imagenet")
    for shape in (["n", 8, 8, 4], ["n", "s", "s", 3], ["n", 8, 9, 3], ["n", 3], ["n", 3, 3, 3]):
        with pytest.raises(ValueError, match="with a fixed S"):
            OnnxFeatures(graph(path, shape, UINT8, axes=(1,)))
    with pytest.raises(ValueError, match="reads uint8 or float32"):
        OnnxFeatures(graph(path, ["n", 8, 8, 3], TensorProto.INT32))
    with pytest.raises(ValueError, match="name the one that holds the features 'features'"):
        OnnxFeatures(graph(path, ["n", 8, 8, 3], UINT8, outputs=("a", "b")))
    with pytest.raises(ValueError, match="end the graph with a pooling"):
        OnnxFeatures(graph(path, ["n", 8, 8, 3], UINT8, axes=(1,))).read(PICTURES)
    with pytest.raises(ValueError, match=r"eye.onnx gives probabilities whose rows do not sum to 1"):
        OnnxFeatures(graph(path, ["n", 8, 8, 3], UINT8, outputs=("features", "probabilities"))).read(PICTURES)
    with pytest.raises(
        ValueError, match=r"eye.onnx cannot read 5 pictures at once .*; export it for batches"
    ):
        OnnxFeatures(one_at_a_time(path)).read(PICTURES)
    path.write_bytes(b"no graph")
    with pytest.raises(ValueError, match="cannot open"):
        OnnxFeatures(path)


def test_inception_sees_what_it_was_trained_on(tmp_path, monkeypatch):
    whole = keras.applications.InceptionV3(weights=None, input_shape=(75, 75, 3))
    whole.save_weights(tmp_path / "whole.weights.h5")
    eye = InceptionFeatures(tmp_path / "whole.weights.h5", side=75)
    reading = eye.read(PICTURES)
    seen = resized(PICTURES, 75).astype("float32") / 127.5 - 1
    features = keras.Model(whole.input, whole.layers[-2].output)(seen, training=False)
    assert reading.features.shape == (5, 2048)
    assert reading.features == pytest.approx(keras.ops.convert_to_numpy(features), rel=1e-3, abs=1e-5)
    assert reading.probabilities["imagenet"].sum(axis=1) == pytest.approx(1, abs=1e-4)
    assert reading.features.std(axis=0).max() > 0
    with pytest.raises(ValueError, match="there is no weights file"):
        InceptionFeatures(tmp_path / "nowhere.h5")
    monkeypatch.setattr(inception_features.keras.applications, "InceptionV3", _unreachable)
    with pytest.raises(ValueError, match=r"cannot be had \(no connection\).*inception=WEIGHTS"):
        InceptionFeatures()


def _small(**settings):
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(2), keras.layers.Dense(3)])


def _unreachable(**settings):
    if settings.get("weights") == "imagenet":
        raise Exception("no connection")  # what Keras raises where a download fails
    raise AssertionError


def test_inception_without_its_classifier_has_no_probabilities(tmp_path):
    headless = keras.applications.InceptionV3(
        weights=None, include_top=False, pooling="avg", input_shape=(75, 75, 3)
    )
    headless.save_weights(tmp_path / "notop.weights.h5")
    reading = InceptionFeatures(tmp_path / "notop.weights.h5", side=75).read(PICTURES[:2])
    assert reading.features.shape == (2, 2048) and not reading.probabilities


def test_weights_of_another_network_are_refused(tmp_path, monkeypatch):
    path = tmp_path / "other.weights.h5"
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]).save_weights(path)
    # A small stand-in: what counts is that no weight stays as it was made.
    monkeypatch.setattr(inception_features.keras.applications, "InceptionV3", _small)
    with pytest.raises(ValueError, match="does not hold the weights of"):
        InceptionFeatures(path, side=75)
    path.write_bytes(b"no weights")
    with pytest.raises(ValueError, match="does not hold the weights of"):
        InceptionFeatures(path, side=75)


def test_features_are_asked_for_in_one_word():
    assert parse_features("probe=probes/birds") == ("probe", "probes/birds", "")
    assert parse_features("inception") == ("inception", "", "")
    assert parse_features("onnx=a@b/eye.onnx@0..1") == ("onnx", "a@b/eye.onnx", "0..1")
    for text, said in (
        ("onnx=eye.onnx@0..2", "unknown range '0..2'"),
        ("prob=x", "unknown kind of features 'prob'.*probe"),
        ("probe=", "lacks its path; write probe=DIR"),
        ("pixels=3", "takes no path"),
    ):
        with pytest.raises(ValueError, match=said):
            parse_features(text)


def test_one_place_that_is_kept_is_no_place(tmp_path):
    last = OnnxFeatures(graph(tmp_path / "last.onnx", ["b", 8, 8, 3], keep=1), scale="0..1").read(PICTURES)
    flat = OnnxFeatures(graph(tmp_path / "flat.onnx", ["b", 8, 8, 3]), scale="0..1").read(PICTURES)
    assert last.features.shape == (5, 3) and (last.features == flat.features).all()


def test_one_number_for_all_pictures_and_no_side_are_refused(tmp_path):
    one = OnnxFeatures(graph(tmp_path / "one.onnx", [5, 8, 8, 3], axes=(0, 1, 2, 3)), scale="0..1")
    with pytest.raises(ValueError, match="gives one number for 5 pictures"):
        one.read(PICTURES)
    with pytest.raises(ValueError, match="with a fixed S"):
        OnnxFeatures(graph(tmp_path / "none.onnx", ["b", 0, 0, 3]), scale="0..1")
    (tmp_path / "junk.onnx").write_bytes(b"junk")
    with pytest.raises(ValueError, match=r"cannot open .*junk.onnx .*; export the graph again"):
        OnnxFeatures(tmp_path / "junk.onnx", scale="0..1")
