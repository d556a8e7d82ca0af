"""The configuration of a conditional GAN of handwritten digits."""

from typing import Literal

from pydantic import Field

from stackgan_k3.config.dcgan import DCGANConfig, DCGANPart


class ConditionalGANPart(DCGANPart):
    """The networks of a conditional GAN and how they are trained.

    Those of a DCGAN, and ``num_classes``: how many classes the data set has.

    Example:
        >>> ConditionalGANPart().num_classes
        10
    """

    num_classes: int = Field(10, ge=2, le=10_000)


class ConditionalGANConfig(DCGANConfig):
    """Everything a conditional GAN run is made of: one phase, ``gan``.

    Example:
        >>> from stackgan_k3.config import load_preset
        >>> load_preset("conditional-gan-digits").gan.noise
        'uniform'
    """

    system: Literal["conditional-gan"] = "conditional-gan"  # type: ignore[assignment]
    gan: ConditionalGANPart = ConditionalGANPart()
