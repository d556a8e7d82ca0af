"""Metrics in training: the rows that they leave, the best generator, and that nothing else changes."""

import numpy as np
import pytest
from safetensors.numpy import load_file
from small_run import SMALL

from stackgan_k3.config import load_preset
from stackgan_k3.data.prepare import prepare
from stackgan_k3.data.records import Records
from stackgan_k3.training import phase as phases
from stackgan_k3.training.asked_birds import asked_birds
from stackgan_k3.training.evaluate import evaluate
from stackgan_k3.training.held_out import HeldOut
from stackgan_k3.training.metric_rows import best_row, read_rows
from stackgan_k3.training.report import Report
from stackgan_k3.training.run import Run
from stackgan_k3.training.train import train

DIGITS = {"gan.width": 4, "gan.discriminator_width": 4, "gan.noise_dim": 5, "gan.batch_size": 32,
          "gan.epochs": 3, "gan.average_decay": 0.5, "gan.generator_rate": 0.05}  # fmt: skip
MEASURED = {
    "metrics.every": 1,
    "metrics.samples": 20,
    "metrics.features": "pixels",
    "metrics.keep_best": "kid",
}
UNLIKE = ("seconds", "images_per_second", "phase", "warnings")  # times, and what is no number


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    folder = tmp_path_factory.mktemp("digits") / "set"
    prepare("digits", folder, size=28, limit=260, workers=1)
    return folder


@pytest.fixture(scope="module")
def whole(digits, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "run"
    return train(load_preset("dcgan-digits", {**DIGITS, **MEASURED}), digits, folder)


def numbers_of(run):
    return [{name: value for name, value in row.items() if name not in UNLIKE} for row in run.metrics()]


def assert_same(one, other, name):
    a, b = (load_file(run.folder / "gan" / f"{name}.safetensors") for run in (one, other))
    assert len(a) == len(b) > 0
    for first, second in zip(sorted(a), sorted(b), strict=True):
        np.testing.assert_allclose(a[first], b[second], rtol=1e-4, atol=1e-5)


def test_rows_and_the_best_generator(whole, digits):
    rows = whole.metrics()
    kids = [row["kid"] for row in rows]
    assert len(kids) == 3 and np.isfinite(kids).all() and len(set(kids)) == 3
    assert len({row["kid_floor"] for row in rows}) == 1 and all(row["fid"] > 0 for row in rows)
    best = best_row(rows, "gan", "kid")
    assert best["kid"] == min(kids)
    run = Run.open(whole.folder, best=True)
    assert run.keeps("gan", "best_generator", f"epoch {best['epoch']}")
    assert run.metrics_taken() == rows[: best["epoch"]] and whole.metrics_taken() == rows
    # What is kept measures what its row says, and the newest generator what the last row says.
    for row, take_best in ((best, True), (rows[-1], False)):
        numbers = evaluate(whole.folder, digits, features="pixels", samples=20, best=take_best)
        assert numbers["kid"]["drawn"] == pytest.approx(row["kid"], rel=1e-3, abs=1e-6)
        assert numbers["kid"]["floor"] == pytest.approx(row["kid_floor"])
        assert "inception_score" not in numbers
    charts = {chart["title"]: chart for chart in Report(whole.folder).content()["phases"][0]["charts"]}
    drawn, real = charts["Kernel distance"]["lines"]
    assert [drawn["name"], real["name"]] == ["drawn", "real"] and len(drawn["values"]) == 3
    assert f"Best: epoch {best['epoch']} " in charts["Kernel distance"]["note"]
    assert "Best" not in charts["Fréchet distance"]["note"] and "Kid error" not in charts


def test_stopped_anywhere_it_leaves_the_same_rows_and_the_same_best(whole, digits, tmp_path, monkeypatch):
    config = load_preset("dcgan-digits", {**DIGITS, **MEASURED})
    train(config.changed({"gan.epochs": 1}), digits, tmp_path / "run")
    keep = phases.Measurer.keep
    monkeypatch.setattr(phases.Measurer, "keep", _killed_after_the_checkpoint_of(best_epoch(whole), keep))
    with pytest.raises(KeyboardInterrupt):
        train(config, digits, tmp_path / "run", resume=True)
    monkeypatch.setattr(phases.Measurer, "keep", keep)
    train(config, digits, tmp_path / "run", resume=True)
    again = Run.open(tmp_path / "run")
    assert again.keeps("gan", "best_generator", f"epoch {best_epoch(whole)}")
    for row, expected in zip(numbers_of(again), numbers_of(whole), strict=True):
        assert row == pytest.approx(expected, rel=1e-3, abs=1e-5)
    assert_same(whole, again, "best_generator")


def best_epoch(run):
    return best_row(run.metrics(), "gan", "kid")["epoch"]


def _killed_after_the_checkpoint_of(epoch, keep):
    def dies(self, position, generator):
        if position.epoch == epoch and not position.step:
            raise KeyboardInterrupt
        keep(self, position, generator)

    return dies


def test_measuring_changes_no_weight(whole, digits, tmp_path):
    plain = train(load_preset("dcgan-digits", DIGITS), digits, tmp_path / "plain")
    assert_same(whole, plain, "generator")
    with pytest.raises(ValueError, match=r"has kept no best generator; train it with .*keep_best"):
        Run.open(plain.folder, best=True)


def test_a_text_system_is_measured_with_its_own_encoders_and_a_probe(tmp_path):
    prepare("synthetic-birds", tmp_path / "birds", size=64, limit=480, seed=2, workers=1)
    probe = {"probe.width": 2, "probe.features": 6, "probe.batch_size": 16, "probe.epochs": 1,
             "probe.attributes": ["background", "body"]}  # fmt: skip
    train(load_preset("probe", probe), tmp_path / "birds", tmp_path / "probe")
    settings = {**SMALL, "stage1.epochs": 2, "stage1.batch_size": 40,
                "text.batch_size": 40, "stage1.average_decay": 0.5,
                "metrics.every": 2, "metrics.samples": 20, "metrics.keep_best": "accuracy",
                "metrics.features": f"probe={tmp_path / 'probe'}"}  # fmt: skip
    config = load_preset("stackgan-tiny", settings)
    run = train(config, tmp_path / "birds", tmp_path / "run", phases=["text", "stage1"])
    first, second = [row for row in read_rows(run.folder / "metrics.jsonl") if row["phase"] == "stage1"]
    assert "accuracy" not in first and run.keeps("stage1", "best_generator", "epoch 2")
    numbers = evaluate(run.folder, tmp_path / "birds", tmp_path / "probe", samples=20, best=True)
    for name in ("kid", "fid", "r_precision"):
        assert second[name] == pytest.approx(numbers[name]["drawn"], rel=1e-3, abs=1e-6), name
        assert second[f"{name}_floor"] == pytest.approx(numbers[name]["floor"], rel=1e-3, abs=1e-6), name
    for name, of in (("accuracy", "drawn"), ("accuracy_floor", "floor")):
        mean = np.mean([value[of] for value in numbers["accuracy"].values()])
        assert second[name] == pytest.approx(mean), name


@pytest.mark.neutral
def test_the_accuracy_is_that_of_synthetic_birds_alone(digits):
    with pytest.raises(ValueError, match="accuracy is that of synthetic birds"):
        asked_birds(HeldOut(Records(digits), 20), {"body": ["red", "blue"]})


@pytest.mark.neutral
def test_captions_that_say_nothing_a_probe_knows_are_refused(tmp_path):
    prepare("synthetic-birds", tmp_path / "birds", size=64, limit=480, workers=1)
    held_out = HeldOut(Records(tmp_path / "birds", "test"), 20)
    with pytest.raises(ValueError, match="none of 20 held-out captions says of wing what the probe knows"):
        asked_birds(held_out, {"wing": ["a colour there is not"]})


@pytest.mark.neutral
@pytest.mark.parametrize(
    ("preset", "changes", "said"),
    [
        ("dcgan-digits", {"metrics.every": 2}, "nothing to measure; set metrics.features=probe=DIR"),
        ("dcgan-digits", {"metrics.keep_best": "kid"}, "metrics.every=0 measures nothing"),
        ("dcgan-digits", {**MEASURED, "metrics.keep_best": "r_precision"}, "set text.encoder=char-cnn-rnn"),
        ("stackgan-tiny", {"metrics.every": 2, "metrics.keep_best": "kid"}, "it needs features: set"),
        ("stackgan-tiny", {**MEASURED, "metrics.keep_best": "accuracy"}, "a probe that reads pictures"),
        ("stackgan-tiny", {**MEASURED, "metrics.features": "probes/birds"}, "unknown kind of features"),
        ("stackgan-tiny", {**MEASURED, "metrics.samples": 5}, "metrics.samples"),
    ],
)
def test_settings_that_measure_nothing_are_refused(preset, changes, said):
    with pytest.raises(ValueError, match=said):
        load_preset(preset, changes)


@pytest.mark.neutral
def test_what_cannot_be_measured_is_refused_before_anything_is_trained(digits, tmp_path):
    config = load_preset("dcgan-digits", {**DIGITS, **MEASURED})
    for changes, said in (
        ({"metrics.features": "onnx=eye.onnx"}, "there is no ONNX file"),
        ({"metrics.features": f"probe={tmp_path / 'nowhere'}"}, "is not a run"),
    ):
        with pytest.raises(ValueError, match=said):
            train(config.changed(changes), digits, tmp_path / "run")
    with pytest.raises(ValueError, match="is missing"):
        (tmp_path / "damaged").mkdir()
        for file in digits.iterdir():
            if not file.name.startswith("test"):
                (tmp_path / "damaged" / file.name).write_bytes(file.read_bytes())
        train(config, tmp_path / "damaged", tmp_path / "run")
    prepare("digits", tmp_path / "few", limit=60, workers=1, size=28)
    with pytest.raises(ValueError, match="both halves need 20 at least"):
        train(config, tmp_path / "few", tmp_path / "run")
    assert not (tmp_path / "run").exists()
