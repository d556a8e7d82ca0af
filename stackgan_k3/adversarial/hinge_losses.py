"""The hinge losses of a GAN, as pure functions of logits.

Lim and Ye, *Geometric GAN*, 2017; Miyato et al., *Spectral normalization for generative
adversarial networks*, 2018. Wrong pairs are weighed as in :mod:`stackgan_k3.adversarial.losses`.
"""

from collections.abc import Sequence
from typing import Any

from keras import ops

from stackgan_k3.adversarial.judgement import Judgement


def hinge_discriminator_loss(judgements: Sequence[Judgement]) -> Any:
    """The discriminator's: ``E max(0, 1 − x)`` over real, ``E max(0, 1 + x)`` over wrong and drawn pairs.

    The terms of real pairs are averaged over the heads, and so are those of the others: with
    one head ``real + ½·(wrong + fake)``, with two ``½·(real + real_alone) + ⅓·(fake + wrong +
    fake_alone)``. A logit beyond its margin, 1 or −1, adds nothing.

    Args:
        judgements: The logits of each head, with ``real``.

    Returns:
        A float32 scalar, at least 0; 2 where every logit is 0.

    Example:
        >>> import numpy as np
        >>> zero, two = np.zeros((3, 1), "float32"), np.full((3, 1), 2.0, "float32")
        >>> float(hinge_discriminator_loss([Judgement(fake=zero, real=zero, wrong=zero)]))
        2.0
        >>> float(hinge_discriminator_loss([Judgement(fake=-two, real=two, wrong=zero)]))
        0.5
    """
    real = [ops.mean(ops.relu(1.0 - _float(one.real))) for one in judgements]
    others = [logits for one in judgements for logits in (one.fake, one.wrong) if logits is not None]
    return sum(real) / len(real) + sum(ops.mean(ops.relu(1.0 + _float(x))) for x in others) / len(others)


def hinge_generator_loss(judgements: Sequence[Judgement]) -> Any:
    """The generator's: ``−E x`` over drawn pictures, added up over the heads.

    Args:
        judgements: The logits of each head.

    Returns:
        A float32 scalar of either sign.

    Example:
        >>> import numpy as np
        >>> float(hinge_generator_loss([Judgement(fake=np.array([[1.0], [2.0]], "float32"))]))
        -1.5
    """
    return -sum(ops.mean(_float(one.fake)) for one in judgements)


def margin_position(logits: Any) -> Any:
    """Where logits stand between the margins, as a mean: ``E (1 + clip(x, −1, 1)) / 2``.

    The hinge losses know no probability. This is 0 where the loss of a drawn pair has vanished, 1 where
    that of a real one has, and ½ for a logit of 0.

    Args:
        logits: Float ``[batch, 1]``.

    Returns:
        A float32 scalar, 0 to 1.

    Example:
        >>> import numpy as np
        >>> float(margin_position(np.array([[-7.0], [0.0]], "float32")))
        0.25
    """
    return ops.mean((1.0 + ops.clip(_float(logits), -1.0, 1.0)) / 2.0)


def _float(logits: Any) -> Any:
    return ops.cast(logits, "float32")
