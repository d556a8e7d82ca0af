"""The image-text matching loss as a part of a generator's loss."""

from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from stackgan_k3.adversarial.matching_loss import matching_loss
from stackgan_k3.adversarial.picture_noise import PictureNoise
from stackgan_k3.adversarial.super_resolution_losses import reduced
from stackgan_k3.draws import Draw
from stackgan_k3.errors import UserError
from stackgan_k3.layers.pictures import blurred


class Matching:
    """Asks the image encoder of the joint embedding whether drawn pictures fit their captions.

    It looks at pictures averaged down to 64 px and is not trained here; see :func:`matching_loss` (Xu et
    al., 2018, the loss on whole sentences). An encoder that does not learn can be talked into anything by
    specks of a pixel: blurred pictures have none, and in noise they are lost.

    Args:
        image_encoder: From pictures float32 ``[batch, 64, 64, 3]`` to embeddings ``[batch, T]``; None for
            no matching loss.
        embedding_dim: T, the size of a caption's embedding.
        weight: The loss's weight; 0 for none.
        gamma: Its γ.
        blur: How often the pictures that it looks at are blurred; see
            :func:`stackgan_k3.layers.pictures.blurred`.
        noise: The most noise that is then added to them; see :class:`PictureNoise`. For an encoder that was
            trained with it.

    Raises:
        UserError: If there is a weight and no encoder, or one of another T.

    Example:
        >>> Matching(None, 16)(None, {})
        (0.0, {})
    """

    def __init__(
        self,
        image_encoder: keras.Model | None,
        embedding_dim: int,
        weight: float = 0.0,
        gamma: float = 10.0,
        blur: int = 0,
        noise: float = 0.0,
    ) -> None:
        if weight and image_encoder is None:
            raise UserError(
                f"matching_weight is {weight:g}, but there is no image encoder to compare with; give the one "
                "that was trained with the text encoder, or set matching_weight=0"
            )
        if image_encoder is not None and image_encoder.output.shape[-1] != embedding_dim:
            raise UserError(
                f"the image encoder gives embeddings of {image_encoder.output.shape[-1]} numbers and the "
                f"text encoder of {embedding_dim}; take both from one run"
            )
        self.weight = float(weight)
        self.gamma = float(gamma)
        self.blur = int(blur)
        self.noise = PictureNoise(noise)
        self._encoder = image_encoder

    @property
    def log_names(self) -> tuple[str, ...]:
        """Names of what is logged: ``matching``, or nothing where there is no weight."""
        return ("matching",) if self.weight else ()

    @property
    def draws(self) -> Mapping[str, Draw]:
        """The random entries of a batch: those of the noise, where there is a weight."""
        return self.noise.draws if self.weight else {}

    def __call__(self, image: Any, batch: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Returns the weighted loss, a float32 scalar, and what to log.

        Args:
            image: Drawn pictures, float ``[batch, S, S, 3]`` in [-1, 1].
            batch: With ``embedding`` of their captions, float ``[batch, T]``, the entries of :attr:`draws`
                and, if there are further captions, ``other_embedding`` float ``[batch, K, T]``: wrong ones,
                for every picture.
        """
        if not self.weight or self._encoder is None:
            return 0.0, {}
        embedding, others = batch["embedding"], batch.get("other_embedding")
        if others is not None:
            others = ops.reshape(others, (-1, embedding.shape[-1]))
        seen = self._encoder(self.noise(batch, blurred(reduced(image), self.blur)), training=False)
        matching = matching_loss(seen, embedding, self.gamma, others=others)
        return self.weight * matching, {"matching": matching}

    def get_config(self) -> dict[str, float]:
        """Returns the numbers, by the names that a stage's constructor takes them."""
        return {
            "matching_weight": self.weight,
            "matching_gamma": self.gamma,
            "matching_blur": self.blur,
            "matching_noise": self.noise.most,
        }
