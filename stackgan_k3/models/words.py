"""The words of a caption: what a text encoder knows of each part of it."""

from typing import Any

import keras

from stackgan_k3.errors import UserError

LAYER = "recurrent"  # of CharCNNRNN: an LSTM over eight stretches of the caption


def has_words(text_encoder: keras.Model) -> bool:
    """Says whether a text encoder has features of the parts of a caption.

    Example:
        >>> from stackgan_k3.text.char_cnn_rnn import CharCNNRNN
        >>> has_words(CharCNNRNN(6, 8))
        True
    """
    return _words(text_encoder) is not None


def with_words(text_encoder: keras.Model) -> keras.Model:
    """Makes a text encoder say, besides the embedding, what it made of each part of the caption.

    The parts are the steps of its recurrent layer: eight, evenly spread over the 201 characters. A step
    has read the caption up to its place.

    Args:
        text_encoder: A network from characters int32 ``[batch, 201]`` to embeddings, with a layer
            ``recurrent``; it stays as it is and shares its weights.

    Returns:
        A network from the same characters to a dict: ``embedding`` float32 ``[batch, T]`` and
        ``words`` float ``[batch, L, D]``.

    Raises:
        UserError: If the encoder has no such layer.

    Example:
        >>> from stackgan_k3.text.char_cnn_rnn import CharCNNRNN
        >>> with_words(CharCNNRNN(6, 8)).output["words"].shape
        (None, 8, 8)
    """
    words = _words(text_encoder)
    if words is None:
        raise UserError(
            f"the text encoder {text_encoder.name} knows whole captions only, and attention needs features "
            "of their words; set text.encoder=char-cnn-rnn, or attention=false"
        )
    outputs = {"embedding": text_encoder.output, "words": words}
    return keras.Model(text_encoder.input, outputs, name="text_encoder_with_words")


def _words(text_encoder: keras.Model) -> Any | None:
    # Back from the embedding, for a layer may stand in several graphs: a folded network shares its layers.
    tensors = [text_encoder.output]
    while tensors:
        history = tensors.pop()._keras_history
        node = history.operation._inbound_nodes[history.node_index]
        if history.operation.name == LAYER:
            return node.output_tensors[history.tensor_index]
        tensors.extend(node.input_tensors)
    return None
