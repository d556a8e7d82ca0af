"""Conditioning by a mixture of Gaussians: a caption becomes one of a few regions."""

import math
from typing import Any

import keras
from keras import ops

from stackgan_k3.layers.blocks import normal


@keras.saving.register_keras_serializable("stackgan_k3")
class MixtureConditioning(keras.layers.Layer):
    """Draws a condition from a mixture of Gaussians that depends on the caption.

    It extends the conditioning augmentation of Zhang et al. (2017): one dense layer with ReLU
    gives means and log-variances of K diagonal Gaussians, another the K mixing weights
    π (softmax). Which component an example gets is decided by noise that comes in with the
    batch (Gumbel-max): ``k = argmax(log π + g)``, ``g = −log(−log Φ(n))`` for ``n`` from
    N(0, 1), which is Gumbel noise since Φ(n) is uniform; then ``c = μ_k + ε·exp(½ log σ²_k)``.
    In the backward pass the choice counts as ``softmax(log π + g)`` (straight-through; Jang et
    al., 2017), so that π is learnt from the pictures too.

    Args:
        units: Size C of the condition.
        components: Number K of Gaussians.
        **kwargs: Of ``keras.layers.Layer``.

    Input: a list of ``embedding`` float ``[batch, T]``, ε float ``[batch, C]`` and n float
    ``[batch, K]``.
    Output: a dict of float32: ``c`` ``[batch, C]``, ``mean`` ``[batch, C]`` (of the chosen
    component), ``means`` and ``log_variances`` ``[batch, K, C]``, ``weights`` ``[batch, K]`` (π),
    ``chosen`` ``[batch, K]`` (1 for the chosen component, 0 for the others).

    Example:
        >>> import numpy as np
        >>> layer = MixtureConditioning(2, components=3)
        >>> noises = np.zeros((1, 2), "float32"), np.array([[-1.0, 2.0, 0.0]], "float32")
        >>> drawn = layer([np.ones((1, 4), "float32"), *noises])
        >>> ops.convert_to_numpy(drawn["chosen"]).tolist()
        [[0.0, 1.0, 0.0]]
    """

    def __init__(self, units: int, *, components: int = 3, **kwargs: Any) -> None:
        # As in the conditioning augmentation: exp() wants float32, whatever the policy.
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.units = units
        self.components = components
        self.dense = keras.layers.Dense(
            2 * components * units,
            activation="relu",
            kernel_initializer=normal(),
            dtype="float32",
            name="dense",
        )
        self.mixing = keras.layers.Dense(
            components, kernel_initializer=normal(), dtype="float32", name="mixing"
        )

    def build(self, input_shape: list[tuple[int | None, ...]]) -> None:
        self.dense.build(input_shape[0])
        self.mixing.build(input_shape[0])

    def call(self, inputs: list[Any]) -> dict[str, Any]:
        embedding, noise, component_noise = inputs
        both = ops.reshape(self.dense(embedding), (-1, self.components, 2, self.units))
        means, log_variances = both[:, :, 0], both[:, :, 1]
        logits = self.mixing(embedding)
        scores = logits + gumbel(component_noise)
        soft = ops.softmax(scores)
        # Not argmax: on TensorFlow, Keras makes it of an operation that ONNX lacks. Of equals, the first.
        largest = ops.cast(scores >= ops.max(scores, axis=-1, keepdims=True), "float32")
        hard = largest * ops.cast(ops.cumsum(largest, axis=-1) < 1.5, "float32")
        chosen = ops.stop_gradient(hard) + (soft - ops.stop_gradient(soft))  # the values are those of `hard`
        each = ops.expand_dims(chosen, -1)  # [batch, K, 1]
        drawn = means + ops.expand_dims(noise, 1) * ops.exp(0.5 * log_variances)
        return {
            "c": ops.sum(each * drawn, axis=1),
            "mean": ops.sum(each * means, axis=1),
            "means": means,
            "log_variances": log_variances,
            "weights": ops.softmax(logits),
            "chosen": chosen,
        }

    def compute_output_shape(
        self, input_shape: list[tuple[int | None, ...]]
    ) -> dict[str, tuple[int | None, ...]]:
        batch = input_shape[0][0]
        one, every = (batch, self.units), (batch, self.components, self.units)
        weights = (batch, self.components)
        return {
            "c": one,
            "mean": one,
            "means": every,
            "log_variances": every,
            "weights": weights,
            "chosen": weights,
        }

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units, "components": self.components}


def gumbel(noise: Any) -> Any:
    """Turns N(0, 1) into standard Gumbel noise: ``−log(−log Φ(n))``.

    Φ(n) is kept in [1e-6, 1 − 1e-6], where float32 still tells it from 0 and 1, so the result lies
    between −2.7 and 13.9.

    Example:
        >>> import numpy as np
        >>> round(float(gumbel(np.zeros(1, "float32"))[0]), 4)  # −log(log 2)
        0.3665
    """
    uniform = 0.5 * (1.0 + ops.erf(ops.cast(noise, "float32") / math.sqrt(2.0)))
    return -ops.log(-ops.log(ops.clip(uniform, 1e-6, 1.0 - 1e-6)))
