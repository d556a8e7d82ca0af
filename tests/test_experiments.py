"""Rows and recipes of the experiments are settings that exist, and their tables say what the files say."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from stackgan_k3.config import load_preset
from stackgan_k3.errors import UserError

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
