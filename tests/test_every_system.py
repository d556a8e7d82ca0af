"""Every system, on every backend: build, two training steps or more, save, reload, export, same pictures."""

import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from backends import installed
from small_systems import SYSTEMS

from stackgan_k3.config import load_preset, preset_names
from stackgan_k3.data.prepare import prepare
from stackgan_k3.inference import TextToImage
from stackgan_k3.training.load_run import load_run
from stackgan_k3.training.run import Run
from stackgan_k3.training.train import train

ROOT = Path(__file__).parent.parent

_EXPORT_ALL = """
import sys
from stackgan_k3.export.run_to_bundle import run_to_bundle
from pathlib import Path
for run in sys.argv[1:]:
    run_to_bundle(Path(run), Path(run, "bundle"))
"""


def largest(pictures, others):
    """The largest difference of two batches of pictures, in grey levels."""
    assert pictures.shape == others.shape
    return np.abs(pictures.astype(int) - others).max()


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Prepares each kind of data once, when it is first asked for."""
    folders = {}

    def get(source, settings):
        key = (source, *settings.items())
        if key not in folders:
            folders[key] = tmp_path_factory.mktemp(source) / "set"
            prepare(source, folders[key], workers=1, **settings)
        return folders[key]

    return get


@pytest.fixture(scope="module")
def runs(data, tmp_path_factory):
    """Trains every system, each phase for an epoch.

    Weights begin ten times as large as they should: networks this small, hardly trained, would
    otherwise draw grey, whatever the noise.
    """
    folder = tmp_path_factory.mktemp("runs")
    trained = {}
    normal = keras.initializers.RandomNormal
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            keras.initializers, "RandomNormal", lambda mean=0.0, stddev=0.05: normal(mean, 10 * stddev)
        )
        for name, (preset, settings, (source, prepared), _) in SYSTEMS.items():
            trained[name] = train(load_preset(preset, settings), data(source, prepared), folder / name)
    return trained


@pytest.fixture(scope="module")
def bundles(runs):
    """Exports all of them with TensorFlow, in one process of its own."""
    if "tensorflow" not in installed():
        pytest.skip("TensorFlow, which exports, is not installed")
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
    folders = [str(run.folder) for run in runs.values()]
    subprocess.run([sys.executable, "-c", _EXPORT_ALL, *folders], env=environment, cwd=ROOT, check=True)
    return {name: run.folder / "bundle" for name, run in runs.items()}


def test_no_preset_is_forgotten():
    kinds = {load_preset(name).system for name in preset_names()} - {"probe"}  # which draws nothing
    assert kinds <= {load_preset(preset).system for preset, *_ in SYSTEMS.values()}


@pytest.mark.parametrize("name", SYSTEMS)
def test_two_steps_or_more_are_made_and_every_loss_is_finite(runs, name):
    run = runs[name]
    rows = run.metrics()
    # A text encoder from elsewhere is not trained.
    elsewhere = "text" in run.config.phases and run.config.text.encoder != "char-cnn-rnn"
    assert {row["phase"] for row in rows} == set(run.config.phases) - ({"text"} if elsewhere else set())
    for row in rows:
        numbers = [value for value in row.values() if isinstance(value, float)]
        assert row["step"] >= 2 and np.isfinite(numbers).all(), row


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_run_reloads_as_a_model_that_draws_the_same_and_trains_on(runs, name):
    asked = SYSTEMS[name][3]
    pictures = Run.open(runs[name].folder).pipeline().generate(asked, num_images=2, seed=3)
    model = load_run(runs[name].folder)
    assert pictures.dtype == np.uint8 and pictures.std() > 1
    # A batch of another size may be rounded otherwise.
    assert largest(model.generate(asked, num_images=2, seed=3), pictures) <= 1
    assert largest(model.generate(asked, num_images=1, seed=4), pictures[1:]) <= 1


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_model_saves_and_loads_as_one_file(runs, name, tmp_path):
    asked = SYSTEMS[name][3]
    model = load_run(runs[name].folder)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert largest(again.generate(asked, seed=5), model.generate(asked, seed=5)) <= 1


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_bundle_draws_what_the_run_draws(runs, bundles, name):
    asked = SYSTEMS[name][3]
    right = runs[name].pipeline().generate(asked, num_images=3, seed=11)
    drawing = TextToImage.load(bundles[name], provider="cpu").generate(asked, num_images=3, seed=11)
    assert drawing.images.shape == right.shape
    # Two libraries round differently; the backends, too.
    assert largest(drawing.images, right) <= 2
    assert len({picture.tobytes() for picture in drawing.images}) == 3  # each noise has its own picture
