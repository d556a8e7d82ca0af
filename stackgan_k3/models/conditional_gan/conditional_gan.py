"""A conditional GAN as a model to ``fit()``."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from stackgan_k3.errors import UserError
from stackgan_k3.models.dcgan.dcgan import DCGAN
from stackgan_k3.models.pipeline import Pipeline


@keras.saving.register_keras_serializable("stackgan_k3")
class ConditionalGAN(DCGAN):
    """The GAN whose networks both see the class (Mirza & Osindero, 2014).

    The discriminator minimizes ``−log D(x|y) − log(1 − D(G(z|y)|y))``, the generator
    ``−log D(G(z|y)|y)``: the objective of :class:`DCGAN`, under the condition y. The class y
    of a real picture is also the one that is asked of the generator.

    Args:
        generator: A :class:`ConditionalGenerator`.
        discriminator: A :class:`ConditionalDiscriminator`.
        classes: Names of the classes; their numbers where there are none.
        **kwargs: Of :class:`DCGAN`.

    Batches are dicts, as for :class:`DCGAN`, with ``label`` int32 ``[B]``.

    Raises:
        UserError: If the networks and the names disagree on how many classes there are.

    Example:
        >>> from stackgan_k3.models.conditional_gan.discriminator import ConditionalDiscriminator
        >>> from stackgan_k3.models.conditional_gan.generator import ConditionalGenerator
        >>> model = ConditionalGAN(ConditionalGenerator(4, noise_dim=4), ConditionalDiscriminator(4))
        >>> model.compile()
        >>> batch = {"image": np.zeros((2, 28, 28, 3), "uint8"), "label": np.array([3, 4], "int32")}
        >>> history = model.fit(batch, batch_size=2, verbose=0)
        >>> model.generate([3, 4], num_images=2, seed=1).shape
        (4, 28, 28, 3)
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        classes: Sequence[str] = (),
        **kwargs: Any,
    ) -> None:
        counts = {generator.num_classes, discriminator.num_classes, len(classes) or generator.num_classes}
        if len(counts) > 1:
            raise UserError(
                f"the generator has {generator.num_classes} classes, the discriminator "
                f"{discriminator.num_classes}, and {len(classes)} are named; build all for the same classes"
            )
        super().__init__(generator, discriminator, **kwargs)
        self.classes = tuple(classes)

    @property
    def pipeline(self) -> Pipeline:
        """The averaged generator, and the names that it is asked by."""
        return Pipeline([self.averaged_generator], classes=self.classes)

    def conditions(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Returns the class, which both networks see."""
        return {"label": batch["label"]}

    def generate(
        self, conditions: Any = None, *, num_images: int = 1, seed: int = 0, batch_size: int = 16
    ) -> np.ndarray:
        """Draws classes, given by number or name; see :meth:`Pipeline.generate`."""
        return self.pipeline.generate(conditions, num_images=num_images, seed=seed, batch_size=batch_size)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "classes": self.classes}
