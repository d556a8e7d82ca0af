"""The tables of a configuration that several systems share."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Augmentation = Literal["color", "translation", "cutout"]
OptimizerName = Literal["adam", "sgd"]
TextEncoder = Literal["char-cnn-rnn", "word-vectors", "sentence-transformers", "published"]

_EXAMPLES = {"vectors": "own, or the path of a Word2Vec or GloVe file", "folder": "DIR, the model's folder"}


class Part(BaseModel):
    """A table of a configuration: unknown keys are refused, values do not change.

    Example:
        >>> DataConfig(crop=False).crop
        False
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class DataConfig(Part):
    """How pictures are read: random crops and flips, and worker processes (0: threads).

    Example:
        >>> DataConfig().workers
        0
    """

    crop: bool = True
    flip: bool = True
    workers: int = Field(0, ge=0, le=256)


class PhaseConfig(Part):
    """What every phase of a training has: a number of epochs, and examples a step.

    Example:
        >>> PhaseConfig(epochs=3).batch_size
        64
    """

    epochs: int = Field(100, ge=1)
    batch_size: int = Field(64, ge=2)


class TextConfig(PhaseConfig):
    """The text encoder and, for ``"char-cnn-rnn"``, the joint embedding that trains it.

    Attributes:
        encoder: What makes embeddings of captions: a network trained here (``"char-cnn-rnn"``), averaged
            ``"word-vectors"``, a ``"sentence-transformers"`` model, or ``"published"``, those that the
            prepared set holds. With the last two a bundle is asked by embeddings.
        vectors: Of ``"word-vectors"``: a Word2Vec or GloVe file, or ``"own"`` for vectors trained on the
            captions.
        words: Words that are kept of such a file besides those of the captions: its first.
        folder: Of ``"sentence-transformers"``: the model's folder.
        width: Of the character convolutions (384 published).
        image_encoder: Kind of the image encoder, ``"strided"`` or the slower, sharper-eyed ``"residual"``.
        image_width: Of the image encoder.
        embedding_dim: Size T of an embedding.
        objective: What the encoders are trained on: ``"structured"``, the hinge of Reed et al. with its
            ``margin``, or ``"contrastive"``, a softmax over the batch with its ``gamma``.
        reading_weight: Weight of a second loss: that a caption's words and pairs of words can be read off
            its embedding (0: none).
        picture_reading_weight: Weight of a third: that the words which tell of a picture can be read off
            its embedding (0: none).
        picture_noise: The most noise that is added to the pictures, the standard deviation of numbers in
            [-1, 1], so that the image encoder learns to see through it (0: none).

    Raises:
        ValueError: If an encoder lacks what it reads, or is given what it does not read.

    Example:
        >>> TextConfig().embedding_dim
        1024
    """

    encoder: TextEncoder = "char-cnn-rnn"
    vectors: str = ""
    words: int = Field(5000, ge=0, le=200_000)
    folder: str = ""
    width: int = Field(384, ge=4, le=4096)
    image_encoder: Literal["strided", "residual"] = "strided"
    image_width: int = Field(64, ge=4, le=1024)
    embedding_dim: int = Field(1024, ge=2, le=8192)
    objective: Literal["structured", "contrastive"] = "structured"
    margin: float = Field(1.0, gt=0)
    gamma: float = Field(10.0, gt=0)
    reading_weight: float = Field(0.0, ge=0)
    picture_reading_weight: float = Field(0.0, ge=0)
    picture_noise: float = Field(0.0, ge=0, le=2)
    batch_size: int = Field(40, ge=2)
    learning_rate: float = Field(7e-4, gt=0)
    halve_every: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _encoder_has_what_it_reads(self) -> "TextConfig":
        reads = {"vectors": "word-vectors", "folder": "sentence-transformers"}
        for name, encoder in reads.items():
            given = getattr(self, name)
            if self.encoder == encoder and not given:
                raise ValueError(f"encoder={encoder} needs text.{name}; set text.{name}={_EXAMPLES[name]}")
            if self.encoder != encoder and given:
                raise ValueError(
                    f"{name} is {given}, but encoder={self.encoder} does not read it; leave it out, or set "
                    f"text.encoder={encoder}"
                )
        return self


class AdversarialConfig(PhaseConfig):
    """How a generator and a discriminator are trained against each other.

    ``halve_every`` halves both learning rates every so many epochs (0: never).
    ``real_labels`` is the range that targets of real pairs are drawn from.
    ``beta_1`` is Adam's; SGD has no momentum. ``augment`` lists what is done to every picture that
    the discriminator sees, real or drawn (DiffAugment). ``adversarial_loss`` is what both networks
    minimize; ``generator_loss`` is a choice within ``"logistic"``. ``r1_weight`` is the γ of the R1
    penalty (0: none), which is computed in one step of ``r1_every``, at that many times its weight.

    Example:
        >>> AdversarialConfig().generator_optimizer
        'adam'
    """

    generator_optimizer: OptimizerName = "adam"
    discriminator_optimizer: OptimizerName = "adam"
    generator_rate: float = Field(2e-4, gt=0)
    discriminator_rate: float = Field(2e-4, gt=0)
    beta_1: float = Field(0.5, ge=0, lt=1)
    halve_every: int = Field(0, ge=0)
    adversarial_loss: Literal["logistic", "hinge", "relativistic"] = "logistic"
    generator_loss: Literal["non-saturating", "saturating"] = "non-saturating"
    real_labels: tuple[float, float] = (1.0, 1.0)
    average_decay: float = Field(0.999, ge=0, lt=1)
    augment: tuple[Augmentation, ...] = ()
    r1_weight: float = Field(0.0, ge=0)
    r1_every: int = Field(16, ge=1)

    @field_validator("augment")
    @classmethod
    def _each_once(cls, value: tuple[Augmentation, ...]) -> tuple[Augmentation, ...]:
        if len(set(value)) < len(value):
            raise ValueError(f"augmentations are named twice: {', '.join(value)}")
        return value

    @field_validator("real_labels")
    @classmethod
    def _in_order(cls, value: tuple[float, float]) -> tuple[float, float]:
        low, high = value
        if not 0.5 < low <= high <= 1.0:
            raise ValueError(f"real_labels are {low} to {high}; they must lie in (0.5, 1], in order")
        return value
