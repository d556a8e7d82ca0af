from collections import Counter

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper
from stackgan_k3.export.drawing_model import drawing_model
from stackgan_k3.export.onnx_file import canonical, write_onnx

from stackgan_k3.bundle import alphabet, noise
from stackgan_k3.models.pipeline import Pipeline

SIZES = {"characters": (201,), "noise": (14,), "image": (128, 128, 3), "preview": (64, 64, 3)}


@pytest.fixture(scope="module")
def graph(bundle):
    return onnx.load(bundle / "model.onnx")


def described(values):
    return {
        value.name: (
            value.type.tensor_type.elem_type,
            [size.dim_param or size.dim_value for size in value.type.tensor_type.shape.dim],
        )
        for value in values
    }


def test_names_types_and_shapes_are_those_of_the_contract(graph):
    assert described(graph.graph.input) == {
        "characters": (TensorProto.INT32, ["batch", 201]),
        "noise": (TensorProto.FLOAT, ["batch", 14]),
        # These two have defaults, see test_between.py.
        "other_characters": (TensorProto.INT32, [1, 201]),
        "other_weight": (TensorProto.FLOAT, ["weights", 1]),
    }
    assert described(graph.graph.output) == {
        "image": (TensorProto.UINT8, ["batch", 128, 128, 3]),
        "preview": (TensorProto.UINT8, ["batch", 64, 64, 3]),
    }
    assert [(entry.domain, entry.version) for entry in graph.opset_import] == [("", 18)]


def test_the_graph_is_lean(graph):
    kinds = Counter(node.op_type for node in graph.graph.node)
    assert kinds["ConvTranspose"] == 7  # four in Stage-I, three in Stage-II
    assert (
        kinds["Conv"] == 3 + 1 + 4 + 2 + 1
    )  # text; Stage-I's last; Stage-II's first four, a block, its last
    assert kinds["Tile"] == 1  # the condition over Stage-II's features
    for kind in ("BatchNormalization", "Resize", "Upsample", "Einsum", "Loop", "Scan", "If", "Identity"):
        assert not kinds[kind], kind
    assert not [kind for kind in kinds if kind.startswith(("Random", "Bernoulli", "Multinomial", "Dropout"))]
    assert len(graph.graph.node) < 260


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_onnxruntime_draws_a_batch_of_any_size_as_keras_does(networks, bundle, batch):
    captions = ["a red bird", "", "Ünïcode “bird”", "a", "a long one " * 40][:batch]
    characters = alphabet.encode(captions)
    normal = np.stack([noise.normal(seed, 0, networks.noise_size) for seed in range(batch)])
    session = onnxruntime.InferenceSession(bundle / "model.onnx", providers=["CPUExecutionProvider"])
    image, preview = session.run(["image", "preview"], {"characters": characters, "noise": normal})
    right = drawing_model(networks, folded=False)({"characters": characters, "noise": normal}, training=False)
    for got, name in ((image, "image"), (preview, "preview")):
        assert got.dtype == np.uint8
        assert got.std() > 20  # a picture, not grey
        assert np.abs(got.astype(int) - np.array(right[name]).astype(int)).max() <= 1


def test_caption_and_each_part_of_the_noise_change_the_picture(networks, bundle):
    session = onnxruntime.InferenceSession(bundle / "model.onnx", providers=["CPUExecutionProvider"])
    characters, normal = alphabet.encode(["a red bird"]), noise.normal(0, 0, networks.noise_size)[None]
    image, preview = session.run(["image", "preview"], {"characters": characters, "noise": normal})
    other = session.run(["image"], {"characters": alphabet.encode(["two blue fish"]), "noise": normal})[0]
    assert (other != image).any()
    start = 0
    for name, size in networks.noise_parts:
        changed = normal.copy()
        changed[:, start : start + size] += 1
        start += size
        got_image, got_preview = session.run(
            ["image", "preview"], {"characters": characters, "noise": changed}
        )
        assert (got_image != image).any(), name
        assert (got_preview != preview).any() == (name != "conditioning_noise2"), name


def test_the_same_networks_give_the_same_bytes(networks, bundle, tmp_path):
    write_onnx(drawing_model(networks, folded=True, between=True), tmp_path / "again.onnx")
    assert (tmp_path / "again.onnx").read_bytes() == (bundle / "model.onnx").read_bytes()


def small_graph(extra=()):
    nodes = [
        helper.make_node("Cast", ["characters"], ["numbers"], name="z", to=TensorProto.FLOAT),
        helper.make_node("MatMul", ["numbers", "kernel"], ["said"], name="y"),
        helper.make_node("Add", ["said", "noise"], ["sum"], name="x", doc_string="of a converter"),
        helper.make_node("Tanh", ["noise"], ["of no use"], name="w"),
        *extra,
        helper.make_node("Cast", ["sum"], ["flat"], to=TensorProto.UINT8),
        helper.make_node("Identity", ["flat"], ["image"]),
        helper.make_node("Identity", ["image"], ["preview"]),
    ]
    kinds = {"characters": (TensorProto.INT32, 201), "noise": (TensorProto.FLOAT, 5)}
    return helper.make_model(
        helper.make_graph(
            nodes,
            "converted",
            [
                helper.make_tensor_value_info(name, kind, ["unk__7", size])
                for name, (kind, size) in kinds.items()
            ],
            [helper.make_tensor_value_info(name, TensorProto.UINT8, None) for name in ("image", "preview")],
            [
                onnx.numpy_helper.from_array(np.ones((201, 5), np.float32), "kernel"),
                onnx.numpy_helper.from_array(np.ones(3, np.float32), "unused"),
            ],
        ),
        opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", 3)],
    )


def test_canonical_names_by_structure_and_drops_what_nobody_reads():
    sizes = {"characters": (201,), "noise": (5,), "image": (5,), "preview": (5,)}
    made = canonical(small_graph(), sizes)
    assert [node.name for node in made.graph.node] == ["Cast_0", "MatMul_0", "Add_0", "Cast_1", "Identity_0"]
    assert [tensor.name for tensor in made.graph.initializer] == ["constant_0"]
    assert [entry.domain for entry in made.opset_import] == [""]
    assert not any(node.doc_string for node in made.graph.node)
    onnx.checker.check_model(made, full_check=True)


def test_canonical_refuses_a_random_node():
    noisy = helper.make_node("RandomNormalLike", ["sum"], ["jitter"])
    joined = helper.make_node("Add", ["sum", "jitter"], ["moved"])
    model = small_graph([noisy, joined])
    model.graph.node[6].input[0] = "moved"
    with pytest.raises(RuntimeError, match="RandomNormalLike"):
        canonical(model, {"characters": (201,), "noise": (5,), "image": (5,), "preview": (5,)})


def test_a_shape_that_is_not_the_promised_one_is_found():
    made = canonical(small_graph(), {"characters": (201,), "noise": (5,), "image": (6,), "preview": (6,)})
    with pytest.raises(onnx.shape_inference.InferenceError, match=r"\(5\) vs \(6\)"):
        onnx.checker.check_model(made, full_check=True)


def test_networks_of_two_runs_are_refused(make_networks):
    from stackgan_k3.errors import UserError
    from stackgan_k3.text.char_cnn_rnn import CharCNNRNN

    with pytest.raises(UserError, match=r"different sizes: 8, 16"):
        Pipeline(make_networks().generators, text_encoder=CharCNNRNN(width=6, embedding_dim=8))
