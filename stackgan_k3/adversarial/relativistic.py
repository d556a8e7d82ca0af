"""Logits relative to those of the other side, of the relativistic average GAN."""

from typing import Any

from keras import ops

from stackgan_k3.adversarial.judgement import Judgement


def relative(judgement: Judgement) -> Judgement:
    """Takes from each logit the mean of what it is compared with.

    Jolicoeur-Martineau, *The relativistic discriminator: a key element missing from standard GAN*,
    2018, section 4 (RaGAN): ``D(x) = σ(C(x) − E C(y))``, the probability that x looks more real than the
    other side does on average. Here, with wrong pairs,

    * a real pair is compared with the mean of the others, ``½·(E wrong + E fake)``;
    * a wrong or drawn pair with the mean of the real ones.

    The discriminator's loss is the logistic one of these logits. The generator's has the targets turned
    around, and no wrong pairs: ``−E log D(fake) − E log(1 − D(real))``.

    Args:
        judgement: The logits of a head, with ``real``.

    Returns:
        The relative logits, float32.

    Example:
        >>> import numpy as np
        >>> real, fake = np.array([[3.0], [1.0]], "float32"), np.array([[0.0], [-1.0]], "float32")
        >>> ops.convert_to_numpy(relative(Judgement(fake=fake, real=real)).real).tolist()
        [[3.5], [1.5]]
        >>> ops.convert_to_numpy(relative(Judgement(fake=fake, real=real)).fake).tolist()
        [[-2.0], [-3.0]]
    """
    real, fake = (ops.cast(x, "float32") for x in (judgement.real, judgement.fake))
    of_real, of_others = ops.mean(real), ops.mean(fake)
    wrong: Any = None
    if judgement.wrong is not None:
        wrong = ops.cast(judgement.wrong, "float32")
        of_others = 0.5 * (ops.mean(wrong) + of_others)
        wrong = wrong - of_real
    return Judgement(fake=fake - of_real, real=real - of_others, wrong=wrong)
