"""Rows and recipes of the experiments are settings that exist, and their tables say what the files say."""

import importlib.util
import json
from pathlib import Path

import keras
import numpy as np
import pytest
from miniature_sets.digits import make as make_digits
from small_run import SMALL, small_data

from stackgan_k3.config import load_preset
from stackgan_k3.data.birds.said import said
from stackgan_k3.data.prepare import prepare
from stackgan_k3.data.records import Records
from stackgan_k3.data.targets import Targets
from stackgan_k3.errors import UserError
from stackgan_k3.models.pipeline import Pipeline
from stackgan_k3.training.asked_birds import ASKED
from stackgan_k3.training.recipes.stackgan import build_stage1_generator

pytestmark = pytest.mark.neutral


def script(name):
    path = Path(__file__).parents[1] / "experiments" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


ablation, against = script("ablation"), script("against_published")
left = script("left_of_captions")
best = script("best_r_precision")
digits = script("digit_classifier")

OF = {"samples": 1000, "split": "test", "seed": 0}  # what every evaluation is of


@pytest.mark.parametrize("row", ablation.ROWS)
def test_a_row_is_possible_and_changes_something(row):
    base = load_preset("stackgan-birds-shipped").changed(ablation.BASE)
    changed = base.changed({**ablation.BASE, **ablation.ROWS[row]})
    assert (changed == base) == (row == "base")


def test_the_table_has_the_mean_over_seeds_and_their_spread(tmp_path):
    for seed, fid in enumerate((100.0, 300.0)):
        folder = tmp_path / f"00-{seed}"
        folder.mkdir()
        numbers = {
            **OF,
            "fid": {"drawn": fid, "floor": 1.0},
            "accuracy": {"wing": {"drawn": 0.5, "floor": 1.0}, "body": {"drawn": 0.7, "floor": 1.0}},
        }
        (folder / "evaluation.json").write_text(json.dumps(numbers), "utf-8")
    lines = ablation.table(tmp_path).splitlines()
    assert len(lines) == 3
    assert lines[2] == "| base | 2 | 200 ± 1e+02 |  | 0.6 ± 0 |  |  |"


def test_recipes_get_the_same_sizes_and_the_same_number_of_pictures():
    epochs = {"stage1": 40, "stage2": 12}
    preset = load_preset("stackgan-flowers")
    published, ours = (preset.changed(against.settings(name, epochs)) for name in ("published", "ours"))
    for config in (published, ours):
        for name, value in against.SIZES.items():
            part, _, field = name.rpartition(".")
            assert getattr(getattr(config, part) if part else config, field) == value
        assert (config.stage1.epochs, config.stage2.epochs) == (40, 12)
    # The published one is the preset, without the average, its rates halved as many times in the training.
    for stage in ("stage1", "stage2"):
        one, printed = getattr(published, stage), getattr(preset, stage)
        for field in ("adversarial_loss", "batch_size", "generator_rate", "discriminator_rate", "kl_weight",
                      "augment", "real_labels", "matching_weight", "beta_1"):  # fmt: skip
            assert getattr(one, field) == getattr(printed, field), (stage, field)
        assert one.average_decay == 0
        assert (one.epochs - 1) // one.halve_every == (printed.epochs - 1) // printed.halve_every == 5
    assert published.normalization == preset.normalization == "batch"
    assert published != ours


def test_the_table_of_recipes_has_what_was_measured(tmp_path):
    (tmp_path / "ours").mkdir()
    numbers = OF | {name: {"drawn": 0.5, "floor": 1.0} for name in against.COLUMNS}
    (tmp_path / "ours" / "evaluation-stage1.json").write_text(json.dumps(numbers), "utf-8")
    lines = against.table(tmp_path).splitlines()
    assert lines[2:] == ["| ours, stage1 | 0.5 (1) | 0.5 (1) | 0.5 (1) | 0.5 (1) | 0.5 (1) |"]


def test_noise_of_the_condition_hides_what_its_mean_says():
    rng = np.random.default_rng(1)
    right = rng.integers(0, 2, 800)
    right[:100] = -1  # not named: neither trained on nor counted
    mean = np.where(right == 1, 1.0, -1.0)[:, None].astype("float32")
    share = {
        deviation: left.read_right(
            (mean, np.full_like(mean, deviation)), (mean, np.full_like(mean, deviation)), (right, right), 4
        )
        for deviation in (0.0, 1.0, 30.0)
    }
    assert share[0.0] == 1.0
    # A threshold at 0 is right in Φ(1) = 0.84 of two Gaussians at ±1.
    assert share[1.0] == pytest.approx(0.84, abs=0.05)
    assert share[30.0] == pytest.approx(0.5, abs=0.08)


def test_captions_come_with_what_they_name_of_their_picture(tmp_path):
    records = Records(small_data(tmp_path / "birds", count=24), "train")
    values = Targets(records, ASKED).values
    lines, right = left.captions(records, values, each=3)
    assert len(lines) == 3 * len(records) and set(right) == set(ASKED)
    assert lines[3:6] == list(records[1].captions[:3])
    for place, line in enumerate(lines):
        shown, named = records[place // 3].attributes, said(line)
        for name, numbers in right.items():
            expected = values[name].index(shown[name]) if name in named else -1
            assert numbers[place] == expected, (line, name)
    assert any((numbers == -1).any() and (numbers >= 0).any() for numbers in right.values())


def test_stations_are_the_embedding_the_mean_and_what_is_drawn_around_it():
    run = StageOfRun(load_preset("stackgan-tiny", SMALL))
    embeddings = np.random.default_rng(0).normal(size=(5, 8)).astype("float32")
    found = left.stations(run, embeddings)
    assert list(found) == ["embedding", "mean of the condition", "condition"]
    np.testing.assert_array_equal(found["embedding"][0], embeddings)
    noise = np.random.default_rng(1).normal(size=(5, 4)).astype("float32")
    z = np.zeros((5, 4), "float32")
    drawn = run.generator({"embedding": embeddings, "noise": z, "conditioning_noise": noise}, training=False)
    mean, deviation = found["condition"]
    np.testing.assert_allclose(mean, np.asarray(drawn["mean"]), atol=1e-6)
    np.testing.assert_allclose(deviation, np.exp(0.5 * np.asarray(drawn["log_variance"])), rtol=1e-5)
    np.testing.assert_array_equal(found["mean of the condition"][0], mean)
    assert not found["embedding"][1].any() and not found["mean of the condition"][1].any()
    plain = load_preset("stackgan-tiny", {**SMALL, "conditioning": "plain"})
    with pytest.raises(UserError, match="no conditioning augmentation"):
        left.stations(StageOfRun(plain), embeddings)


class StageOfRun:
    """As much of a run as has a Stage-I with fresh weights."""

    folder = "runs/some"

    def __init__(self, config):
        self.config = config
        self.generator = build_stage1_generator(config)

    def pipeline(self):
        return Pipeline([self.generator])


def test_the_digits_are_read_as_they_were_drawn_and_a_classifier_learns_them(tmp_path):
    make_digits(tmp_path / "files")
    prepare("digits", tmp_path / "digits", root=tmp_path / "files", size=28, workers=1)
    pictures, labels = digits.real(tmp_path / "digits", "train")
    assert pictures.shape == (40, 28, 28, 1) and pictures.dtype == np.float32
    assert pictures.min() == np.median(pictures) == -1.0 and 0.9 < pictures.max() <= 1.0  # light on black
    np.testing.assert_array_equal(np.bincount(labels), np.full(10, 4))
    keras.utils.set_random_seed(0)
    network = digits.classifier(10)
    network.fit(np.tile(pictures, (8, 1, 1, 1)), np.tile(labels, 8), epochs=4, batch_size=32, verbose=0)
    read = network.predict(pictures, verbose=0).argmax(axis=1)
    assert (read == labels).mean() >= 0.9


def test_a_judge_that_never_errs_takes_what_is_true_and_says_most():
    pictures = [{"wing": "red", "belly": "white"}, {"wing": "red", "belly": "black"}]
    captions = [{"wing": "red", "belly": "white"}, {"wing": "red"}]
    groups = np.array([[0, 1]])
    everything = ("wing", "belly")
    assert best.bits(captions[0], pictures[0], everything) == pytest.approx(2 * np.log2(11))
    assert best.bits(captions[0], pictures[1], everything) == -np.inf
    # Blind to the belly, both captions say the same of both pictures: two ties, which do not count.
    assert best.precision(captions, pictures, groups, everything, candidates=2) == 1.0
    assert best.precision(captions, pictures, groups, ("wing",), candidates=2) == 0.0
    # A caption that says less is beaten by one that is true by chance.
    both = [{"wing": "red", "belly": "white"}] * 2
    assert best.precision(captions, both, groups, everything, candidates=2) == 0.5


def test_a_damaged_evaluation_is_named(tmp_path):
    (tmp_path / "00-0").mkdir()
    (tmp_path / "00-0" / "evaluation.json").write_text('{"samples"', "utf-8")
    with pytest.raises(UserError, match=r"00-0.evaluation.json cannot be read as an evaluation"):
        ablation.table(tmp_path)
