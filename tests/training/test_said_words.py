"""What captions say, added to batches."""

import numpy as np
import pytest

from stackgan_k3.bundle.alphabet import encode
from stackgan_k3.data.loader import Loader
from stackgan_k3.data.prepare import prepare
from stackgan_k3.data.records import Records
from stackgan_k3.text.word_pairs import word_pairs
from stackgan_k3.training.said_words import SaidWords

pytestmark = pytest.mark.neutral


def test_a_picture_is_said_to_be_what_all_of_its_captions_say(tmp_path):
    prepare("synthetic-birds", tmp_path / "set", size=64, limit=24, workers=1)
    records = Records(tmp_path / "set")
    loader, change = Loader(records, batch_size=4), SaidWords(records)
    for step in (0, 1, 0):  # the last from what was kept
        plain = loader.batch(step)
        batch = change(plain)
        assert set(batch) == {*plain, "caption_words", "picture_words"}
        np.testing.assert_array_equal(batch["caption_words"], word_pairs(plain["characters"]))
        for row, index in zip(batch["picture_words"], plain["index"], strict=True):
            captions = records[int(index)].captions
            assert len(captions) > 1
            expected = np.mean([word_pairs(encode([caption]))[0] for caption in captions], axis=0)
            np.testing.assert_allclose(row, expected, rtol=1e-6)


def test_captions_are_told_by_their_places_where_a_batch_has_no_characters(tmp_path):
    prepare("synthetic-birds", tmp_path / "set", size=64, limit=24, workers=1)
    records = Records(tmp_path / "set")

    class Table:
        def row(self, record_index, caption_index):
            return np.zeros(3, "float32")

    change = SaidWords(records)
    embedded = Loader(records, batch_size=4, captions="embedding", embeddings=Table())
    for step in range(3):
        batch = change(embedded.batch(step))
        assert "characters" not in batch
        same = change(Loader(records, batch_size=4).batch(step))
        np.testing.assert_array_equal(batch["caption_words"], same["caption_words"])
        np.testing.assert_array_equal(batch["picture_words"], same["picture_words"])
