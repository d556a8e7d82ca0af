"""What GAN-INT asks its generator for besides captions, as a pure function."""

from typing import Any

from keras import ops


def interpolated(embeddings: Any, beta: float = 0.5) -> Any:
    """Mixes each embedding of a batch with the one before it: ``β·t₁ + (1 − β)·t₂``.

    Reed et al., 2016, equation 5: t₁ are the embeddings, t₂ the same rolled by one. No picture has
    these texts; the generator is asked for them all the same.

    Args:
        embeddings: Float ``[batch, T]``.
        beta: The share β of t₁.

    Returns:
        Float ``[batch, T]``.

    Example:
        >>> import numpy as np
        >>> ops.convert_to_numpy(interpolated(np.array([[0.0], [4.0]], "float32"), 0.75)).tolist()
        [[1.0], [3.0]]
    """
    embeddings = ops.convert_to_tensor(embeddings)
    return beta * embeddings + (1.0 - beta) * ops.roll(embeddings, 1, axis=0)
