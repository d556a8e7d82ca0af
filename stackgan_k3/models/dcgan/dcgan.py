"""A DCGAN as a model to ``fit()``."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from stackgan_k3.adversarial.adversarial_model import AdversarialModel
from stackgan_k3.adversarial.diff_augment import DiffAugment
from stackgan_k3.adversarial.judgement import Judgement
from stackgan_k3.draws import Draw
from stackgan_k3.layers.pictures import to_float, to_grey
from stackgan_k3.models.pipeline import Pipeline


@keras.saving.register_keras_serializable("stackgan_k3")
class DCGAN(AdversarialModel):
    """The unconditional GAN (Goodfellow et al., 2014) with convolutions (Radford et al., 2016).

    The discriminator minimizes ``−log D(x) − log(1 − D(G(z)))``, the generator
    ``−log D(G(z))``.

    Args:
        generator: A :class:`DCGANGenerator`.
        discriminator: A :class:`DCGANDiscriminator`.
        real_labels: Range of the targets of real pictures; ``(1.0, 1.0)`` for no smoothing.
        augment: What is done to every picture that the discriminator sees; see :class:`DiffAugment`.
        average_decay: See :class:`AdversarialModel`.
        seed: See :class:`AdversarialModel`.
        **kwargs: Of :class:`AdversarialModel`.

    Batches are dicts: ``image`` uint8 ``[B, 28, 28, 3]`` or float in [-1, 1], and the random entries
    named by :attr:`draws`; those that are missing come from the model's seed.

    Example:
        >>> from stackgan_k3.models.dcgan.discriminator import DCGANDiscriminator
        >>> from stackgan_k3.models.dcgan.generator import DCGANGenerator
        >>> model = DCGAN(DCGANGenerator(4, noise_dim=4), DCGANDiscriminator(4))
        >>> model.compile()
        >>> history = model.fit({"image": np.zeros((2, 28, 28, 3), "uint8")}, batch_size=2, verbose=0)
        >>> sorted(history.history)[:3]
        ['d_fake', 'd_real', 'discriminator_gradient']
        >>> model.generate(num_images=2, seed=1).shape
        (2, 28, 28, 3)
    """

    log_names = ("discriminator_loss", "generator_loss", "d_real", "d_fake")

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        real_labels: Sequence[float] = (1.0, 1.0),
        augment: Sequence[str] = (),
        average_decay: float = 0.999,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(generator, discriminator, average_decay=average_decay, seed=seed, **kwargs)
        self.real_labels = (float(real_labels[0]), float(real_labels[1]))
        self.augment = DiffAugment(augment)

    @property
    def draws(self) -> Mapping[str, Draw]:
        """``noise``, ``real_labels``, and ``dropout_keys``: one for each pass of the discriminator."""
        return {
            **self.pipeline.draws,
            "real_labels": Draw((), "uniform", *self.real_labels),
            "dropout_keys": Draw((3,), "uniform"),
            **self.augment.draws,
        }

    @property
    def pipeline(self) -> Pipeline:
        """The averaged generator."""
        return Pipeline([self.averaged_generator])

    def prepare(self, batch: dict[str, Any]) -> dict[str, Any]:
        batch = {name: ops.convert_to_tensor(value) for name, value in batch.items()}
        batch["image"] = to_grey(to_float(batch["image"]))
        return batch

    def draw(self, batch: dict[str, Any]) -> dict[str, Any]:
        return self.generator({"noise": batch["noise"], **self.conditions(batch)}, training=True)

    def conditions(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Returns what both networks see besides noise and picture: nothing here."""
        return {}

    def judge(self, batch: dict[str, Any], image: Any, number: int) -> Any:
        """Returns the logits of pictures; ``number`` says which of the step's passes this is."""
        inputs = {"image": self.augment(batch, image), "key": batch["dropout_keys"][:, number]}
        return self.discriminator({**inputs, **self.conditions(batch)}, training=True)["logit"]

    def judge_real(self, batch: dict[str, Any], drawn: dict[str, Any], image: Any) -> Any:
        return self.judge(batch, image, 0)

    def discriminator_loss(self, batch: dict[str, Any], drawn: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        real = self.judge(batch, batch["image"], 0)
        said = Judgement(fake=self.judge(batch, ops.stop_gradient(drawn["image"]), 1), real=real)
        loss = self.objective.discriminator_loss([said], batch["real_labels"])
        return loss, self.objective.beliefs(said)

    def generator_loss(self, batch: dict[str, Any], drawn: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        real = self.judge(batch, batch["image"], 0) if self.objective.compares else None
        said = Judgement(fake=self.judge(batch, drawn["image"], 2), real=real)
        return self.objective.generator_loss([said]), {}

    def generate(
        self, conditions: None = None, *, num_images: int = 1, seed: int = 0, batch_size: int = 16
    ) -> np.ndarray:
        """Draws pictures with the averaged generator; see :meth:`Pipeline.generate`."""
        return self.pipeline.generate(conditions, num_images=num_images, seed=seed, batch_size=batch_size)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "real_labels": self.real_labels,
            "augment": self.augment.policy,
        }
