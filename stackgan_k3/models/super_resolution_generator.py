"""A Stage-II that enlarges: a 64 px sketch and its caption become a 128 or 256 px picture."""

import math
from typing import Any

import keras

from stackgan_k3.errors import UserError
from stackgan_k3.layers.blocks import convolution, join_condition
from stackgan_k3.layers.conditional_batch_norm import normalizer
from stackgan_k3.layers.conditioning import condition_on
from stackgan_k3.layers.sub_pixel import SubPixel


@keras.saving.register_keras_serializable("stackgan_k3")
class SuperResolutionGenerator(keras.Model):
    """The generator of SRGAN (Ledig et al., 2017) as Stage-II, with the text joined in.

    Sketch → 9 × 9 to width, PReLU → joined with a condition, 3 × 3 to width, PReLU → residual
    blocks (3 × 3, norm, PReLU, 3 × 3, norm; added) → 3 × 3, norm, added to what went into the
    blocks → for each doubling: 3 × 3 to 4·width, sub-pixel layer, PReLU → 9 × 9 to RGB, tanh.
    All blocks work at 64 px; the published :class:`Stage2Generator` first halves the sketch to 16 px.
    SRGAN has no text: without the second step, and with width 64 and 16 blocks, this is its network.

    Args:
        width: Channels of all blocks; 64 in the paper.
        image_size: 128 or 256, in pixels.
        residual_blocks: 16 in the paper.
        embedding_dim: Size T of a caption's embedding.
        conditioning_dim: Size C of the condition.
        conditioning: How the condition comes from the embedding; see :func:`condition_on`.
        normalization: ``"batch"``, or ``"conditional"`` on the condition.
        **kwargs: Of ``keras.Model``.

    Inputs and outputs: those of :class:`stackgan_k3.models.stage2_generator.Stage2Generator`.

    Raises:
        UserError: If ``image_size`` is neither 128 nor 256, or for a conditioning or normalization
            that there is not.

    Example:
        >>> generator = SuperResolutionGenerator(
        ...     4, image_size=128, residual_blocks=1, embedding_dim=8, conditioning_dim=4
        ... )
        >>> sorted(generator.input), generator.output["image"].shape
        (['conditioning_noise2', 'embedding', 'sketch'], (None, 128, 128, 3))
    """

    def __init__(
        self,
        width: int = 64,
        *,
        image_size: int = 256,
        residual_blocks: int = 16,
        embedding_dim: int = 1024,
        conditioning_dim: int = 128,
        conditioning: str = "augmentation",
        normalization: str = "batch",
        **kwargs: Any,
    ) -> None:
        if image_size not in (128, 256):
            raise UserError(f"Stage-II draws pictures of 128 or 256 pixels, not of {image_size}")
        sketch = keras.Input((64, 64, 3), name="sketch", dtype="float32")
        embedding = keras.Input((embedding_dim,), name="embedding", dtype="float32")

        c, noises, parameters = condition_on(embedding, conditioning_dim, conditioning, stage="2")
        norm = normalizer(normalization, c)
        x = _prelu(convolution(sketch, width, 9))
        x = before = _prelu(convolution(join_condition(x, c), width, 3))
        for _ in range(residual_blocks):
            y = _prelu(norm(convolution(x, width, 3)))
            x = keras.layers.Add()([x, norm(convolution(y, width, 3))])
        x = keras.layers.Add()([before, norm(convolution(x, width, 3))])
        for _ in range(int(math.log2(image_size // 64))):  # 128 (, 256) px
            x = _prelu(SubPixel()(convolution(x, 4 * width, 3)))
        x = convolution(x, 3, 9)
        image = keras.layers.Activation("tanh", dtype="float32", name="image")(x)

        super().__init__(
            inputs={"sketch": sketch, "embedding": embedding, **noises},
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

    def get_config(self) -> dict[str, Any]:
        return {
            "width": self.width,
            "image_size": self.image_size,
            "residual_blocks": self.residual_blocks,
            "embedding_dim": self.embedding_dim,
            "conditioning_dim": self.conditioning_dim,
            "conditioning": self.conditioning,
            "normalization": self.normalization,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "SuperResolutionGenerator":
        return cls(**config)


def _prelu(x: Any) -> Any:
    # One slope a channel, 0.25 at first, as PyTorch's PReLU and He et al. (2015).
    return keras.layers.PReLU(shared_axes=[1, 2], alpha_initializer=keras.initializers.Constant(0.25))(x)
