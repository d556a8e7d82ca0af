import numpy as np
import onnx
import onnxruntime
import pytest
from stackgan_k3.export.half_weights import half_weights
from stackgan_k3.export.write_bundle import write_bundle

from stackgan_k3.bundle.manifest import Manifest
from stackgan_k3.inference import TextToImage

RANDOM = np.random.default_rng(0)


def graph_of(**constants):
    """A graph that adds square constants to its input, one after the other."""
    value, nodes = "x", []
    for name in constants:
        nodes.append(onnx.helper.make_node("Add", [value, name], [f"{name}_sum"]))
        value = f"{name}_sum"
    nodes.append(onnx.helper.make_node("Identity", [value], ["y"]))
    info = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [40, 40]) for name in ("x", "y")]
    weights = [onnx.numpy_helper.from_array(array, name) for name, array in constants.items()]
    graph = onnx.helper.make_graph(nodes, "sum", info[:1], info[1:], weights)
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=8)


def run(model, x):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x})[0]


def kinds(model):
    return {tensor.name: tensor.data_type for tensor in model.graph.initializer}


def test_large_constants_take_half_the_bytes_and_are_rounded_once():
    weights = RANDOM.normal(size=(40, 40)).astype("float32")
    full = graph_of(weights=weights)
    before = full.SerializeToString()
    half = half_weights(full)
    onnx.checker.check_model(half, full_check=True)
    assert full.SerializeToString() == before
    assert len(half.SerializeToString()) < 0.6 * len(before)
    x = RANDOM.normal(size=(40, 40)).astype("float32")
    np.testing.assert_array_equal(run(half, x), x + weights.astype("float16").astype("float32"))
    assert np.abs(run(half, x) - run(full, x)).max() > 0


def test_what_16_bits_cannot_hold_stays_as_it_is():
    fitting = np.full((40, 40), 3.0, "float32")
    half = half_weights(
        graph_of(fitting=fitting, huge=fitting * 1e5, tiny=fitting * 1e-6, row=fitting[:1], zero=fitting * 0)
    )
    wide = {name for name, kind in kinds(half).items() if kind == onnx.TensorProto.FLOAT}
    assert wide == {"huge", "tiny", "row", "zero"}
    assert [node.op_type for node in half.graph.node].count("Cast") == 1


def test_a_small_bundle_draws_what_the_whole_one_draws(networks, about, bundle, tmp_path):
    said = []
    small = write_bundle(networks, about, tmp_path / "small", small=True, say=said.append)
    manifest = Manifest.read(small)
    assert not [name for name in manifest.files if name.startswith("saved_model")]
    size, whole = ((folder / "model.onnx").stat().st_size for folder in (small, bundle))
    assert size < 0.8 * whole
    assert "Keras and onnxruntime agree" in " ".join(said)
    card = (small / "README.md").read_text("utf-8")
    assert "saved_model" not in card and "model.onnx" in card
    samples = [name for name in manifest.files if name.startswith("samples/")]
    assert "samples/0.jpg" in samples and all(name.endswith(".jpg") and name in card for name in samples)
    one, other = (
        TextToImage.load(folder, "cpu").generate("a red bird", num_images=3, seed=4)
        for folder in (small, bundle)
    )
    assert np.abs(one.images.astype(int) - other.images).max() <= 3


def test_a_small_bundle_that_is_too_far_off_is_not_written(networks, about, monkeypatch, tmp_path):
    monkeypatch.setattr("stackgan_k3.export.write_bundle.SMALL_DIFFERENCE", -1)
    with pytest.raises(RuntimeError, match="does not agree with the Keras model"):
        write_bundle(networks, about, tmp_path / "small", small=True)
    assert not (tmp_path / "small").exists()
