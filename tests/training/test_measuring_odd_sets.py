"""Measuring what is not as it mostly is: odd captions, a set that was moved, networks of one stage."""

import os
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from stackgan_k3 import engine
from stackgan_k3.commands.evaluate import table
from stackgan_k3.config import load_preset
from stackgan_k3.config.features_choice import parse_features
from stackgan_k3.data.prepare import prepare
from stackgan_k3.data.records import Records
from stackgan_k3.errors import UserError
from stackgan_k3.models.pipeline import Pipeline
from stackgan_k3.models.stage1_generator import Stage1Generator
from stackgan_k3.training import evaluate as module
from stackgan_k3.training.held_out import HeldOut, show
from stackgan_k3.training.recipes.probe import values_of
from stackgan_k3.training.run import Run
from stackgan_k3.training.train import train

DIGITS = {"gan.width": 4, "gan.discriminator_width": 4, "gan.noise_dim": 5, "gan.batch_size": 32,
          "gan.epochs": 1, "metrics.every": 1, "metrics.samples": 20,
          "metrics.features": "pixels"}  # fmt: skip


@pytest.fixture(scope="module")
def birds(tmp_path_factory):
    folder = tmp_path_factory.mktemp("odd") / "birds"
    prepare("synthetic-birds", folder, size=128, limit=50, seed=2, workers=1)
    return folder


class Said(list):
    """Records that hold captions alone."""

    split, folder, info = "test", "a/set", {"classes": ["one"]}


def asked_of(*captions):
    return HeldOut(Said([SimpleNamespace(captions=list(captions), label=0)] * 40), 20)


def test_captions_that_cannot_be_drawn_are_not_asked_for():
    long = asked_of("a very red bird " * 100)
    assert set(map(len, long.captions(long.first))) == {1000}
    mixed = asked_of("", "赤い鳥", "a red bird", " \n")
    assert set(mixed.captions(mixed.first)) == {"a red bird"}
    nothing = asked_of("", "赤い鳥")
    with pytest.raises(
        UserError, match=r"record \d+ of the test split of a/set has no caption with a letter"
    ):
        nothing.captions(nothing.first)


def test_a_training_goes_on_with_its_metrics_where_the_set_was_moved_to(tmp_path):
    prepare("digits", tmp_path / "here", size=28, limit=260, workers=1)
    config = load_preset("dcgan-digits", DIGITS)
    train(config, tmp_path / "here", tmp_path / "run")
    os.rename(tmp_path / "here", tmp_path / "there")
    run = train(config.changed({"gan.epochs": 2}), tmp_path / "there", tmp_path / "run", resume=True)
    assert [row["epoch"] for row in run.metrics() if "kid" in row] == [1, 2]


def test_a_probe_that_is_refused_leaves_no_folder(birds, tmp_path):
    with pytest.raises(UserError, match=r"unknown attribute .* 'nix'"):
        train(
            load_preset("probe", {"probe.attributes": ["nix"], "probe.batch_size": 16}),
            birds,
            tmp_path / "probe",
        )
    assert not (tmp_path / "probe").exists()


def test_values_of_a_probe_that_are_damaged_are_refused(birds, tmp_path):
    settings = {"probe.width": 4, "probe.features": 8, "probe.batch_size": 16, "probe.epochs": 1,
                "probe.attributes": ["background"]}  # fmt: skip
    run = train(load_preset("probe", settings), birds, tmp_path / "probe")
    values = run.phase("probe") / "values.json"
    broken = ('{"background": ["sky"', "[1, 2]", "3", '{"background": [1]}', "{}", '{"background": ["sky"]}')
    for text in broken:
        values.write_text(text)
        with pytest.raises(UserError, match=r"values.json is damaged"):
            values_of(Run.open(tmp_path / "probe"))


@pytest.mark.parametrize("side", [64, 128])
def test_networks_of_one_stage_have_no_sketches(birds, monkeypatch, side):
    records = Records(birds, "train")
    margin = {64: 6, 128: 12}[side]

    class OneStage:
        condition = "none"

        def draw(self, asked, seeds, *, previews=False):
            picture = records[0].picture(side)[margin : margin + side, margin : margin + side]
            return np.stack([np.roll(picture, int(seed) % side, axis=1) for seed in seeds])

    monkeypatch.setattr(module, "open_drawer", lambda path, best: OneStage())
    monkeypatch.setattr(module, "is_bundle", lambda path: True)
    numbers = module.evaluate("one", birds, features="pixels", samples=20, split="train")
    assert "sketches" not in numbers and ("details" in numbers) == (side == 128)
    assert (numbers["target"], numbers["data"], numbers["features"]) == ("one", str(birds), "pixels")


def test_a_floor_that_is_not_known_is_left_open():
    lines = table({"samples": 20, "split": "test", "seed": 0, "diversity": {"drawn": 0.5}})
    assert lines[-1].split() == ["diversity", "0.5"]


def test_embeddings_of_another_size_are_refused():
    pipeline = Pipeline([Stage1Generator(4, embedding_dim=8, conditioning_dim=4, noise_dim=6)])
    with pytest.raises(UserError, match=r"the embeddings have the shape \[1, 5\]; it must be \[N, 8\]"):
        pipeline.generate(np.ones((1, 5), "float32"))


def test_what_is_shown_is_not_recorded_for_gradients():
    layer = keras.layers.Dense(2)
    layer.build((None, 3))

    def recorded(rows):
        return getattr(layer(rows), "requires_grad", False)

    rows = np.ones((1, 3), "float32")
    assert show(lambda some: rows, 2, recorded) == [(False,)]
    assert recorded(rows) == (keras.backend.backend() == "torch")
    with engine.inference():
        assert not recorded(rows)


def test_a_range_is_looked_for_behind_the_name_of_the_file():
    assert parse_features("onnx=a folder@home/eye.onnx") == ("onnx", "a folder@home/eye.onnx", "")
    assert parse_features("onnx=a@home/eye.onnx@0..1") == ("onnx", "a@home/eye.onnx", "0..1")
    with pytest.raises(UserError, match="unknown range '2'"):
        parse_features("onnx=eye.onnx@2")
