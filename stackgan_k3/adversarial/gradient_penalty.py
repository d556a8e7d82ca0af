"""The R1 penalty: a discriminator that is flat around real pictures."""

from collections.abc import Callable
from typing import Any

from keras import ops

from stackgan_k3 import engine


def gradient_penalty(discriminator: Callable[[Any], Any], images: Any) -> Any:
    """R1 without its weight: ``½·E ‖∇ₓ D(x)‖²`` on real pictures.

    Mescheder, Geiger and Nowozin, *Which training methods for GANs do actually converge?*, 2018,
    equation 9. D is a logit, not a probability. It is differentiable for the discriminator's weights.

    Args:
        discriminator: Gives the logits of pictures, float ``[batch, …]``: numbers that are added up.
        images: Float32 ``[batch, H, W, channels]`` in [-1, 1].

    Returns:
        A float32 scalar, at least 0.

    Example:
        >>> images = ops.zeros((5, 2, 2, 1))
        >>> float(gradient_penalty(lambda x: 3.0 * ops.sum(x, axis=(1, 2, 3)), images))  # ½·4·3²
        18.0
    """
    gradient = engine.differentiable_gradient(
        lambda x: ops.sum(ops.cast(discriminator(x), "float32")), ops.convert_to_tensor(images)
    )
    squares = ops.sum(ops.square(ops.cast(gradient, "float32")), axis=tuple(range(1, len(gradient.shape))))
    return 0.5 * ops.mean(squares)
