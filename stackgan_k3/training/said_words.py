"""What captions say of a picture, added to the batches of what learns to read it."""

import numpy as np

from stackgan_k3.bundle.alphabet import encode
from stackgan_k3.data.records import Records
from stackgan_k3.text.word_pairs import WIDTH, word_pairs


class SaidWords:
    """Adds to a batch what its captions say, and what all captions of its pictures say.

    One caption names a part or passes over it, as it happens; what a picture shows is rather what any of
    its captions names. Called on a batch of :class:`stackgan_k3.data.loader.Loader` it returns it with
    ``caption_words`` float32 ``[B, 4096]``, the :func:`stackgan_k3.text.word_pairs.word_pairs` of the
    captions that it took, and ``picture_words`` likewise, the mean of those of all captions of each record.

    Args:
        records: The records whose numbers are the batches' ``index``; ``caption`` are their captions'.

    Example:
        >>> import tempfile
        >>> from stackgan_k3.data.loader import Loader
        >>> from stackgan_k3.data.prepare import prepare
        >>> folder = tempfile.mkdtemp()
        >>> _ = prepare("synthetic-birds", folder, size=64, limit=24, workers=1)
        >>> batch = SaidWords(Records(folder))(Loader(Records(folder), batch_size=4).batch(0))
        >>> batch["picture_words"].shape, bool((batch["picture_words"] > 0)[batch["caption_words"] > 0].all())
        ((4, 4096), True)
    """

    def __init__(self, records: Records) -> None:
        self._records = records
        self._rows: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def __call__(self, batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Adds ``caption_words`` and ``picture_words``."""
        shares = np.zeros((len(batch["index"]), WIDTH), np.float32)
        for row, index in zip(shares, batch["index"].tolist(), strict=True):
            places, values = self._row(index)
            row[places] = values
        asked = zip(batch["index"].tolist(), batch["caption"].tolist(), strict=True)
        captions = [self._records[index].captions[caption] for index, caption in asked]
        return {**batch, "caption_words": word_pairs(encode(captions)), "picture_words": shares}

    def _row(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        # Some hundred of 4096 are not 0: kept so, those of 30,000 pictures are 50 MB instead of 500.
        if index not in self._rows:
            shares = word_pairs(encode(list(self._records[index].captions))).mean(axis=0)
            places = np.flatnonzero(shares).astype(np.int16)
            self._rows[index] = places, shares[places]
        return self._rows[index]
