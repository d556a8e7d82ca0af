"""The table of caption embeddings: round trip, worker processes, refusals."""

import json
import multiprocessing
import pickle

import keras
import numpy as np
import pytest

from stackgan_k3.bundle.alphabet import encode
from stackgan_k3.data.prepare import prepare
from stackgan_k3.data.records import Records
from stackgan_k3.data.source import Example
from stackgan_k3.errors import UserError
from stackgan_k3.text.char_cnn_rnn import CharCNNRNN
from stackgan_k3.text.embedding_table import EmbeddingTable, encoder_checksum


class Greys:
    """Grey squares with one to three captions each; the last two are the test split."""

    name = title = "greys"
    licence = "CC0-1.0"
    homepage = ""
    classes = ("grey",)

    def __init__(self, count):
        self.count = count

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        if not 0 <= index < self.count:
            raise IndexError(index)
        captions = tuple(f"grey number {index}, said {time} times" for time in range(1 + index % 3))
        split = "test" if index >= self.count - 2 else "train"
        return Example(f"grey-{index}", np.full((64, 64, 3), index, np.uint8), captions, 0, split)


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    folder = tmp_path_factory.mktemp("greys")
    prepare(Greys(9), folder, size=64, workers=1)
    return Records(folder, "train")


@pytest.fixture(scope="module")
def encoder():
    return CharCNNRNN(width=6, embedding_dim=16)


@pytest.fixture
def table(tmp_path, records, encoder):
    return EmbeddingTable.write(tmp_path / "train.npy", records, encoder, batch_size=4, progress=False)


def expected(encoder, caption):
    return keras.ops.convert_to_numpy(encoder(encode([caption])))[0]


def test_every_caption_has_its_row(table, records, encoder):
    assert table.dim == 16
    assert table.captions.tolist() == [len(record.captions) for record in records]
    assert len(table) == table.captions.sum() > 9
    for record in records:
        for place, caption in enumerate(record.captions):
            row = table.row(record.index, place)
            assert row.dtype == np.float32 and row.shape == (16,)
            np.testing.assert_allclose(row, expected(encoder, caption), atol=1e-5)
    assert np.abs(table.row(1, 0) - table.row(1, 1)).max() > 1e-6


def test_rows_are_copies_that_may_be_changed(table):
    before = table.row(2, 0)
    table.row(2, 0)[:] = 7
    np.testing.assert_array_equal(table.row(2, 0), before)


def test_half_precision_storage(tmp_path, table, records, encoder):
    half = EmbeddingTable.write(tmp_path / "half.npy", records, encoder, progress=False, dtype="float16")
    assert np.load(half.path).dtype == np.float16
    assert half.row(1, 1).dtype == np.float32
    np.testing.assert_allclose(half.row(1, 1), table.row(1, 1), rtol=2e-3, atol=1e-5)


def test_batch_size_does_not_change_the_table(tmp_path, table, records, encoder):
    other = EmbeddingTable.write(tmp_path / "other.npy", records, encoder, batch_size=64, progress=False)
    np.testing.assert_allclose(np.load(other.path), np.load(table.path), atol=1e-5)


def test_it_reopens_in_a_spawned_process(table):
    copy = pickle.loads(pickle.dumps(table))
    np.testing.assert_array_equal(copy.row(2, 1), table.row(2, 1))
    assert len(pickle.dumps(table)) < 1000  # the path travels, the numbers do not
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        np.testing.assert_array_equal(pool.apply(table.row, (2, 1)), table.row(2, 1))


def test_it_knows_its_encoder_and_its_data(table, records, encoder, tmp_path):
    assert table.matches(records, encoder)
    assert not table.matches(Records(records.folder, "test"), encoder)
    changed = CharCNNRNN.from_config(encoder.get_config())
    changed.set_weights(encoder.get_weights())
    assert table.matches(records, changed)
    weights = encoder.get_weights()
    weights[-1][3] += 1e-3
    changed.set_weights(weights)
    assert not table.matches(records, changed)


def test_the_checksum_survives_saving(encoder, tmp_path):
    encoder.save(tmp_path / "encoder.keras")
    assert encoder_checksum(keras.saving.load_model(tmp_path / "encoder.keras")) == encoder_checksum(encoder)


def test_other_counts_are_refused_naming_both(table, records, tmp_path):
    table.check(records)
    prepare(Greys(13), tmp_path / "more", size=64, workers=1)
    with pytest.raises(UserError, match=r"has 7 records with 13 captions.* has 11 with 21"):
        EmbeddingTable.open(table.path, Records(tmp_path / "more", "train"))


def test_rows_that_are_not_there_are_refused(table):
    with pytest.raises(UserError, match=r"record 7 .* holds 7 records"):
        table.row(7, 0)
    with pytest.raises(UserError, match=r"caption 1 of record 0 .* holds 1 of it"):
        table.row(0, 1)


def test_damaged_tables_are_refused(table):
    with pytest.raises(UserError, match=r"ends in \.npy"):
        EmbeddingTable.open(table.path.with_suffix(".npz"))
    description = json.loads(table.path.with_suffix(".json").read_text())
    table.path.with_suffix(".json").write_text(json.dumps({**description, "captions": [1, 2]}))
    with pytest.raises(UserError, match=r"\[13, 16\].*\[3, 16\]"):
        EmbeddingTable.open(table.path)
    table.path.with_suffix(".json").write_text(json.dumps({**description, "format_version": 99}))
    with pytest.raises(UserError, match="version 99"):
        EmbeddingTable.open(table.path)
    table.path.with_suffix(".json").write_text(json.dumps(description))
    table.path.write_bytes(table.path.read_bytes()[:200])
    with pytest.raises(UserError, match="damaged"):
        EmbeddingTable.open(table.path)


def test_a_stopped_write_leaves_no_table(table, records, encoder):
    class StoppedError(Exception):
        pass

    class Encoder:
        output_shape = encoder.output_shape

        def predict_on_batch(self, characters):
            raise StoppedError

    with pytest.raises(StoppedError):
        EmbeddingTable.write(table.path, records, Encoder(), progress=False)
    with pytest.raises(UserError, match="no finished table"):
        EmbeddingTable.open(table.path)
    assert [path.name for path in table.path.parent.iterdir()] == ["train.npy"]
