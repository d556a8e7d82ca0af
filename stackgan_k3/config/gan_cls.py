"""The configuration of GAN-CLS, GAN-INT and GAN-INT-CLS: a text encoder, and one GAN that reads it."""

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from stackgan_k3.config.drawing import DrawingConfig
from stackgan_k3.config.parts import AdversarialConfig, TextConfig

_BETA = 0.5


class GANCLSPart(AdversarialConfig):
    """The networks of a text-conditioned DCGAN and how they are trained.

    ``width`` and ``discriminator_width`` are the channels of the last hidden layer of the
    generator and of the first of the discriminator, ``text_dim`` what both compress the
    embedding to. ``matching_aware`` shows the discriminator real pictures with wrong
    texts; ``interpolation`` makes the generator draw for mixtures of two captions too, with
    ``beta`` the share of the first. The four combinations are GAN, GAN-CLS, GAN-INT and
    GAN-INT-CLS. ``caption_dropout`` is the probability that an example is trained on without its caption.

    Raises:
        ValueError: For a ``beta`` without ``interpolation``, which nothing would read.

    Example:
        >>> GANCLSPart(interpolation=True).beta
        0.5
    """

    width: int = Field(128, ge=2, le=1024)
    discriminator_width: int = Field(64, ge=2, le=1024)
    image_size: Literal[64, 128, 256] = 64
    noise_dim: int = Field(128, ge=1, le=4096)
    noise: Literal["normal", "uniform"] = "normal"
    text_dim: int = Field(128, ge=1, le=4096)
    matching_aware: bool = True
    interpolation: bool = False
    beta: float = Field(_BETA, gt=0, lt=1)
    caption_dropout: float = Field(0.0, ge=0, le=1)
    epochs: int = Field(600, ge=1)
    halve_every: int = Field(100, ge=0)

    @model_validator(mode="after")
    def _beta_is_read(self) -> "GANCLSPart":
        if self.beta != _BETA and not self.interpolation:
            raise ValueError(
                f"beta is {self.beta}, but without interpolation no captions are mixed; "
                "set gan.interpolation=true as well"
            )
        return self


class GANCLSConfig(DrawingConfig):
    """Everything a run of GAN, GAN-CLS, GAN-INT or GAN-INT-CLS is made of: the text, then the GAN.

    Example:
        >>> from stackgan_k3.config import load_preset
        >>> load_preset("gan-cls-flowers").phases
        ('text', 'gan')
    """

    phases: ClassVar[tuple[str, ...]] = ("text", "gan")

    system: Literal["gan-cls"] = "gan-cls"
    text: TextConfig = TextConfig()
    gan: GANCLSPart = GANCLSPart()

    def picture_size(self, phase: str) -> int:
        """The size of the pictures that a phase is trained on, in pixels."""
        return self.gan.image_size if phase == "gan" else 64
