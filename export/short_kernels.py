"""Upsampling kernels of an ONNX graph as the nine weights they come from, instead of sixteen."""

import numpy as np
import onnx

from stackgan_k3.layers.upsample_convolution import FOUR_BY_FOUR_TAPS

_SUMS = FOUR_BY_FOUR_TAPS.astype("float64")  # [4·4, 3·3]
_BACK = np.linalg.pinv(_SUMS)
_ROUNDING = 1e-6  # of the largest weight


def short_kernels(model: onnx.ModelProto) -> onnx.ModelProto:
    """Stores the kernels of upsampling convolutions 3 × 3, and derives the 4 × 4 ones in the graph.

    Nearest upsampling and a 3 × 3 convolution are exported as one 4 × 4 transposed convolution
    (:func:`stackgan_k3.export.float32.fold`), whose sixteen weights are sums of the nine. A runtime takes
    the sums once, when it opens the file. Kernels that are no such sums stay as they are.

    Args:
        model: A graph; it is not changed.

    Returns:
        An equal model, to rounding. What derives a kernel comes first: ``KernelSum_0`` and on, a
        product with a matrix of zeros and ones.

    Example:
        ```python
        short = short_kernels(onnx.load("model.onnx"))
        ```
    """
    short = onnx.ModelProto()
    short.CopyFrom(model)
    kernels = {node.input[1] for node in short.graph.node if node.op_type == "ConvTranspose"}
    added: list[onnx.NodeProto] = []
    for tensor in short.graph.initializer:
        if tensor.name not in kernels or list(tensor.dims[2:]) != [4, 4]:
            continue
        four = onnx.numpy_helper.to_array(tensor).reshape(*tensor.dims[:2], 16).astype("float64")
        nine = four @ _BACK.T
        if np.abs(nine @ _SUMS.T - four).max() > _ROUNDING * np.abs(four).max():
            continue
        number = len(added) // 2
        names = [f"{tensor.name}_nine", "kernel_taps", f"{tensor.name}_sums"]
        added += [
            onnx.helper.make_node("MatMul", names[:2], names[2:], name=f"KernelSum_{number}"),
            onnx.helper.make_node(
                "Reshape", [names[2], "kernel_shape"], [tensor.name], name=f"KernelShape_{number}"
            ),
        ]
        tensor.CopyFrom(onnx.numpy_helper.from_array(nine.astype("float32"), names[0]))
    if added:
        shape = np.array([0, 0, 4, 4], np.int64)  # 0: as it is
        constants = {"kernel_taps": _SUMS.T.astype("float32"), "kernel_shape": shape}
        short.graph.initializer.extend(
            onnx.numpy_helper.from_array(value, name) for name, value in constants.items()
        )
    nodes = [*added, *short.graph.node]
    del short.graph.node[:]
    short.graph.node.extend(nodes)
    return short
