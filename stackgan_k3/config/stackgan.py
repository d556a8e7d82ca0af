"""The configuration of StackGAN: a text encoder and two stages."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from stackgan_k3.config.drawing import DrawingConfig
from stackgan_k3.config.parts import AdversarialConfig, TextConfig
from stackgan_k3.config.run import RunConfig
from stackgan_k3.errors import UserError

Normalization = Literal["batch", "conditional"]


class StageConfig(AdversarialConfig):
    """One stage: the widths GF and DF of its networks, and how they are trained.

    ``spectral_norm``, ``minibatch_std`` and ``projection`` are of the discriminator; see
    :class:`stackgan_k3.models.discriminator.Discriminator`. ``matching_aware`` teaches it that real pictures
    with the captions of others are wrong. ``caption_dropout`` is the probability that an
    example is trained on without its caption. ``matching_weight`` and ``matching_gamma`` are of the
    image-text matching loss (0: none), and ``matching_negatives`` how many captions of other pictures come
    with each example for it, besides those of the batch; ``matching_blur`` says how often its pictures are
    blurred, ``matching_noise`` how much noise they get at most (a standard deviation, pictures being
    in [-1, 1]). ``reading_weight`` is of the loss of both networks that a caption's words can be read off the
    picture by the discriminator (0: none), and ``discriminative_reading`` has it deny drawn pictures their
    words. ``guidance_halve_every`` halves the generator's weights of these two every so many epochs
    (0: never).

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
    matching_aware: bool = True
    spectral_norm: bool = False
    minibatch_std: bool = False
    projection: bool = False
    caption_dropout: float = Field(0.0, ge=0, le=1)
    matching_weight: float = Field(0.0, ge=0)
    matching_gamma: float = Field(10.0, gt=0)
    matching_negatives: int = Field(0, ge=0, le=4096)
    matching_blur: int = Field(0, ge=0, le=8)
    matching_noise: float = Field(0.0, ge=0, le=2)
    reading_weight: float = Field(0.0, ge=0)
    discriminative_reading: bool = False
    guidance_halve_every: int = Field(0, ge=0)


class Stage2Config(StageConfig):
    """Stage-II: also its picture size in pixels, its number of residual blocks, and its kind.

    ``kind`` is ``"stackgan"``, the published network, or ``"srgan"``, super-resolution; ``content_weight``
    and ``feature_weight`` are those of the latter's two further losses. With ``sketch_skip`` the published
    network draws what is to change of the enlarged sketch, with ``feature_skip`` it sees the sketch's edges
    on the way up as well. ``restoring_weight`` is that of what it learns from spoiled real pictures.

    Example:
        >>> Stage2Config().image_size
        256
    """

    image_size: Literal[128, 256] = 256
    residual_blocks: int = Field(2, ge=0, le=16)
    kind: Literal["stackgan", "srgan"] = "stackgan"
    sketch_skip: bool = False
    feature_skip: bool = False
    restoring_weight: float = Field(0.0, ge=0)
    content_weight: float = Field(1.0, ge=0)
    feature_weight: float = Field(1.0, ge=0)


class StackGANConfig(DrawingConfig):
    """Everything a StackGAN run is made of. The defaults of its variants are the published networks.

    Attributes:
        noise_dim: Size Z of the noise.
        noise: Whether the layers of Stage-I see normal or uniform noise.
        conditioning_dim: Size C of the condition.
        conditioning: How the condition comes from the text: drawn from a Gaussian
            (``"augmentation"``), from a ``"mixture"`` of three, or not drawn at all (``"plain"``).
        normalization: What normalizes the generators' features: ``"batch"``, or ``"conditional"`` batch
            normalization, on the condition.
        discriminator_normalization: The same of the discriminators.
        upsampling: How the generators double their feature maps (an SRGAN as Stage-II has its own way).
        attention: Whether Stage-II attends to the words of a caption; needs a text encoder that has some.

    Example:
        >>> from stackgan_k3.config import load_preset
        >>> load_preset("stackgan-tiny", {"stage1.epochs": 3}).stage1.epochs
        3
    """

    phases: ClassVar[tuple[str, ...]] = ("text", "stage1", "stage2")

    system: Literal["stackgan"] = "stackgan"
    noise_dim: int = Field(100, ge=1, le=4096)
    noise: Literal["normal", "uniform"] = "normal"
    conditioning_dim: int = Field(128, ge=1, le=4096)
    conditioning: Literal["augmentation", "plain", "mixture"] = "augmentation"
    normalization: Normalization = "batch"
    discriminator_normalization: Normalization = "batch"
    upsampling: Literal["nearest", "bilinear", "bicubic"] = "nearest"
    attention: bool = False
    text: TextConfig = TextConfig()
    stage1: StageConfig = StageConfig()
    stage2: Stage2Config = Stage2Config()

    @model_validator(mode="after")
    def _kinds_are_possible(self) -> Self:
        if self.attention and self.text.encoder != "char-cnn-rnn":
            raise ValueError(
                f"attention=true, but text.encoder={self.text.encoder} knows whole captions only, no words "
                "to attend to; set text.encoder=char-cnn-rnn, or attention=false"
            )
        others = {
            "attention=true": (self.attention, "attention=false"),
            "stage2.kind=srgan": (self.stage2.kind == "srgan", "stage2.kind=stackgan"),
        }
        for given, (is_so, instead) in others.items():
            if self.stage2.restoring_weight and is_so:
                raise ValueError(
                    f"stage2.restoring_weight is {self.stage2.restoring_weight:g}, but with {given} Stage-II "
                    f"learns from no spoiled pictures; set stage2.restoring_weight=0, or {instead}"
                )
        if self.attention and self.stage2.kind == "srgan":
            raise ValueError(
                "attention=true, but words are attended to at 16 px, where stage2.kind=srgan, which works at "
                "64 px, has no features; set stage2.kind=stackgan, or attention=false"
            )
        return self

    @model_validator(mode="after")
    def _skip_is_possible(self) -> Self:
        for name in ("sketch_skip", "feature_skip"):
            if getattr(self.stage2, name) and self.stage2.kind == "srgan":
                raise ValueError(
                    f"stage2.{name}=true is of the network that goes down to 16 px, and stage2.kind=srgan "
                    f"stays at 64 px; set stage2.kind=stackgan, or stage2.{name}=false"
                )
        return self

    @model_validator(mode="after")
    def _discriminators_are_possible(self) -> Self:
        for phase in ("stage1", "stage2"):
            if getattr(self, phase).spectral_norm and self.discriminator_normalization != "batch":
                raise ValueError(
                    f"{phase}.spectral_norm=true takes the place of the discriminator's normalization, but "
                    f"discriminator_normalization={self.discriminator_normalization}; set one of the two"
                )
        if self.attention and self.stage2.caption_dropout:
            raise ValueError(
                f"stage2.caption_dropout is {self.stage2.caption_dropout:g}, but attention=true reads the "
                "words of every caption; set stage2.caption_dropout=0, or attention=false"
            )
        return self

    @model_validator(mode="after")
    def _matching_is_possible(self) -> Self:
        for phase in ("stage1", "stage2"):
            stage: StageConfig = getattr(self, phase)
            if stage.matching_weight and self.text.encoder != "char-cnn-rnn":
                raise ValueError(
                    f"{phase}.matching_weight is {stage.matching_weight:g}, but "
                    f"text.encoder={self.text.encoder} has no image encoder to compare with; set "
                    "stage1.matching_weight=0 and stage2.matching_weight=0, or text.encoder=char-cnn-rnn"
                )
            if stage.matching_noise and not self.text.picture_noise:
                raise ValueError(
                    f"{phase}.matching_noise is {stage.matching_noise:g}, but text.picture_noise=0 trains "
                    "the image encoder without noise, through which it then hardly sees; set "
                    f"text.picture_noise={stage.matching_noise:g} as well, or leave it out"
                )
            for name in ("matching_weight", "reading_weight"):
                if stage.caption_dropout and getattr(stage, name):
                    raise ValueError(
                        f"{phase}.caption_dropout is {stage.caption_dropout:g}, but {phase}.{name} asks in "
                        "every step whether a picture shows its caption; set one of the two to 0"
                    )
        return self

    def picture_size(self, phase: str) -> int:
        """The size of the pictures that a phase is trained on, in pixels."""
        return self.stage2.image_size if phase == "stage2" else 64

    def changed(self, changes: Mapping[str, Any]) -> RunConfig:
        """Returns a copy with dotted keys replaced.

        Where another kind of Stage-II is asked for, what it does not have goes with the kind that had it.

        Args:
            changes: See :meth:`RunConfig.changed`.

        Raises:
            UserError: Also for a change that would have no effect: a KL weight without a KL term,
                the weight of a loss that the Stage-II does not have.
        """
        config = super().changed({**_left_behind(changes), **changes})
        if isinstance(config, StackGANConfig):
            for phase in ("stage1", "stage2"):
                _refuse_idle(config, phase, changes)
            _refuse_idle_weights(config, changes)
        return config


def _left_behind(changes: Mapping[str, Any]) -> dict[str, Any]:
    srgan = changes.get("stage2.kind") == "srgan"
    left: dict[str, Any] = {}
    if srgan:
        left |= {"stage2.sketch_skip": False, "stage2.feature_skip": False}
    if srgan or changes.get("attention") is True:
        left |= {"stage2.restoring_weight": 0.0}
    return left


def _refuse_idle(config: StackGANConfig, phase: str, changes: Mapping[str, Any]) -> None:
    # Only what was asked for is refused: a preset's KL weight must not stand in the way of
    # conditioning=plain.
    part: StageConfig = getattr(config, phase)
    if f"{phase}.kl_weight" in changes and part.kl_weight and config.conditioning == "plain":
        raise UserError(
            f"{phase}.kl_weight is {part.kl_weight:g}, but conditioning=plain draws from no Gaussian, so "
            "there is no KL term to weigh; leave it out, or set conditioning=augmentation or mixture"
        )


def _guides(part: StageConfig) -> bool:
    return bool(part.matching_weight or part.reading_weight)


def _refuse_idle_weights(config: StackGANConfig, changes: Mapping[str, Any]) -> None:
    for phase in ("stage1", "stage2"):
        part: StageConfig = getattr(config, phase)
        for name in ("matching_gamma", "matching_negatives", "matching_blur", "matching_noise"):
            if f"{phase}.{name}" in changes and getattr(part, name) and not part.matching_weight:
                raise UserError(
                    f"{phase}.{name} is {getattr(part, name):g}, but {phase}.matching_weight=0 switches the "
                    f"matching loss off; leave it out, or set {phase}.matching_weight, for example to 5"
                )
        denies = f"{phase}.discriminative_reading" in changes and part.discriminative_reading
        if denies and not part.reading_weight:
            raise UserError(
                f"{phase}.discriminative_reading is set, but {phase}.reading_weight=0 has nothing read off "
                f"pictures; leave it out, or set {phase}.reading_weight, for example to 10"
            )
        every = part.guidance_halve_every
        if f"{phase}.guidance_halve_every" in changes and every and not _guides(part):
            raise UserError(
                f"{phase}.guidance_halve_every is {every}, but neither {phase}.matching_weight nor "
                f"{phase}.reading_weight is set, so there is nothing to halve; leave it out, or set one"
            )
    stage = config.stage2
    for name in ("content_weight", "feature_weight"):
        if f"stage2.{name}" in changes and getattr(stage, name) and stage.kind != "srgan":
            raise UserError(
                f"stage2.{name} is {getattr(stage, name):g}, but stage2.kind={stage.kind} has no such loss; "
                "leave it out, or set stage2.kind=srgan"
            )
