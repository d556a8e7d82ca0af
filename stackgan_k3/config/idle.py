"""Settings of an adversarial phase that would have no effect, refused where they are asked for."""

from collections.abc import Mapping
from typing import Any

from stackgan_k3.config.parts import AdversarialConfig, PhaseConfig, TextConfig
from stackgan_k3.errors import UserError


def refuse_idle(phase: str, part: PhaseConfig, changes: Mapping[str, Any]) -> None:
    """Refuses changes to a phase that nothing would read.

    Only what was asked for is refused: what a preset says must not stand in the way of a swap.

    Args:
        phase: Name of the phase.
        part: Its table, with the changes.
        changes: What was asked for, by dotted keys.

    Raises:
        UserError: Naming the setting, why it has no effect, and the remedy.

    Example:
        >>> hinge = AdversarialConfig(adversarial_loss="hinge")
        >>> refuse_idle("gan", hinge, {"gan.adversarial_loss": "hinge"})
        >>> refuse_idle("gan", hinge, {"gan.generator_loss": "non-saturating"})
        Traceback (most recent call last):
        ...
        stackgan_k3.errors.UserError: gan.generator_loss is non-saturating, but gan.adversarial_loss=hinge \
has one loss of the generator only; leave it out, or set gan.adversarial_loss=logistic
    """
    if isinstance(part, TextConfig):
        _refuse_idle_text(phase, part, changes)
    if not isinstance(part, AdversarialConfig):
        return
    loss = part.adversarial_loss
    if f"{phase}.generator_loss" in changes and loss != "logistic":
        raise UserError(
            f"{phase}.generator_loss is {part.generator_loss}, but {phase}.adversarial_loss={loss} has one "
            f"loss of the generator only; leave it out, or set {phase}.adversarial_loss=logistic"
        )
    if f"{phase}.real_labels" in changes and loss == "hinge" and part.real_labels != (1.0, 1.0):
        low, high = part.real_labels
        raise UserError(
            f"{phase}.real_labels are {low:g} to {high:g}, but {phase}.adversarial_loss=hinge has margins "
            f"and no targets to smooth; leave it out, or set {phase}.adversarial_loss to logistic or "
            "relativistic"
        )
    optimizers = {part.generator_optimizer, part.discriminator_optimizer}
    if f"{phase}.beta_1" in changes and "adam" not in optimizers:
        raise UserError(
            f"{phase}.beta_1 is {part.beta_1:g}, but it is Adam's, and both optimizers of {phase} are SGD; "
            f"leave it out, or set {phase}.generator_optimizer=adam"
        )
    if f"{phase}.r1_every" in changes and not part.r1_weight:
        raise UserError(
            f"{phase}.r1_every is {part.r1_every}, but {phase}.r1_weight=0 switches the penalty off; leave "
            f"it out, or set {phase}.r1_weight, for example to 1"
        )


def _refuse_idle_text(phase: str, part: TextConfig, changes: Mapping[str, Any]) -> None:
    own = ["width", "image_encoder", "image_width", "objective", "margin", "gamma"]
    own += ["reading_weight", "picture_reading_weight", "picture_noise"]
    for name in own:
        if f"{phase}.{name}" in changes and part.encoder != "char-cnn-rnn":
            raise UserError(
                f"{phase}.{name} is {getattr(part, name)}, but {phase}.encoder={part.encoder} trains no such "
                f"network; leave it out, or set {phase}.encoder=char-cnn-rnn"
            )
    for name, objective in (("margin", "structured"), ("gamma", "contrastive")):
        if f"{phase}.{name}" in changes and part.objective != objective:
            raise UserError(
                f"{phase}.{name} is {getattr(part, name):g}, but {phase}.objective={part.objective} has no "
                f"{name}; leave it out, or set {phase}.objective={objective}"
            )
