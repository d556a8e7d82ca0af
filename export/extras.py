"""What a bundle holds beside its drawing model: other trained networks, such as an encoder."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from stackgan_k3.errors import UserError
from stackgan_k3.inference.providers import open_session

from .onnx_file import write_onnx
from .saved_model import save_module

_TAKEN = ("model", "saved_model", "samples")
_TOLERANCE = 1e-4  # of the largest value; float32 in three libraries
_BATCHES = (3, 1)


def write_extras(
    networks: Mapping[str, keras.Model], folder: Path, say: Callable[[str], None] = print
) -> None:
    """Writes networks as ``<name>.onnx`` and as a SavedModel ``<name>/``, and checks both.

    Args:
        networks: By name; each in float32, from a dict of inputs to a dict of outputs whose
            names are those of the files.
        folder: The bundle that is being written.
        say: Called with a line of text after each network.

    Raises:
        UserError: If a weight is not a finite number.
        RuntimeError: If a form does not compute what Keras computes, or a name is that of another
            part of a bundle.

    Example:
        ```python
        write_extras({"encoder": encoder}, Path("bundles/digits"))
        ```
    """
    for name, network in networks.items():
        if name in _TAKEN or not name.isidentifier():
            raise RuntimeError(f"'{name}' cannot be the name of a network beside the drawing model")
        if not all(np.isfinite(value).all() for value in network.get_weights()):
            raise UserError(
                f"the {name} network holds weights that are not finite numbers; export an earlier run, or "
                "train it again with a lower learning rate"
            )
        write_onnx(network, folder / f"{name}.onnx")
        SavedNetwork(network).save(folder / name)
        difference = check_extra(name, network, folder / f"{name}.onnx", folder / name)
        say(f"{name}.onnx, {name}: checked against Keras (largest difference: {difference:.1g})")


class SavedNetwork(tf.Module):
    """A network as a SavedModel with the signature ``serving_default``, its names those of the network.

    Args:
        network: From a dict of inputs to a dict of outputs.

    Example:
        ```python
        SavedNetwork(encoder).save("bundles/digits/encoder")
        ```
    """

    def __init__(self, network: keras.Model) -> None:
        super().__init__(name="network")
        self.weights = [variable.value for variable in network.weights]  # tracked, so saved
        given = [tf.TensorSpec(entry.shape, entry.dtype, name) for name, entry in network.input.items()]

        @tf.function(input_signature=given, autograph=False)
        def serve(*values: Any) -> dict[str, Any]:
            found = network(dict(zip(network.input, values, strict=True)), training=False)
            return {name: tf.identity(value) for name, value in found.items()}

        self.serve = serve

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Writes the SavedModel; see :func:`save_module`."""
        save_module(self, {"serving_default": self.serve}, folder)


def check_extra(
    name: str,
    network: keras.Model,
    onnx_file: str | os.PathLike[str],
    saved_model: str | os.PathLike[str],
) -> float:
    """Compares what the two files of a network compute with what Keras computes, on random inputs.

    Args:
        name: What the network is called, for messages.
        network: The network.
        onnx_file: Its ONNX file.
        saved_model: The folder of its SavedModel.

    Returns:
        The largest difference.

    Raises:
        RuntimeError: If a form is off by more than 1e-4 of the output's largest value (or of 1).

    Example:
        ```python
        check_extra("encoder", encoder, "digits/encoder.onnx", "digits/encoder")
        ```
    """
    session, _ = open_session(Path(onnx_file), "cpu")
    serve = tf.saved_model.load(os.fspath(saved_model)).signatures["serving_default"]
    random = np.random.default_rng(0)
    largest = 0.0
    for batch in _BATCHES:
        given = {key: _some(random, entry, batch) for key, entry in network.input.items()}
        truth = {key: keras.ops.convert_to_numpy(v) for key, v in network(given, training=False).items()}
        by_onnx = dict(zip(truth, session.run(list(truth), given), strict=True))
        by_graph = serve(**{key: tf.constant(value) for key, value in given.items()})
        for form, found in (("ONNX file", by_onnx), ("SavedModel", by_graph)):
            for key, right in truth.items():
                off = float(np.abs(np.asarray(found[key], "float64") - right).max())
                if not off <= _TOLERANCE * max(1.0, float(np.abs(right).max())):
                    raise RuntimeError(
                        f"the {form} of the {name} network does not agree with Keras: {key} is off by "
                        f"{off:.3g}; nothing was exported"
                    )
                largest = max(largest, off)
    return largest


def _some(random: np.random.Generator, entry: Any, batch: int) -> np.ndarray:
    """Random values of an input's dtype."""
    shape, kind = (batch, *entry.shape[1:]), np.dtype(entry.dtype)
    if kind.kind == "f":
        return random.normal(size=shape).astype(kind)
    return random.integers(0, 256 if kind == np.uint8 else 2, shape).astype(kind)
