"""The configuration of a probe: the classifier that metrics see with."""

from typing import ClassVar, Literal

from pydantic import Field

from stackgan_k3.config.parts import PhaseConfig
from stackgan_k3.config.run import RunConfig


class ProbePart(PhaseConfig):
    """The network of a probe and how it is trained.

    ``attributes`` are those that it reads; with none named, all that the data set knows of its
    pictures, or else their class.

    Example:
        >>> ProbePart().features
        256
    """

    width: int = Field(32, ge=1, le=1024)
    features: int = Field(256, ge=2, le=8192)
    attributes: tuple[str, ...] = ()
    epochs: int = Field(30, ge=1)
    learning_rate: float = Field(1e-3, gt=0)
    halve_every: int = Field(5, ge=0)


class ProbeConfig(RunConfig):
    """Everything the run of a probe is made of: one phase, ``probe``.

    Example:
        >>> from stackgan_k3.config import load_preset
        >>> load_preset("probe").phases
        ('probe',)
    """

    phases: ClassVar[tuple[str, ...]] = ("probe",)

    system: Literal["probe"] = "probe"
    probe: ProbePart = ProbePart()

    def picture_size(self, phase: str) -> int:
        """The size of the pictures that a phase is trained on, in pixels."""
        return 64
