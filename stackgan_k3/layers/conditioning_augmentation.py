"""Conditioning augmentation: a caption becomes a small Gaussian, not a point."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("stackgan_k3")
class ConditioningAugmentation(keras.layers.Layer):
    """Draws a condition near a caption's embedding (Zhang et al., 2017, section 3.2).

    One dense layer with ReLU gives mean and log-variance of a diagonal Gaussian;
    the condition is ``c = μ + ε · exp(½ log σ²)``. The noise ε comes in with the
    batch, one draw an example.

    Args:
        units: Size C of the condition.
        **kwargs: Of ``keras.layers.Layer``.

    Input: a list of ``embedding`` float ``[batch, T]`` and ε float ``[batch, C]``.
    Output: a list of ``c``, ``mean`` and ``log_variance``, each float32
    ``[batch, C]``.

    Example:
        >>> import numpy as np
        >>> layer = ConditioningAugmentation(2)
        >>> c, mean, _ = layer([np.ones((1, 4), "float32"), np.zeros((1, 2), "float32")])
        >>> bool(ops.all(c == mean))
        True
    """

    def __init__(self, units: int, **kwargs: Any) -> None:
        # exp() of a log-variance wants float32, whatever the policy of the networks.
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.units = units
        self.dense = keras.layers.Dense(
            2 * units,
            activation="relu",
            kernel_initializer=keras.initializers.RandomNormal(stddev=0.02),
            dtype="float32",
            name="dense",
        )

    def build(self, input_shape: list[tuple[int | None, ...]]) -> None:
        self.dense.build(input_shape[0])

    def call(self, inputs: list[Any]) -> list[Any]:
        embedding, noise = inputs
        both = self.dense(embedding)
        mean, log_variance = both[:, : self.units], both[:, self.units :]
        return [mean + noise * ops.exp(0.5 * log_variance), mean, log_variance]

    def compute_output_shape(self, input_shape: list[tuple[int | None, ...]]) -> list[tuple[int | None, ...]]:
        return [(input_shape[0][0], self.units)] * 3

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}
