"""GAN-CLS as a model to ``fit()``."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from stackgan_k3.adversarial.adversarial_model import AdversarialModel
from stackgan_k3.adversarial.caption_dropout import CaptionDropout
from stackgan_k3.adversarial.diff_augment import DiffAugment
from stackgan_k3.adversarial.judgement import Judgement
from stackgan_k3.draws import Draw
from stackgan_k3.errors import UserError
from stackgan_k3.layers.pictures import to_float
from stackgan_k3.models.gan_cls.discriminator import GANCLSDiscriminator
from stackgan_k3.models.gan_cls.generator import GANCLSGenerator
from stackgan_k3.models.pipeline import Pipeline


@keras.saving.register_keras_serializable("stackgan_k3")
class GANCLS(AdversarialModel):
    """The text-conditioned GAN of Reed et al., 2016, with a matching-aware discriminator.

    The discriminator sees three kinds of pairs: real pictures with their texts, *the same
    real pictures with the texts of others* (the embeddings of the batch rolled by one), and
    drawn pictures with their texts. It minimizes ``−log S_r − ½·(log(1 − S_w) + log(1 − S_f))``,
    the generator ``−log S_f``. With ``matching_aware=False`` it is never taught what a wrong text is:
    ``−log S_r − log(1 − S_f)``; S_w is then only logged.

    Args:
        generator: A :class:`GANCLSGenerator`.
        discriminator: A :class:`GANCLSDiscriminator` of the same picture and embedding size.
        text_encoder: For :meth:`generate` with captions: a network from characters
            int32 ``[batch, 201]`` to embeddings float32 ``[batch, T]``.
        matching_aware: Whether the discriminator learns from wrong texts: GAN-CLS, else GAN.
        real_labels: Range of the targets of real pairs; ``(1.0, 1.0)`` for no smoothing.
        augment: What is done to every picture that the discriminator sees; see :class:`DiffAugment`.
        caption_dropout: Probability that an example has no caption; see :class:`CaptionDropout`.
        average_decay: See :class:`AdversarialModel`.
        seed: See :class:`AdversarialModel`.
        **kwargs: Of :class:`AdversarialModel`.

    Batches are dicts: ``image`` uint8 or float in [-1, 1] ``[B, S, S, 3]``, ``embedding``
    float32 ``[B, T]``, and the random entries named by :attr:`draws`; those that
    are missing come from the model's seed.

    Raises:
        UserError: If the networks do not fit together.

    Example:
        >>> sizes = {"embedding_dim": 8, "text_dim": 4}
        >>> model = GANCLS(GANCLSGenerator(4, noise_dim=4, **sizes), GANCLSDiscriminator(4, **sizes))
        >>> model.compile()
        >>> batch = {"image": np.zeros((2, 64, 64, 3), "uint8"), "embedding": np.ones((2, 8), "float32")}
        >>> history = model.fit(batch, batch_size=2, verbose=0)
        >>> sorted(history.history)[:3]
        ['d_fake', 'd_real', 'd_wrong']
        >>> model.generate(np.ones((1, 8), "float32"), num_images=2, seed=1).shape
        (2, 64, 64, 3)
    """

    log_names: tuple[str, ...] = ("discriminator_loss", "generator_loss", "d_real", "d_wrong", "d_fake")

    def __init__(
        self,
        generator: GANCLSGenerator,
        discriminator: GANCLSDiscriminator,
        *,
        text_encoder: keras.Model | None = None,
        matching_aware: bool = True,
        real_labels: Sequence[float] = (1.0, 1.0),
        augment: Sequence[str] = (),
        caption_dropout: float = 0.0,
        average_decay: float = 0.999,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        for size in ("image_size", "embedding_dim"):
            one, other = getattr(generator, size), getattr(discriminator, size)
            if one != other:
                raise UserError(
                    f"{size} is {one} in the generator and {other} in the discriminator; build them alike"
                )
        super().__init__(generator, discriminator, average_decay=average_decay, seed=seed, **kwargs)
        self.text_encoder = text_encoder
        for network in self.frozen:
            network.trainable = False
        self.matching_aware = bool(matching_aware)
        self.real_labels = (float(real_labels[0]), float(real_labels[1]))
        self.augment = DiffAugment(augment)
        self.caption_dropout = CaptionDropout(caption_dropout)

    @property
    def frozen(self) -> list[keras.Model]:
        """Networks that this model uses but does not train, and checkpoints leave out."""
        return [] if self.text_encoder is None else [self.text_encoder]

    @property
    def draws(self) -> Mapping[str, Draw]:
        """``noise``, ``real_labels``, and what the augmentation asks for."""
        labels = Draw((), "uniform", *self.real_labels)
        return {
            **self.pipeline.draws,
            "real_labels": labels,
            **self.augment.draws,
            **self.caption_dropout.draws,
        }

    @property
    def pipeline(self) -> Pipeline:
        """The averaged generator, and the text encoder where there is one."""
        return Pipeline([self.averaged_generator], text_encoder=self.text_encoder)

    def prepare(self, batch: dict[str, Any]) -> dict[str, Any]:
        batch = self.caption_dropout({name: ops.convert_to_tensor(value) for name, value in batch.items()})
        batch["image"] = to_float(batch["image"])
        return batch

    def draw(self, batch: dict[str, Any]) -> dict[str, Any]:
        return self.generator({"embedding": batch["embedding"], "noise": batch["noise"]}, training=True)

    def discriminator_loss(self, batch: dict[str, Any], drawn: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        d, text = self.discriminator, batch["embedding"]
        wrong_text = ops.roll(text, 1, axis=0)
        real_features = d.trunk(self.augment(batch, batch["image"]), training=True)
        fake_features = d.trunk(self.augment(batch, ops.stop_gradient(drawn["image"])), training=True)
        said = Judgement(
            real=d.head([real_features, text], training=True),
            wrong=d.head([real_features, wrong_text], training=True),
            fake=d.head([fake_features, text], training=True),
        )
        learnt = self.caption_dropout.unmatched(batch, said)
        if not self.matching_aware:
            learnt = said._replace(wrong=None)
        loss = self.objective.discriminator_loss([learnt], batch["real_labels"])
        return loss, self.objective.beliefs(said)

    def generator_loss(self, batch: dict[str, Any], drawn: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        fake = self.judge(self.augment(batch, drawn["image"]), batch["embedding"])
        return self.objective.generator_loss([Judgement(fake, self.reference(batch, drawn))]), {}

    def reference(self, batch: dict[str, Any], drawn: dict[str, Any]) -> Any:
        """Returns the logits of real pairs where the generator's loss compares with them, else None."""
        return self.judge_real(batch, drawn, batch["image"]) if self.objective.compares else None

    def judge_real(self, batch: dict[str, Any], drawn: dict[str, Any], image: Any) -> Any:
        return self.judge(self.augment(batch, image), batch["embedding"])

    def judge(self, image: Any, embedding: Any) -> Any:
        """Returns the logits of pictures with texts, in training mode."""
        return self.discriminator({"image": image, "embedding": embedding}, training=True)["logit"]

    def generate(
        self,
        captions: str | Sequence[str] | np.ndarray,
        *,
        num_images: int = 1,
        seed: int = 0,
        batch_size: int = 16,
    ) -> np.ndarray:
        """Draws pictures of captions or embeddings; see :meth:`Pipeline.generate`."""
        return self.pipeline.generate(captions, num_images=num_images, seed=seed, batch_size=batch_size)

    def get_config(self) -> dict[str, Any]:
        encoder = self.text_encoder
        return {
            **super().get_config(),
            "text_encoder": None if encoder is None else keras.saving.serialize_keras_object(encoder),
            "matching_aware": self.matching_aware,
            "real_labels": self.real_labels,
            "augment": self.augment.policy,
            "caption_dropout": self.caption_dropout.probability,
        }
