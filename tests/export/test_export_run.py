import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import stackgan_k3.export as export
from stackgan_k3.export.__main__ import main

from stackgan_k3 import cli
from stackgan_k3.bundle.manifest import Manifest
from stackgan_k3.config import load_preset
from stackgan_k3.errors import UserError
from stackgan_k3.inference import TextToImage
from stackgan_k3.training.run import Run

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def run_folder(make_networks, tmp_path_factory):
    """A run of Stage-I as training leaves it, of sizes that export in seconds."""
    networks = make_networks(stage2=False)
    changes = {
        "normalization": "batch",
        "noise_dim": 6,
        "conditioning_dim": 4,
        "text.width": 6,
        "text.embedding_dim": 16,
        "stage1.width": 4,
    }
    info = {
        "shards": [],
        "source": "synthetic-birds",
        "title": "Synthetic birds",
        "licence": "CC0-1.0",
        "homepage": "https://example.org/birds",
    }
    folder = tmp_path_factory.mktemp("runs") / "small birds"
    run = Run.create(
        folder,
        load_preset("stackgan-tiny", changes),
        SimpleNamespace(info=info, folder=folder.parent),
        ["a small red bird with a black wing"],
    )
    run.keep("text", "text_encoder", networks.text_encoder)
    run.keep("stage1", "generator", networks.generators[0])
    run.record({"phase": "text", "epoch": 1, "loss": 0.5})
    run.record({"phase": "stage1", "epoch": 1, "kl": 2.0})
    run.record({"phase": "stage1", "epoch": 2, "kl": 1.5, "time": float("nan")})
    return folder


@pytest.fixture(scope="module")
def exported(run_folder, tmp_path_factory):
    return export.export_run(run_folder, tmp_path_factory.mktemp("bundles") / "birds")


def test_a_run_becomes_a_bundle_that_draws(exported):
    manifest = Manifest.read(exported)
    assert (manifest.name, manifest.system, manifest.image_size) == ("small birds", "stackgan", 64)
    assert manifest.metrics == {"text/epoch": 1, "text/loss": 0.5, "stage1/epoch": 2, "stage1/kl": 1.5}
    assert manifest.data["homepage"] == "https://example.org/birds"
    assert manifest.examples == ("a small red bird with a black wing",)
    card = (exported / "README.md").read_text("utf-8")
    assert "`stackgan-tiny`" in card
    assert "| stage1.width | 4 |" in card
    assert "stage2." not in card
    assert len(TextToImage.load(exported, "cpu").generate("a bird", seed=1)) == 1


def test_an_evaluation_goes_into_the_card(run_folder, exported, tmp_path):
    numbers = {
        "samples": 500,
        "split": "test",
        "seed": 3,
        "features": "probe=shipped",
        "fid": {"drawn": 12.3456, "floor": 1.5},
        "kid": {"drawn": 0.25, "error": 0.012, "floor": 0.001, "floor_error": 0.003},
        "accuracy": {"wing": {"drawn": 0.9, "floor": 0.98}},
    }
    (tmp_path / "numbers.json").write_text(json.dumps(numbers), "utf-8")
    words = [str(run_folder), str(tmp_path / "birds"), "--evaluation", str(tmp_path / "numbers.json")]
    assert cli.main(["export", *words]) == 0
    card = (tmp_path / "birds" / "README.md").read_text("utf-8")
    assert "captions of the test split (seed 3), with\nfeatures `probe=shipped`; the last column" in card
    assert "Measured on 500 pictures" in card
    for row in (
        "| fid | 12.35 | 1.5 |",
        "| kid | 0.25 ± 0.012 | 0.001 ± 0.003 |",
        "| accuracy wing | 0.9 | 0.98 |",
    ):
        assert row in card
    plain = (exported / "README.md").read_text("utf-8")
    assert "How good it is" not in plain
    assert (tmp_path / "birds" / "model.onnx").read_bytes() == (exported / "model.onnx").read_bytes()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "No such file"),
        ("{", "Expecting"),
        ('{"samples": 3}', "it holds no measures"),
        ('{"samples": 3, "split": "test", "seed": 0, "fid": {"drawn": "x"}}', "'fid' holds something else"),
        (
            '{"samples": 3, "split": "test", "seed": 0, "a": {"b": {"drawn": 1, "floor": null}}}',
            "'a b'",
        ),
    ],
)
def test_what_is_no_evaluation_is_refused_before_anything_is_written(run_folder, tmp_path, text, reason):
    path = tmp_path / "numbers.json"
    if text is not None:
        path.write_text(text, "utf-8")
    with pytest.raises(UserError, match=rf"numbers\.json cannot be read as an evaluation \({reason}"):
        export.export_run(run_folder, tmp_path / "birds", evaluation=path)
    assert not (tmp_path / "birds").exists()


def test_with_another_backend_it_is_exported_all_the_same(run_folder, exported, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "export", str(run_folder), str(tmp_path / "birds")],
        env={**os.environ, "KERAS_BACKEND": "jax"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "agree" in done.stdout
    Manifest.read(tmp_path / "birds").verify(tmp_path / "birds")
    for name in ("model.onnx", "samples/0.png", "README.md"):
        assert (tmp_path / "birds" / name).read_bytes() == (exported / name).read_bytes(), name


def test_an_error_of_the_other_process_is_told_as_an_error_of_this_one(monkeypatch, tmp_path):
    monkeypatch.setattr(export, "_backend", lambda: "jax")
    with pytest.raises(UserError, match=r"^.*no-such-run is not a run: it has no config.json; give"):
        export.export_run(tmp_path / "no-such-run", tmp_path / "bundle")


@pytest.mark.parametrize(
    "command", [main, lambda words: cli.main(["export", *words])], ids=["-m export", "stackgan-k3"]
)
def test_bad_input_is_told_in_a_line_with_exit_code_2(command, exported, run_folder, tmp_path, capsys):
    cases = {
        (str(tmp_path / "nowhere"), str(tmp_path / "b")): "is not a run",
        (str(run_folder), str(exported)): "exists; give another name, or --force",
        (str(run_folder), str(ROOT / "docs"), "--force"): "is not a bundle",
        (): "there is no run under runs",
    }
    before = (exported / "bundle.json").read_bytes()
    here = Path.cwd()
    os.chdir(tmp_path)
    try:
        for words, message in cases.items():
            assert command(list(words)) == 2
            told = capsys.readouterr().err
            assert message in told
            assert "Traceback" not in told
    finally:
        os.chdir(here)
    assert (exported / "bundle.json").read_bytes() == before
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_was_not_trained_far_enough_is_refused(tmp_path):
    records = SimpleNamespace(info={"shards": []}, folder=tmp_path)
    Run.create(tmp_path / "run", load_preset("stackgan-tiny", {}), records, [])
    with pytest.raises(UserError, match="no trained text encoder"):
        export.export_run(tmp_path / "run", tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()


def test_missing_packages_are_named_with_the_extra_that_brings_them(monkeypatch, tmp_path):
    monkeypatch.setattr(export, "is_installed", lambda name: name not in ("tf2onnx", "onnxruntime"))
    with pytest.raises(UserError, match=r"tf2onnx, onnxruntime; pip install 'stackgan-k3\[cpu,export\]'"):
        export.export_run(tmp_path, tmp_path / "bundle")
    monkeypatch.setattr(export, "is_installed", lambda name: name != "tensorflow")
    with pytest.raises(UserError, match=r"tensorflow; pip install 'stackgan-k3\[export\]'"):
        export.export_run(tmp_path, tmp_path / "bundle")


def test_the_newest_run_is_the_one_written_to_last(tmp_path):
    for number, (name, written) in enumerate([("b", 3), ("c", 1), ("a", 2)]):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "config.json").touch()
        os.utime(folder / "config.json", (10 + number, 10 + number))
        (folder / "metrics.jsonl").touch()
        os.utime(folder / "metrics.jsonl", (100 + written, 100 + written))
    (tmp_path / "notes").mkdir()
    assert export.newest_run(tmp_path) == tmp_path / "b"


def test_without_a_bundle_name_it_goes_into_the_run(monkeypatch, run_folder):
    asked = []
    monkeypatch.setattr(export, "_backend", lambda: "jax")
    monkeypatch.setattr(export, "_in_own_process", asked.append)
    assert export.export_run(run_folder, force=True) == run_folder / "bundle"
    assert asked == [[str(run_folder), str(run_folder / "bundle"), "--force"]]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_what_is_stopped_leaves_nothing(run_folder, tmp_path, number, code):
    place = tmp_path / "bundles"
    words = [sys.executable, "-m", "stackgan_k3", "export", str(run_folder), str(place / "birds")]
    environment = {**os.environ, "KERAS_BACKEND": "jax", "TF_CPP_MIN_LOG_LEVEL": "3"}
    with subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 240
        while not list(place.glob(".birds.*.part/model.onnx")):
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(number)
        assert process.wait(timeout=240) == code
    assert list(place.iterdir()) == []
