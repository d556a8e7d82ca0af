"""The configuration of a variational autoencoder of handwritten digits."""

from typing import ClassVar, Literal

from pydantic import Field

from stackgan_k3.config.drawing import DrawingConfig
from stackgan_k3.config.parts import PhaseConfig


class VAEPart(PhaseConfig):
    """The two networks of a variational autoencoder and how they are trained.

    ``width`` is the channels of the encoder's first convolution, ``latent_dim`` the number of
    latents, ``kl_weight`` what the KL divergence is multiplied by (1 is the evidence lower
    bound). ``halve_every`` halves the learning rate every so many epochs (0: never).

    Example:
        >>> VAEPart().latent_dim
        16
    """

    width: int = Field(32, ge=2, le=1024)
    latent_dim: int = Field(16, ge=1, le=4096)
    kl_weight: float = Field(1.0, ge=0)
    learning_rate: float = Field(1e-3, gt=0)
    halve_every: int = Field(0, ge=0)


class VAEConfig(DrawingConfig):
    """Everything a run of a variational autoencoder is made of: one phase, ``vae``.

    Example:
        >>> from stackgan_k3.config import load_preset
        >>> load_preset("vae-digits").phases
        ('vae',)
    """

    phases: ClassVar[tuple[str, ...]] = ("vae",)

    system: Literal["vae"] = "vae"
    vae: VAEPart = VAEPart()

    def picture_size(self, phase: str) -> int:
        """The size of the pictures that a phase is trained on, in pixels."""
        return 28
