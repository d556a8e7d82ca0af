"""Small true bundles that are asked by something else than captions: embeddings, classes, or nothing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from bundles import PARTS, build_manifest
from onnx import TensorProto, helper, numpy_helper

CLASSES = ("zero", "one", "two")
SIZE = 12  # of an embedding
_INPUTS = {"embedding": (TensorProto.FLOAT, ["batch", SIZE]), "label": (TensorProto.INT32, ["batch"])}


def build_kind(folder: Path, condition: str) -> Path:
    """Writes a bundle of 64 px pictures, one colour each, into a new folder and returns the folder."""
    random = np.random.default_rng(3)
    noise_size = sum(size for _, size in PARTS)
    constants = {
        "from_noise": random.normal(0, 0.3, (noise_size, 3)).astype(np.float32),
        "from_embedding": random.normal(0, 0.3, (SIZE, 3)).astype(np.float32),
        "from_label": random.normal(0, 0.5, (3, 3)).astype(np.float32),
        "pixel": np.array([-1, 1, 1, 3], np.int64),
        "sixty_four": np.array([1, 64, 64, 1], np.int64),
        "half": np.array(127.5, np.float32),
    }
    nodes = [helper.make_node("MatMul", ["noise", "from_noise"], ["chance"])]
    if condition == "embedding":
        nodes.append(helper.make_node("MatMul", ["embedding", "from_embedding"], ["said"]))
    if condition == "label":
        nodes.append(helper.make_node("Gather", ["from_label", "label"], ["said"]))
    last = "chance"
    if condition != "none":
        nodes.append(helper.make_node("Add", ["said", "chance"], ["sum"]))
        last = "sum"
    nodes += [
        helper.make_node("Tanh", [last], ["colour"]),
        helper.make_node("Mul", ["colour", "half"], ["around"]),
        helper.make_node("Add", ["around", "half"], ["levels"]),
        helper.make_node("Reshape", ["levels", "pixel"], ["dot"]),
        helper.make_node("Tile", ["dot", "sixty_four"], ["square"]),
        helper.make_node("Cast", ["square"], ["image"], to=TensorProto.UINT8),
        helper.make_node("Identity", ["image"], ["preview"]),
    ]
    inputs = [helper.make_tensor_value_info("noise", TensorProto.FLOAT, ["batch", noise_size])]
    if condition in _INPUTS:
        inputs.insert(0, helper.make_tensor_value_info(condition, *_INPUTS[condition]))
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.UINT8, ["batch", 64, 64, 3])
        for name in ("image", "preview")
    ]
    used = {name for node in nodes for name in node.input}
    initializers = [numpy_helper.from_array(value, name) for name, value in constants.items() if name in used]
    graph = helper.make_graph(nodes, "colours", inputs, outputs, initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model, full_check=True)
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    replace(
        build_manifest(64),
        name="colours",
        condition=condition,
        classes=CLASSES if condition == "label" else (),
        embedding="",
        embedding_size=SIZE if condition == "embedding" else 0,
        examples=CLASSES if condition == "label" else (),
    ).write(folder)
    return folder
