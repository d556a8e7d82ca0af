"""Captions of other pictures, added to the batches of a stage that compares pictures with captions."""

import numpy as np

from stackgan_k3.text.embedding_table import EmbeddingTable


class OtherCaptions:
    """Adds to a batch the embeddings of captions that are none of its own.

    A batch of 16 holds 15 wrong captions for a picture, and one that has its colours right tells it apart
    from nearly all of them. Among some hundred there are others that differ in a detail. Called on a batch of
    :class:`stackgan_k3.data.loader.Loader` it returns it with ``other_embedding`` float32
    ``[B, count, T]``: random captions of random records, chosen by the numbers of the batch's own records,
    so that they are the same whenever that batch is made again.

    Args:
        table: The embeddings of the split's captions.
        count: How many are added for each example.

    Example:
        >>> import tempfile
        >>> from stackgan_k3.data.prepare import prepare
        >>> from stackgan_k3.data.records import Records
        >>> from stackgan_k3.text.char_cnn_rnn import CharCNNRNN
        >>> folder = tempfile.mkdtemp()
        >>> _ = prepare("synthetic-birds", folder, size=64, limit=12, workers=1)
        >>> encoder = CharCNNRNN(width=6, embedding_dim=16)
        >>> table = EmbeddingTable.write(f"{folder}/train.npy", Records(folder), encoder, progress=False)
        >>> OtherCaptions(table, 3)({"index": np.array([4, 1])})["other_embedding"].shape
        (2, 3, 16)
    """

    def __init__(self, table: EmbeddingTable, count: int) -> None:
        self.table = table
        self.count = count

    def __call__(self, batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Adds ``other_embedding``."""
        size = len(batch["index"]), self.count
        chance = np.random.default_rng(batch["index"].astype(np.uint32))
        records = chance.integers(len(self.table.captions), size=size)
        captions = chance.integers(self.table.captions[records])
        places = zip(records.ravel().tolist(), captions.ravel().tolist(), strict=True)
        rows = [self.table.row(record, caption) for record, caption in places]
        return {**batch, "other_embedding": np.stack(rows).reshape(*size, self.table.dim)}
