"""A Stage-II that attends to words, as a model to ``fit()``."""

from functools import partial
from typing import Any

import keras
from keras import ops

from stackgan_k3.adversarial.matching_loss import matching_loss
from stackgan_k3.adversarial.super_resolution_losses import reduced
from stackgan_k3.errors import UserError
from stackgan_k3.models.stackgan_stage import StackGANStage
from stackgan_k3.models.words import with_words


@keras.saving.register_keras_serializable("stackgan_k3")
class AttentionStage(StackGANStage):
    """Stage-II with attention on words and an image-text matching loss (after Xu et al., 2018).

    Its batches bring ``characters`` int32 ``[B, 201]`` in the place of ``embedding``: the text encoder,
    which is not trained here, runs in each step and gives embedding and word features. The
    image encoder of the joint embedding, not trained here either, looks at the drawn pictures,
    averaged down to 64 px; the generator minimizes
    ``adversarial + kl_weight · KL + matching_weight · matching`` (see :func:`matching_loss`).
    ``matching`` is logged without its weight.

    Args:
        *args: Of :class:`StackGANStage`; the generator must take ``words``.
        text_encoder: A network whose words :func:`with_words` knows.
        image_encoder: A network from pictures float32 ``[batch, 64, 64, 3]`` to embeddings float32
            ``[batch, T]``, trained with the text encoder.
        matching_weight: Weight of the matching loss; 5 in the paper for birds.
        matching_gamma: Its γ; 10 in the paper.
        **kwargs: Of :class:`StackGANStage`.

    Raises:
        UserError: If the networks do not fit together.

    Example:
        See :func:`stackgan_k3.training.recipes.stackgan.build_stage`, which builds it for
        ``attention = true``.
    """

    log_names = (*StackGANStage.log_names, "matching")

    def __init__(
        self,
        *args: Any,
        text_encoder: keras.Model,
        image_encoder: keras.Model,
        matching_weight: float = 5.0,
        matching_gamma: float = 10.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, text_encoder=text_encoder, **kwargs)
        if "words" not in self.generator.input:
            raise UserError("the generator takes no words; build it with words=(L, D)")
        if image_encoder.output.shape[-1] != text_encoder.output.shape[-1]:
            raise UserError(
                f"the image encoder gives embeddings of {image_encoder.output.shape[-1]} numbers and the "
                f"text encoder of {text_encoder.output.shape[-1]}; take both from one run"
            )
        self.image_encoder = image_encoder
        self.image_encoder.trainable = False
        # A function, so that Keras does not count the encoder's weights as a second network's.
        self.read = partial(with_words(text_encoder), training=False)
        self.matching_weight = float(matching_weight)
        self.matching_gamma = float(matching_gamma)

    @property
    def frozen(self) -> list[keras.Model]:
        more = getattr(self, "image_encoder", None)  # not there yet while the base class is built
        return [*super().frozen, *([more] if more is not None else [])]

    def prepare(self, batch: dict[str, Any]) -> dict[str, Any]:
        read = self.read(ops.convert_to_tensor(batch["characters"]))
        return super().prepare({**batch, **{name: ops.stop_gradient(value) for name, value in read.items()}})

    def generator_loss(self, batch: dict[str, Any], drawn: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        loss, logs = super().generator_loss(batch, drawn)
        seen = self.image_encoder(reduced(drawn["image"]), training=False)
        matching = matching_loss(seen, batch["embedding"], self.matching_gamma)
        return loss + self.matching_weight * matching, {**logs, "matching": matching}

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "image_encoder": keras.saving.serialize_keras_object(self.image_encoder),
            "matching_weight": self.matching_weight,
            "matching_gamma": self.matching_gamma,
        }
