"""What a run directory does with files that a crash or a hand has damaged."""

import json
import types

import pytest

from stackgan_k3.commands.train import _resumed
from stackgan_k3.config import load_preset
from stackgan_k3.errors import UserError
from stackgan_k3.training.callbacks.keeper import Keeper
from stackgan_k3.training.checkpoints import Position
from stackgan_k3.training.report import Report
from stackgan_k3.training.run import Run


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "config.json").write_text(load_preset("stackgan-tiny").to_json())
    info = {"shards": [], "examples": ["a red bird"], "folder": "birds"}
    (tmp_path / "data.json").write_text(json.dumps(info))
    return tmp_path


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"[]", b'{"preset": "stackgan-tiny", "sead": 1}'])
def test_a_damaged_configuration_is_named(folder, content):
    (folder / "config.json").write_bytes(content)
    with pytest.raises(UserError, match=r"config\.json is damaged: .*begin a new run"):
        Run.open(folder)


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"[]", b"{}", b'{"shards": [], "examples": 3}'])
def test_a_damaged_description_of_the_data_is_named(folder, content):
    (folder / "data.json").write_bytes(content)
    with pytest.raises(UserError, match=r"data\.json is .*damaged: .*begin a new run"):
        Run.open(folder)


def test_a_row_that_was_cut_off_does_not_swallow_the_next(folder):
    run = Run.open(folder)
    run.record({"phase": "text", "epoch": 1})
    with open(folder / "metrics.jsonl", "a") as file:
        file.write('{"phase": "text", "ep')
    run.forget_after("text", 1)
    run.record({"phase": "text", "epoch": 2})
    assert [row["epoch"] for row in run.metrics()] == [1, 2]


def test_what_is_null_in_a_row_was_not_measured(folder):
    rows = [
        {"phase": "stage1", "epoch": epoch, "d_real": 0.6, "d_fake": fake, "diversity": None}
        for epoch, fake in [(1, 0.4), (2, None), (3, 0.3)]
    ]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert [row.get("d_fake") for row in Run.open(folder).metrics()] == [0.4, None, 0.3]
    assert Report(folder).write().is_file()


def test_a_time_limit_at_an_epochs_last_step_leaves_the_epoch_whole(monkeypatch):
    # What runs before it (the record, the samples) skips epochs whose training was stopped.
    checkpoints = types.SimpleNamespace(save=lambda *_: None)
    keeper = Keeper(checkpoints, 2, start=Position(3, 1), deadline=0.0)
    model = types.SimpleNamespace(stop_training=False)
    monkeypatch.setattr(type(keeper), "model", model, raising=False)
    keeper.on_train_batch_end(1, {})
    assert keeper.stopped and not model.stop_training
    keeper.on_epoch_end(3)
    assert model.stop_training and keeper.position == Position(4, 0)


def test_a_resumed_run_keeps_its_settings(folder):
    began = load_preset("stackgan-tiny", {"stage1.width": 8, "text.epochs": 3})
    (folder / "config.json").write_text(began.to_json())
    plain = load_preset("stackgan-tiny")
    assert _resumed(plain, str(folder), {}) == began
    assert _resumed(plain, str(folder), {"text.epochs": 5}) == began.changed({"text.epochs": 5})
    assert _resumed(plain, str(folder / "new"), {}) == plain


@pytest.mark.parametrize("content", [b"{", b"\xff", b"3", b'{"a": 1}'])
def test_damaged_notes_of_the_machines_stop_nothing(folder, content):
    (folder / "machines.json").write_bytes(content)
    run = Run.open(folder)
    assert run.machines == []
    run.note_machine("a machine")
    assert Run.open(folder).machines == ["a machine"]
