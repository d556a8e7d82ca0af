"""The discriminator of GAN-CLS: is the picture real, and is this its text?"""

import math
from typing import Any

import keras

from stackgan_k3.errors import UserError
from stackgan_k3.layers.blocks import batch_norm, convolution, join_condition, leaky_relu, normal
from stackgan_k3.layers.conv2d import Conv2D


@keras.saving.register_keras_serializable("stackgan_k3")
class GANCLSDiscriminator(keras.Model):
    """The text-conditioned discriminator of Reed et al., 2016, for 64, 128 or 256 px.

    The trunk halves the picture down to 4 × 4 with 4 × 4 convolutions of stride 2 (width,
    2·width, …). The head compresses the embedding to ``text_dim`` with a dense layer and leaky
    ReLU, repeats it over the 4 × 4 positions, joins it to the features there, and has a 1 × 1
    convolution and a 4 × 4 one to a logit. Trunk and head are models of their own, so that
    the features of a picture, computed once, are judged with its own text and with another's.

    Args:
        width: Channels of the first convolution; 64 in the published code.
        image_size: 64, 128 or 256, in pixels.
        embedding_dim: Size T of a caption's embedding.
        text_dim: What the embedding is compressed to.
        **kwargs: Of ``keras.Model``.

    Inputs (a dict of float32): ``image`` ``[batch, S, S, 3]`` in [-1, 1] and ``embedding``
    ``[batch, T]``.

    Output (a dict of float32): ``logit`` ``[batch, 1]``.

    Raises:
        UserError: If ``image_size`` is another.

    Example:
        >>> discriminator = GANCLSDiscriminator(4, image_size=128, embedding_dim=8, text_dim=4)
        >>> discriminator.trunk.output.shape
        (None, 4, 4, 64)
    """

    def __init__(
        self,
        width: int = 64,
        *,
        image_size: int = 64,
        embedding_dim: int = 1024,
        text_dim: int = 128,
        **kwargs: Any,
    ) -> None:
        if image_size not in (64, 128, 256):
            raise UserError(
                f"a discriminator looks at pictures of 64, 128 or 256 pixels, not of {image_size}"
            )
        image = keras.Input((image_size, image_size, 3), name="image", dtype="float32")
        embedding = keras.Input((embedding_dim,), name="embedding", dtype="float32")

        x = leaky_relu(convolution(image, width, 4, 2))
        for i in range(1, int(math.log2(image_size // 4))):
            x = leaky_relu(batch_norm(convolution(x, width * 2**i, 4, 2)))
        trunk = keras.Model(image, x, name="trunk")  # [batch, 4, 4, 8·width] at 64 px

        features = keras.Input(x.shape[1:], name="features", dtype=x.dtype)
        text = leaky_relu(keras.layers.Dense(text_dim, kernel_initializer=normal())(embedding))
        joined = leaky_relu(batch_norm(convolution(join_condition(features, text), x.shape[-1], 1)))
        last = Conv2D(1, 4, padding="valid", kernel_initializer=normal())(joined)
        logit = keras.layers.Reshape((1,), dtype="float32")(last)
        head = keras.Model([features, embedding], logit, name="head")

        super().__init__(
            inputs={"image": image, "embedding": embedding},
            outputs={"logit": head([trunk(image), embedding])},
            **kwargs,
        )
        self.trunk = trunk
        self.head = head
        self.width = width
        self.image_size = image_size
        self.embedding_dim = embedding_dim
        self.text_dim = text_dim

    def get_config(self) -> dict[str, Any]:
        return {
            "width": self.width,
            "image_size": self.image_size,
            "embedding_dim": self.embedding_dim,
            "text_dim": self.text_dim,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "GANCLSDiscriminator":
        return cls(**config)
