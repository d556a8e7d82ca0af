"""What the two encoders of the joint embedding are trained on, as pure functions."""

from typing import Any

from keras import ops


def symmetric_structured_joint_embedding(
    image_embedding: Any, text_embedding: Any, label: Any, margin: float = 1.0
) -> Any:
    """The symmetric structured joint embedding objective of a batch of pairs.

    Reed et al. 2016, "Learning Deep Representations of Fine-Grained Visual
    Descriptions", equations 2 to 6, as a hinge over the batch. With the
    compatibility s[i, j] = image_embedding[i] · text_embedding[j],

    L = 1/B² Σ_i Σ_j [y_i ≠ y_j] ( max(0, m - s[i, i] + s[i, j]) + max(0, m - s[i, i] + s[j, i]) ):

    a picture must fit its own caption better, by the margin m, than the caption of
    another class, and a caption its own picture better than one of another class.
    Pairs of the same class are no negatives. All in float32.

    Args:
        image_embedding: Float tensor ``[B, T]``.
        text_embedding: Float tensor ``[B, T]``; row i describes picture i.
        label: Integer tensor ``[B]``: the class of each pair.
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
    label = ops.convert_to_tensor(label)
    negative = ops.cast(ops.not_equal(label[:, None], label[None, :]), "float32")
    over_captions = ops.relu(margin - right[:, None] + scores)
    over_pictures = ops.relu(margin - right[:, None] + ops.transpose(scores))
    return ops.mean(negative * (over_captions + over_pictures))


def contrastive(image_embedding: Any, text_embedding: Any, temperature: float = 0.1) -> Any:
    """The contrastive objective (InfoNCE) over cosine similarities, in both directions.

    Radford et al. 2021, "Learning Transferable Visual Models From Natural Language
    Supervision", figure 3, with a fixed temperature. Every other pair of the batch
    is a negative, of the same class or not: it asks for what tells two pictures of
    one class apart.

    Args:
        image_embedding: Float tensor ``[B, T]``.
        text_embedding: Float tensor ``[B, T]``; row i describes picture i.
        temperature: What cosines are divided by, greater than 0.

    Returns:
        A float32 scalar, at least 0: the mean of the two directions, in nats.

    Example:
        >>> import numpy as np
        >>> same = np.ones((4, 3), "float32")
        >>> round(float(contrastive(same, same)), 4)  # log 4: nothing to tell them apart
        1.3863
    """
    image_embedding = ops.normalize(ops.cast(image_embedding, "float32"), axis=-1)
    text_embedding = ops.normalize(ops.cast(text_embedding, "float32"), axis=-1)
    scores = compatibility(image_embedding, text_embedding) / temperature
    right = ops.diagonal(scores)
    over_captions = ops.logsumexp(scores, axis=1) - right
    over_pictures = ops.logsumexp(scores, axis=0) - right
    return ops.mean(over_captions + over_pictures) / 2.0


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
