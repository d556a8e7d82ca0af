"""Attention of picture features on the words of a caption."""

from typing import Any

import keras
from keras import ops

from stackgan_k3.layers.blocks import normal


@keras.saving.register_keras_serializable("stackgan_k3")
class WordAttention(keras.layers.Layer):
    """Gives each place of a feature map the mixture of words that fits it (Xu et al., 2018, section 3.1).

    A matrix U, without bias, brings the word features e to as many channels as the map has. With
    h_j the features of place j, ``β_ji = softmax_i(h_j · U e_i)`` and the context of place j is
    ``c_j = Σ_i β_ji U e_i`` (equation 2 of the paper). The softmax is taken in float32.

    Input: a list of features float ``[batch, height, width, channels]`` and words float
    ``[batch, words, D]``, all but the batch known.
    Output: the context, float ``[batch, height, width, channels]``.

    Example:
        >>> import numpy as np
        >>> layer = WordAttention()
        >>> same = np.ones((1, 3, 5), "float32")  # three words, all alike
        >>> context = layer([np.zeros((1, 2, 2, 4), "float32"), same])
        >>> bool(np.allclose(ops.convert_to_numpy(context[0, 0, 0]),
        ...                  ops.convert_to_numpy(layer.project(same)[0, 0])))
        True
    """

    def build(self, input_shape: list[tuple[int | None, ...]]) -> None:
        features, words = input_shape
        self.kernel = self.add_weight(name="kernel", shape=(words[-1], features[-1]), initializer=normal())

    def project(self, words: Any) -> Any:
        """Returns U e for each word, float ``[batch, words, channels]``."""
        return ops.matmul(ops.cast(words, self.compute_dtype), ops.cast(self.kernel, self.compute_dtype))

    def weights_of(self, inputs: list[Any]) -> Any:
        """Returns β, float32 ``[batch, height · width, words]``; each row sums to 1."""
        features, words = inputs
        height, width, channels = features.shape[1:]
        places = ops.reshape(features, (-1, height * width, channels))
        scores = ops.matmul(places, ops.transpose(self.project(words), (0, 2, 1)))
        return ops.softmax(ops.cast(scores, "float32"), axis=-1)

    def call(self, inputs: list[Any]) -> Any:
        features, words = inputs
        weights = ops.cast(self.weights_of(inputs), self.compute_dtype)
        return ops.reshape(ops.matmul(weights, self.project(words)), (-1, *features.shape[1:]))

    def compute_output_shape(self, input_shape: list[tuple[int | None, ...]]) -> tuple[int | None, ...]:
        return input_shape[0]
