import pytest
from small_run import SMALL, small_data
from stackgan_k3.export.about import About
from stackgan_k3.export.how_made import commands_of, times_of

from stackgan_k3 import cli
from stackgan_k3.training.run import Run


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    root = tmp_path_factory.mktemp("made")
    settings = [f"--set={name}={value}" for name, value in {**SMALL, "text.epochs": 2}.items()]
    words = [
        "train",
        "stackgan-tiny",
        "--data",
        str(small_data(root / "birds")),
        "--run",
        str(root / "a run"),
    ]
    assert cli.main([*words, "--phase", "text", *settings]) == 0
    return Run.open(root / "a run")


def test_its_commands_make_it_again(run, tmp_path, monkeypatch):
    import shlex

    monkeypatch.chdir(tmp_path)
    prepare, train = [shlex.split(line)[1:] for line in commands_of(run)]
    assert cli.main(prepare) == 0
    assert cli.main(train) == 0  # of the one phase that the run was trained in
    again = Run.open("a run")
    assert again.data_info["shards"] == run.data_info["shards"]
    assert again.config == run.config
    assert {row["phase"] for row in again.metrics()} == {"text"}
    losses = [[row["loss"] for row in each.metrics()] for each in (run, again)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)


def test_time_and_machine_are_told(run):
    about = About.of_run(run)
    assert list(about.times) == ["text"]
    assert about.times["text"].startswith("2 epochs, ")
    (machine,) = about.machines
    assert "Keras 3." in machine and " core" in machine


def test_a_machine_is_noted_once(run):
    before = run.machines
    run.note_machine(before[0])
    run.note_machine("another")
    assert Run.open(run.folder).machines == [*before, "another"]


def test_minutes_are_those_of_all_epochs(run, monkeypatch):
    rows = [{"phase": "text", "epoch": n, "seconds": 90.0} for n in (1, 2, 3, 4)]
    monkeypatch.setattr(Run, "metrics", lambda self: [*rows, {"phase": "text", "epoch": 4, "fid": 1.0}])
    assert times_of(run) == {"text": "4 epochs, 6 minutes"}
