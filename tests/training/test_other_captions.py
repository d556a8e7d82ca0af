"""Captions of other pictures in the batches of a stage with a matching loss."""

import numpy as np
import pytest

from stackgan_k3.data.loader import Loader
from stackgan_k3.data.records import Records
from stackgan_k3.text.char_cnn_rnn import CharCNNRNN
from stackgan_k3.text.embedding_table import EmbeddingTable
from stackgan_k3.training.other_captions import OtherCaptions
from stackgan_k3.training.telling import telling_words
from stackgan_k3.training.train import train


@pytest.fixture(scope="module")
def table(data, tmp_path_factory):
    path = tmp_path_factory.mktemp("table") / "train.npy"
    return EmbeddingTable.write(path, Records(data), CharCNNRNN(6, 8), progress=False)


def test_a_batch_gets_the_same_captions_again_and_another_batch_gets_others(data, table):
    loader, add = Loader(Records(data), batch_size=4), OtherCaptions(table, 5)
    first, again, next_one = (add(loader.batch(step))["other_embedding"] for step in (0, 0, 1))
    assert first.shape == (4, 5, 8) and first.dtype == np.float32
    np.testing.assert_array_equal(first, again)
    assert not (first == next_one).all()
    every = {table.row(r, c).tobytes() for r in range(len(table.captions)) for c in range(table.captions[r])}
    assert {row.tobytes() for row in first.reshape(-1, 8)} <= every


def test_all_captions_have_their_turn(data, table):
    loader = Loader(Records(data), batch_size=4)
    add = OtherCaptions(table, 400)
    seen = {
        row.tobytes()
        for step in range(3)
        for row in add(loader.batch(step))["other_embedding"].reshape(-1, 8)
    }
    every = {table.row(r, c).tobytes() for r in range(len(table.captions)) for c in range(table.captions[r])}
    assert len(seen) > 0.99 * len(every)


def test_one_setting_trains_with_them(data, config, tmp_path):
    losses = []
    for negatives in (0, 25):
        changes = {
            "matching_weight": 1.0,
            "matching_gamma": 0.01,
            "kl_weight": 0.0,
            "generator_rate": 1e-9,
            "epochs": 1,
        }
        changes["matching_negatives"] = negatives
        changed = config.changed({f"stage1.{name}": value for name, value in changes.items()})
        run = train(changed, data, tmp_path / str(negatives), phases=["text", "stage1"])
        losses.append(next(row["matching"] for row in run.metrics() if row["phase"] == "stage1"))
    # With so small a γ nothing is told apart: ln 8 + ln 8, and ln(8 + 8 · 25) + ln 8.
    assert losses[0] == pytest.approx(2 * np.log(8), abs=0.05)
    assert losses[1] - losses[0] == pytest.approx(np.log(26), abs=0.05)


@pytest.mark.parametrize("changes", [{}, {"attention": True, "stage2.matching_negatives": 2}])
def test_both_stages_train_with_words_to_read(data, config, tmp_path, changes):
    for phase in ("stage1", "stage2"):
        changes = {**changes, f"{phase}.reading_weight": 2.0, f"{phase}.epochs": 1}
    if "attention" in changes:
        changes["stage2.matching_weight"] = 1.0
    run = train(config.changed(changes), data, tmp_path / "run")
    rows = [row for row in run.metrics() if row["phase"] != "text"]
    assert {row["phase"] for row in rows} == {"stage1", "stage2"}
    for row in rows:  # ln(1 + e⁴) = 4.02 a word is the loss of a reader that has only begun: it says no
        assert 3.5 < row["reading"] < 4.1 and row["reading"] < row["reading_real"] < 5.0
    assert "black" in telling_words(run).names
