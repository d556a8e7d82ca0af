"""The configuration of a DCGAN of handwritten digits."""

from typing import ClassVar, Literal

from pydantic import Field

from stackgan_k3.config.drawing import DrawingConfig
from stackgan_k3.config.parts import AdversarialConfig


class DCGANPart(AdversarialConfig):
    """The networks of a DCGAN and how they are trained.

    ``width`` and ``discriminator_width`` are the channels of the last hidden layer of
    the generator and of the first of the discriminator.

    Example:
        >>> DCGANPart().noise_dim
        100
    """

    width: int = Field(64, ge=2, le=1024)
    discriminator_width: int = Field(64, ge=2, le=1024)
    noise_dim: int = Field(100, ge=1, le=4096)
    noise: Literal["normal", "uniform"] = "normal"
    dropout: float = Field(0.3, ge=0, lt=1)


class DCGANConfig(DrawingConfig):
    """Everything a DCGAN run is made of: one phase, ``gan``.

    Example:
        >>> from stackgan_k3.config import load_preset
        >>> load_preset("dcgan-digits").phases
        ('gan',)
    """

    phases: ClassVar[tuple[str, ...]] = ("gan",)

    system: Literal["dcgan"] = "dcgan"
    gan: DCGANPart = DCGANPart()

    def picture_size(self, phase: str) -> int:
        """The size of the pictures that a phase is trained on, in pixels."""
        return 28
