"""The image half of the joint embedding; only used to train the text encoder."""

from typing import Any

import keras
from keras import layers

from stackgan_k3.errors import UserError, unknown
from stackgan_k3.layers.batch_normalization import BatchNormalization
from stackgan_k3.layers.conv2d import Conv2D
from stackgan_k3.layers.residual_trunk import residual_trunk

KINDS = ("strided", "residual")
_FEATURES = 256


@keras.saving.register_keras_serializable("stackgan_k3")
class ImageEncoder(keras.Model):
    """Turns a 64 px picture into an embedding to compare captions with.

    ``"strided"``: four strided convolutions with batch norm (momentum 0.9, ε 1e-5) and leaky ReLU
    bring the picture to a 4×4 grid, which is flattened rather than pooled: which
    part has which colour is what the text encoder must learn from this network.
    ``"residual"``: :func:`stackgan_k3.layers.residual_trunk.residual_trunk` with 256 features, slower
    and sharper-eyed: it finds what is small and never at the same place, as the crown of a bird.

    Input: float32 ``[B, 64, 64, 3]`` in [-1, 1].
    Output: float32 ``[B, embedding_dim]``, not normalised.

    Args:
        width: Channels of the first convolution, at least 1; later ones have up to 4 times as many.
        embedding_dim: Size of the embedding, that of the text encoder.
        kind: ``"strided"`` or ``"residual"``.
        name: Name of the model.

    Raises:
        UserError: If a size is less than 1, or there is no such kind.

    Example:
        >>> import numpy as np
        >>> encoder = ImageEncoder(width=4, embedding_dim=16)
        >>> tuple(encoder(np.zeros((2, 64, 64, 3), "float32")).shape)
        (2, 16)
    """

    def __init__(
        self,
        width: int = 64,
        embedding_dim: int = 1024,
        *,
        kind: str = "strided",
        name: str = "image_encoder",
        **kwargs: Any,
    ) -> None:
        for key, size in (("width", width), ("embedding_dim", embedding_dim)):
            if size < 1:
                raise UserError(f"{key} of the image encoder is {size}; it must be at least 1")
        if kind not in KINDS:
            raise unknown("kind of image encoder", kind, KINDS)
        image = keras.Input((64, 64, 3), dtype="float32", name="image")
        x = _strided(image, width) if kind == "strided" else residual_trunk(image, width, _FEATURES)
        embedding = layers.Dense(embedding_dim, dtype="float32", name="embedding")(x)
        super().__init__(image, embedding, name=name, **kwargs)
        self.width = width
        self.embedding_dim = embedding_dim
        self.kind = kind

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        sizes = {"width": self.width, "embedding_dim": self.embedding_dim}
        return {**sizes, "kind": self.kind, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "ImageEncoder":
        """Builds an encoder from what :meth:`get_config` returned."""
        return cls(**config)


def _strided(x: Any, width: int) -> Any:
    for number, filters in enumerate((width, 2 * width, 4 * width, 4 * width), start=1):
        x = Conv2D(filters, 4, strides=2, padding="same", use_bias=False, name=f"conv{number}")(x)
        x = BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"norm{number}")(x)
        x = layers.LeakyReLU(0.2, name=f"relu{number}")(x)
    return layers.Flatten(name="flatten")(x)  # [B, 4 * 4 * 4 * width]
