"""The text encoder that averages word vectors."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from stackgan_k3.bundle.alphabet import MAX_CHARACTERS
from stackgan_k3.errors import UserError
from stackgan_k3.text.word_average import WordAverage


@keras.saving.register_keras_serializable("stackgan_k3")
class WordVectors(keras.Model):
    """Reads a caption as the mean of its words' vectors: φ(t) = 1/n · Σᵢ v(wᵢ) over its n known words.

    The vectors come from elsewhere: Word2Vec (Mikolov et al. 2013, "Distributed
    Representations of Words and Phrases and their Compositionality"), GloVe (Pennington et al. 2014), or
    :func:`stackgan_k3.text.own_vectors.own_vectors`. The order of the words is lost. It takes the same
    characters as :class:`stackgan_k3.text.char_cnn_rnn.CharCNNRNN`, so whatever draws with
    that draws with this.

    Input: int32 ``[B, 201]``, numbers of ``stackgan_k3.bundle.alphabet``.
    Output: float32 ``[B, embedding_dim]``; zeros (after `calibrate` the mean caption) for a caption without
    a known word.

    Args:
        words: The known words; see :class:`WordAverage`.
        embedding_dim: Size of a vector, at least 1.
        name: Name of the model.

    Raises:
        UserError: As :class:`WordAverage`.

    Example:
        >>> from stackgan_k3.bundle.alphabet import encode
        >>> encoder = WordVectors(["red", "bird"], 2)
        >>> encoder.set_vectors(np.array([[1, 0], [0, 1]], "float32"))
        >>> keras.ops.convert_to_numpy(encoder(encode(["a red bird"]))).tolist()
        [[0.5, 0.5]]
    """

    def __init__(
        self, words: Sequence[str], embedding_dim: int, *, name: str = "word_vectors", **kwargs: Any
    ) -> None:
        characters = keras.Input((MAX_CHARACTERS,), dtype="int32", name="characters")
        embedding = WordAverage(words, embedding_dim, name="average")(characters)
        super().__init__(characters, embedding, name=name, **kwargs)
        self.words = tuple(words)
        self.embedding_dim = embedding_dim

    def set_vectors(self, vectors: np.ndarray) -> None:
        """Sets the vectors of the words, float ``[words, embedding_dim]``, in their order.

        Raises:
            UserError: If the array has another shape.
        """
        if vectors.shape != (len(self.words), self.embedding_dim):
            raise UserError(
                f"the vectors have the shape {list(vectors.shape)}; "
                f"it must be [{len(self.words)}, {self.embedding_dim}]"
            )
        self.get_layer("average").set_vectors(vectors)

    def calibrate(self, characters: np.ndarray, batch_size: int = 256) -> None:
        """Moves and scales the vectors so that these captions' embeddings have mean 0 and unit size.

        As the weights of an average add up to 1, moving every vector moves every embedding alike.

        Args:
            characters: int32 ``[N, 201]``: captions to measure by; some hundreds will do. Those without
                a known word do not count.
            batch_size: How many captions to embed at a time.

        Raises:
            UserError: If the embeddings do not differ from each other.
        """
        average = self.get_layer("average")
        embeddings = np.asarray(self.predict(characters, batch_size=batch_size, verbose=0), "float64")
        embeddings = embeddings[embeddings.any(axis=1)]
        mean = embeddings.mean(axis=0) if len(embeddings) else 0.0
        scale = np.sqrt(np.square(embeddings - mean).mean()) if len(embeddings) else 0.0
        if not scale > 1e-6 * np.abs(embeddings).max(initial=0.0):
            raise UserError(
                f"the averaged word vectors of these {len(characters)} captions do not differ; "
                "give vectors of the words that tell the captions apart"
            )
        vectors = np.asarray(average.get_weights()[0][1:], "float64")
        average.set_vectors((vectors - mean) / scale)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {"words": list(self.words), "embedding_dim": self.embedding_dim, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "WordVectors":
        """Builds an encoder from what :meth:`get_config` returned."""
        return cls(**config)
