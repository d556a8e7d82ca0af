"""Gaussian noise on the pictures that an image encoder looks at."""

from collections.abc import Mapping
from typing import Any

from keras import ops

from stackgan_k3.draws import Draw
from stackgan_k3.errors import UserError

_SIZE = 64  # what image encoders look at
_STRENGTH, _NOISE = "picture_noise_strength", "picture_noise"


class PictureNoise:
    """Adds Gaussian noise to pictures, to each of another strength: ``x + σ ε``, σ from U(0, most).

    A network that learns without noise goes by what is fine and faint as well, and a generator that asks it
    learns to draw just that, seen by nobody else. One that has learnt to see through noise (Cohen et al.,
    2019, "Certified Adversarial Robustness via Randomized Smoothing") has gradients that look like what
    it sees (Kaur et al., 2019, "Are Perceptually-Aligned Gradients a General Property of Robust
    Classifiers?").

    Args:
        most: The largest standard deviation, pictures being in [-1, 1]; 0 for no noise.

    Raises:
        UserError: If ``most`` is negative.

    Example:
        >>> import numpy as np
        >>> noise = PictureNoise(0.5)
        >>> twos = np.full((1, 64, 64, 3), 2.0)
        >>> batch = {"picture_noise_strength": np.array([0.25]), "picture_noise": twos}
        >>> float(noise(batch, 0 * twos)[0, 0, 0, 0])
        0.5
    """

    def __init__(self, most: float = 0.0) -> None:
        if not most >= 0:
            raise UserError(f"the noise on pictures is {most}; its standard deviation must be at least 0")
        self.most = float(most)

    @property
    def draws(self) -> Mapping[str, Draw]:
        """The random entries of a batch: a strength for each picture, and N(0, 1) for each number of it."""
        if not self.most:
            return {}
        return {_STRENGTH: Draw((), "uniform", 0.0, self.most), _NOISE: Draw((_SIZE, _SIZE, 3))}

    def __call__(self, batch: Mapping[str, Any], image: Any) -> Any:
        """Adds the noise of a batch to its pictures.

        Args:
            batch: Holds the entries of :attr:`draws`.
            image: Float ``[B, 64, 64, 3]``.

        Returns:
            Float of the same shape and type.

        Raises:
            UserError: If the batch lacks an entry.
        """
        if not self.most:
            return image
        if missing := [name for name in self.draws if name not in batch]:
            raise UserError(
                f"the batch has no {missing[0]!r}, which a noise of {self.most:g} needs; give the loader the "
                "model's draws, or set the noise to 0"
            )
        image = ops.convert_to_tensor(image)
        strength, noise = (ops.convert_to_tensor(batch[name]) for name in (_STRENGTH, _NOISE))
        return image + ops.cast(ops.reshape(strength, (-1, 1, 1, 1)) * noise, image.dtype)
