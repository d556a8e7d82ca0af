"""What a probe reads off pictures, and how often that is what was asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from keras import ops

from stackgan_k3.errors import UserError
from stackgan_k3.metrics.pictures import check_pictures, resized
from stackgan_k3.metrics.probe import Probe


@dataclass(frozen=True)
class Reading:
    """What a probe says of pictures.

    Args:
        features: float32 ``[N, features]``.
        probabilities: float ``[N, values]`` by attribute, rows summing to 1; empty for what reads features
            alone.

    Example:
        >>> reading = Reading(np.zeros((2, 3), "float32"), {"wing": np.array([[0.9, 0.1], [0.2, 0.8]])})
        >>> reading.values("wing").tolist()
        [0, 1]
    """

    features: np.ndarray
    probabilities: Mapping[str, np.ndarray]

    def values(self, attribute: str) -> np.ndarray:
        """Returns the likeliest value of each picture, int ``[N]``."""
        best: np.ndarray = self.probabilities[attribute].argmax(axis=-1)
        return best

    @classmethod
    def joined(cls, parts: "Sequence[Reading]") -> "Reading":
        """Returns what was said of pictures some at a time as one reading.

        Example:
            >>> part = Reading(np.zeros((2, 3)), {})
            >>> Reading.joined([part, part]).features.shape
            (4, 3)
        """
        return cls(
            np.concatenate([part.features for part in parts]),
            {
                name: np.concatenate([part.probabilities[name] for part in parts])
                for name in parts[0].probabilities
            },
        )


def read(probe: Probe, pictures: np.ndarray, *, batch_size: int = 64) -> Reading:
    """Reads pictures of any size with a probe, which sees them at 64 px.

    Args:
        probe: The probe.
        pictures: uint8 ``[N, S, S, 3]``, S at least 64; see :func:`at_64`.
        batch_size: Pictures read at a time.

    Raises:
        UserError: If there are no pictures, or of another shape or size.

    Example:
        >>> probe = Probe({"wing": 11}, width=4, features=8)
        >>> read(probe, np.zeros((3, 128, 128, 3), "uint8")).features.shape
        (3, 8)
    """
    check_pictures(pictures)
    parts = [
        {
            name: ops.convert_to_numpy(value)
            for name, value in probe({"image": at_64(chunk)}, training=False).items()
        }
        for chunk in (pictures[start : start + batch_size] for start in range(0, len(pictures), batch_size))
    ]
    whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    features = whole.pop("features")
    return Reading(features, {name.removeprefix("logits/"): softmax(value) for name, value in whole.items()})


def at_64(pictures: np.ndarray) -> np.ndarray:
    """Reduces pictures to 64 px: uint8 ``[N, S, S, 3]`` to float32 in [-1, 1].

    Sharply (see :func:`resized`), as a prepared set's pictures of 64 px are, so that what has learnt from
    those reads larger ones as well; the mean of each square of pixels would be softer.

    Raises:
        UserError: If the pictures are not square, or smaller.

    Example:
        >>> at_64(np.full((1, 128, 128, 3), 255, "uint8")).max()
        np.float32(1.0)
    """
    side = pictures.shape[1]
    if side < 64 or pictures.shape[2] != side:
        raise UserError(
            f"pictures have {side} x {pictures.shape[2]} pixels; probes and encoders read squares of at "
            "least 64: prepare the set with --size 64, 128 or 256, or measure by --features pixels "
            "without them"
        )
    return resized(pictures, 64) / np.float32(127.5) - np.float32(1.0)


def accuracies(reading: Reading, truth: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Part of the pictures on which an attribute is what it should be, by attribute.

    Args:
        reading: What was read.
        truth: int ``[N]`` by attribute; −1 where it is not known, which is left out.

    Returns:
        0 to 1 for each attribute of ``truth``; attributes that are nowhere known are left out.

    Example:
        >>> reading = Reading(np.zeros((2, 3)), {"wing": np.array([[0.9, 0.1], [0.2, 0.8]])})
        >>> accuracies(reading, {"wing": np.array([0, 0])})
        {'wing': 0.5}
    """
    found = {}
    for name, right in truth.items():
        known = right >= 0
        if known.any():
            found[name] = float((reading.values(name)[known] == right[known]).mean())
    return found


def softmax(logits: np.ndarray) -> np.ndarray:
    """Turns logits, float ``[N, values]``, into probabilities, float64, in double precision.

    Example:
        >>> softmax(np.zeros((1, 4))).tolist()
        [[0.25, 0.25, 0.25, 0.25]]
    """
    shifted = np.exp(logits.astype(np.float64) - logits.max(axis=-1, keepdims=True))
    result: np.ndarray = shifted / shifted.sum(axis=-1, keepdims=True)
    return result
