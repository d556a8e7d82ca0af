"""The probe and the encoders that come with the package."""

import json
from pathlib import Path

import pytest

from stackgan_k3.bundle.shipped import judge_folder
from stackgan_k3.cli import main
from stackgan_k3.data.prepare import prepare
from stackgan_k3.errors import UserError
from stackgan_k3.training.evaluate import evaluate
from stackgan_k3.training.features import open_probe
from stackgan_k3.training.run import Run

pytestmark = pytest.mark.neutral

COLOURS = {"body", "wing", "belly", "crown", "beak"}


@pytest.fixture(scope="module")
def birds(tmp_path_factory):
    """Drawings of another seed than what they were trained on."""
    folder = tmp_path_factory.mktemp("judged") / "birds"
    prepare("synthetic-birds", folder, size=64, limit=420, seed=9, workers=1)
    return folder


@pytest.fixture(scope="module")
def numbers(birds, tmp_path_factory):
    file = tmp_path_factory.mktemp("numbers") / "birds.json"
    words = ["evaluate", "shipped", "--data", str(birds), "--probe", "shipped", "--encoders", "shipped"]
    assert main([*words, "--samples", "100", "--split", "train", "--json", str(file)]) == 0
    return json.loads(file.read_text())


def test_the_probe_reads_real_drawings(numbers):
    assert set(numbers["accuracy"]) == {*COLOURS, "background"}
    for name, value in numbers["accuracy"].items():
        assert value["floor"] >= (0.85 if name == "beak" else 0.95), name


def test_the_encoders_find_the_captions_of_real_drawings(numbers):
    assert numbers["r_precision"]["candidates"] == 98  # of 100 captions three mean the same
    assert numbers["r_precision"]["floor"] > 0.3  # a guess finds 0.02


def test_the_bundle_is_better_than_a_guess_of_colours(numbers):
    for name in ("body", "wing", "belly"):
        assert numbers["accuracy"][name]["drawn"] > 0.35, name  # of eleven colours
    assert numbers["r_precision"]["drawn"] > 0.3
    assert numbers["fid"]["drawn"] > numbers["fid"]["floor"]


def test_the_features_may_be_named_instead(birds, numbers):
    again = evaluate("shipped", birds, features="probe=shipped", samples=100, split="train")
    assert again["accuracy"] == numbers["accuracy"]
    assert again["fid"] == pytest.approx(numbers["fid"]) and "r_precision" not in again


def test_they_are_small_and_know_no_machine():
    folders = [judge_folder("shipped", "probe"), judge_folder("shipped", "encoders")]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 9e6
    for folder in folders:
        assert not Path(Run.open(folder).data_info["folder"]).is_absolute()


def test_a_folder_of_that_name_is_meant_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shipped").mkdir()
    with pytest.raises(UserError, match="shipped is not a run"):
        open_probe("shipped")
