"""A Stage-II that also mends real pictures, as a model to ``fit()``."""

from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from stackgan_k3.adversarial.spoiling import Spoiling
from stackgan_k3.adversarial.super_resolution_losses import reduced
from stackgan_k3.draws import Draw
from stackgan_k3.models.over_real import draw_over_both
from stackgan_k3.models.stackgan_stage import StackGANStage


@keras.saving.register_keras_serializable("stackgan_k3")
class RestoringStage(StackGANStage):
    """Stage-II that learns from pairs besides: real pictures, and the same made small and spoiled.

    The adversarial loss alone is a slow teacher of how edges are drawn. A sketch has no large picture
    to be compared with, but a real picture has a small one: averaged down to 64 px and frayed as sketches
    are (:class:`Spoiling`), it is drawn over with its caption, in the same pass as the sketches, and
    the generator also minimizes ``restoring_weight · mean |G(spoiled) − real|`` (the absolute value as in
    Isola et al., 2017, "Image-to-Image Translation with Conditional Adversarial Networks"). What is drawn
    over sketches is judged as in :class:`StackGANStage`. The mean is logged as ``restoring``, unweighted.

    Args:
        *args: Of :class:`StackGANStage`.
        restoring_weight: Weight of that mean, pictures being in [-1, 1].
        **kwargs: Of :class:`StackGANStage`; the generator must take ``sketch``.

    Raises:
        UserError: If the networks do not fit together.

    Example:
        See :func:`stackgan_k3.training.recipes.stackgan.build_stage`, which builds it where
        ``stage2.restoring_weight`` is not 0.
    """

    log_names = (*StackGANStage.log_names, "restoring")

    def __init__(self, *args: Any, restoring_weight: float = 10.0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.restoring_weight = float(restoring_weight)
        self.spoiling = Spoiling()

    @property
    def draws(self) -> Mapping[str, Draw]:
        """Those of :class:`StackGANStage`, and those of :class:`Spoiling`."""
        return {**super().draws, **self.spoiling.draws}

    def draw(self, batch: dict[str, Any]) -> dict[str, Any]:
        return draw_over_both(self.generator, batch, self.spoiling(batch, reduced(batch["image"])))

    def generator_loss(self, batch: dict[str, Any], drawn: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        loss, logs = super().generator_loss(batch, drawn)
        restoring = ops.mean(ops.abs(drawn["restored"] - batch["image"]))
        return loss + self.restoring_weight * restoring, {**logs, "restoring": restoring}

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "restoring_weight": self.restoring_weight}
