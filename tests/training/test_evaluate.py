import json

import numpy as np
import pytest
from small_run import SMALL

from stackgan_k3.cli import main
from stackgan_k3.config import load_preset
from stackgan_k3.data.prepare import prepare
from stackgan_k3.data.records import Records
from stackgan_k3.errors import UserError
from stackgan_k3.metrics.reading import Reading
from stackgan_k3.training.drawer import open_drawer
from stackgan_k3.training.evaluate import evaluate
from stackgan_k3.training.held_out import HeldOut
from stackgan_k3.training.run import Run
from stackgan_k3.training.train import train


@pytest.fixture(scope="module")
def birds(tmp_path_factory):
    folder = tmp_path_factory.mktemp("evaluate") / "birds"
    prepare("synthetic-birds", folder, size=128, limit=60, seed=2, workers=1)
    return folder


@pytest.fixture(scope="module")
def probe(birds, tmp_path_factory):
    settings = {"probe.width": 4, "probe.features": 12, "probe.batch_size": 16, "probe.epochs": 2,
                "probe.attributes": ["background", "body"]}  # fmt: skip
    return train(load_preset("probe", settings), birds, tmp_path_factory.mktemp("probe") / "run").folder


@pytest.fixture(scope="module")
def run(birds, tmp_path_factory):
    config = load_preset("stackgan-tiny", {**SMALL, "stage1.epochs": 1})
    return train(config, birds, tmp_path_factory.mktemp("run") / "run").folder


def test_every_measure_is_there_with_its_floor(run, birds, probe, tmp_path, capsys):
    file = tmp_path / "numbers.json"
    words = ["evaluate", str(run), "--data", str(birds), "--probe", str(probe), "--samples", "20"]
    assert main([*words, "--split", "train", "--json", str(file)]) == 0
    numbers = json.loads(file.read_text())
    assert numbers["samples"] == 20
    for name in ("fid", "kid", "precision", "recall", "density", "coverage", "diversity", "r_precision"):
        assert np.isfinite(numbers[name]["drawn"]) and np.isfinite(numbers[name]["floor"]), name
    assert set(numbers["inception_score"]) == set(numbers["accuracy"]) == {"background", "body"}
    assert set(numbers["sketches"]) == {"fid", "kid", "details"}
    assert numbers["details"]["fid"]["floor"] == numbers["sketches"]["details"]["fid"]["floor"]
    # An untrained generator draws grey: far from the real, all alike.
    assert numbers["fid"]["drawn"] > 1.2 * numbers["fid"]["floor"]
    assert numbers["diversity"]["drawn"] < 0.2 < numbers["diversity"]["floor"] < 1.5
    printed, told = capsys.readouterr()
    assert "r_precision" in printed and "accuracy background" in printed
    # This probe has learnt next to nothing, and the numbers come with a word about it.
    assert "reads real pictures right in less than 97 %" in told and "train it for longer" in told
    assert "learnt from the training split" in told  # and so has this one
    assert f"of {numbers['accuracy']['body']['captions']} captions" in printed
    again = evaluate(run, birds, probe, samples=20, split="train")
    assert again["fid"] == pytest.approx(numbers["fid"]) and again["accuracy"] == numbers["accuracy"]


def test_the_real_pictures_get_the_floor(run, birds, probe, monkeypatch):
    """A generator that draws the very pictures that captions are of gets what real ones get, and not less."""
    from stackgan_k3.training import evaluate as module

    records = Records(birds, "train")
    order = np.random.Generator(np.random.Philox(key=[0, 1])).permutation(len(records))

    class Perfect:
        condition = "characters"

        def draw(self, asked, seeds, *, previews=False):
            numbers = order[np.asarray(seeds) % 20]
            return np.stack([records[int(number)].picture(64)[6:70, 6:70] for number in numbers])

    monkeypatch.setattr(module, "open_drawer", lambda path, best: Perfect())
    numbers = evaluate(run, birds, probe, samples=20, split="train")
    for name in ("fid", "precision", "recall", "density", "coverage"):
        assert numbers[name]["drawn"] == pytest.approx(numbers[name]["floor"], rel=1e-6), name
    assert numbers["kid"]["drawn"] == pytest.approx(numbers["kid"]["floor"])
    assert numbers["r_precision"]["drawn"] == numbers["r_precision"]["floor"]
    assert set(numbers["inception_score"]) == set(numbers["accuracy"]) == {"background", "body"}
    for value in (*numbers["inception_score"].values(), *numbers["accuracy"].values()):
        assert value["drawn"] == pytest.approx(value["floor"], rel=1e-6)


class Blind:
    """Sees the same in every picture, or nothing that is a number."""

    name, side = "blind", 64

    def __init__(self, sees):
        self.sees = sees

    def read(self, pictures):
        return Reading(np.full((len(pictures), 3), self.sees), {})


@pytest.mark.parametrize(
    ("sees", "message"),
    [
        (1.5, "the features of blind are the same for 20 different pictures, so they compare nothing"),
        (np.nan, "the features of blind hold numbers that are not finite; check what it expects"),
    ],
)
def test_features_that_compare_nothing_are_refused_before_anything_is_drawn(
    run, birds, monkeypatch, sees, message
):
    from stackgan_k3.training import evaluate as module

    said = []
    monkeypatch.setattr(module, "open_features", lambda text: Blind(sees))
    with pytest.raises(UserError, match=message):
        evaluate(run, birds, features="pixels", samples=20, split="train", say=said.append)
    assert not any("drawn" in line for line in said)


def test_a_run_draws_what_its_pipeline_draws(run):
    captions, seeds = ["a red bird", "a blue bird in the snow"], np.array([5, 9])
    drawn = open_drawer(run).draw(captions, seeds)
    pipeline = Run.open(run).pipeline()
    for picture, caption, seed in zip(drawn, captions, seeds, strict=True):
        assert np.abs(pipeline.generate(caption, seed=int(seed))[0].astype(int) - picture).max() <= 1
    assert open_drawer(run).draw(captions, seeds, previews=True).shape == (2, 64, 64, 3)


def test_other_seeds_are_other_halves_and_other_pictures(birds):
    one, other = HeldOut(Records(birds, "train"), 20, seed=0), HeldOut(Records(birds, "train"), 20, seed=1)
    assert one.seeds().tolist() == list(range(20)) and not set(one.seeds()) & set(other.seeds())
    assert one.first.tolist() != other.first.tolist()
    with pytest.raises(ValueError, match="the seed is -1; it must be 0 to 2147483647"):
        HeldOut(Records(birds, "train"), 20, seed=-1)


def test_captions_of_a_class_and_captions_alike_mean_the_same(birds):
    held_out = HeldOut(Records(birds, "train"), 20)
    texts, classes = held_out.groups(held_out.first)
    captions, labels = held_out.captions(held_out.first), held_out.classes(held_out.first)
    for i in range(20):
        for j in range(20):
            assert (texts[i] == texts[j]) == (captions[i] == captions[j])
            assert (classes[i] == classes[j]) == (labels[i] == labels[j])


def test_numbers_that_cannot_be_written_are_not_computed(run, birds, probe, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    words = ["evaluate", str(run), "--data", str(birds), "--probe", str(probe), "--split", "train"]
    for path, said in ((tmp_path, "is a folder"), (tmp_path / "file" / "numbers.json", "cannot be written")):
        assert main([*words, "--json", str(path)]) == 2
        told = capsys.readouterr().err
        assert said in told and "are drawn" not in told


def test_what_cannot_be_measured_is_refused(run, birds, probe):
    with pytest.raises(ValueError, match="both halves need 20"):
        evaluate(run, birds, probe)  # the test split is smaller
    with pytest.raises(ValueError, match="not a trained probe"):
        evaluate(run, birds, run)
    with pytest.raises(ValueError, match="which reads pictures and draws none"):
        evaluate(probe, birds, probe, split="train")
    with pytest.raises(ValueError, match="the seed is 2147483648"):
        evaluate(run, birds, probe, split="train", seed=2**31)
