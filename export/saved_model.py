"""A drawing model as a SavedModel: strings and seeds in, pictures out, nothing to do beforehand."""

import errno
import os
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
from tensorflow.core.protobuf.fingerprint_pb2 import FingerprintDef

from .graph import characters_of, noise_of


class SavedDrawing(tf.Module):
    """A drawing model with its two signatures.

    ``serving_default``: ``text`` string ``[batch]`` (or ``label`` int32 ``[batch]``,
    ``embedding`` float32 ``[batch, T]``, or nothing, as the networks are asked) and ``seed``
    int64 ``[batch]`` (or ``[1]``, for every text the same) to ``image`` uint8
    ``[batch, H, W, 3]`` and ``preview`` uint8 ``[batch, S, S, 3]``.

    ``draw``: the inputs of ``model.onnx`` to the same two.

    Args:
        model: What :func:`drawing_model` returned.

    Example:
        ```python
        SavedDrawing(model).save("saved_model")
        serve = tf.saved_model.load("saved_model").signatures["serving_default"]
        pictures = serve(text=tf.constant(["a red bird"]), seed=tf.constant([7], tf.int64))
        ```
    """

    def __init__(self, model: keras.Model) -> None:
        super().__init__(name="drawing")
        # Tracked, so saved. `model.variables` would add the states of seed generators, by chance each time.
        self.weights = [variable.value for variable in model.weights]
        noise_size = model.input["noise"].shape[-1]
        given = [tf.TensorSpec(entry.shape, entry.dtype, name) for name, entry in model.input.items()]
        # Noise comes last; before it, what is asked for, where anything is: captions as text here.
        asked = [
            tf.TensorSpec([None], tf.string, name="text") if spec.name == "characters" else spec
            for spec in given[:-1]
        ]

        @tf.function(input_signature=given, autograph=False)
        def draw(*values: Any) -> dict[str, Any]:
            drawn = model(dict(zip(model.input, values, strict=True)), training=False)
            return {name: tf.identity(value) for name, value in drawn.items()}

        @tf.function(input_signature=[*asked, tf.TensorSpec([None], tf.int64, name="seed")], autograph=False)
        def serve(*values: Any) -> dict[str, Any]:
            *wanted, seed = values
            seeds = tf.broadcast_to(seed, tf.shape(wanted[0])[:1]) if wanted else seed
            if asked and asked[0].name == "text":
                wanted = [characters_of(wanted[0])]
            return draw(*wanted, noise_of(seeds, noise_size))

        self.draw = draw
        self.serve = serve

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Writes the SavedModel: the same bytes in every fresh process.

        Args:
            folder: Where to; it is made.

        Raises:
            OSError: If the disk is full.

        Example:
            See the class.
        """
        save_module(self, {"serving_default": self.serve, "draw": self.draw}, folder)


def save_module(module: tf.Module, signatures: dict[str, Any], folder: str | os.PathLike[str]) -> None:
    """Writes a module as a SavedModel: the same bytes in every fresh process.

    Args:
        module: What holds the functions and their weights.
        signatures: The functions by name.
        folder: Where to; it is made.

    Raises:
        OSError: If the disk is full.

    Example:
        ```python
        save_module(module, {"serving_default": module.serve}, "saved_model")
        ```
    """
    try:
        tf.saved_model.save(
            module,
            os.fspath(folder),
            signatures=signatures,
            options=tf.saved_model.SaveOptions(save_debug_info=False),
        )
    except tf.errors.ResourceExhaustedError as error:  # its name for a full disk
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), os.fspath(folder)) from error
    # TensorFlow gives each copy a random name, beside the hashes that tell them apart.
    path = Path(folder) / "fingerprint.pb"
    fingerprint = FingerprintDef.FromString(path.read_bytes())
    fingerprint.uuid = str(fingerprint.checkpoint_hash)
    path.write_bytes(fingerprint.SerializeToString(deterministic=True))
