"""Where the losses of an adversarial phase lie when the discriminator cannot tell: D = ½ everywhere."""

import math

from stackgan_k3.config import RunConfig
from stackgan_k3.config.gan_cls import GANCLSPart
from stackgan_k3.config.parts import AdversarialConfig


def equilibrium(config: RunConfig, phase: str) -> dict[str, float]:
    """Returns the losses of a phase where every logit is 0, that is, every judgement is D = ½.

    Of the logistic losses: a cross-entropy is then ln 2 whatever its target, so smoothed labels change
    nothing.

    * Discriminator: the weights of the terms on real pairs add up to 1, and so do those of the terms on
      wrong and drawn ones (½ + ½ in Stage-I and GAN-CLS; ½ + ½ and ⅓ + ⅓ + ⅓ in Stage-II), so its
      loss is 2·ln 2 = 1.386.
    * Generator: ln 2 = 0.693 for each judgement that its loss adds up: one; two in Stage-II, with its
      two heads, and in GAN-INT, which draws for mixtures of captions too (1.386). The minimax loss
      ``log(1 − D)`` is the same with the sign turned. Other terms (KL, matching) come on top and have
      no such value.

    Of the relativistic losses the generator's has a term of real pairs for each of drawn ones, so it is
    twice that. Of the hinge losses each term of the discriminator is 1, and their weights are the same: 2, as
    it is for any constant logit between the margins; the generator's is minus that logit: 0.

    Args:
        config: The configuration of a run.
        phase: One of its phases.

    Returns:
        ``discriminator_loss`` and ``generator_loss``; nothing for a phase that is not adversarial.

    Example:
        >>> from stackgan_k3.config import load_preset
        >>> config = load_preset("stackgan-flowers")
        >>> {name: round(value, 3) for name, value in equilibrium(config, "stage2").items()}
        {'discriminator_loss': 1.386, 'generator_loss': 1.386}
        >>> equilibrium(config, "text")
        {}
    """
    part = config.part(phase)
    if not isinstance(part, AdversarialConfig):
        return {}
    judgements = 2 if phase == "stage2" or (isinstance(part, GANCLSPart) and part.interpolation) else 1
    if part.adversarial_loss == "hinge":
        return {"discriminator_loss": 2.0, "generator_loss": 0.0}
    factor = -1.0 if part.generator_loss == "saturating" else 1.0
    if part.adversarial_loss == "relativistic":
        factor = 2.0
    return {"discriminator_loss": 2 * math.log(2), "generator_loss": factor * judgements * math.log(2)}
