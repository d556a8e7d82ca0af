"""How much pictures of a batch differ, as a further channel."""

from typing import Any

import keras
from keras import ops

from stackgan_k3.errors import UserError


@keras.saving.register_keras_serializable("stackgan_k3")
class MinibatchDeviation(keras.layers.Layer):
    """The minibatch standard deviation of Karras et al., 2018 (progressive GAN, section 3).

    Takes the standard deviation of every feature over a group of examples, averages it over features
    and positions, and appends the number as a constant channel: pictures that are all alike then look
    drawn. The group of an example is the example and those before it in the batch, the first after the
    last. (In the published code groups are disjoint. These need no batch that they divide, and rolling
    the batch rolls what comes out, so that rolled features are those of rolled pictures.) A batch smaller
    than a group counts some examples twice.

    Args:
        group: Examples in a group, 2 or more.
        **kwargs: Of ``keras.layers.Layer``.

    Input: float ``[batch, height, width, channels]``. Output: float ``[batch, height, width,
    channels + 1]``. No weights.

    Raises:
        UserError: If a group has fewer than two examples.

    Example:
        >>> import numpy as np
        >>> x = np.array([1.0, 3.0, 1.0, 3.0], "float32").reshape(4, 1, 1, 1)
        >>> ops.convert_to_numpy(MinibatchDeviation()(x))[:, 0, 0, 1].round(3).tolist()
        [1.0, 1.0, 1.0, 1.0]
    """

    def __init__(self, group: int = 4, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if group < 2:
            raise UserError(f"a group of {group} examples has no deviation; it must have 2 or more")
        self.group = int(group)

    def call(self, inputs: Any) -> Any:
        x = ops.cast(inputs, "float32")
        groups = ops.stack([ops.roll(x, shift, axis=0) for shift in range(self.group)])
        # The root of 0 has no gradient.
        deviation = ops.sqrt(ops.mean(ops.square(groups - ops.mean(groups, axis=0)), axis=0) + 1e-8)
        number = ops.mean(deviation, axis=(1, 2, 3), keepdims=True)
        channel = ops.cast(number * ops.ones_like(x[..., :1]), inputs.dtype)
        return ops.concatenate([inputs, channel], axis=-1)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        channels: Any = input_shape[-1]  # known where layers are built
        return (*input_shape[:-1], channels + 1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "group": self.group}
