"""The character-level CNN-RNN that turns a caption into an embedding."""

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from stackgan_k3.bundle.alphabet import ALPHABET, MAX_CHARACTERS
from stackgan_k3.errors import UserError


@keras.saving.register_keras_serializable("stackgan_k3")
class CharCNNRNN(keras.Model):
    """Reads a caption character by character: convolutions, then a recurrent layer.

    The network of Reed et al. 2016, "Learning Deep Representations of Fine-Grained
    Visual Descriptions", section 4: three convolutions over one-hot characters
    with max-pooling shorten 201 characters to 8 steps, a recurrent layer reads
    those, and the mean of its outputs is projected to the embedding. The recurrent
    layer is an LSTM, unrolled over its 8 steps so that it exports to plain ONNX.

    ``width=384`` and ``embedding_dim=1024`` are the published sizes; the later
    layers have 4/3 of ``width`` units (512).

    Input: int32 ``[B, 201]``, 0 for "no symbol" (an all-zero column) and 1 to 70
    for the symbols of ``stackgan_k3.bundle.alphabet``.
    Output: float32 ``[B, embedding_dim]``, not normalised: a hinge objective leaves it
    at a scale of its own (0.01 to 0.1 a component). `calibrate` brings the trained
    encoder to mean 0 and a root mean square of 1, which is what generators expect.

    Args:
        width: Channels of the first convolution, at least 1.
        embedding_dim: Size of the embedding, at least 1.
        name: Name of the model.

    Raises:
        UserError: If a size is less than 1.

    Example:
        >>> import numpy as np
        >>> encoder = CharCNNRNN(width=6, embedding_dim=16)
        >>> tuple(encoder(np.zeros((2, 201), "int32")).shape)
        (2, 16)
    """

    def __init__(
        self, width: int = 384, embedding_dim: int = 1024, *, name: str = "char_cnn_rnn", **kwargs: Any
    ) -> None:
        for key, size in (("width", width), ("embedding_dim", embedding_dim)):
            if size < 1:
                raise UserError(f"{key} of the text encoder is {size}; it must be at least 1")
        wide = max(1, width * 4 // 3)
        characters = keras.Input((MAX_CHARACTERS,), dtype="int32", name="characters")
        x = ops.one_hot(characters, len(ALPHABET) + 1)[:, :, 1:]  # [B, 201, 70]; 0 becomes all zeros
        x = layers.Conv1D(width, 4, activation="relu", name="conv1")(x)
        x = layers.MaxPooling1D(3, name="pool1")(x)  # [B, 66, width]
        x = layers.Conv1D(wide, 4, activation="relu", name="conv2")(x)
        x = layers.MaxPooling1D(3, name="pool2")(x)  # [B, 21, wide]
        x = layers.Conv1D(wide, 4, activation="relu", name="conv3")(x)
        x = layers.MaxPooling1D(3, strides=2, name="pool3")(x)  # [B, 8, wide]
        x = layers.LSTM(wide, return_sequences=True, unroll=True, name="recurrent")(x)
        x = layers.GlobalAveragePooling1D(name="mean_over_time")(x)
        embedding = layers.Dense(embedding_dim, dtype="float32", name="embedding")(x)
        super().__init__(characters, embedding, name=name, **kwargs)
        self.width = width
        self.embedding_dim = embedding_dim

    def calibrate(self, characters: np.ndarray, batch_size: int = 256, *, center: bool = True) -> None:
        """Moves and scales the last layer so that these captions' embeddings have mean 0 and unit size.

        One number scales all components, so angles between embeddings (from their mean)
        stay as they were trained. Meant to be called once, when training has ended.

        Args:
            characters: int32 ``[N, 201]``: captions to measure by; some hundreds will do.
            batch_size: How many captions to embed at a time.
            center: Whether to move them; if not, they are scaled to a root mean square of 1 about 0.

        Raises:
            UserError: If the embeddings do not differ from each other.
        """
        embeddings = np.asarray(self.predict(characters, batch_size=batch_size, verbose=0), "float64")
        mean = embeddings.mean(axis=0) if center else np.zeros(embeddings.shape[1])
        scale = np.sqrt(np.square(embeddings - mean).mean())
        if not embeddings.std(axis=0).max() > 1e-6 * np.abs(embeddings).max():
            raise UserError(
                f"the embeddings of these {len(characters)} captions do not differ; give varied captions"
            )
        last = self.get_layer("embedding")
        kernel, bias = last.get_weights()
        last.set_weights([kernel / scale, (bias - mean) / scale])

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {"width": self.width, "embedding_dim": self.embedding_dim, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "CharCNNRNN":
        """Builds an encoder from what :meth:`get_config` returned."""
        return cls(**config)
