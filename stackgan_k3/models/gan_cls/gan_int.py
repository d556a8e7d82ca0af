"""GAN-INT and GAN-INT-CLS as a model to ``fit()``."""

from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from stackgan_k3.adversarial.judgement import Judgement
from stackgan_k3.adversarial.text_losses import interpolated
from stackgan_k3.draws import Draw
from stackgan_k3.errors import UserError
from stackgan_k3.models.gan_cls.discriminator import GANCLSDiscriminator
from stackgan_k3.models.gan_cls.gan_cls import GANCLS
from stackgan_k3.models.gan_cls.generator import GANCLSGenerator


@keras.saving.register_keras_serializable("stackgan_k3")
class GANINT(GANCLS):
    """GAN-CLS or GAN whose generator draws for mixtures of captions, too (Reed et al., 2016, section 4.3).

    The generator draws once for the captions t₁ and once for the mixtures ``t̃ = β·t₁ + (1 − β)·t₂``, each
    with noise of its own, and minimizes ``−log D(G(z, t₁), t₁) − log D(G(z′, t̃), t̃)``. No real picture
    belongs to a mixture, so the discriminator does not learn from them: it judges them by what it
    knows of captions.

    Args:
        generator: A :class:`GANCLSGenerator`.
        discriminator: A :class:`GANCLSDiscriminator` of the same picture and embedding size.
        beta: The share β of the first caption; t₂ is the caption of the example before.
        **kwargs: Of :class:`GANCLS`; with ``matching_aware`` it is GAN-INT-CLS, without GAN-INT.

    Raises:
        UserError: If β is not between 0 and 1, or the networks do not fit together.

    Example:
        >>> import numpy as np
        >>> sizes = {"embedding_dim": 8, "text_dim": 4}
        >>> model = GANINT(GANCLSGenerator(4, noise_dim=4, **sizes), GANCLSDiscriminator(4, **sizes))
        >>> model.compile()
        >>> batch = {"image": np.zeros((2, 64, 64, 3), "uint8"), "embedding": np.ones((2, 8), "float32")}
        >>> sorted(model.fit(batch, batch_size=2, verbose=0).history)[:3]
        ['d_fake', 'd_interpolated', 'd_real']
    """

    log_names = (*GANCLS.log_names, "d_interpolated")

    def __init__(
        self,
        generator: GANCLSGenerator,
        discriminator: GANCLSDiscriminator,
        *,
        beta: float = 0.5,
        **kwargs: Any,
    ) -> None:
        if not 0.0 < beta < 1.0:
            raise UserError(f"beta is {beta}; it must lie between 0 and 1, or nothing is mixed")
        super().__init__(generator, discriminator, **kwargs)
        self.beta = float(beta)

    @property
    def draws(self) -> Mapping[str, Draw]:
        """Those of :class:`GANCLS`, and ``interpolation_noise``: the mixtures have noise of their own."""
        draws = super().draws
        return {**draws, "interpolation_noise": draws["noise"]}

    def draw(self, batch: dict[str, Any]) -> dict[str, Any]:
        # One pass for both, as in the published code: they share the statistics of batch norm.
        inputs = {
            "embedding": _above(batch["embedding"], interpolated(batch["embedding"], self.beta)),
            "noise": _above(batch["noise"], batch["interpolation_noise"]),
        }
        image, between = ops.split(self.generator(inputs, training=True)["image"], 2, axis=0)
        return {"image": image, "interpolated": between}

    def generator_loss(self, batch: dict[str, Any], drawn: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        texts = _above(batch["embedding"], interpolated(batch["embedding"], self.beta))
        images = (self.augment(batch, drawn[name]) for name in ("image", "interpolated"))
        logits = self.judge(_above(*images), texts)
        fake, between = ops.split(logits, 2, axis=0)
        real = self.reference(batch, drawn)
        said = [Judgement(fake, real), Judgement(between, real)]
        logs = {"d_interpolated": self.objective.beliefs(said[1])["d_fake"]}
        return self.objective.generator_loss(said), logs

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "beta": self.beta}


def _above(one: Any, other: Any) -> Any:
    return ops.concatenate([one, other], axis=0)
