"""Does a picture fit its caption better than the others of the batch?"""

from typing import Any

from keras import ops


def matching_loss(
    image_embedding: Any,
    text_embedding: Any,
    gamma: float = 10.0,
    label: Any | None = None,
    others: Any | None = None,
) -> Any:
    """The image-text matching loss of a batch, on whole captions.

    With ``s_ij = γ · cos(v_i, t_j)``, v_i the embedding of picture i and t_j that of caption j:

    ``mean_i (−log softmax_j(s_ij)_i) + mean_i (−log softmax_j(s_ji)_i)``,

    the sentence part of the DAMSM loss of Xu et al. (2018), equations 10 to 13, as a mean in the place
    of their sum. Every other caption of the batch counts as a wrong one, unless it is of the same
    class. The two encoders of the joint embedding can be trained on it as well (that is the
    contrastive objective of Radford et al., 2021, whose γ is learned).

    Args:
        image_embedding: Float ``[batch, T]``.
        text_embedding: Float ``[batch, T]``; row i describes picture i.
        gamma: The factor γ that sharpens the softmax.
        label: Integer ``[batch]``: pairs of one class are no negatives of each other. None where there
            are no classes.
        others: Float ``[others, T]``, further captions, which are wrong for all pictures: the first of the
            two softmax functions is over these as well.

    Returns:
        A float32 scalar, at least 0; where nothing can be told apart, ln(batch + others) + ln(batch).

    Example:
        >>> import numpy as np
        >>> alike = np.ones((2, 3), "float32")
        >>> round(float(matching_loss(alike, alike)), 4)  # 2·ln 2
        1.3863
    """
    scores = gamma * ops.matmul(unit(image_embedding), ops.transpose(unit(text_embedding)))
    right = ops.diagonal(scores)
    if label is not None:
        label = ops.convert_to_tensor(label)
        alike = ops.cast(ops.equal(label[:, None], label[None, :]), "float32")
        alike = alike - ops.eye(alike.shape[0] or ops.shape(alike)[0])
        scores = scores - 1e9 * alike
    captions = scores
    if others is not None:
        further = gamma * ops.matmul(unit(image_embedding), ops.transpose(unit(others)))
        captions = ops.concatenate([scores, further], axis=1)
    over_captions = ops.logsumexp(captions, axis=1) - right
    over_pictures = ops.logsumexp(scores, axis=0) - right
    return ops.mean(over_captions) + ops.mean(over_pictures)


def unit(vectors: Any) -> Any:
    """Scales vectors, float ``[…, T]``, to length 1, float32; zeros stay zeros.

    Example:
        >>> import numpy as np
        >>> ops.convert_to_numpy(unit(np.array([[3.0, 4.0], [0.0, 0.0]]))).sum(axis=1).round(1)
        array([1.4, 0. ], dtype=float32)
    """
    vectors = ops.cast(vectors, "float32")
    squares = ops.sum(ops.square(vectors), axis=-1, keepdims=True)
    return vectors * ops.rsqrt(ops.maximum(squares, 1e-12))
