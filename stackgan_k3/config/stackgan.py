"""The configuration of StackGAN: a text encoder and two stages."""

from typing import ClassVar, Literal

from pydantic import Field

from stackgan_k3.config.parts import AdversarialConfig, TextConfig
from stackgan_k3.config.run import RunConfig


class StageConfig(AdversarialConfig):
    """One stage: the widths GF and DF of its networks, and how they are trained.

    Example:
        >>> StageConfig().width
        192
    """

    width: int = Field(192, ge=4, le=1024, multiple_of=4)
    discriminator_width: int = Field(96, ge=4, le=1024)
    epochs: int = Field(120, ge=1)
    halve_every: int = Field(20, ge=0)
    kl_weight: float = Field(2.0, ge=0)
    real_labels: tuple[float, float] = (0.9, 1.0)


class Stage2Config(StageConfig):
    """Stage-II: also its picture size in pixels and its number of residual blocks.

    Example:
        >>> Stage2Config().image_size
        256
    """

    image_size: Literal[128, 256] = 256
    residual_blocks: int = Field(2, ge=0, le=16)


class StackGANConfig(RunConfig):
    """Everything a StackGAN run is made of.

    Attributes:
        noise_dim: Size Z of the noise.
        conditioning_dim: Size C of the condition.

    Example:
        >>> from stackgan_k3.config import load_preset
        >>> load_preset("stackgan-tiny", {"stage1.epochs": 3}).stage1.epochs
        3
    """

    phases: ClassVar[tuple[str, ...]] = ("text", "stage1", "stage2")

    system: Literal["stackgan"] = "stackgan"
    noise_dim: int = Field(100, ge=1, le=4096)
    conditioning_dim: int = Field(128, ge=1, le=4096)
    text: TextConfig = TextConfig()
    stage1: StageConfig = StageConfig()
    stage2: Stage2Config = Stage2Config()

    def picture_size(self, phase: str) -> int:
        """The size of the pictures that a phase is trained on, in pixels."""
        return self.stage2.image_size if phase == "stage2" else 64
