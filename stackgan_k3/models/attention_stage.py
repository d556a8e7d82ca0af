"""A Stage-II that attends to words, as a model to ``fit()``."""

from functools import partial
from typing import Any

import keras
from keras import ops

from stackgan_k3.errors import UserError
from stackgan_k3.models.stackgan_stage import StackGANStage
from stackgan_k3.models.words import with_words


@keras.saving.register_keras_serializable("stackgan_k3")
class AttentionStage(StackGANStage):
    """Stage-II with attention on words (after Xu et al., 2018).

    Its batches bring ``characters`` int32 ``[B, 201]`` in the place of ``embedding``: the text encoder,
    which is not trained here, runs in each step and gives embedding and word features. The paper's
    image-text matching loss is that of :class:`StackGANStage`.

    Args:
        *args: Of :class:`StackGANStage`; the generator must take ``words``.
        text_encoder: A network whose words :func:`with_words` knows.
        **kwargs: Of :class:`StackGANStage`.

    Raises:
        UserError: If the networks do not fit together.

    Example:
        See :func:`stackgan_k3.training.recipes.stackgan.build_stage`, which builds it for
        ``attention = true``.
    """

    def __init__(self, *args: Any, text_encoder: keras.Model, **kwargs: Any) -> None:
        super().__init__(*args, text_encoder=text_encoder, **kwargs)
        if "words" not in self.generator.input:
            raise UserError("the generator takes no words; build it with words=(L, D)")
        # A function, so that Keras does not count the encoder's weights as a second network's.
        self.read = partial(with_words(text_encoder), training=False)

    def prepare(self, batch: dict[str, Any]) -> dict[str, Any]:
        read = self.read(ops.convert_to_tensor(batch["characters"]))
        return super().prepare({**batch, **{name: ops.stop_gradient(value) for name, value in read.items()}})
