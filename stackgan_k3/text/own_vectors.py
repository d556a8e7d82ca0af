"""Word vectors trained on a data set's own captions."""

import importlib.util
from collections.abc import Iterable

import numpy as np

from stackgan_k3.bundle.words import LONGEST, words_of
from stackgan_k3.errors import UserError

_EPOCHS = 20
_WINDOW = 5


def check_gensim() -> None:
    """Refuses where gensim, which trains word vectors, is not installed.

    Raises:
        UserError: If it is not.
    """
    if importlib.util.find_spec("gensim") is None:
        raise UserError(
            "text.vectors=own needs gensim, which is not installed; pip install 'stackgan-k3[word-vectors]', "
            "or give a file of word vectors"
        )


def own_vectors(captions: Iterable[str], size: int, seed: int = 0) -> tuple[list[str], np.ndarray]:
    """Trains vectors of the words of captions with gensim.

    The skip-gram model with negative sampling (Mikolov et al. 2013, "Distributed Representations of Words
    and Phrases and their Compositionality"): words within five of each other, 20 epochs, one thread,
    so that the same captions and seed give the same vectors.

    Args:
        captions: The captions.
        size: Numbers of a vector, at least 1.
        seed: Of the vectors at the beginning.

    Returns:
        The words, the most frequent first, and their vectors, float32 ``[words, size]``.

    Raises:
        UserError: If gensim is not installed, or there is no word.

    Example:
        ```python
        words, vectors = own_vectors(["a red bird", "a blue bird"], size=50)
        ```
    """
    check_gensim()
    sentences = [[word for word in words_of(caption) if len(word) <= LONGEST] for caption in captions]
    if not any(sentences):
        raise UserError("the captions hold no word of letters and digits to train vectors of")
    from gensim.models import Word2Vec

    model = Word2Vec(
        sentences,
        vector_size=size,
        window=_WINDOW,
        min_count=1,
        sg=1,
        epochs=_EPOCHS,
        seed=seed % 2**32,
        workers=1,
    )
    return list(model.wv.index_to_key), np.array(model.wv.vectors, np.float32)
