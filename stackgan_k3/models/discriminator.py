"""The matching-aware discriminator of both stages: is the picture real, and does it fit the text?"""

import math
from functools import partial
from typing import Any

import keras
from keras import ops

from stackgan_k3.adversarial.reading_losses import RARELY
from stackgan_k3.errors import UserError
from stackgan_k3.layers import blocks
from stackgan_k3.layers.blocks import join_condition, leaky_relu, normal
from stackgan_k3.layers.conditional_batch_norm import normalizer
from stackgan_k3.layers.conv2d import Conv2D
from stackgan_k3.layers.minibatch_deviation import MinibatchDeviation
from stackgan_k3.layers.spectral_convolution import SpectralConvolution


@keras.saving.register_keras_serializable("stackgan_k3")
class Discriminator(keras.Model):
    """The discriminators of StackGAN (Zhang et al., 2017), for 64, 128 or 256 px.

    The trunk halves the picture down to 4 × 4 with 4 × 4 convolutions (width,
    2·width, …), then narrows to 8·width with 3 × 3 ones. The conditional head
    joins the condition there: 3 × 3 to 8·width, 4 × 4 to one logit. The
    unconditional head (Stage-II only) is one 4 × 4 convolution to a logit. Trunk
    and heads are models of their own, so that features computed once can be
    paired with several conditions.

    With conditional normalization the text also scales and shifts the trunk's features. The
    trunk then takes the condition too and runs once for each pairing; for the heads that see the picture
    alone it runs with a condition of zero, where the normalization is a plain batch norm.

    Args:
        width: DF of the paper; 96 for COCO, 64 for birds.
        image_size: 64, 128 or 256, in pixels.
        condition_dim: Size C of the condition.
        unconditional: Whether there is an unconditional head.
        normalization: ``"batch"``, or ``"conditional"`` on the condition, in trunk and conditional head.
        spectral_norm: Whether every convolution is a :class:`SpectralConvolution`. There is no batch norm
            then, which would undo the division.
        minibatch_std: Whether the trunk appends a :class:`MinibatchDeviation` to its features.
        projection: Whether the conditional head is that of Miyato and Koyama, 2018, in the place of the
            joint convolutions: ``ψ(φ) + ⟨V c, φ⟩``, with φ the sum of the features over positions, c the
            condition, ψ and V linear.
        reading: How many numbers a third head reads off the picture alone, as the auxiliary classifier of
            Odena et al., 2017, reads the class: 3 × 3 to 8·width, the mean over positions, linear to so
            many logits. 0 for no such head.
        **kwargs: Of ``keras.Model``.

    Inputs (a dict of float32): ``image`` ``[batch, S, S, 3]`` in [-1, 1], ``condition``
    ``[batch, C]``.

    Outputs (a dict of float32 logits ``[batch, 1]``): ``conditional`` and, with that
    head, ``unconditional``; with a third head ``reading`` ``[batch, reading]``.

    Raises:
        UserError: If ``image_size`` is none of the three, there is no such normalization, or it is
            conditional with ``spectral_norm``.

    Example:
        >>> sorted(Discriminator(4, image_size=128, condition_dim=8, unconditional=True).output)
        ['conditional', 'unconditional']
    """

    def __init__(
        self,
        width: int = 96,
        *,
        image_size: int = 64,
        condition_dim: int = 128,
        unconditional: bool = False,
        normalization: str = "batch",
        spectral_norm: bool = False,
        minibatch_std: bool = False,
        projection: bool = False,
        reading: int = 0,
        **kwargs: Any,
    ) -> None:
        if image_size not in (64, 128, 256):
            raise UserError(
                f"a discriminator looks at pictures of 64, 128 or 256 pixels, not of {image_size}"
            )
        image = keras.Input((image_size, image_size, 3), name="image", dtype="float32")
        condition = keras.Input((condition_dim,), name="condition", dtype="float32")

        norm = normalizer(normalization, condition)
        if spectral_norm:
            if normalization != "batch":
                raise UserError(
                    "spectral_norm takes the place of normalization; leave normalization at 'batch'"
                )
            norm = _unchanged
        convolution = partial(blocks.convolution, spectral=spectral_norm)
        halvings = int(math.log2(image_size // 4))
        x = leaky_relu(convolution(image, width, 4, 2))
        for i in range(1, halvings):
            x = leaky_relu(norm(convolution(x, width * 2**i, 4, 2)))
        for i in range(halvings - 2, 2, -1):  # 256 px: 16·width, 8·width; 128 px: 8·width
            x = leaky_relu(norm(convolution(x, width * 2**i, 3)))
        if minibatch_std:
            x = MinibatchDeviation()(x)
        conditional = normalization == "conditional"
        trunk = keras.Model([image, condition] if conditional else image, x, name="trunk")

        def look(condition: Any) -> Any:
            return trunk([image, condition] if conditional else image)  # [batch, 4, 4, 8·width]

        features = keras.Input(x.shape[1:], name="features", dtype=x.dtype)
        if projection:
            logit = _projected(features, condition, spectral_norm)
        else:
            joined = leaky_relu(norm(convolution(join_condition(features, condition), 8 * width, 3)))
            logit = _logit(joined, spectral_norm)
        conditional_head = keras.Model([features, condition], logit, name="conditional_head")
        outputs = {"conditional": conditional_head([look(condition), condition])}
        unconditional_head = None
        if unconditional:
            unconditional_head = keras.Model(
                features, _logit(features, spectral_norm), name="unconditional_head"
            )
            outputs["unconditional"] = unconditional_head(look(0.0 * condition))
        reading_head = None
        if reading:
            joined = leaky_relu(convolution(features, 8 * width, 3))
            rarely = keras.initializers.Constant(RARELY)
            said = keras.layers.Dense(reading, bias_initializer=rarely, dtype="float32")
            said = said(ops.mean(joined, axis=(1, 2)))
            reading_head = keras.Model(features, said, name="reading_head")
            outputs["reading"] = reading_head(look(0.0 * condition))

        super().__init__(inputs={"image": image, "condition": condition}, outputs=outputs, **kwargs)
        self.trunk = trunk
        self.conditional_head = conditional_head
        self.unconditional_head = unconditional_head
        self.reading_head = reading_head
        self.width = width
        self.image_size = image_size
        self.condition_dim = condition_dim
        self.unconditional = unconditional
        self.normalization = normalization
        self.spectral_norm = spectral_norm
        self.minibatch_std = minibatch_std
        self.projection = projection
        self.reading = reading

    @property
    def sees_text_early(self) -> bool:
        """Whether the trunk takes the condition, so that its features belong to one pairing."""
        return self.normalization == "conditional"

    def look(self, image: Any, condition: Any) -> Any:
        """Runs the trunk in training mode; the condition counts where the trunk takes it.

        Returns:
            Float ``[batch, 4, 4, 8·width]``, with ``minibatch_std`` a channel more.
        """
        return self.trunk([image, condition] if self.sees_text_early else image, training=True)

    def look_alone(self, image: Any, condition: Any, features: Any) -> Any:
        """Returns the features for the heads that are asked about the picture alone.

        Args:
            image: The pictures.
            condition: Their condition.
            features: What :meth:`look` returned for both, which will do where the trunk takes no condition.
        """
        alone = self.unconditional_head is not None or self.reading_head is not None
        return self.look(image, 0.0 * condition) if self.sees_text_early and alone else features

    def get_config(self) -> dict[str, Any]:
        return {
            "width": self.width,
            "image_size": self.image_size,
            "condition_dim": self.condition_dim,
            "unconditional": self.unconditional,
            "normalization": self.normalization,
            "spectral_norm": self.spectral_norm,
            "minibatch_std": self.minibatch_std,
            "projection": self.projection,
            "reading": self.reading,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "Discriminator":
        return cls(**config)


def _unchanged(x: Any) -> Any:
    return x


def _logit(features: Any, spectral: bool) -> Any:
    kind = SpectralConvolution if spectral else Conv2D
    size = features.shape[1]
    layer = kind(1, size, size, padding="valid", kernel_initializer=normal())
    return keras.layers.Reshape((1,), dtype="float32")(layer(features))


def _projected(features: Any, condition: Any, spectral: bool) -> Any:
    phi = ops.sum(features, axis=(1, 2), keepdims=True)  # [batch, 1, 1, channels]
    text = keras.layers.Reshape((1, 1, condition.shape[-1]))(condition)
    text = blocks.convolution(text, phi.shape[-1], 1, spectral=spectral)
    match = ops.sum(ops.cast(text, "float32") * ops.cast(phi, "float32"), axis=(1, 2, 3))
    return _logit(phi, spectral) + ops.expand_dims(match, 1)
