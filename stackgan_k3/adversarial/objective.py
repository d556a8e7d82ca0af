"""Which adversarial losses two networks minimize."""

from collections.abc import Sequence
from typing import Any

from keras import ops

from stackgan_k3.adversarial import losses
from stackgan_k3.adversarial.hinge_losses import (
    hinge_discriminator_loss,
    hinge_generator_loss,
    margin_position,
)
from stackgan_k3.adversarial.judgement import Judgement
from stackgan_k3.adversarial.relativistic import relative
from stackgan_k3.errors import UserError, unknown

ADVERSARIAL_LOSSES = ("logistic", "hinge", "relativistic")


class Objective:
    """The losses of discriminator and generator, by name, from the logits of the heads.

    * ``"logistic"``: cross-entropies of D = σ(logit); :mod:`stackgan_k3.adversarial.losses`.
    * ``"hinge"``: :mod:`stackgan_k3.adversarial.hinge_losses`. Targets of real pairs are not smoothed.
    * ``"relativistic"``: the logistic losses of the relative logits; :func:`relative`.

    Args:
        name: One of the three.
        generator_loss: Of ``"logistic"`` alone: ``"non-saturating"``, or ``"saturating"`` for the minimax
            loss.

    Raises:
        UserError: If there is no such loss, or ``"saturating"`` is asked of another than ``"logistic"``.

    Example:
        >>> import numpy as np
        >>> zero = np.zeros((2, 1), "float32")
        >>> for name in ADVERSARIAL_LOSSES:
        ...     objective, said = Objective(name), Judgement(fake=zero, real=zero, wrong=zero)
        ...     found = objective.discriminator_loss([said]), objective.generator_loss([said])
        ...     print(name, *(round(float(loss), 2) + 0.0 for loss in found))
        logistic 1.39 0.69
        hinge 2.0 0.0
        relativistic 1.39 1.39
    """

    def __init__(self, name: str = "logistic", generator_loss: str = "non-saturating") -> None:
        if name not in ADVERSARIAL_LOSSES:
            raise unknown("adversarial loss", name, ADVERSARIAL_LOSSES)
        self._logistic_generator_loss = losses.generator_objective(generator_loss)
        if name != "logistic" and generator_loss != "non-saturating":
            raise UserError(
                f"generator_loss is {generator_loss}, but adversarial_loss={name} has one loss of the "
                "generator only; leave it out, or set adversarial_loss=logistic"
            )
        self.name = name
        self.generator_loss_name = generator_loss

    @property
    def compares(self) -> bool:
        """Whether the generator's loss needs the logits of real pictures."""
        return self.name == "relativistic"

    def discriminator_loss(self, judgements: Sequence[Judgement], real_labels: Any = 1.0) -> Any:
        """Returns the discriminator's loss.

        Args:
            judgements: The head that reads captions (or the only one), and in Stage-II the one that does not.
            real_labels: Targets of the real pairs, 1 or smoothed; nothing to the hinge loss.

        Returns:
            A float32 scalar.
        """
        if self.name == "hinge":
            return hinge_discriminator_loss(judgements)
        said = [relative(one) for one in judgements] if self.compares else judgements
        first = said[0]
        if len(said) > 1:
            alone = said[1]
            return losses.stage2_discriminator_loss(
                first.real, first.wrong, first.fake, alone.real, alone.fake, real_labels
            )
        if first.wrong is None:
            return losses.discriminator_loss(first.real, first.fake, real_labels)
        return losses.stage1_discriminator_loss(first.real, first.wrong, first.fake, real_labels)

    def generator_loss(self, judgements: Sequence[Judgement]) -> Any:
        """Returns the generator's loss, added up over the judgements; wrong pairs do not count.

        Args:
            judgements: Logits of drawn pictures, with those of real ones where this objective ``compares``.

        Returns:
            A float32 scalar.
        """
        if self.name == "hinge":
            return hinge_generator_loss(judgements)
        if not self.compares:
            fakes = [one.fake for one in judgements]
            return sum(map(self._logistic_generator_loss, fakes[1:]), self._logistic_generator_loss(fakes[0]))
        said = [relative(one._replace(wrong=None)) for one in judgements]
        terms = [losses.cross_entropy(x.fake, 1.0) + losses.cross_entropy(x.real, 0.0) for x in said]
        return sum(terms[1:], terms[0])

    def beliefs(self, judgement: Judgement) -> dict[str, Any]:
        """Returns means of what the discriminator believes: ``d_real``, ``d_wrong``, ``d_fake``.

        Each lies between 0 and 1, and is ½ where it cannot tell. Logistic: D = σ(logit), the probability
        that the pair is real. Relativistic: that it is more real than the other side on
        average. Hinge: no probability, but :func:`margin_position`.

        Args:
            judgement: Logits of a head.

        Returns:
            A float32 scalar for each kind of pair that there is.
        """
        if self.compares:
            judgement = relative(judgement)
        logits = {"d_real": judgement.real, "d_wrong": judgement.wrong, "d_fake": judgement.fake}
        mean = margin_position if self.name == "hinge" else lambda x: ops.mean(ops.sigmoid(x))
        return {name: mean(value) for name, value in logits.items() if value is not None}
