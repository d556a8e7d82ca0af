"""Stage-II: a 64 px sketch and its caption become a 128 or 256 px picture."""

import math
from collections.abc import Sequence
from typing import Any

import keras

from stackgan_k3.errors import UserError
from stackgan_k3.layers.attention import WordAttention
from stackgan_k3.layers.blocks import convolution, join_condition, relu, residual_block
from stackgan_k3.layers.conditional_batch_norm import normalizer
from stackgan_k3.layers.conditioning import condition_on
from stackgan_k3.layers.inverse_tanh import InverseTanh
from stackgan_k3.layers.kernel_upsampling import KernelUpsampling, upsample


@keras.saving.register_keras_serializable("stackgan_k3")
class Stage2Generator(keras.Model):
    """The Stage-II generator of StackGAN (Zhang et al., 2017), without Stage-I.

    Sketch → 3 × 3 to width, ReLU → 4 × 4 stride 2 to 2·width → 4 × 4 stride 2 to
    4·width → joined with a second condition, 3 × 3 to 4·width → residual blocks →
    upsampling blocks, halving the channels each time → 3 × 3 to RGB, tanh. The last six
    arguments change a part each; their defaults are the published network.

    Args:
        width: GF of the paper; 192 for COCO, 128 for birds. A multiple of 4.
        image_size: 128 or 256, in pixels.
        residual_blocks: 2 for COCO, 4 for birds.
        embedding_dim: Size T of a caption's embedding.
        conditioning_dim: Size C of the second condition.
        conditioning: How the condition comes from the embedding: ``"augmentation"``, ``"plain"``
            or ``"mixture"``; see :func:`condition_on`.
        normalization: ``"batch"``, or ``"conditional"`` on the condition.
        upsampling: ``"nearest"``, ``"bilinear"`` or ``"bicubic"``.
        words: Number L and size D of a caption's word features, for attention on words: before the
            residual blocks each place takes the words that fit it (:class:`WordAttention`), and
            features and context become 4·width channels again, 3 × 3. None for no attention.
        sketch_skip: Whether the network draws what is to change of the sketch rather than all of the
            picture: the sketch, enlarged bilinearly, is added in front of the tanh
            (:class:`InverseTanh`), so that training begins with a blurred picture of the right thing. The
            residual learning of Kim et al., 2016, "Accurate Image Super-Resolution Using Very Deep
            Convolutional Networks".
        feature_skip: Whether features of the sketch at 32 and 64 px are added to those of the same size on
            the way up, so that edges need not pass through 16 px (the links of Chaurasia and
            Culurciello, 2017, "LinkNet"). It adds no weights.
        **kwargs: Of ``keras.Model``.

    Inputs (a dict of float32): ``sketch`` ``[batch, 64, 64, 3]`` in [-1, 1],
    ``embedding`` ``[batch, T]``, ``conditioning_noise2`` ``[batch, C]`` (not of the plain
    condition), ``component_noise2`` ``[batch, 3]`` (of the mixture), both from N(0, 1); with
    attention ``words`` ``[batch, L, D]``.

    Outputs (a dict of float32): ``image`` ``[batch, image_size, image_size, 3]`` in
    [-1, 1], and the second condition's parameters: ``mean`` and ``log_variance`` ``[batch, C]``, or
    those that :func:`condition_on` names for the other two.

    Raises:
        UserError: If ``image_size`` is neither 128 nor 256, or for a conditioning, normalization
            or upsampling that there is not.

    Example:
        >>> generator = Stage2Generator(8, image_size=128, embedding_dim=32, conditioning_dim=4)
        >>> generator.output["image"].shape
        (None, 128, 128, 3)
    """

    def __init__(
        self,
        width: int = 192,
        *,
        image_size: int = 256,
        residual_blocks: int = 2,
        embedding_dim: int = 1024,
        conditioning_dim: int = 128,
        conditioning: str = "augmentation",
        normalization: str = "batch",
        upsampling: str = "nearest",
        words: Sequence[int] | None = None,
        sketch_skip: bool = False,
        feature_skip: bool = False,
        **kwargs: Any,
    ) -> None:
        if image_size not in (128, 256):
            raise UserError(f"Stage-II draws pictures of 128 or 256 pixels, not of {image_size}")
        sketch = keras.Input((64, 64, 3), name="sketch", dtype="float32")
        embedding = keras.Input((embedding_dim,), name="embedding", dtype="float32")

        c, noises, parameters = condition_on(embedding, conditioning_dim, conditioning, stage="2")
        norm = normalizer(normalization, c)
        at64 = relu(convolution(sketch, width, 3))
        at32 = relu(norm(convolution(at64, 2 * width, 4, 2)))
        x = relu(norm(convolution(at32, 4 * width, 4, 2)))  # 16 px
        x = relu(norm(convolution(join_condition(x, c), 4 * width, 3)))
        attended = {}
        if words is not None:
            attended["words"] = keras.Input(tuple(words), name="words", dtype="float32")
            context = WordAttention(name="attention")([x, attended["words"]])
            x = relu(norm(convolution(keras.layers.Concatenate()([x, context]), 4 * width, 3)))
        for _ in range(residual_blocks):
            x = residual_block(x, norm)
        links = {1: at32, 2: at64} if feature_skip else {}
        for halvings in range(1, int(math.log2(image_size // 16)) + 1):  # 32, 64, 128 (, 256) px
            x = relu(norm(upsample(x, 4 * width // 2**halvings, upsampling)))
            if halvings in links:
                x = keras.layers.Add()([x, links[halvings]])
        x = convolution(x, 3, 3)
        if sketch_skip:
            enlarged = sketch
            for _ in range(int(math.log2(image_size // 64))):
                enlarged = KernelUpsampling("bilinear", dtype="float32")(enlarged)
            x = keras.layers.Add(dtype="float32")([x, InverseTanh()(enlarged)])
        image = keras.layers.Activation("tanh", dtype="float32", name="image")(x)

        super().__init__(
            inputs={"sketch": sketch, "embedding": embedding, **attended, **noises},
            outputs={"image": image, **parameters},
            **kwargs,
        )
        self.width = width
        self.image_size = image_size
        self.residual_blocks = residual_blocks
        self.embedding_dim = embedding_dim
        self.conditioning_dim = conditioning_dim
        self.conditioning = conditioning
        self.normalization = normalization
        self.upsampling = upsampling
        self.words = None if words is None else tuple(words)
        self.sketch_skip = sketch_skip
        self.feature_skip = feature_skip

    def get_config(self) -> dict[str, Any]:
        return {
            "width": self.width,
            "image_size": self.image_size,
            "residual_blocks": self.residual_blocks,
            "embedding_dim": self.embedding_dim,
            "conditioning_dim": self.conditioning_dim,
            "conditioning": self.conditioning,
            "normalization": self.normalization,
            "upsampling": self.upsampling,
            "words": self.words,
            "sketch_skip": self.sketch_skip,
            "feature_skip": self.feature_skip,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "Stage2Generator":
        return cls(**config)
