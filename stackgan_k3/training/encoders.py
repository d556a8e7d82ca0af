"""A run's own text and image encoders, as judges of which caption a picture fits."""

import numpy as np
from keras import ops

from stackgan_k3 import engine
from stackgan_k3.bundle.alphabet import encode
from stackgan_k3.metrics.r_precision import most_candidates, r_precision
from stackgan_k3.metrics.reading import at_64
from stackgan_k3.training.held_out import HeldOut
from stackgan_k3.training.run import Run


class Encoders:
    """Embeds captions and pictures with what the phase ``text`` of a run has trained.

    Args:
        run: The run.

    Raises:
        UserError: If it trained no encoders.

    Example:
        ```python
        part = Encoders(Run.open("runs/birds")).precision(of_pictures, captions)
        ```
    """

    def __init__(self, run: Run) -> None:
        self._seer = run.image_encoder()
        self._reader = run.text_encoder()

    def pictures(self, images: np.ndarray) -> np.ndarray:
        """Embeds pictures: uint8 ``[N, S, S, 3]`` to float32 ``[N, T]``."""
        found: np.ndarray = ops.convert_to_numpy(self._seer(at_64(images), training=False))
        return found

    def captions(self, lines: list[str]) -> np.ndarray:
        """Embeds captions: float32 ``[N, T]``."""
        starts = range(0, len(lines), 256)
        with engine.inference():
            parts = [self._reader(encode(lines[start : start + 256]), training=False) for start in starts]
            return np.concatenate([ops.convert_to_numpy(part) for part in parts])

    def precision(self, of_pictures: np.ndarray, held_out: HeldOut, half: np.ndarray) -> float:
        """Returns the R-precision of pictures of, or drawn for, the captions of a half.

        Args:
            of_pictures: What :meth:`pictures` gave, float ``[n, T]``.
            held_out: The real pictures, with their captions.
            half: The half.
        """
        return r_precision(
            of_pictures,
            self.captions(held_out.captions(half)),
            groups=held_out.groups(half),
            candidates=candidates_of(held_out),
        )


def candidates_of(held_out: HeldOut) -> int:
    """Of how many captions each picture's own is to be found: 100, or as many as the first half allows.

    Returns:
        Less than 2 where there is nothing to choose from: all of the captions mean the same.

    Example:
        See :func:`stackgan_k3.training.evaluate.evaluate`.
    """
    return min(100, most_candidates(held_out.groups(held_out.first)))
