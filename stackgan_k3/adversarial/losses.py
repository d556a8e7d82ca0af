"""The adversarial objectives as pure functions of logits.

Every function takes float32 logits ``[batch, 1]`` or ``[batch]`` and returns a
float32 scalar. Probabilities never appear: the cross-entropies are computed from
logits, which stays exact where a sigmoid saturates.
"""

from typing import Any

from keras import ops

from stackgan_k3.errors import unknown


def cross_entropy(logits: Any, targets: Any) -> Any:
    """Mean binary cross-entropy of logits against targets.

    ``mean(max(x, 0) − x·t + log(1 + exp(−|x|)))``, equal to
    ``−t·log σ(x) − (1 − t)·log(1 − σ(x))``.

    Args:
        logits: Float ``[batch, 1]`` or ``[batch]``.
        targets: Float in [0, 1]: a scalar or ``[batch]``.

    Returns:
        A float32 scalar, at least 0.

    Example:
        >>> import numpy as np
        >>> round(float(cross_entropy(np.zeros((4, 1), "float32"), 1.0)), 4)
        0.6931
    """
    x = ops.cast(ops.reshape(logits, (-1,)), "float32")
    t = ops.cast(targets, "float32")
    return ops.mean(ops.maximum(x, 0.0) - x * t + ops.log1p(ops.exp(-ops.abs(x))))


def kl_divergence(mean: Any, log_variance: Any) -> Any:
    """KL divergence of N(μ, diag σ²) from N(0, I), as a mean over batch and components.

    ``mean(−½·(1 + log σ² − μ² − σ²))``. The paper sums over the components; the
    published code, and this, take the mean.

    Args:
        mean: Float ``[batch, C]``.
        log_variance: Float ``[batch, C]``.

    Returns:
        A float32 scalar, at least 0.

    Example:
        >>> import numpy as np
        >>> zero = np.zeros((2, 3), "float32")
        >>> float(kl_divergence(zero, zero)), float(kl_divergence(zero + 2, zero))
        (0.0, 2.0)
    """
    m, v = ops.cast(mean, "float32"), ops.cast(log_variance, "float32")
    return ops.mean(-0.5 * (1.0 + v - ops.square(m) - ops.exp(v)))


def discriminator_loss(real: Any, fake: Any, real_labels: Any = 1.0) -> Any:
    """The loss of an unconditional discriminator: ``−log D(x) − log(1 − D(G(z)))``.

    Goodfellow et al., 2014, equation 1, as a minimum.

    Args:
        real: Logits of real pictures.
        fake: Logits of drawn pictures.
        real_labels: Targets of the real pictures, 1 or smoothed.

    Returns:
        A float32 scalar; 2·ln 2 where every logit is 0 and labels are 1.

    Example:
        >>> import numpy as np
        >>> zero = np.zeros((2, 1), "float32")
        >>> round(float(discriminator_loss(zero, zero)), 4)
        1.3863
    """
    return cross_entropy(real, real_labels) + cross_entropy(fake, 0.0)


def stage1_discriminator_loss(real: Any, wrong: Any, fake: Any, real_labels: Any = 1.0) -> Any:
    """The matching-aware loss of Stage-I and of GAN-CLS: ``real + ½·(wrong + fake)``.

    Reed et al., 2016, algorithm 1, as a minimum: ``−log S_r − ½·(log(1 − S_w) + log(1 − S_f))``.

    Args:
        real: Logits of real pictures with their own captions.
        wrong: Logits of real pictures with the captions of others.
        fake: Logits of drawn pictures with the captions they were drawn for.
        real_labels: Targets of the real pairs, 1 or smoothed, e.g. U(0.9, 1) ``[batch]``.

    Returns:
        A float32 scalar; 2·ln 2 where every logit is 0 and labels are 1.

    Example:
        >>> import numpy as np
        >>> zero = np.zeros((2, 1), "float32")
        >>> round(float(stage1_discriminator_loss(zero, zero, zero)), 4)
        1.3863
    """
    return cross_entropy(real, real_labels) + 0.5 * (cross_entropy(wrong, 0.0) + cross_entropy(fake, 0.0))


def stage2_discriminator_loss(
    real: Any, wrong: Any | None, fake: Any, real_alone: Any, fake_alone: Any, real_labels: Any = 1.0
) -> Any:
    """The loss of Stage-II: ``½·(real + real_alone) + ⅓·(fake + wrong + fake_alone)``.

    Args:
        real: Logits of real pictures with their own captions.
        wrong: Logits of real pictures with the captions of others; None, and the rest counts half each,
            where they are not learnt from.
        fake: Logits of drawn pictures with the captions they were drawn for.
        real_alone: Logits of the unconditional head on real pictures.
        fake_alone: Logits of the unconditional head on drawn pictures.
        real_labels: Targets of the real pictures, 1 or smoothed.

    Returns:
        A float32 scalar; 2·ln 2 where every logit is 0 and labels are 1.

    Example:
        >>> import numpy as np
        >>> zero = np.zeros((2, 1), "float32")
        >>> round(float(stage2_discriminator_loss(zero, zero, zero, zero, zero)), 4)
        1.3863
    """
    reals = cross_entropy(real, real_labels) + cross_entropy(real_alone, real_labels)
    others = [cross_entropy(x, 0.0) for x in (fake, wrong, fake_alone) if x is not None]
    return reals / 2.0 + sum(others[1:], others[0]) / len(others)


def generator_loss(fake: Any, fake_alone: Any | None = None) -> Any:
    """The non-saturating loss of a generator: drawn pictures should pass for real.

    Args:
        fake: Logits of drawn pictures with their captions.
        fake_alone: Logits of the unconditional head, where there is one; its
            cross-entropy is added.

    Returns:
        A float32 scalar, at least 0.

    Example:
        >>> import numpy as np
        >>> round(float(generator_loss(np.zeros((2, 1), "float32"))), 4)
        0.6931
    """
    loss = cross_entropy(fake, 1.0)
    return loss if fake_alone is None else loss + cross_entropy(fake_alone, 1.0)


def saturating_generator_loss(fake: Any, fake_alone: Any | None = None) -> Any:
    """The minimax loss of a generator, ``log(1 − D(G(z)))``, which vanishes where D is sure.

    Goodfellow et al., 2014, equation 1.

    Args:
        fake: Logits of drawn pictures with their captions.
        fake_alone: Logits of the unconditional head, where there is one.

    Returns:
        A float32 scalar, at most 0.

    Example:
        >>> import numpy as np
        >>> round(float(saturating_generator_loss(np.zeros((2, 1), "float32"))), 4)
        -0.6931
    """
    loss = -cross_entropy(fake, 0.0)
    return loss if fake_alone is None else loss - cross_entropy(fake_alone, 0.0)


GENERATOR_LOSSES = {"non-saturating": generator_loss, "saturating": saturating_generator_loss}


def generator_objective(name: str) -> Any:
    """Returns the generator's loss of a name: ``non-saturating`` or ``saturating``.

    Raises:
        UserError: If there is no such loss.

    Example:
        >>> generator_objective("saturating").__name__
        'saturating_generator_loss'
    """
    if name not in GENERATOR_LOSSES:
        raise unknown("generator loss", name, GENERATOR_LOSSES)
    return GENERATOR_LOSSES[name]
