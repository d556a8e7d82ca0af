"""What one head of a discriminator says of a step's pictures."""

from typing import Any, NamedTuple


class Judgement(NamedTuple):
    """The logits of one head, float32 ``[batch, 1]`` each; None where there are none.

    Attributes:
        fake: Of drawn pictures (with the captions they were drawn for, where the head reads them).
        real: Of real pictures (with their own captions).
        wrong: Of real pictures with the captions of others.

    Example:
        >>> Judgement([0.5]).wrong is None
        True
    """

    fake: Any
    real: Any = None
    wrong: Any = None
