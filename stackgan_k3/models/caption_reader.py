"""Captions into what generators are asked by: embeddings, words, and mixtures of two captions'."""

from typing import Any

import keras
from keras import ops

from stackgan_k3.models.words import with_words


class CaptionReader:
    """A text encoder in inference, whatever generators want of it.

    Args:
        text_encoder: A network from characters int32 ``[batch, 201]`` to embeddings float32
            ``[batch, T]``.
        words: Whether to give the words of the captions too; see :func:`with_words`.

    Raises:
        UserError: If words are wanted and the encoder has none.

    Example:
        >>> import numpy as np
        >>> from stackgan_k3.text.char_cnn_rnn import CharCNNRNN
        >>> reader = CaptionReader(CharCNNRNN(6, 8), words=True)
        >>> sorted(reader.read({"characters": np.zeros((2, 201), "int32")}))
        ['embedding', 'words']
    """

    def __init__(self, text_encoder: keras.Model, *, words: bool = False) -> None:
        self.network: Any = with_words(text_encoder) if words else text_encoder

    def read(self, entries: dict[str, Any]) -> dict[str, Any]:
        """Takes the captions out of the entries of :meth:`Pipeline.paint` and says what they mean.

        Args:
            entries: ``characters`` and, where two captions are mixed, ``other_characters`` int32
                ``[1, 201]`` and ``other_weight`` float32 ``[batch, 1]`` in [0, 1]; these are removed.

        Returns:
            ``embedding`` float32 ``[batch, T]`` and, with words, ``words`` float32 ``[batch, L, D]``.
        """
        characters = entries.pop("characters")
        if "other_characters" not in entries:
            return self._encoded(characters)
        weight = entries.pop("other_weight")
        # One pass over both: in a graph, the encoder stands once.
        every = self._encoded(ops.concatenate([characters, entries.pop("other_characters")]))
        mixed = {}
        for name, value in every.items():
            share = weight if name == "embedding" else ops.expand_dims(weight, -1)
            mixed[name] = (1.0 - share) * value[:-1, :] + share * value[-1:, :]
        return mixed

    def _encoded(self, characters: Any) -> dict[str, Any]:
        found = self.network(characters, training=False)
        return found if isinstance(found, dict) else {"embedding": found}
