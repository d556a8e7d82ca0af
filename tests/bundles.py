"""A small true bundle for tests: an ONNX graph whose pictures depend on the caption and on the noise."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from stackgan_k3.bundle.manifest import Manifest

EXAMPLES = ("a small red bird with a black wing", "this bird has a yellow belly and a short beak")
PARTS = (("noise", 6), ("conditioning_noise", 4), ("conditioning_noise2", 4))


def build_model(image_size: int = 128, noise_size: int = 14, seed: int = 0) -> onnx.ModelProto:
    """16 coloured squares from a dense layer over characters and noise, enlarged."""
    random = np.random.default_rng(seed)
    constants = {
        "from_characters": random.normal(0, 0.02, (201, 48)).astype(np.float32),
        "from_noise": random.normal(0, 0.3, (noise_size, 48)).astype(np.float32),
        "square": np.array([-1, 3, 4, 4], np.int64),
        "to_sketch": np.array([1, 1, 16, 16], np.float32),
        "to_image": np.array([1, 1, image_size / 4, image_size / 4], np.float32),
        "half": np.array(127.5, np.float32),
        "one": np.array(1, np.float32),
        "other_characters": np.zeros((1, 201), np.int32),
        "other_weight": np.zeros((1, 1), np.float32),
    }
    nodes = [
        helper.make_node("Cast", ["characters"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("MatMul", ["numbers", "from_characters"], ["own"]),
        # As an exported bundle does: with weight 0, the default, what is said is the caption's own.
        helper.make_node("Cast", ["other_characters"], ["other_numbers"], to=TensorProto.FLOAT),
        helper.make_node("MatMul", ["other_numbers", "from_characters"], ["other"]),
        helper.make_node("Sub", ["one", "other_weight"], ["own_weight"]),
        helper.make_node("Mul", ["own", "own_weight"], ["own_part"]),
        helper.make_node("Mul", ["other", "other_weight"], ["other_part"]),
        helper.make_node("Add", ["own_part", "other_part"], ["said"]),
        helper.make_node("MatMul", ["noise", "from_noise"], ["chance"]),
        helper.make_node("Add", ["said", "chance"], ["sum"]),
        helper.make_node("Tanh", ["sum"], ["colours"]),
        helper.make_node("Reshape", ["colours", "square"], ["squares"]),
    ]
    for name, scales, mode in (("preview", "to_sketch", "nearest"), ("image", "to_image", "linear")):
        nodes += [
            helper.make_node("Resize", ["squares", "", scales], [f"{name}_wide"], mode=mode),
            helper.make_node("Transpose", [f"{name}_wide"], [f"{name}_last"], perm=[0, 2, 3, 1]),
            helper.make_node("Add", [f"{name}_last", "one"], [f"{name}_positive"]),
            helper.make_node("Mul", [f"{name}_positive", "half"], [f"{name}_levels"]),
            helper.make_node("Round", [f"{name}_levels"], [f"{name}_round"]),
            helper.make_node("Cast", [f"{name}_round"], [name], to=TensorProto.UINT8),
        ]
    graph = helper.make_graph(
        nodes,
        "squares",
        [
            helper.make_tensor_value_info("characters", TensorProto.INT32, ["batch", 201]),
            helper.make_tensor_value_info("noise", TensorProto.FLOAT, ["batch", noise_size]),
            helper.make_tensor_value_info("other_characters", TensorProto.INT32, [1, 201]),
            helper.make_tensor_value_info("other_weight", TensorProto.FLOAT, ["weights", 1]),
        ],
        [
            helper.make_tensor_value_info("image", TensorProto.UINT8, ["batch", image_size, image_size, 3]),
            helper.make_tensor_value_info("preview", TensorProto.UINT8, ["batch", 64, 64, 3]),
        ],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model, full_check=True)
    return model


def build_manifest(image_size: int = 128) -> Manifest:
    """The manifest of `build_bundle`, its files not yet listed."""
    return Manifest(
        name="squares",
        system="stackgan",
        image_size=image_size,
        preview_size=64,
        noise_parts=PARTS,
        embedding="char-cnn-rnn",
        embedding_size=32,
        data={"name": "synthetic-birds", "licence": "CC0-1.0", "homepage": "https://example.org"},
        licence="Apache-2.0",
        metrics={"stage1/kl": 0.5},
        examples=EXAMPLES,
    )


def build_bundle(folder: Path, image_size: int = 128, seed: int = 0) -> Path:
    """Writes a complete bundle into a new folder and returns the folder."""
    (folder / "samples").mkdir(parents=True)
    noise_size = sum(size for _, size in PARTS)
    (folder / "model.onnx").write_bytes(build_model(image_size, noise_size, seed).SerializeToString())
    (folder / "README.md").write_text("# squares\n", "utf-8")
    (folder / "samples" / "note.txt").write_text("none\n", "utf-8")
    build_manifest(image_size).write(folder)
    return folder
