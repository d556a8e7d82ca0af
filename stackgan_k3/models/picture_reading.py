"""The telling words of captions, read off pictures by the discriminator: a loss of both networks."""

from typing import Any

from stackgan_k3.adversarial.reading_losses import denial_loss, telling_loss, unread_loss
from stackgan_k3.errors import UserError
from stackgan_k3.models.discriminator import Discriminator


class PictureReading:
    """Lets the discriminator read real pictures, and the generator draw what it reads.

    The auxiliary classifier of Odena et al., 2017, with telling words in the place of classes; see
    :class:`stackgan_k3.text.telling_words.TellingWords`. The discriminator learns to say which of them any
    caption of a real picture says; the generator, to draw pictures off which it reads those of the caption
    that they were drawn for. What reads learns along with what draws, so that no speck means a colour for
    long; and every word counts as much as another, where telling a caption from others (:class:`Matching`)
    needs the leading ones alone.

    A classifier of real pictures alone is content with whatever reads well. A discriminative one (Hou et al.,
    *Conditional GANs with Auxiliary Discriminative Classifier*, 2022; there of classes) learns of every word
    whether the picture is *a real one* that says it, so that words drawn as nobody draws them do not count.

    Args:
        discriminator: One with a reading head, where there is a weight.
        weight: The weight of the loss, in both networks' objectives; 0 for none.
        discriminative: Whether the discriminator learns to deny drawn pictures their words.

    Raises:
        UserError: If there is a weight and no reading head, or a head and no weight, or it is to be
            discriminative without a weight.

    Example:
        >>> PictureReading(Discriminator(4, condition_dim=4), 0.0).of_real(None, {})
        (0.0, {})
    """

    def __init__(self, discriminator: Discriminator, weight: float, discriminative: bool = False) -> None:
        if bool(weight) != bool(discriminator.reading):
            raise UserError(
                f"reading_weight is {weight:g}, and the discriminator reads {discriminator.reading} numbers "
                "off a picture; give both, reading_weight=10 and Discriminator(…, reading=…), or none"
            )
        if discriminative and not weight:
            raise UserError(
                "discriminative_reading is set, but reading_weight=0 has nothing read off pictures; set "
                "reading_weight=10, or leave discriminative_reading out"
            )
        self.weight = float(weight)
        self.discriminative = bool(discriminative)
        self._head = discriminator.reading_head

    @property
    def log_names(self) -> tuple[str, ...]:
        """Names of what is logged: ``reading`` of drawn pictures and of real ones, and denied, or nothing."""
        denied = ("reading_denied",) if self.discriminative else ()
        return ("reading", "reading_real", *denied) if self.weight else ()

    def of_real(self, features: Any, batch: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Returns the discriminator's part, weighted, a float32 scalar, and what to log.

        Args:
            features: Of the real pictures alone, float ``[batch, 4, 4, 8·width]``.
            batch: With ``picture_tells`` float32 ``[batch, V]``, zeros and ones; see
                :func:`stackgan_k3.adversarial.reading_losses.telling_loss`.

        Raises:
            UserError: If the batch does not say what to read.
        """
        if self._head is None:
            return 0.0, {}
        loss = telling_loss(self._head(features, training=True), self._said(batch, "picture_tells"))
        return self.weight * loss, {"reading_real": loss}

    def denied(self, features: Any, batch: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Returns the discriminator's part on drawn pictures likewise, where it is discriminative.

        By what they were drawn for, ``caption_tells``; see
        :func:`stackgan_k3.adversarial.reading_losses.denial_loss`.
        """
        if self._head is None or not self.discriminative:
            return 0.0, {}
        loss = denial_loss(self._head(features, training=True), self._said(batch, "caption_tells"))
        return self.weight * loss, {"reading_denied": loss}

    def of_drawn(self, features: Any, batch: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Returns the generator's part likewise, by the words of one caption: ``caption_tells``.

        See :func:`stackgan_k3.adversarial.reading_losses.unread_loss`.
        """
        if self._head is None:
            return 0.0, {}
        loss = unread_loss(self._head(features, training=True), self._said(batch, "caption_tells"))
        return self.weight * loss, {"reading": loss}

    def _said(self, batch: dict[str, Any], words: str) -> Any:
        if words not in batch:
            raise UserError(
                f"the batch has no {words!r}, which reading_weight={self.weight:g} reads off pictures; add "
                "what stackgan_k3.training.said_words.SaidWords adds, or set reading_weight=0"
            )
        return batch[words]
