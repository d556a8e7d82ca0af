"""Differentiable augmentation: what a discriminator sees is varied, real and drawn pictures alike."""

from collections.abc import Mapping, Sequence
from typing import Any

from keras import ops

from stackgan_k3.draws import Draw
from stackgan_k3.errors import UserError, unknown

POLICIES = ("color", "translation", "cutout")


class DiffAugment:
    """Changes every picture that a discriminator sees (Zhao et al., 2020, DiffAugment).

    Real and drawn pictures are changed by the same rule inside the training step, and the
    generator learns through it, so that it does not learn to draw changed pictures, as it
    would from an augmented data set. Picture *i* of a batch and drawn picture *i* share their
    numbers, which come in with the batch.

    * ``color``: brightness ± 0.5 (of a range of 2), saturation × 0 to 2 (around the mean of a
      pixel's channels), contrast × 0.5 to 1.5 (around the picture's mean);
    * ``translation``: up to an eighth of the side in both directions, grey (0) where nothing is left;
    * ``cutout``: a square of half the side, anywhere around, becomes grey.

    Args:
        policy: Which of ``color``, ``translation`` and ``cutout``; they are applied in this order.

    Raises:
        UserError: For an unknown policy.

    Example:
        >>> import numpy as np
        >>> augment = DiffAugment(["translation"])
        >>> sorted(augment.draws)
        ['augment_translation']
        >>> batch = {"augment_translation": np.array([[0.5, 0.99]], "float32")}
        >>> picture = np.ones((1, 8, 8, 3), "float32")
        >>> ops.convert_to_numpy(augment(batch, picture))[0, 0, :, 0].tolist()
        [0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    """

    def __init__(self, policy: Sequence[str] = ()) -> None:
        for name in policy:
            if name not in POLICIES:
                raise unknown("augmentation", str(name), POLICIES)
        if len(set(policy)) < len(policy):
            raise UserError(f"augmentations are named twice: {', '.join(policy)}")
        self.policy = tuple(name for name in POLICIES if name in policy)

    @property
    def draws(self) -> Mapping[str, Draw]:
        """The random entries of a batch, from U(0, 1)."""
        sizes = {"color": 3, "translation": 2, "cutout": 2}
        return {f"augment_{name}": Draw((sizes[name],), "uniform") for name in self.policy}

    def __call__(self, batch: Mapping[str, Any], image: Any) -> Any:
        """Changes pictures.

        Args:
            batch: Holds the entries of :attr:`draws`.
            image: Float ``[B, S, S, channels]``.

        Returns:
            Float of the same shape and type.
        """
        changes = {"color": _color, "translation": _translate, "cutout": _cut_out}
        for name in self.policy:
            image, draws = ops.convert_to_tensor(image), ops.convert_to_tensor(batch[f"augment_{name}"])
            image = changes[name](image, ops.cast(draws, image.dtype))
        return image


def _color(image: Any, draws: Any) -> Any:
    brightness, saturation, contrast = (ops.reshape(draws[:, i], (-1, 1, 1, 1)) for i in range(3))
    image = image + (brightness - 0.5)
    grey = ops.mean(image, axis=-1, keepdims=True)
    image = grey + (image - grey) * (2.0 * saturation)
    mean = ops.mean(image, axis=(1, 2, 3), keepdims=True)
    return mean + (image - mean) * (contrast + 0.5)


def _translate(image: Any, draws: Any) -> Any:
    side = image.shape[1]
    reach = side // 8
    # Matrices of zeros and ones, one a picture and direction: exact, and quick where a gather is slow.
    rows, columns = (_shift(_whole(draws[:, i], 2 * reach + 1) - reach, side, image.dtype) for i in range(2))
    return ops.einsum("bij,bjkc,blk->bilc", rows, image, columns)


def _shift(by: Any, side: int, dtype: Any) -> Any:
    """Matrices ``[B, side, side]`` that move by whole pixels: row i takes from i − by."""
    source = ops.reshape(ops.arange(side, dtype="int32"), (1, -1, 1)) - ops.reshape(by, (-1, 1, 1))
    return ops.cast(source == ops.reshape(ops.arange(side, dtype="int32"), (1, 1, -1)), dtype)


def _cut_out(image: Any, draws: Any) -> Any:
    side = image.shape[1]
    half = side // 4
    inside = []
    for i in range(2):
        centre = ops.reshape(_whole(draws[:, i], side + 1), (-1, 1))
        place = ops.reshape(ops.arange(side, dtype="int32"), (1, -1))
        inside.append(ops.cast(ops.logical_and(place >= centre - half, place < centre + half), image.dtype))
    kept = 1.0 - inside[0][:, :, None] * inside[1][:, None, :]
    return image * kept[..., None]


def _whole(uniform: Any, count: int) -> Any:
    """Whole numbers 0 to count − 1, each as often as the others."""
    return ops.minimum(ops.cast(ops.cast(uniform, "float32") * count, "int32"), count - 1)
