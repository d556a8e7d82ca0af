"""The three warnings: on numbers, and on trainings that are made to go wrong."""

import keras
import numpy as np
import pytest

from stackgan_k3.config import load_preset
from stackgan_k3.data.prepare import prepare
from stackgan_k3.training.recipes import dcgan
from stackgan_k3.training.report import Report
from stackgan_k3.training.train import train
from stackgan_k3.training.warning_signs import (
    discriminator_too_strong,
    due_warnings,
    mode_collapse,
    oscillation,
    warning_history,
)

pytestmark = pytest.mark.neutral  # no backend can change it, and training takes its time

# What trainings that went well said: Stage-I on flowers, Stage-I on synthetic birds, Stage-II on
# flowers from its first epoch on, and a DCGAN of digits with its diversity.
FLOWERS = {
    "d_real": (0.608, 0.665, 0.674, 0.672, 0.664, 0.682, 0.683, 0.681, 0.682, 0.690, 0.697, 0.689),
    "d_fake": (0.398, 0.499, 0.493, 0.501, 0.532, 0.490, 0.514, 0.507, 0.512, 0.494, 0.484, 0.500),
    "generator_loss": (1.777, 1.546, 1.556, 1.508, 1.320, 1.520, 1.420, 1.461, 1.435, 1.536, 1.574, 1.489),
}
BIRDS = {
    "d_real": (0.572, 0.612, 0.640, 0.657, 0.664, 0.678, 0.687, 0.697, 0.702, 0.715, 0.726, 0.724),
    "d_fake": (0.246, 0.368, 0.369, 0.365, 0.354, 0.346, 0.336, 0.321, 0.325, 0.313, 0.298, 0.300),
    "generator_loss": (2.046, 1.490, 1.685, 1.756, 1.793, 1.868, 1.920, 1.955, 1.937, 2.040, 2.119, 2.158),
}
SECOND = {
    "d_real": (0.542, 0.608, 0.601, 0.577, 0.582),
    "d_fake": (0.286, 0.372, 0.393, 0.425, 0.429),
    "generator_loss": (3.968, 3.703, 3.453, 2.975, 2.932),
}
DIGITS = {
    "d_real": (0.702, 0.748, 0.695, 0.667, 0.637, 0.622, 0.583, 0.555, 0.544, 0.521),
    "d_fake": (0.554, 0.502, 0.373, 0.367, 0.386, 0.390, 0.418, 0.462, 0.462, 0.471),
    "generator_loss": (0.608, 0.772, 1.081, 1.152, 1.116, 1.096, 0.952, 0.865, 0.848, 0.804),
    "generator_gradient": (0.839, 1.792, 2.293, 1.794, 1.634, 1.357, 1.372, 1.136, 0.990, 0.893),
    "diversity": (0.099, 0.784, 0.675, 0.832, 0.895, 0.867, 0.857, 0.726, 0.705, 0.793),
}


def rows_of(columns):
    """Rows of a phase from the values of each number over the epochs."""
    count = len(next(iter(columns.values())))
    return [
        {"phase": "gan", "epoch": i + 1, **{name: values[i] for name, values in columns.items()}}
        for i in range(count)
    ]


@pytest.mark.parametrize("columns", [FLOWERS, BIRDS, SECOND, DIGITS])
def test_trainings_that_went_well_are_never_warned_of(columns):
    assert warning_history(rows_of(columns)) == []


def test_nothing_is_due_where_nothing_is_known():
    text = [{"phase": "text", "epoch": n, "loss": 1.0 / n} for n in range(1, 9)]
    assert due_warnings([]) == {} and due_warnings(text) == {}
    reconstructing = rows_of({"reconstruction_loss": (1, 1, 1, 1), "diversity": (1.0, 0.9, 0.05, 0.05)})
    assert due_warnings(reconstructing) == {}  # no two networks: what its samples lack is not a mode


def test_a_discriminator_is_too_strong_when_it_has_been_sure_for_three_epochs():
    sure, unsure = {"d_real": 0.97, "d_fake": 0.01}, {"d_real": 0.97, "d_fake": 0.2}
    rows = [{"phase": "stage1", "epoch": n + 1, **row} for n, row in enumerate([sure] * 3)]
    assert "stage1.discriminator_rate" in discriminator_too_strong(rows)
    assert discriminator_too_strong(rows[:2]) is None
    assert discriminator_too_strong([*rows[:2], unsure]) is None
    assert discriminator_too_strong([{**row, "d_real": 0.8} for row in rows]) is None


def test_a_gradient_that_has_vanished_is_told():
    rows = [
        {"phase": "gan", "d_real": 0.99, "d_fake": 0.001, "generator_gradient": g} for g in (2, 1, 0.5, 0.02)
    ]
    assert "has fallen to 1.0% of what it was" in discriminator_too_strong(rows)
    assert "has fallen" not in discriminator_too_strong([{**row, "generator_gradient": 2} for row in rows])


def test_a_collapse_is_measured_by_real_pictures_and_by_what_has_been():
    def said(*values):
        return mode_collapse(rows_of({"generator_loss": [1] * len(values), "diversity": values}))

    assert "differ 8% as much" in said(0.09, 0.09, 0.09, 0.09, 0.08)
    assert "does not use its noise" in said(0.09, 0.09, 0.09, 0.09, 0.08)
    assert "differ 20% as much as real pictures do; it has been 80%." in said(0.5, 0.8, 0.2, 0.2)
    assert said(0.5, 0.8, 0.2, 0.6) is None  # it has recovered
    assert said(0.5, 0.8, 0.6, 0.2) is None  # once is not enough
    assert said(0.05, 0.04, 0.01, 0.01) is None  # too early to tell
    assert said(0.3, 0.3, 0.3, 0.3, 0.3) is None  # a caption may say nearly everything


def test_a_collapse_advises_the_weight_of_the_kl_term_only_where_there_is_one():
    rows = rows_of({"generator_loss": [1] * 4, "diversity": [0.9, 0.9, 0.1, 0.1]})
    assert "kl_weight" not in mode_collapse(rows)
    assert "gan.kl_weight" in mode_collapse([{**row, "kl": 0.1} for row in rows])


def test_an_oscillation_turns_around_and_is_large():
    def said(name, values):
        return oscillation(rows_of({name: values}))

    assert "D on drawn pictures swings between 0.1 and 0.6" in said("d_fake", (0.1, 0.6, 0.1, 0.6, 0.1, 0.6))
    assert "generator's loss swings" in said("generator_loss", (1, 9, 2, 8, 1, 7))
    assert said("d_fake", (0.1, 0.6, 0.1, 0.6, 0.1)) is None  # too few epochs
    assert said("d_fake", (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)) is None  # large, but one way
    assert said("d_fake", (0.40, 0.45, 0.40, 0.45, 0.40, 0.45)) is None  # to and fro, but small
    assert said("generator_loss", (1.0, 1.2, 1.0, 1.2, 1.0, 1.2)) is None


def test_a_warning_that_went_away_and_came_back_is_told_twice():
    sure, unsure = {"d_real": 0.97, "d_fake": 0.01}, {"d_real": 0.6, "d_fake": 0.4}
    rows = [sure] * 4 + [unsure] * 2 + [sure] * 3
    history = warning_history([{"phase": "gan", "epoch": n, **row} for n, row in enumerate(rows, 1)])
    assert [(one.epoch, one.until) for one in history] == [(3, 5), (9, None)]


# Real trainings that are made to fail.

SMALL = {
    "gan.width": 4,
    "gan.discriminator_width": 4,
    "gan.noise_dim": 4,
    "gan.batch_size": 16,
    "gan.dropout": 0.0,
    "gan.average_decay": 0.5,
}


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    folder = tmp_path_factory.mktemp("digits") / "set"
    prepare("digits", folder, size=28, limit=200, workers=1)
    return folder


def trained(digits, folder, **settings):
    changes = {**SMALL, **{f"gan.{name}": value for name, value in settings.items()}}
    return train(load_preset("dcgan-digits", changes), digits, folder).metrics()


def test_a_discriminator_that_learns_a_hundred_times_faster_is_told_once(digits, tmp_path, capsys):
    rows = trained(
        digits,
        tmp_path / "run",
        generator_rate=2e-4,
        discriminator_rate=2e-2,
        generator_loss="saturating",
        epochs=6,
    )
    due = [row["epoch"] for row in rows if "discriminator_too_strong" in row.get("warnings", [])]
    assert len(due) >= 2 and due[-1] == 6
    assert rows[-1]["generator_gradient"] < 0.1 * rows[0]["generator_gradient"]  # it has vanished
    (phase,) = Report(tmp_path / "run").content()["phases"]
    first = phase["warnings"][0]
    assert (first["epoch"], first["name"]) == (due[0], "discriminator_too_strong")
    assert "the discriminator is too strong" in (tmp_path / "run" / "report.html").read_text()
    said = capsys.readouterr().err
    assert said.count("the discriminator is too strong") == 1
    assert f"warning (gan, epoch {due[0]}): " in said and "The generator's gradient has fallen" in said


def test_a_generator_that_does_not_see_its_noise_is_told_to_have_collapsed(
    digits, tmp_path, monkeypatch, capsys
):
    build = dcgan.build

    def blind(config):
        model = build(config)
        for network in (model.generator, model.averaged_generator):
            dense = next(layer for layer in network.layers if isinstance(layer, keras.layers.Dense))
            dense.kernel.assign(np.zeros(dense.kernel.shape))
            dense.trainable = False
        return model

    monkeypatch.setattr(dcgan, "build", blind)
    rows = trained(digits, tmp_path / "run", epochs=5)
    assert [row["diversity"] for row in rows] == [0] * 5
    assert [row.get("warnings") for row in rows] == [None] * 4 + [["mode_collapse"]]
    assert "mode collapse: " in capsys.readouterr().err


@pytest.mark.parametrize(("rate", "swings"), [(3e-2, True), (5e-4, False)])
def test_rates_that_are_far_too_high_are_told_to_oscillate(digits, tmp_path, capsys, rate, swings):
    # Epochs of two steps, so that their means show how the steps swing.
    rows = trained(
        digits, tmp_path / "run", generator_rate=rate, discriminator_rate=rate, batch_size=48, epochs=25
    )
    assert any("oscillation" in row.get("warnings", []) for row in rows) == swings, rows
    assert ("oscillation: over the last 6 epochs" in capsys.readouterr().err) == swings
