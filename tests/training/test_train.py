import importlib
import os
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file

from stackgan_k3.config import RunConfig
from stackgan_k3.training.callbacks.sampler import tile
from stackgan_k3.training.checkpoints import Checkpoints
from stackgan_k3.training.load_run import load_run
from stackgan_k3.training.run import Run
from stackgan_k3.training.train import train

_TRAIN = """
import sys
from stackgan_k3.config import RunConfig
from stackgan_k3.training.train import train
if __name__ == "__main__":
    train(RunConfig.from_json(open(sys.argv[1]).read()), sys.argv[2], sys.argv[3], resume=True)
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory, data):
    """A run that trained all three phases without a break."""
    from small_run import small_config

    return train(small_config(), data, tmp_path_factory.mktemp("runs") / "whole")


def test_a_run_leaves_what_it_promises(whole):
    folder = whole.folder
    assert RunConfig.from_json((folder / "config.json").read_text()) == whole.config
    rows = whole.metrics()
    assert [(row["phase"], row["epoch"]) for row in rows] == [
        ("text", 1),
        ("stage1", 1),
        ("stage1", 2),
        ("stage2", 1),
    ]
    assert all(np.isfinite(row["images_per_second"]) and row["images_per_second"] > 0 for row in rows)
    assert {"discriminator_loss", "generator_loss", "kl", "d_real", "d_wrong", "d_fake"} <= set(rows[-1])
    for name, size in (("stage1-0001", 64), ("stage1-0002", 64), ("stage2-0001", 128)):
        with Image.open(folder / "samples" / f"{name}.png") as sheet:
            rows_drawn = len(whole.examples)
            assert sheet.size == (4 * (size + 2) - 2, rows_drawn * (size + 2) - 2)
    assert (folder / "samples" / "captions.txt").read_text().splitlines() == whole.examples
    for phase in ("text", "stage1", "stage2"):
        assert list((folder / "events" / phase).iterdir()), phase


def test_a_run_opens_with_its_trained_networks(whole):
    run = Run.open(whole.folder)
    assert [g.image_size if hasattr(g, "image_size") else 64 for g in run.pipeline().generators] == [64, 128]
    assert run.text_encoder().output_shape == (None, 8)
    averaged = load_file(run.phase("stage1") / "generator.safetensors")
    for value, weight in zip(
        (averaged[k] for k in sorted(averaged)), run.pipeline().generators[0].get_weights(), strict=True
    ):
        np.testing.assert_array_equal(value, weight)


def test_a_run_loads_back_as_a_model_with_one_call(whole):
    model = load_run(whole.folder)
    pictures = model.generate(whole.examples, num_images=4, seed=0)
    with Image.open(whole.folder / "samples" / "stage2-0001.png") as sheet:
        drawn = np.asarray(sheet)
    assert np.abs(tile(pictures, 4).astype(int) - drawn).max() <= 1
    assert int(model.generator_optimizer.iterations) == whole.metrics()[3]["step"]


def test_embeddings_have_the_scale_that_conditioning_can_see(whole, data):
    from stackgan_k3.data.records import Records
    from stackgan_k3.training.text_phase import embedding_table

    records = Records(data, "train")
    table = embedding_table(records, whole.text_encoder())
    vectors = np.stack([table.row(i, 0) for i in range(len(records))])
    assert 0.5 < vectors.std() < 2.0 and abs(vectors.mean()) < 0.3


def assert_same_networks(one, other):
    for product in ("text/text_encoder", "stage1/generator", "stage2/generator"):
        a, b = (load_file(folder / f"{product}.safetensors") for folder in (one, other))
        assert len(a) == len(b) > 0
        for first, second in zip(sorted(a), sorted(b), strict=True):
            np.testing.assert_allclose(
                a[first], b[second], rtol=1e-3, atol=1e-4, err_msg=f"{product} {first}"
            )


def run_in_process(config_file, data, folder):
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": keras.backend.backend()}
    return subprocess.Popen(
        [sys.executable, "-c", _TRAIN, str(config_file), str(data), str(folder)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def test_killed_at_any_moment_it_resumes_to_the_same_weights(whole, data, tmp_path):
    config_file = tmp_path / "config.json"
    config_file.write_text(whole.config.to_json())
    folder = tmp_path / "killed"
    for wanted in ("text/checkpoints", "stage1/checkpoints"):
        process = run_in_process(config_file, data, folder)
        deadline = time.monotonic() + 240
        while not ((folder / wanted).is_dir() and any((folder / wanted).glob("0*"))):
            assert process.poll() is None, process.stderr.read().decode()[-2000:]
            assert time.monotonic() < deadline, f"no checkpoint in {wanted}"
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stderr.close()
        assert not (folder / "stage2" / "checkpoints").exists(), "it was finished before it could be killed"
    process = run_in_process(config_file, data, folder)
    errors = process.communicate(timeout=300)[1].decode()
    assert process.returncode == 0, errors[-2000:]
    assert_same_networks(whole.folder, folder)
    rows = [(row["phase"], row["epoch"]) for row in Run.open(folder).metrics()]
    assert rows == [(row["phase"], row["epoch"]) for row in whole.metrics()]


def test_a_time_limit_stops_in_the_middle_of_an_epoch_and_resume_ends_it(
    whole, data, config, tmp_path, monkeypatch
):
    folder = tmp_path / "limited"
    for phase in ("text", "stage1"):
        with monkeypatch.context() as late:
            # However fast the machine is, the first step ends an hour late.
            clock = SimpleNamespace(monotonic=lambda: time.monotonic() + 3600)
            late.setattr("stackgan_k3.training.callbacks.keeper.time", clock)
            run = train(config, data, folder, phases=[phase], max_minutes=30, resume=True)
        newest = Checkpoints(run.phase(phase) / "checkpoints").latest()
        assert newest is not None and newest.name == "00000001"
        assert not [row for row in run.metrics() if row["phase"] == phase]
        train(config, data, folder, phases=[phase], resume=True)
    train(config, data, folder, resume=True)
    assert_same_networks(whole.folder, folder)


def test_more_epochs_go_on_from_the_last(whole, data):
    more = whole.config.changed({"stage2.epochs": 2})
    again = train(more, data, whole.folder, phases=["stage2"], resume=True)
    assert [row["epoch"] for row in again.metrics() if row["phase"] == "stage2"] == [1, 2]


def test_a_run_goes_on_in_the_precision_of_another_machine(data, config, tmp_path, monkeypatch, capsys):
    module = importlib.import_module("stackgan_k3.training.train")
    monkeypatch.setattr(module, "suited_precision", lambda: "float32")
    begun = config.changed({"precision": "mixed_bfloat16", "stage1.epochs": 1})
    run = train(begun, data, tmp_path / "run", phases=["text", "stage1"])
    assert "--resume --set precision=float32" in capsys.readouterr().err
    more = begun.changed({"precision": "float32", "stage1.epochs": 2})
    again = train(more, data, run.folder, phases=["text", "stage1"], resume=True)
    assert "precision" not in capsys.readouterr().err
    assert [row["epoch"] for row in again.metrics() if row["phase"] == "stage1"] == [1, 2]
    assert Run.open(run.folder).config.precision == "float32"
    assert [words.rpartition(", ")[2] for words in again.machines] == ["mixed_bfloat16", "float32"]


def test_a_phase_that_another_stands_on_is_not_trained_further(whole, data, capsys):
    more = Run.open(whole.folder).config.changed({"text.epochs": 2})
    before = load_file(whole.folder / "text" / "text_encoder.safetensors")
    with pytest.raises(ValueError, match=r"stage1 of .* was trained on what 'text' left"):
        train(more, data, whole.folder, phases=["text"], resume=True)
    train(more, data, whole.folder, resume=True)
    assert "text: left as it is, because stage1 was trained on it" in capsys.readouterr().err
    after = load_file(whole.folder / "text" / "text_encoder.safetensors")
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_a_refused_command_leaves_the_configuration_as_it_was(whole, data):
    before = (whole.folder / "config.json").read_bytes()
    more = Run.open(whole.folder).config.changed({"text.epochs": 7, "stage1.epochs": 7})
    with pytest.raises(ValueError, match=r"stage1 of .* was trained on what 'text' left"):
        train(more, data, whole.folder, phases=["text", "stage1"], resume=True)
    assert (whole.folder / "config.json").read_bytes() == before
    train(more, data, whole.folder, resume=True)  # both are left as they are, and so is what is said of them
    assert (whole.folder / "config.json").read_bytes() == before


def test_a_run_that_is_refused_before_it_began_leaves_no_folder(data, config, tmp_path):
    (tmp_path / "vectors.txt").write_text("bird 0.5 0.25\nred 0.1 0.2\n")
    changes = {"text.encoder": "word-vectors", "text.vectors": str(tmp_path / "vectors.txt")}
    wrong = config.changed({**changes, "text.embedding_dim": 8})
    with pytest.raises(ValueError, match=r"text\.embedding_dim=2"):
        train(wrong, data, tmp_path / "run", phases=["text"])
    assert not (tmp_path / "run").exists()
    train(config.changed({**changes, "text.embedding_dim": 2}), data, tmp_path / "run", phases=["text"])
    assert Run.open(tmp_path / "run").has("text", "text_encoder")


@pytest.mark.parametrize("network", ["text_encoder", "image_encoder"])
def test_a_damaged_encoder_is_written_again(data, config, tmp_path, network):
    run = train(config, data, tmp_path / "run", phases=["text"])
    path = run.folder / "text" / f"{network}.safetensors"
    before = load_file(path)
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(ValueError, match="--resume --phase NAME"):
        run.text_encoder() if network == "text_encoder" else run.image_encoder()
    train(config, data, run.folder, phases=["text"], resume=True)
    after = load_file(path)
    weights = [name for name in before if "seed_generator" not in name]  # whose names count what was built
    assert len(weights) > 4
    assert all(np.allclose(before[name], after[name], atol=1e-6) for name in weights)


def test_two_at_once_in_one_folder_are_refused(whole, data):
    files_before = sorted(path.name for path in whole.folder.iterdir())
    holding = (
        "import sys; from stackgan_k3.files import alone\n"
        "with alone(sys.argv[1], ''):\n    print(1, flush=True)\n    input()"
    )
    command = [sys.executable, "-c", holding, str(whole.folder / ".lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"1\n"
        with pytest.raises(ValueError, match=f"another process is training {whole.folder}; wait"):
            train(whole.config, data, whole.folder, resume=True)
        other.kill()
    train(whole.config, data, whole.folder, resume=True)  # the lock of a killed process is gone
    assert sorted(path.name for path in whole.folder.iterdir()) == files_before


def test_refusals(whole, data, config, tmp_path):
    with pytest.raises(ValueError, match="exists already; continue that run with --resume"):
        train(config, data, whole.folder)
    with pytest.raises(ValueError, match=r"other settings of stage1\.width"):
        train(config.changed({"stage1.width": 8}), data, whole.folder, resume=True)
    other = config.model_copy(update={"preset": "stackgan-coco"})
    with pytest.raises(ValueError, match="made by the preset stackgan-tiny, not by stackgan-coco"):
        train(other, data, whole.folder, resume=True)
    with pytest.raises(ValueError, match="prepare it with --size 256"):
        train(config.changed({"stage2.image_size": 256}), data, tmp_path / "new")
    with pytest.raises(ValueError, match="no trained text encoder; train its phase 'text' first"):
        train(config, data, tmp_path / "new", phases=["stage1"])
    with pytest.raises(ValueError, match="unknown phase 'stage'; did you mean 'stage"):
        train(config, data, tmp_path / "newer", phases=["stage"])
    with pytest.raises(ValueError, match="max_minutes is -1"):
        train(config, data, tmp_path / "newer", max_minutes=-1)
    with pytest.raises(ValueError, match="nowhere"):
        train(config, tmp_path / "nowhere", tmp_path / "newer")
    assert not (tmp_path / "newer").exists()


def test_a_loss_that_is_not_a_number_stops_the_run(whole, data, config, tmp_path):
    bad = config.changed(
        {"stage1.generator_rate": 1e30, "stage1.discriminator_rate": 1e30, "stage1.epochs": 50}
    )
    train(bad, data, tmp_path / "bad", phases=["text"])
    with pytest.raises(ValueError, match="stopped being a finite number at epoch"):
        train(bad, data, tmp_path / "bad", phases=["stage1"], resume=True)
    for checkpoint in (tmp_path / "bad" / "stage1" / "checkpoints").glob("0*"):
        for name, value in load_file(checkpoint / "variables.safetensors").items():
            assert np.isfinite(value).all(), name


def test_training_on_other_data_under_the_same_run_is_refused(whole, config, tmp_path):
    from stackgan_k3.data.prepare import prepare

    prepare("synthetic-birds", tmp_path / "other", size=128, limit=30, seed=9, workers=1)
    with pytest.raises(ValueError, match="whose content is not that of"):
        train(config, tmp_path / "other", whole.folder, resume=True)
