"""Whether the three forms of one model draw the same pictures."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from stackgan_k3 import engine
from stackgan_k3.bundle import alphabet, noise
from stackgan_k3.inference.providers import open_session

# What a person may write, and what nobody should.
CAPTIONS = (
    "this bird has wings that are black and has a white belly",
    "  A  SMALL red\tbird; with 2 (two) wing-bars!\n",
    "",
    "l\u2019oiseau \u00e9tait \u201ctr\u00e8s\u201d petit \u2014 \u9ce5 \U0001f426",
    "a yellow flower with many petals " * 20,
)
SEEDS = (0, 7, 123_456_789_012, noise.MAX_SEED, 1)
LARGEST_DIFFERENCE = 1
"""In grey levels, of 256."""
SMALL_DIFFERENCE = 16
"""The same, of a file with its weights in 16 bits: a stage that sharpens multiplies, at a few edges, what a
rounded weight moves in its sketch."""
MEAN_DIFFERENCE = 0.25
"""How far all channels of all pixels may be off in the mean: a file of other weights is off by tens."""


def check_agreement(
    model: keras.Model,
    onnx_file: str | os.PathLike[str],
    saved_model: str | os.PathLike[str] | None,
    *,
    allowed: int = LARGEST_DIFFERENCE,
) -> dict[str, int]:
    """Draws the same pictures with Keras, onnxruntime and the SavedModel, and compares them.

    Captions (odd ones among them; or embeddings, or classes) and seeds are drawn three at a
    time and one at a time. Keras gets characters and noise from ``stackgan_k3.bundle``; the
    SavedModel is asked for both its signatures.

    Args:
        model: The networks as they were trained, joined: ``drawing_model(pipeline, folded=False)``.
        onnx_file: The ``model.onnx`` to be checked.
        saved_model: The folder of the SavedModel to be checked, or None where there is none.
        allowed: The largest difference that is right, in grey levels.

    Returns:
        By form (``"onnx"``, ``"saved_model draw"``, ``"saved_model serving_default"``)
        the largest difference from Keras, in grey levels: at most ``allowed``, and in the mean over a
        picture at most :data:`MEAN_DIFFERENCE`.

    Raises:
        RuntimeError: If a form is further off, naming it, the output, the caption
            and the difference.

    Example:
        ```python
        check_agreement(model, "bundle/model.onnx", "bundle/saved_model")
        ```
    """
    before = tf.config.experimental.tensor_float_32_execution_enabled()
    tf.config.experimental.enable_tensor_float_32_execution(False)  # it alone is worth several levels
    try:
        forms = _forms(onnx_file, saved_model)
        largest = dict.fromkeys(forms, 0)
        size = model.input["noise"].shape[-1]
        rows = _asked(model)
        for start, stop in ((0, 3), (3, 4), (4, 5)):
            seeds = SEEDS[start:stop]
            given = {name: values[start:stop] for name, values in rows.items()}
            given["noise"] = np.stack([noise.normal(seed, 0, size) for seed in seeds])
            with engine.using_upsampling_form("plain"):  # the definition, not a derived form
                truth = _numpy(model(given, training=False))
            for form, draw in forms.items():
                drawn = draw(given, CAPTIONS[start:stop], seeds)
                largest[form] = max(largest[form], _compare(form, drawn, truth, start, allowed))
        return largest
    finally:
        tf.config.experimental.enable_tensor_float_32_execution(before)


Pictures = dict[str, np.ndarray]


def _asked(model: keras.Model) -> dict[str, np.ndarray]:
    """Returns a row for each seed of what the model is asked for by: one entry, or none."""
    count = len(SEEDS)
    rows: dict[str, np.ndarray] = {}
    for name, tensor in model.input.items():
        if name == "characters":
            rows[name] = alphabet.encode(CAPTIONS)
        elif name == "label":
            rows[name] = np.arange(count, dtype=np.int32)
        elif name == "embedding":
            # Embeddings have mean 0 and root mean square 1, as noise has.
            rows[name] = np.stack([noise.normal(9, k, tensor.shape[-1]) for k in range(count)])
    return rows


def _forms(
    onnx_file: str | os.PathLike[str], saved_model: str | os.PathLike[str] | None
) -> dict[str, Callable[..., Pictures]]:
    session, _ = open_session(Path(onnx_file), "cpu")

    def by_onnx(given: Pictures, captions: Any, seeds: Any) -> Pictures:
        names = ["image", "preview"]
        return dict(zip(names, session.run(names, given), strict=True))

    if saved_model is None:
        return {"onnx": by_onnx}
    loaded = tf.saved_model.load(os.fspath(saved_model))

    def by_draw(given: Pictures, captions: Any, seeds: Any) -> Pictures:
        draw = loaded.signatures["draw"]
        return _numpy(draw(**{name: tf.constant(value) for name, value in given.items()}))

    def by_serve(given: Pictures, captions: Any, seeds: Any) -> Pictures:
        serve = loaded.signatures["serving_default"]
        asked = {name: tf.constant(value) for name, value in given.items() if name != "noise"}
        if "characters" in asked:
            asked = {"text": tf.constant(captions)}
        return _numpy(serve(**asked, seed=tf.constant(seeds, tf.int64)))

    return {"onnx": by_onnx, "saved_model draw": by_draw, "saved_model serving_default": by_serve}


def _numpy(pictures: dict[str, Any]) -> Pictures:
    return {name: keras.ops.convert_to_numpy(value) for name, value in pictures.items()}


def _compare(form: str, drawn: Pictures, truth: Pictures, start: int, allowed: int) -> int:
    """Returns the largest difference; raises if it is too large."""
    largest = 0
    for name, right in truth.items():
        got = drawn[name]
        if got.dtype != np.uint8 or got.shape != right.shape:
            raise RuntimeError(f"{form} gives {name} as {got.dtype} {got.shape}, not uint8 {right.shape}")
        off = np.abs(got.astype(int) - right.astype(int)).reshape(len(right), -1)
        for values, most, how in ((off.max(1), allowed, ""), (off.mean(1), MEAN_DIFFERENCE, " in the mean")):
            worst = int(values.argmax())
            if values[worst] > most:
                raise RuntimeError(
                    f"{form} does not agree with the Keras model: {name} of row {start + worst} of what is "
                    f"asked for (of captions, {CAPTIONS[start + worst][:40]!r}) with seed "
                    f"{SEEDS[start + worst]} is off by {values[worst]:.3g} grey levels{how} (at most {most} "
                    "is right); nothing was exported"
                )
        largest = max(largest, int(off.max()))
    return largest
