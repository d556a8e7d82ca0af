"""The table of what is measured while a generator is trained."""

from typing import Literal

from pydantic import Field, field_validator

from stackgan_k3.config.features_choice import parse_features
from stackgan_k3.config.parts import Part


class MetricsConfig(Part):
    """What is measured of a generator every few epochs, on captions that are not trained on.

    Attributes:
        every: Measure after every so many epochs; 0 for never.
        samples: At most so many pictures are drawn for it; never more than half of the held-out ones.
        features: What ``fid`` and ``kid`` compare: ``probe=DIR``, ``inception``, ``inception=WEIGHTS``,
            ``onnx=FILE@RANGE`` or ``pixels``; empty for neither of the two. With a probe there is
            ``accuracy`` too, for synthetic birds.
        keep_best: Keep the generator of the epoch with the best ``kid``, ``fid``, ``r_precision`` or
            ``accuracy``, beside the newest; empty for none.

    Example:
        >>> MetricsConfig(every=5, features="pixels", keep_best="kid").samples
        500
    """

    every: int = Field(0, ge=0)
    samples: int = Field(500, ge=20, le=50_000)
    features: str = ""
    keep_best: Literal["", "kid", "fid", "r_precision", "accuracy"] = ""

    @field_validator("features")
    @classmethod
    def _known(cls, value: str) -> str:
        if value:
            parse_features(value)
        return value
