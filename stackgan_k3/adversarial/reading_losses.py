"""How well telling words are read off pictures, as pure functions."""

from typing import Any

from keras import ops

RARELY = -4.0
"""The bias that a layer which reads telling words begins with: most of them are not said of a picture."""


def telling_loss(logits: Any, said: Any) -> Any:
    """How badly the telling words of pictures are read off them: ``Σ_ik BCE(z_ik, y_ik) / Σ_ik y_ik``.

    Every word is a question of its own, yes or no: what is once known, such as the leading color,
    leaves the gradients to what is not.

    Args:
        logits: Float tensor z ``[B, V]``.
        said: Float tensor y ``[B, V]`` of zeros and ones; see
            :class:`stackgan_k3.text.telling_words.TellingWords`.

    Returns:
        A float32 scalar, at least 0: the cross-entropy for each word that is said.

    Example:
        >>> import numpy as np
        >>> round(float(telling_loss(np.zeros((1, 4)), np.array([[1.0, 1.0, 0.0, 0.0]]))), 4)  # 4 ln 2 / 2
        1.3863
    """
    logits, said = ops.cast(logits, "float32"), ops.cast(said, "float32")
    return ops.sum(ops.softplus(logits) - logits * said) / ops.maximum(ops.sum(said), 1.0)


def unread_loss(logits: Any, said: Any) -> Any:
    """How badly the words of captions are read off pictures: ``Σ_ik y_ik (−log σ(z_ik)) / Σ_ik y_ik``.

    The half of :func:`telling_loss` that is about what a caption says: what it leaves out may be so or not.

    Args:
        logits: Float tensor z ``[B, V]``.
        said: Float tensor y ``[B, V]`` of zeros and ones.

    Returns:
        A float32 scalar, at least 0.

    Example:
        >>> import numpy as np
        >>> round(float(unread_loss(np.zeros((1, 4)), np.array([[1.0, 1.0, 0.0, 0.0]]))), 4)  # ln 2
        0.6931
    """
    logits, said = ops.cast(logits, "float32"), ops.cast(said, "float32")
    return ops.sum(said * ops.softplus(-logits)) / ops.maximum(ops.sum(said), 1.0)


def denial_loss(logits: Any, said: Any) -> Any:
    """How well drawn pictures pass for real ones of their words: ``Σ_ik y_ik (−log σ(−z_ik)) / Σ_ik y_ik``.

    The other side of :func:`unread_loss`, for a discriminator that is asked of each word whether the picture
    is a real one that shows it.

    Args:
        logits: Float tensor z ``[B, V]``, of drawn pictures.
        said: Float tensor y ``[B, V]`` of zeros and ones: what they were drawn for.

    Returns:
        A float32 scalar, at least 0.

    Example:
        >>> import numpy as np
        >>> round(float(denial_loss(np.zeros((1, 4)), np.array([[1.0, 1.0, 0.0, 0.0]]))), 4)  # ln 2
        0.6931
    """
    return unread_loss(-logits, said)
