"""What captions say, added to batches."""

import numpy as np
import pytest

from stackgan_k3.data.loader import Loader
from stackgan_k3.data.prepare import prepare
from stackgan_k3.data.records import Records
from stackgan_k3.text.telling_words import TellingWords
from stackgan_k3.text.word_pairs import word_pairs
from stackgan_k3.training.said_words import SaidWords

pytestmark = pytest.mark.neutral

TELLING = TellingWords(["black", "black wings", "red", "snow", "white belly"])


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    folder = tmp_path_factory.mktemp("said") / "set"
    prepare("synthetic-birds", folder, size=64, limit=24, workers=1)
    return Records(folder)


def test_a_picture_is_said_to_be_what_any_of_its_captions_says(records):
    loader, change = Loader(records, batch_size=4), SaidWords(records, TELLING, every=True)
    any_said = 0.0
    for step in (0, 1, 0):  # the last from what was kept
        plain = loader.batch(step)
        batch = change(plain)
        assert set(batch) == {*plain, "caption_words", "caption_tells", "picture_tells"}
        np.testing.assert_array_equal(batch["caption_words"], word_pairs(plain["characters"]))
        rows = zip(
            plain["index"], plain["caption"], batch["caption_tells"], batch["picture_tells"], strict=True
        )
        for index, caption, one, every in rows:
            captions = records[int(index)].captions
            assert len(captions) > 1
            np.testing.assert_array_equal(one, TELLING.said([captions[int(caption)]])[0])
            np.testing.assert_array_equal(every, TELLING.said(list(captions)).max(axis=0))
            any_said += every.sum()
    assert any_said > 0


def test_captions_are_told_by_their_places_where_a_batch_has_no_characters(records):
    class Table:
        def row(self, record_index, caption_index):
            return np.zeros(3, "float32")

    change = SaidWords(records, TELLING, every=True)
    embedded = Loader(records, batch_size=4, captions="embedding", embeddings=Table())
    for step in range(3):
        batch = change(embedded.batch(step))
        assert "characters" not in batch
        same = change(Loader(records, batch_size=4).batch(step))
        for name in ("caption_words", "caption_tells", "picture_tells"):
            np.testing.assert_array_equal(batch[name], same[name])


def test_it_adds_what_is_asked_for_and_nothing_else(records):
    plain = Loader(records, batch_size=4).batch(0)
    assert set(SaidWords(records, None, every=True)(plain)) == {*plain, "caption_words"}
    assert set(SaidWords(records, TELLING)(plain)) == {*plain, "caption_tells", "picture_tells"}
