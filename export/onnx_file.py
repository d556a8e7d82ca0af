"""A drawing model as one ONNX file: fixed names, a symbolic batch, the same bytes each time."""

import logging
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import onnx
import tensorflow as tf

from stackgan_k3.bundle.alphabet import MAX_CHARACTERS

from .half_weights import half_weights
from .short_kernels import short_kernels

OPSET = 18
_RANDOM = {
    "Bernoulli",
    "Dropout",
    "Multinomial",
    "RandomNormal",
    "RandomNormalLike",
    "RandomUniform",
    "RandomUniformLike",
}
_KINDS = {
    "characters": np.int32,
    "embedding": np.float32,
    "label": np.int32,
    "other_characters": np.int32,
    "other_weight": np.float32,
    "noise": np.float32,
    "image": np.uint8,
    "preview": np.uint8,
}
_OUTPUTS = ("image", "preview")
# Inputs that may be left out, by the standard's own way: an initializer of the same name is the default.
# With weight 0 a caption's embedding stays what it is, to the bit.
_DEFAULTS = {
    "other_characters": np.zeros((1, MAX_CHARACTERS), np.int32),
    "other_weight": np.zeros((1, 1), np.float32),
}
_DIMENSIONS = {"other_characters": 1, "other_weight": "weights"}  # others have the batch


def write_onnx(model: keras.Model, path: str | os.PathLike[str], *, small: bool = False) -> onnx.ModelProto:
    """Writes a drawing model as ``model.onnx`` and checks the file.

    Args:
        model: What :func:`drawing_model` returned; or another model from a dict of inputs to a dict
            of outputs, none of them named alike.
        path: The file to write.
        small: Store nine weights of an upsampling kernel, see :func:`short_kernels`, and all in 16 bits, see
            :func:`half_weights`.

    Returns:
        What was written, opset 18, with the inputs of the model (``noise`` the last; those for
        pictures between two captions have defaults, so they may be left out) and the
        outputs ``image`` and ``preview`` uint8 ``[batch, H, W, 3]``.

    Raises:
        RuntimeError: If the graph holds a random operation or a loop, or the shapes
            in it do not fit those promised.

    Example:
        ```python
        write_onnx(drawing_model(networks, folded=True), "model.onnx")
        ```
    """
    tensors = {**model.input, **model.output}
    kinds = {name: np.dtype(tensor.dtype) for name, tensor in tensors.items()}
    graph = canonical(_convert(model), _sizes(model), outputs=tuple(model.output), kinds=kinds)
    if small:
        graph = half_weights(short_kernels(graph))
    onnx.checker.check_model(graph, full_check=True)  # infers every shape, those of the outputs too
    with open(path, "wb") as file:
        file.write(graph.SerializeToString(deterministic=True))
    return graph


def canonical(
    model: onnx.ModelProto,
    sizes: dict[str, tuple[int, ...]],
    *,
    outputs: Sequence[str] = _OUTPUTS,
    kinds: Mapping[str, Any] = _KINDS,
) -> onnx.ModelProto:
    """Orders and names a graph by its structure alone, and drops what no output needs.

    A converter numbers its nodes by a counter of the process and orders them by
    hashes; after this the same function has the same bytes in every process.

    Args:
        model: A model with the inputs and outputs named below.
        sizes: Shape of each input, in order, and output, without the batch axis.
        outputs: Names of the outputs, in order.
        kinds: Dtype of each input and output.

    Returns:
        An equal model. Nodes are named by kind and number (``Conv_3``), constants
        ``constant_7``; every batch axis is called ``batch``.

    Raises:
        RuntimeError: If a node is random, or has a graph of its own.

    Example:
        ```python
        graph = canonical(onnx.load("converted.onnx"), sizes)
        ```
    """
    makers = {value: node for node in model.graph.node for value in node.output if value}
    constants = {tensor.name: tensor for tensor in model.graph.initializer}

    def source(value: str) -> str:
        while value in makers and makers[value].op_type == "Identity":
            value = makers[value].input[0]
        return value

    given = [name for name in sizes if name not in outputs]
    sources = {name: source(name) for name in reversed(outputs)}
    names = {name: name for name in (*given, "")}
    final = {value: name for name, value in sources.items()}  # of two names the first, as "image"
    nodes: list[onnx.NodeProto] = []
    initializers: list[onnx.TensorProto] = []
    counts: Counter[str] = Counter()
    for old in _ordered(makers, list(sources.values())):
        if old.op_type == "Identity":
            continue
        if old.op_type in _RANDOM or any(a.type in (a.GRAPH, a.GRAPHS) for a in old.attribute):
            raise RuntimeError(f"the exported graph holds a {old.op_type} node, which a bundle may not")
        for value in map(source, old.input):
            if value not in names:
                names[value] = f"constant_{len(initializers)}"
                tensor = onnx.TensorProto()
                tensor.CopyFrom(constants[value])
                tensor.name, tensor.doc_string = names[value], ""
                initializers.append(tensor)
        name = f"{old.op_type}_{counts[old.op_type]}"
        counts[old.op_type] += 1
        for place, value in enumerate(old.output):
            if value:
                names[value] = final.get(value, name if place == 0 else f"{name}_{place}")
        node = onnx.NodeProto(op_type=old.op_type, domain=old.domain, name=name)
        node.input.extend(names[source(value)] for value in old.input)
        node.output.extend(names.get(value, "") for value in old.output)
        node.attribute.extend(sorted(old.attribute, key=lambda attribute: attribute.name))
        nodes.append(node)
    again = [name for name in outputs if final[sources[name]] != name]  # two outputs of one value
    for number, name in enumerate(again):
        nodes.append(
            onnx.helper.make_node("Identity", [final[sources[name]]], [name], name=f"Identity_{number}")
        )
    infos = {
        name: onnx.helper.make_tensor_value_info(
            name,
            onnx.helper.np_dtype_to_tensor_dtype(np.dtype(kinds[name])),
            [_DIMENSIONS.get(name, "batch"), *size],
        )
        for name, size in sizes.items()
    }
    defaults = {name: value for name, value in _DEFAULTS.items() if name in given}
    initializers += [onnx.numpy_helper.from_array(value, name) for name, value in defaults.items()]
    graph = onnx.helper.make_graph(
        nodes,
        "drawing",
        [infos[name] for name in given],
        [infos[name] for name in outputs],
        initializers,
    )
    domains = {node.domain for node in nodes}
    return onnx.helper.make_model(
        graph,
        opset_imports=[entry for entry in model.opset_import if entry.domain in domains],
        ir_version=model.ir_version,
        producer_name="stackgan_k3",
    )


def _ordered(makers: dict[str, onnx.NodeProto], outputs: list[str]) -> list[onnx.NodeProto]:
    """The nodes that the outputs need, each after those it reads, by walking back from the outputs."""
    order: list[onnx.NodeProto] = []
    done: set[int] = set()
    stack = [(makers[name], False) for name in reversed(outputs)]
    while stack:
        node, ready = stack.pop()
        if id(node) in done:
            continue
        if ready:
            done.add(id(node))
            order.append(node)
            continue
        stack.append((node, True))
        stack.extend((makers[value], False) for value in reversed(node.input) if value in makers)
    return order


def _convert(model: keras.Model) -> onnx.ModelProto:
    import tf2onnx

    signature = [tf.TensorSpec(given.shape, given.dtype, name) for name, given in model.input.items()]

    @tf.function(input_signature=signature, autograph=False)
    def draw(*values: Any) -> dict[str, Any]:
        drawn = model(dict(zip(model.input, values, strict=True)), training=False)
        # Two outputs of one tensor (where one generator draws) are still two outputs.
        return {name: tf.identity(value) for name, value in drawn.items()}

    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    converted, _ = tf2onnx.convert.from_function(draw, input_signature=signature, opset=OPSET)
    return converted


def _sizes(model: keras.Model) -> dict[str, tuple[int, ...]]:
    tensors = {**model.input, **model.output}
    return {name: tuple(tensor.shape[1:]) for name, tensor in tensors.items()}
