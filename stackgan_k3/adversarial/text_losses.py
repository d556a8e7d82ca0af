"""What GAN-CLS and GAN-INT add to the adversarial objectives, as pure functions.

Logits are float32 ``[batch, 1]`` or ``[batch]``, as in :mod:`stackgan_k3.adversarial.losses`.
"""

from typing import Any

from keras import ops

from stackgan_k3.adversarial.losses import cross_entropy


def matching_aware_loss(real: Any, wrong_text: Any, fake: Any, real_labels: Any = 1.0) -> Any:
    """The loss of a matching-aware discriminator: ``−log S_r − ½·(log(1 − S_w) + log(1 − S_f))``.

    Reed et al., 2016, algorithm 1, as a minimum; S is the probability that a logit stands for. S_w
    is of a real picture with a wrong *text*. (StackGAN shows its discriminators a wrong *picture* with
    the text, and so does the code published with GAN-CLS.)

    Args:
        real: Logits of real pictures with their own texts.
        wrong_text: Logits of the same real pictures with the texts of others.
        fake: Logits of drawn pictures with the texts they were drawn for.
        real_labels: Targets of the real pairs, 1 or smoothed.

    Returns:
        A float32 scalar; 2·ln 2 where every logit is 0 and labels are 1.

    Example:
        >>> import numpy as np
        >>> zero = np.zeros((2, 1), "float32")
        >>> round(float(matching_aware_loss(zero, zero, zero)), 4)
        1.3863
    """
    not_so = cross_entropy(wrong_text, 0.0) + cross_entropy(fake, 0.0)
    return cross_entropy(real, real_labels) + 0.5 * not_so


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
