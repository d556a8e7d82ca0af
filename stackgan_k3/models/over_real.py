"""Drawing over sketches and over real pictures made small, in one pass."""

from typing import Any

import keras
from keras import ops


def draw_over_both(generator: keras.Model, batch: dict[str, Any], small: Any) -> dict[str, Any]:
    """Draws over a batch's sketches and, with the same captions and noise, over other small pictures.

    One pass, so that batch norm sees in training the statistics that its running means will hold.

    Args:
        generator: A generator that takes ``sketch``.
        batch: Its inputs, the sketches float ``[B, 64, 64, 3]``.
        small: Float ``[B, 64, 64, 3]``.

    Returns:
        What the generator gives over the sketches, and ``restored`` float ``[B, S, S, 3]``: the pictures
        over ``small``.

    Example:
        ```python
        drawn = draw_over_both(stage.generator, batch, reduced(batch["image"]))
        ```
    """
    inputs = {name: ops.concatenate([batch[name], batch[name]]) for name in generator.input}
    inputs["sketch"] = ops.concatenate([batch["sketch"], small])
    both = generator(inputs, training=True)
    count = ops.shape(small)[0]
    return {**{name: value[:count] for name, value in both.items()}, "restored": both["image"][count:]}
