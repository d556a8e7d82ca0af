"""An ONNX graph as an extractor of features."""

from pathlib import Path
from typing import Any

import numpy as np

from stackgan_k3.config.features_choice import RANGES
from stackgan_k3.errors import UserError, unknown
from stackgan_k3.inference.providers import open_session
from stackgan_k3.metrics.pictures import resized
from stackgan_k3.metrics.reading import Reading, softmax

_BATCH = 32
_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)


class OnnxFeatures:
    """What a graph of your own sees in pictures.

    The graph has one input, uint8 or float32, ``[batch, S, S, 3]`` or ``[batch, 3, S, S]`` with a fixed S,
    and an output ``[batch, D]`` (or ``[batch, D, 1, 1]``, ``[batch, 1, 1, D]``): the one named ``features``,
    or the only one. A further output named ``probabilities`` or ``logits``, ``[batch, classes]``, gives the
    inception score; without it there is none.

    Args:
        path: The ``.onnx`` file.
        scale: What a float input is to hold: ``"0..255"``, ``"0..1"``, ``"-1..1"`` or ``"imagenet"`` (0 to 1,
            normalized by ImageNet's channels). A uint8 input holds bytes.

    Raises:
        UserError: If onnxruntime cannot read the file, or its graph is none of these.

    Example:
        ```python
        features = OnnxFeatures("eye.onnx", scale="imagenet").read(pictures).features
        ```
    """

    name = "onnx"

    def __init__(self, path: str | Path, *, scale: str = "") -> None:
        if not Path(path).is_file():
            raise UserError(f"there is no ONNX file {path}; give the path of one")
        if scale and scale not in RANGES:
            raise unknown("range", scale, RANGES)
        self.path = Path(path)
        try:
            self.session, _ = open_session(path, None)
        except UserError as error:
            reason = str(error.__cause__ or error).splitlines()[0]
            raise UserError(f"onnxruntime cannot open {path} ({reason}); export the graph again") from error
        inputs = self.session.get_inputs()
        if len(inputs) != 1:
            raise UserError(f"{path} has {len(inputs)} inputs; a feature extractor has one, the pictures")
        self._input = inputs[0]
        self.channels_first, self.side, self._batch = _layout(self.path, self._input.shape)
        bytes_wanted = self._input.type == "tensor(uint8)"
        if not bytes_wanted and self._input.type != "tensor(float)":
            raise UserError(f"{path} reads {self._input.type}; a feature extractor reads uint8 or float32")
        if bytes_wanted and scale not in ("", "0..255"):
            raise UserError(f"{path} reads bytes, 0 to 255, not {scale}; leave the range out")
        if not bytes_wanted and not scale:
            raise UserError(
                f"{path} reads float32, and its graph does not say in which range; add it to the path: "
                f"onnx={path}@RANGE, with one of {', '.join(RANGES)}"
            )
        self.scale = "bytes" if bytes_wanted else scale
        names = [output.name for output in self.session.get_outputs()]
        self._features = "features" if "features" in names else names[0]
        self._classes = next((name for name in ("probabilities", "logits") if name in names), "")
        if "features" not in names and len(names) > 1:
            raise UserError(
                f"{path} has the outputs {', '.join(names)}; name the one that holds the features 'features'"
            )

    def read(self, pictures: np.ndarray) -> Reading:
        """Reads uint8 ``[N, S, S, 3]``: features float32 ``[N, D]``, and the probabilities ``classes``.

        Raises:
            UserError: If the features come out in another shape.
        """
        wanted = [self._features, *([self._classes] if self._classes else [])]
        parts = []
        for start in range(0, len(pictures), self._batch or _BATCH):
            ready = self._ready(pictures[start : start + (self._batch or _BATCH)])
            count = len(ready)
            if self._batch and count < self._batch:  # a graph for batches of one size only
                ready = np.concatenate([ready, np.repeat(ready[-1:], self._batch - count, axis=0)])
            found = self._run(wanted, ready)
            if not all(each.ndim for each in found):
                raise UserError(f"{self.path} gives one number for {len(ready)} pictures; it must give rows")
            parts.append([each[:count] for each in found])
        whole = [np.concatenate(each) for each in zip(*parts, strict=True)]
        features = whole[0]
        if features.ndim == 4 and (1, 1) in (features.shape[2:], features.shape[1:3]):
            features = features.reshape(len(features), max(features.shape[1:]))  # one place, kept
        if features.ndim != 2 or len(features) != len(pictures) or not features.shape[1]:
            raise UserError(
                f"{self.path} gives features {list(features.shape)}; they must be [batch, D], so end "
                "the graph with a pooling over the places"
            )
        if not self._classes:
            return Reading(features.astype(np.float32), {})
        classes = whole[1]
        if classes.ndim != 2 or len(classes) != len(pictures):
            raise UserError(
                f"{self.path} gives {self._classes} {list(classes.shape)}; they must be [batch, classes]"
            )
        if self._classes == "logits":
            classes = softmax(classes)
        elif not np.allclose(classes.sum(axis=1), 1.0, atol=1e-3) or (classes < 0).any():
            raise UserError(
                f"{self.path} gives probabilities whose rows do not sum to 1; name them logits if they are"
            )
        return Reading(features.astype(np.float32), {"classes": classes})

    def _run(self, wanted: list[str], ready: np.ndarray) -> list[np.ndarray]:
        try:
            found: list[np.ndarray] = self.session.run(wanted, {self._input.name: ready})
        except Exception as error:  # onnxruntime has a kind for each of its own, without a common one
            raise UserError(
                f"{self.path} cannot read {len(ready)} pictures at once ({str(error).splitlines()[0]}); "
                "export it for batches of any size, or of one"
            ) from error
        return found

    def _ready(self, pictures: np.ndarray) -> np.ndarray:
        images: Any = resized(pictures, self.side)
        if self.scale != "bytes":
            images = images.astype(np.float32)
            if self.scale == "-1..1":
                images = images / np.float32(127.5) - np.float32(1.0)
            elif self.scale != "0..255":
                images = images / np.float32(255.0)
            if self.scale == "imagenet":
                images = (images - _MEAN) / _DEVIATION
        return np.ascontiguousarray(images.transpose(0, 3, 1, 2) if self.channels_first else images)


def _layout(path: Path, shape: list[Any]) -> tuple[bool, int, int]:
    """Whether channels come first, the side, and the batch size, 0 where it is free."""
    if len(shape) == 4:
        first, last = shape[1] == 3, shape[3] == 3
        height, width = shape[2:] if first else shape[1:3]
        if first != last and isinstance(height, int) and height == width > 0:
            return first, height, shape[0] if isinstance(shape[0], int) else 0
    raise UserError(
        f"{path} reads {shape}; a feature extractor reads [batch, S, S, 3] or [batch, 3, S, S] with a "
        "fixed S: export it for pictures of one size"
    )
