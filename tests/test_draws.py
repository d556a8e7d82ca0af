"""Random numbers that travel with the batch."""

import numpy as np
import pytest

from stackgan_k3.draws import Draw, draw_batch

NOISE = {"noise": Draw((8,)), "smooth": Draw((1,), "uniform", 0.9, 1.0)}


def draw(**changes):
    return draw_batch(NOISE, **{"seed": 3, "step": 7, "batch_size": 4, **changes})


def test_shapes_dtypes_and_ranges():
    batch = draw(batch_size=500)
    assert {name: (v.shape, v.dtype) for name, v in batch.items()} == {
        "noise": ((500, 8), np.float32),
        "smooth": ((500, 1), np.float32),
    }
    assert batch["smooth"].min() >= 0.9
    assert batch["smooth"].max() < 1.0
    assert abs(batch["noise"].mean()) < 0.06
    assert abs(batch["noise"].std() - 1) < 0.06


def test_the_same_seed_and_step_draw_the_same_numbers():
    first, again = draw(), draw()
    for name in NOISE:
        np.testing.assert_array_equal(first[name], again[name])


@pytest.mark.parametrize("change", [{"seed": 4}, {"step": 8}])
def test_another_seed_or_step_draws_others(change):
    first, other = draw(), draw(**change)
    for name in NOISE:
        assert not (first[name] == other[name]).any()


def test_examples_and_entries_are_independent():
    batch = draw_batch({"a": Draw((64,)), "b": Draw((64,))}, seed=0, step=0, batch_size=64)
    rows = np.concatenate([batch["a"], batch["b"]])
    correlations = np.corrcoef(rows) - np.eye(len(rows))
    assert np.abs(correlations).max() < 0.6  # of 64 numbers each; equal rows would give 1


def test_neighbouring_steps_do_not_overlap():
    # Far more numbers a step than a counter block holds: the streams must still be apart.
    steps = [draw_batch({"a": Draw((4096,))}, seed=0, step=s, batch_size=1)["a"][0] for s in (0, 1)]
    assert np.intersect1d(steps[0], steps[1]).size < 10


def test_an_entry_does_not_depend_on_the_others():
    alone = draw_batch({"smooth": NOISE["smooth"]}, seed=3, step=7, batch_size=4)
    np.testing.assert_array_equal(alone["smooth"], draw()["smooth"])


def test_the_numbers_stay_what_they_are():
    """A run that is resumed after an upgrade must see the numbers it would have seen."""
    batch = draw_batch({"noise": Draw((3,)), "u": Draw((2,), "uniform")}, seed=1, step=5, batch_size=1)
    np.testing.assert_allclose(batch["noise"], [[0.2233967, -0.7021661, -1.026008]], rtol=1e-6)
    np.testing.assert_allclose(batch["u"], [[0.5575368, 0.4538553]], rtol=1e-6)
