"""What captions say of a picture, added to the batches of what learns to read it."""

import numpy as np

from stackgan_k3.bundle.alphabet import encode
from stackgan_k3.data.records import Records
from stackgan_k3.text.telling_words import TellingWords
from stackgan_k3.text.word_pairs import word_pairs


class SaidWords:
    """Adds to a batch what its captions say, and what all captions of its pictures say.

    One caption names a part or passes over it, as it happens; what a picture shows is rather what any of
    its captions names. Called on a batch of :class:`stackgan_k3.data.loader.Loader` it returns it with which
    of V telling words the caption says, ``caption_tells`` float32 ``[B, V]``, and which any caption of the
    record says, ``picture_tells`` likewise; and, where they are asked for, with ``caption_words`` float32
    ``[B, 4096]``, the :func:`stackgan_k3.text.word_pairs.word_pairs` of the captions that it took.

    Args:
        records: The records whose numbers are the batches' ``index``; ``caption`` are their captions'.
        telling: The words that tell something of a picture; without, none are looked for.
        every: Whether ``caption_words`` are asked for.

    Example:
        >>> import tempfile
        >>> from stackgan_k3.data.loader import Loader
        >>> from stackgan_k3.data.prepare import prepare
        >>> folder = tempfile.mkdtemp()
        >>> _ = prepare("synthetic-birds", folder, size=64, limit=24, workers=1)
        >>> change = SaidWords(Records(folder), TellingWords(["blue", "red", "red wings"]))
        >>> batch = change(Loader(Records(folder), batch_size=4).batch(0))
        >>> batch["picture_tells"].shape, bool((batch["picture_tells"] >= batch["caption_tells"]).all())
        ((4, 3), True)
    """

    def __init__(self, records: Records, telling: TellingWords | None, every: bool = False) -> None:
        self._records = records
        self._telling = telling
        self._every = every
        self._rows: dict[int, np.ndarray] = {}

    def __call__(self, batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Adds what is asked for: ``caption_tells`` and ``picture_tells``, ``caption_words``."""
        indices = batch["index"].tolist()
        asked = zip(indices, batch["caption"].tolist(), strict=True)
        captions = [self._records[index].captions[caption] for index, caption in asked]
        added: dict[str, np.ndarray] = {}
        if self._every:
            added["caption_words"] = word_pairs(encode(captions))
        if self._telling is not None:
            added["caption_tells"] = self._telling.said(captions)
            added["picture_tells"] = np.zeros_like(added["caption_tells"])
            for row, index in zip(added["picture_tells"], indices, strict=True):
                row[self._places(index)] = 1.0
        return {**batch, **added}

    def _places(self, index: int) -> np.ndarray:
        # Some hundred of thousands are said: kept so, those of 30,000 pictures are 10 MB.
        if index not in self._rows and self._telling is not None:
            said = self._telling.said(list(self._records[index].captions))
            self._rows[index] = np.flatnonzero(said.any(axis=0)).astype(np.int16)
        return self._rows[index]
