"""One stage of StackGAN as a model to ``fit()``: its networks, its losses, its pictures."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from stackgan_k3.adversarial.adversarial_model import AdversarialModel
from stackgan_k3.adversarial.caption_dropout import CaptionDropout
from stackgan_k3.adversarial.condition_kl import condition_kl, condition_kl_names
from stackgan_k3.adversarial.diff_augment import DiffAugment
from stackgan_k3.adversarial.judgement import Judgement
from stackgan_k3.adversarial.matching import Matching
from stackgan_k3.draws import Draw
from stackgan_k3.errors import UserError
from stackgan_k3.layers.pictures import to_float
from stackgan_k3.models.discriminator import Discriminator
from stackgan_k3.models.picture_reading import PictureReading
from stackgan_k3.models.pipeline import Pipeline
from stackgan_k3.models.stage1_generator import Stage1Generator
from stackgan_k3.models.stage2_generator import Stage2Generator
from stackgan_k3.models.super_resolution_generator import SuperResolutionGenerator


@keras.saving.register_keras_serializable("stackgan_k3")
class StackGANStage(AdversarialModel):
    """Stage-I, or Stage-II on top of a trained Stage-I (Zhang et al., 2017).

    The discriminator sees three kinds of pairs: real pictures with their
    captions, real pictures with the captions of others (the features of the
    batch rolled by one), drawn pictures with their captions. Its condition is
    the mean μ of the generator's conditioning augmentation (of the chosen component of
    a mixture; the plain condition itself), without gradient. The generator minimizes
    ``adversarial + kl_weight · KL + matching_weight · matching + reading_weight · reading``, the last two
    halved from time to time; see :class:`Matching` and :class:`PictureReading`.

    Besides the losses and the means of D, ``kl`` is logged where the condition is drawn, ``matching``,
    ``reading``, ``reading_real`` and ``reading_denied`` (without their weights) where they have one, and
    for a mixture ``kl_1`` to ``kl_3`` of its components and ``use_1`` to ``use_3``, the share of
    examples that were drawn from each.

    Args:
        generator: A :class:`Stage1Generator`, or for Stage-II a :class:`Stage2Generator` or another that
            takes ``sketch``.
        discriminator: A :class:`Discriminator` of the generator's picture size,
            with an unconditional head exactly in Stage-II.
        sketcher: For Stage-II: the trained Stage-I generator. It draws in
            inference mode, so that Stage-II learns on the sketches it will get.
        text_encoder: For :meth:`generate` with captions: a network from
            characters int32 ``[batch, 201]`` to embeddings float32 ``[batch, T]``.
        image_encoder: For the matching loss: the network that was trained with the text encoder, from
            pictures float32 ``[batch, 64, 64, 3]`` to embeddings float32 ``[batch, T]``. Not trained here.
        kl_weight: Weight of the KL term; 2 in the published code, 1 in the paper. A plain
            condition has no KL term.
        matching_weight: Weight of the matching loss: 0 for none, 5 for birds in Xu et al., 2018.
        matching_gamma: Its γ; 10 there.
        matching_blur: How often the pictures are blurred for it; see :class:`Matching`.
        matching_noise: The most noise on them, a standard deviation.
        reading_weight: Weight of the reading loss of both networks; 0 for none. The discriminator must have
            a reading head.
        discriminative_reading: Whether it learns to deny drawn pictures their words; see
            :class:`PictureReading`.
        guidance_halve_every: Steps after which the generator's weights of matching and reading are halved,
            again and again: the caption first, then the picture. 0 for never.
        matching_aware: Whether the discriminator learns that real pictures with the captions of others are
            wrong (Reed et al., 2016). Without, ``d_wrong`` is only logged.
        real_labels: Range of the targets of real pairs, drawn uniformly for each
            example; ``(1.0, 1.0)`` for no smoothing.
        augment: What is done to every picture that the discriminator sees; see :class:`DiffAugment`.
        caption_dropout: Probability that an example has no caption; see :class:`CaptionDropout`.
        average_decay: See :class:`AdversarialModel`.
        seed: See :class:`AdversarialModel`.
        **kwargs: Of :class:`AdversarialModel`.

    Batches are dicts: ``image`` uint8 or float in [-1, 1] ``[B, S, S, 3]``, ``embedding``
    float32 ``[B, T]``, and the random entries named by :attr:`draws`; those that
    are missing come from the model's seed. With ``other_embedding`` float32 ``[B, K, T]`` the matching loss
    compares each picture with those captions too; with a ``reading_weight``, ``caption_tells`` and
    ``picture_tells`` float32 ``[B, V]`` must be there.

    Raises:
        UserError: If the networks do not fit together.

    Example:
        >>> stage = StackGANStage(
        ...     Stage1Generator(4, embedding_dim=8, conditioning_dim=4, noise_dim=4),
        ...     Discriminator(4, condition_dim=4),
        ... )
        >>> stage.compile()
        >>> batch = {"image": np.zeros((2, 64, 64, 3), "uint8"), "embedding": np.ones((2, 8), "float32")}
        >>> history = stage.fit(batch, batch_size=2, verbose=0)
        >>> sorted(history.history)[:4]
        ['d_fake', 'd_real', 'd_wrong', 'discriminator_gradient']
        >>> stage.generate(np.ones((1, 8), "float32"), num_images=2, seed=1).shape
        (2, 64, 64, 3)
    """

    log_names: tuple[str, ...] = ("discriminator_loss", "generator_loss", "d_real", "d_wrong", "d_fake")

    def __init__(
        self,
        generator: Stage1Generator | Stage2Generator | SuperResolutionGenerator,
        discriminator: Discriminator,
        *,
        sketcher: Stage1Generator | None = None,
        text_encoder: keras.Model | None = None,
        image_encoder: keras.Model | None = None,
        kl_weight: float = 2.0,
        matching_weight: float = 0.0,
        matching_gamma: float = 10.0,
        matching_blur: int = 0,
        matching_noise: float = 0.0,
        reading_weight: float = 0.0,
        discriminative_reading: bool = False,
        guidance_halve_every: int = 0,
        matching_aware: bool = True,
        real_labels: Sequence[float] = (0.9, 1.0),
        augment: Sequence[str] = (),
        caption_dropout: float = 0.0,
        average_decay: float = 0.999,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        _check_networks(generator, discriminator, sketcher)
        low, high = real_labels
        if not 0.5 < low <= high <= 1.0:
            raise UserError(
                f"real_labels are {low} to {high}; they must lie above 0.5, in order, and at most at 1"
            )
        super().__init__(generator, discriminator, average_decay=average_decay, seed=seed, **kwargs)
        self.sketcher = sketcher
        self.text_encoder = text_encoder
        self.image_encoder = image_encoder
        settings = matching_weight, matching_gamma, matching_blur, matching_noise
        self.matching = Matching(image_encoder, generator.embedding_dim, *settings)
        for network in self.frozen:
            network.trainable = False
        self.reading = PictureReading(discriminator, reading_weight, discriminative_reading)
        names = [*condition_kl_names(generator.output), *self.matching.log_names, *self.reading.log_names]
        self.log_metrics.extend(keras.metrics.Mean(name=name) for name in names)
        self.guidance_halve_every = int(guidance_halve_every)
        self.kl_weight = float(kl_weight)
        self.matching_aware = bool(matching_aware)
        self.real_labels = (float(low), float(high))
        self.augment = DiffAugment(augment)
        self.caption_dropout = CaptionDropout(caption_dropout)

    @property
    def frozen(self) -> list[keras.Model]:
        """Networks that this model uses but does not train, and checkpoints leave out."""
        models = (self.sketcher, self.text_encoder, self.image_encoder)
        return [model for model in models if model is not None]

    @property
    def draws(self) -> Mapping[str, Draw]:
        """``noise``, ``conditioning_noise``, in Stage-II ``conditioning_noise2``, and ``real_labels``.

        And those of augmentation, matching loss and caption dropout, where they are asked for.
        """
        labels = Draw((), "uniform", *self.real_labels)
        return {
            **self.pipeline.draws,
            "real_labels": labels,
            **self.augment.draws,
            **self.matching.draws,
            **self.caption_dropout.draws,
        }

    def prepare(self, batch: dict[str, Any]) -> dict[str, Any]:
        batch = self.caption_dropout({name: ops.convert_to_tensor(value) for name, value in batch.items()})
        batch["image"] = to_float(batch["image"])
        if self.sketcher is not None:
            sketch = self.sketcher({name: batch[name] for name in _inputs(self.sketcher)}, training=False)
            batch["sketch"] = ops.stop_gradient(sketch["image"])
        return batch

    def draw(self, batch: dict[str, Any]) -> dict[str, Any]:
        return self.generator({name: batch[name] for name in _inputs(self.generator)}, training=True)

    def discriminator_loss(self, batch: dict[str, Any], drawn: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        d = self.discriminator
        condition = ops.stop_gradient(drawn["mean"])
        image = self.augment(batch, batch["image"])
        fake_image = self.augment(batch, ops.stop_gradient(drawn["image"]))
        real_features = d.look(image, condition)
        fake_features = d.look(fake_image, condition)
        if d.sees_text_early:
            wrong_features = d.look(ops.roll(image, 1, axis=0), condition)
        else:  # rolling the features equals rolling the pictures: the trunk runs once
            wrong_features = ops.roll(real_features, 1, axis=0)
        said = [
            Judgement(
                real=d.conditional_head([real_features, condition], training=True),
                wrong=d.conditional_head([wrong_features, condition], training=True),
                fake=d.conditional_head([fake_features, condition], training=True),
            )
        ]
        real_features = d.look_alone(image, condition, real_features)
        if d.unconditional_head is not None or self.reading.discriminative:
            fake_features = d.look_alone(fake_image, condition, fake_features)
        if d.unconditional_head is not None:
            real_alone = d.unconditional_head(real_features, training=True)
            said.append(Judgement(d.unconditional_head(fake_features, training=True), real_alone))
        first = said[0] if self.matching_aware else said[0]._replace(wrong=None)
        learnt = [self.caption_dropout.unmatched(batch, first), *said[1:]]
        loss = self.objective.discriminator_loss(learnt, batch["real_labels"])
        reading, logs = self.reading.of_real(real_features, batch)
        denied, more = self.reading.denied(fake_features, batch)
        # Logged without the reading: the report draws the adversarial loss beside its equilibrium.
        logs = {**self.objective.beliefs(said[0]), **logs, **more, "discriminator_loss": loss}
        return loss + reading + denied, logs

    def generator_loss(self, batch: dict[str, Any], drawn: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        condition = ops.stop_gradient(drawn["mean"])
        fakes, features = self.judge(self.augment(batch, drawn["image"]), condition)
        said = [Judgement(fake) for fake in fakes]
        if self.objective.compares:
            real, _ = self.judge(self.augment(batch, batch["image"]), condition)
            said = [Judgement(one.fake, logits) for one, logits in zip(said, real, strict=True)]
        kl, logs = condition_kl(drawn)
        matching, more = self.matching(drawn["image"], batch)
        reading, read = self.reading.of_drawn(features, batch)
        guidance = self._guidance() * (matching + reading)
        loss = self.objective.generator_loss(said) + self.kl_weight * kl + guidance
        return loss, {**logs, **more, **read}

    def _guidance(self) -> Any:
        """Returns what is left of the weights of matching and reading: 1, after some steps a half."""
        if not self.guidance_halve_every:
            return 1.0
        halvings = ops.floor_divide(self.generator_optimizer.iterations, self.guidance_halve_every)
        return ops.power(0.5, ops.cast(halvings, "float32"))

    def judge_real(self, batch: dict[str, Any], drawn: dict[str, Any], image: Any) -> Any:
        # Of Stage-II's two heads the sum: the penalty is on all that is said of a real pair.
        logits, _ = self.judge(self.augment(batch, image), ops.stop_gradient(drawn["mean"]))
        return sum(logits[1:], logits[0])

    def judge(self, image: Any, condition: Any) -> tuple[list[Any], Any]:
        """Returns the logits of pictures with their conditions, of one head or both, in training mode.

        And the features of the pictures alone.
        """
        d = self.discriminator
        features = d.look(image, condition)
        logits = [d.conditional_head([features, condition], training=True)]
        features = d.look_alone(image, condition, features)
        if d.unconditional_head is not None:
            logits.append(d.unconditional_head(features, training=True))
        return logits, features

    def generate(
        self,
        captions: str | Sequence[str] | np.ndarray,
        *,
        num_images: int = 1,
        seed: int = 0,
        batch_size: int = 16,
    ) -> np.ndarray:
        """Draws pictures with the averaged generator.

        The noise is the stream of the bundles: picture *k* of a caption has seed
        ``seed + k``, and is the picture that the exported bundle draws.

        Args:
            captions: Captions (needs ``text_encoder``) or embeddings float32 ``[N, T]``.
            num_images: Pictures a caption.
            seed: Seed of the first picture, 0 to 2**63 - 1.
            batch_size: Pictures drawn at a time.

        Returns:
            uint8 ``[N · num_images, S, S, 3]``: all pictures of the first caption, then
            of the next.

        Raises:
            UserError: For captions without a text encoder, none at all, unreadable ones, or a
                number that is out of range.
        """
        return self.pipeline.generate(captions, num_images=num_images, seed=seed, batch_size=batch_size)

    @property
    def pipeline(self) -> Pipeline:
        """The networks that draw: the sketcher, if there is one, and the averaged generator."""
        generators = [*([self.sketcher] if self.sketcher is not None else []), self.averaged_generator]
        return Pipeline(generators, text_encoder=self.text_encoder)

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), "kl_weight": self.kl_weight, "real_labels": self.real_labels}
        config["augment"] = self.augment.policy
        config["matching_aware"] = self.matching_aware
        config["caption_dropout"] = self.caption_dropout.probability
        config |= {**self.matching.get_config(), "reading_weight": self.reading.weight}
        config["discriminative_reading"] = self.reading.discriminative
        config["guidance_halve_every"] = self.guidance_halve_every
        for name in ("sketcher", "text_encoder", "image_encoder"):
            model = getattr(self, name)
            config[name] = None if model is None else keras.saving.serialize_keras_object(model)
        return config


def _inputs(model: keras.Model) -> list[str]:
    return list(model.input)


def _check_networks(generator: Any, discriminator: Discriminator, sketcher: Any) -> None:
    second = "sketch" in generator.input
    if second != (sketcher is not None):
        raise UserError("Stage-II needs the trained Stage-I generator as its sketcher; Stage-I takes none")
    size = generator.image_size if second else 64
    if discriminator.image_size != size:
        raise UserError(
            f"the generator draws {size} px, the discriminator looks at {discriminator.image_size} px"
        )
    if discriminator.condition_dim != generator.conditioning_dim:
        raise UserError(
            f"the generator's condition has {generator.conditioning_dim} numbers, the discriminator "
            f"expects {discriminator.condition_dim}"
        )
    if discriminator.unconditional != second:
        raise UserError("the discriminator has an unconditional head in Stage-II and none in Stage-I")
