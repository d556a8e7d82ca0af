"""What the two encoders of the joint embedding are trained on, as a pure function."""

from typing import Any

from keras import ops


def symmetric_structured_joint_embedding(
    image_embedding: Any, text_embedding: Any, label: Any | None, margin: float = 1.0
) -> Any:
    """The symmetric structured joint embedding objective of a batch of pairs.

    Reed et al. 2016, "Learning Deep Representations of Fine-Grained Visual
    Descriptions", equations 2 to 6, as a hinge over the batch. With the
    compatibility s[i, j] = image_embedding[i] · text_embedding[j],

    L = 1/B² Σ_i Σ_j [y_i ≠ y_j] ( max(0, m - s[i, i] + s[i, j]) + max(0, m - s[i, i] + s[j, i]) ):

    a picture must fit its own caption better, by the margin m, than the caption of
    another class, and a caption its own picture better than one of another class.
    Pairs of the same class are no negatives. Without classes, the i ≠ j take the place
    of the y_i ≠ y_j: a picture must fit its own caption better than any other of the
    batch. All in float32.

    Args:
        image_embedding: Float tensor ``[B, T]``.
        text_embedding: Float tensor ``[B, T]``; row i describes picture i.
        label: Integer tensor ``[B]``: the class of each pair; None where there are no
            classes, as if each pair were a class of its own.
        margin: The margin m, in units of the compatibility.

    Returns:
        A float32 scalar, at least 0.

    Example:
        >>> import numpy as np
        >>> right, wrong = np.eye(2, dtype="float32") * 2, np.eye(2, dtype="float32")[::-1] * 2
        >>> float(symmetric_structured_joint_embedding(right, right, np.array([0, 1])))
        0.0
        >>> float(symmetric_structured_joint_embedding(right, wrong, np.array([0, 1])))
        5.0
    """
    scores = compatibility(image_embedding, text_embedding)
    right = ops.diagonal(scores)  # s[i, i]
    label = ops.arange(ops.shape(scores)[0]) if label is None else ops.convert_to_tensor(label)
    negative = ops.cast(ops.not_equal(label[:, None], label[None, :]), "float32")
    over_captions = ops.relu(margin - right[:, None] + scores)
    over_pictures = ops.relu(margin - right[:, None] + ops.transpose(scores))
    return ops.mean(negative * (over_captions + over_pictures))


def reading_loss(logits: Any, shares: Any) -> Any:
    """How badly what a caption says is read off its embedding: ``mean_i −Σ_k p_ik log softmax(z_i)_k``.

    Args:
        logits: Float tensor z ``[B, V]``.
        shares: Float tensor p ``[B, V]``; see :func:`stackgan_k3.text.word_pairs.word_pairs`.

    Returns:
        A float32 scalar: ln V for a guess, and for n words and pairs at best ln n.

    Example:
        >>> import numpy as np
        >>> round(float(reading_loss(np.zeros((1, 4)), np.array([[0.5, 0.5, 0.0, 0.0]]))), 4)  # ln 4
        1.3863
    """
    likely = ops.log_softmax(ops.cast(logits, "float32"), axis=-1)
    return -ops.mean(ops.sum(ops.cast(shares, "float32") * likely, axis=-1))


def compatibility(image_embedding: Any, text_embedding: Any) -> Any:
    """Returns s[i, j] = image_embedding[i] · text_embedding[j], float32 ``[B, B]``.

    Args:
        image_embedding: Float tensor ``[B, T]``.
        text_embedding: Float tensor ``[B, T]``.

    Example:
        >>> import numpy as np
        >>> tuple(compatibility(np.ones((2, 3)), np.ones((2, 3))).shape)
        (2, 2)
    """
    image_embedding = ops.cast(image_embedding, "float32")
    text_embedding = ops.cast(text_embedding, "float32")
    return ops.matmul(image_embedding, ops.transpose(text_embedding))
