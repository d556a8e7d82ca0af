"""Dropout whose mask is a function of a key that comes with the batch."""

from typing import Any

import keras
from keras import ops

from stackgan_k3.errors import UserError


@keras.saving.register_keras_serializable("stackgan_k3")
class KeyedDropout(keras.layers.Layer):
    """Sets values to zero at random, the mask drawn from a key in the batch.

    Keras's own dropout draws from a state of the layer, so a step would not be a function
    of state and batch, nor the same on every backend. Here value number *i* of an
    example is kept where ``hash(key, i) ≥ rate``; the hash is the finalizer of MurmurHash3 on
    32 bits. What is kept is divided by ``1 − rate`` (Srivastava et al., 2014). In inference
    nothing is done.

    Args:
        rate: Part of the values that are dropped, 0 to below 1.
        salt: Tells the layers that share a key apart.
        **kwargs: Of ``keras.layers.Layer``.

    Input: a list of float ``[batch, …]`` and the key float32 ``[batch]``, in [0, 1). Output: as the
    first.

    Raises:
        UserError: If the rate is out of range.

    Example:
        >>> import numpy as np
        >>> layer = KeyedDropout(0.3)
        >>> x, key = np.ones((2, 1000), "float32"), np.array([0.1, 0.7], "float32")
        >>> dropped = np.array(keras.ops.convert_to_numpy(layer([x, key], training=True)) == 0)
        >>> bool((abs(dropped.mean(axis=1) - 0.3) < 0.05).all()), bool((dropped[0] == dropped[1]).all())
        (True, False)
    """

    def __init__(self, rate: float, *, salt: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not 0.0 <= rate < 1.0:
            raise UserError(f"the dropout rate is {rate}; it must be at least 0 and below 1")
        self.rate = rate
        self.salt = salt

    def call(self, inputs: list[Any], training: bool = False) -> Any:
        x, key = inputs
        if not training or not self.rate:
            return x
        count = 1
        for size in x.shape[1:]:
            count *= size
        # float32 has 24 bits; int32 products wrap around alike on every backend.
        keys = ops.cast(ops.cast(key, "float32") * 2.0**24, "int32") * 2 + 1 + self.salt * 1_540_483_477
        bits = _mix(_mix(ops.reshape(keys, (-1, 1))) ^ ops.reshape(ops.arange(count, dtype="int32"), (1, -1)))
        uniform = ops.cast(_shifted(bits, 8), "float32") / 2.0**24
        kept = ops.cast(ops.reshape(uniform, (-1, *x.shape[1:])) >= self.rate, x.dtype)
        return x * kept / (1.0 - self.rate)

    def compute_output_shape(self, input_shape: list[tuple[int | None, ...]]) -> tuple[int | None, ...]:
        return input_shape[0]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate, "salt": self.salt}


def _mix(x: Any) -> Any:
    x = (x ^ _shifted(x, 16)) * -2_048_144_789  # 0x85EBCA6B
    x = (x ^ _shifted(x, 13)) * -1_028_477_387  # 0xC2B2AE35
    return x ^ _shifted(x, 16)


def _shifted(x: Any, by: int) -> Any:
    # The shift of a signed integer brings its sign along; the mask takes it off again.
    return ops.bitwise_and(ops.right_shift(x, by), 2 ** (32 - by) - 1)
