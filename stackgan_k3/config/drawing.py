"""What the configuration of every system that draws has."""

from typing import Self

from pydantic import model_validator

from stackgan_k3.config.features_choice import parse_features
from stackgan_k3.config.metrics import MetricsConfig
from stackgan_k3.config.parts import TextConfig
from stackgan_k3.config.run import RunConfig


class DrawingConfig(RunConfig):
    """The configuration of a system whose generator can be measured while it is trained.

    Attributes:
        metrics: What is measured, and how often.

    Raises:
        ValueError: If nothing would be measured, or the best be kept by what is not measured.

    Example:
        >>> from stackgan_k3.config import load_preset
        >>> config = load_preset("dcgan-digits", {"metrics.every": 2, "metrics.features": "pixels"})
        >>> config.measured
        ('fid', 'kid')
    """

    metrics: MetricsConfig = MetricsConfig()

    @property
    def measured(self) -> tuple[str, ...]:
        """The metrics that can be had: ``accuracy`` only where the data are synthetic birds."""
        text = getattr(self, "text", None)
        names: tuple[str, ...] = ()
        if self.metrics.features:
            names += ("fid", "kid")
            probe = parse_features(self.metrics.features).kind == "probe"
            if probe and isinstance(text, TextConfig) and text.encoder != "published":
                names += ("accuracy",)
        if isinstance(text, TextConfig) and text.encoder == "char-cnn-rnn":
            names += ("r_precision",)
        return names

    @model_validator(mode="after")
    def _metrics_are_measured(self) -> Self:
        metrics = self.metrics
        if not metrics.every:
            for name in ("features", "keep_best"):
                if getattr(metrics, name):
                    raise ValueError(
                        f"metrics.{name} is {getattr(metrics, name)}, but metrics.every=0 measures nothing; "
                        "set metrics.every to a number of epochs"
                    )
            return self
        remedy = "set metrics.features=probe=DIR (a folder of `stackgan-k3 train-probe`) or pixels"
        if not self.measured:
            raise ValueError(f"metrics.every is {metrics.every}, but there is nothing to measure; {remedy}")
        if metrics.keep_best and metrics.keep_best not in self.measured:
            needs = {
                "accuracy": "needs captions and a probe that reads pictures: set metrics.features=probe=DIR",
                "r_precision": "needs the run's own encoders: set text.encoder=char-cnn-rnn",
            }.get(metrics.keep_best, f"needs features: {remedy}")
            raise ValueError(
                f"metrics.keep_best is {metrics.keep_best}, which is not measured here; it {needs}, or keep "
                f"the best by {' or '.join(self.measured)}"
            )
        return self
