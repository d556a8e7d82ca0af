import numpy as np
import onnx
import onnxruntime
from stackgan_k3.export.half_weights import half_weights
from stackgan_k3.export.short_kernels import short_kernels

RANDOM = np.random.default_rng(0)
TAPS = np.array([[0, 0, 1], [0, 1, 1], [1, 1, 0], [1, 0, 0]])


def derived(channels, filters):
    nine = RANDOM.normal(size=(channels, filters, 3, 3))
    return np.einsum("ai,bj,cfij->cfab", TAPS, TAPS, nine).astype("float32")


def doubling(*kernels):
    """A graph of transposed convolutions of stride 2, one after the other."""
    value, nodes, weights = "x", [], []
    for number, kernel in enumerate(kernels):
        weights.append(onnx.numpy_helper.from_array(kernel, f"kernel_{number}"))
        pads = [1, 1, 1, 1] if kernel.shape[-1] == 4 else [0, 0, 0, 0]
        nodes.append(
            onnx.helper.make_node(
                "ConvTranspose", [value, f"kernel_{number}"], [f"y_{number}"], strides=[2, 2], pads=pads
            )
        )
        value = f"y_{number}"
    info = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [None, None, None, None])
        for name in ("x", value)
    ]
    graph = onnx.helper.make_graph(nodes, "doubling", info[:1], info[1:], weights)
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=8)


def run(model, x):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x})[0]


def sizes(model):
    return {tensor.name: list(tensor.dims) for tensor in model.graph.initializer}


def test_derived_kernels_take_nine_weights_and_draw_the_same():
    full = doubling(derived(6, 5), derived(5, 4))
    before = full.SerializeToString()
    short = short_kernels(full)
    onnx.checker.check_model(short, full_check=True)
    assert full.SerializeToString() == before
    assert sizes(short)["kernel_0_nine"] == [6, 5, 9]
    assert sizes(short)["kernel_1_nine"] == [5, 4, 9]
    x = RANDOM.normal(size=(2, 6, 4, 4)).astype("float32")
    np.testing.assert_allclose(run(short, x), run(full, x), atol=2e-4)  # values to about 100


def test_other_kernels_stay():
    other = derived(3, 3)
    other[1, 2, 0, 0] += 0.01
    two = RANDOM.normal(size=(3, 3, 2, 2)).astype("float32")
    full = doubling(other, two)
    assert short_kernels(full).SerializeToString() == full.SerializeToString()


def test_the_nine_are_halved_as_other_weights_are():
    full = doubling(derived(32, 32))
    small = half_weights(short_kernels(full))
    onnx.checker.check_model(small, full_check=True)
    assert len(small.SerializeToString()) < 0.33 * len(full.SerializeToString())  # 9/16 of a half, and names
    x = RANDOM.normal(size=(1, 32, 4, 4)).astype("float32")
    right = run(full, x)
    np.testing.assert_allclose(run(small, x), right, atol=2e-3 * np.abs(right).max())


def test_opening_the_file_takes_the_sums_once(tmp_path):
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimized.onnx")
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    small = half_weights(short_kernels(doubling(derived(32, 32))))
    onnxruntime.InferenceSession(small.SerializeToString(), options, providers=["CPUExecutionProvider"])
    kinds = [node.op_type for node in onnx.load(tmp_path / "optimized.onnx").graph.node]
    assert kinds == ["ConvTranspose"]
