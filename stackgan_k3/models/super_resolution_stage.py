"""A Stage-II that is trained to enlarge, as a model to ``fit()``."""

from typing import Any

import keras
from keras import ops

from stackgan_k3.adversarial.super_resolution_losses import content_loss, feature_loss, reduced
from stackgan_k3.models.over_real import draw_over_both
from stackgan_k3.models.stackgan_stage import StackGANStage


@keras.saving.register_keras_serializable("stackgan_k3")
class SuperResolutionStage(StackGANStage):
    """Stage-II as super-resolution (after SRGAN, Ledig et al., 2017).

    SRGAN learns from pairs: a picture and the same picture made small. A sketch of Stage-I has no such
    partner, so each step draws twice in one pass of the generator: over the sketches, which the
    discriminator judges with their captions as in :class:`StackGANStage`, and over the batch's real
    pictures averaged down to 64 px, which are compared with the pictures they came from. The
    generator minimizes
    ``adversarial + kl_weight · KL + content_weight · content + feature_weight · features``; see
    :func:`content_loss` and :func:`feature_loss`. Both are logged without their weights.

    Args:
        *args: Of :class:`StackGANStage`.
        content_weight: Weight of the pixels.
        feature_weight: Weight of the discriminator's features.
        **kwargs: Of :class:`StackGANStage`; the generator must take ``sketch``.

    Raises:
        UserError: If the networks do not fit together.

    Example:
        See :func:`stackgan_k3.training.recipes.stackgan.build_stage`, which builds it for
        ``stage2.kind = "srgan"``.
    """

    log_names = (*StackGANStage.log_names, "content", "features")

    def __init__(
        self, *args: Any, content_weight: float = 1.0, feature_weight: float = 1.0, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.content_weight = float(content_weight)
        self.feature_weight = float(feature_weight)

    def draw(self, batch: dict[str, Any]) -> dict[str, Any]:
        return draw_over_both(self.generator, batch, reduced(batch["image"]))

    def generator_loss(self, batch: dict[str, Any], drawn: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        loss, logs = super().generator_loss(batch, drawn)
        content = content_loss(batch["sketch"], drawn["image"], batch["image"], drawn["restored"])
        condition = ops.stop_gradient(drawn["mean"])
        real = self.discriminator.look(self.augment(batch, batch["image"]), condition)
        restored = self.discriminator.look(self.augment(batch, drawn["restored"]), condition)
        features = feature_loss(real, restored)
        loss = loss + self.content_weight * content + self.feature_weight * features
        return loss, {**logs, "content": content, "features": features}

    def get_config(self) -> dict[str, Any]:
        weights = {"content_weight": self.content_weight, "feature_weight": self.feature_weight}
        return {**super().get_config(), **weights}
