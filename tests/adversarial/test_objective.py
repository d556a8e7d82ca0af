"""The hinge and relativistic losses against their formulas in numpy."""

import numpy as np
import pytest

from stackgan_k3.adversarial.hinge_losses import margin_position
from stackgan_k3.adversarial.judgement import Judgement
from stackgan_k3.adversarial.objective import Objective

RANDOM = np.random.default_rng(0)
REAL, WRONG, FAKE, REAL_ALONE, FAKE_ALONE = RANDOM.normal(0.3, 1.5, (5, 9, 1)).astype("float32")
BOTH = [Judgement(FAKE, REAL, WRONG), Judgement(FAKE_ALONE, REAL_ALONE)]


def number(tensor):
    return float(tensor)


def bce(logits, targets):
    p = 1 / (1 + np.exp(-logits.astype("float64").reshape(-1)))
    return np.mean(-targets * np.log(p) - (1 - targets) * np.log(1 - p))


def up(logits):
    return np.mean(np.maximum(0, 1 - logits))


def down(logits):
    return np.mean(np.maximum(0, 1 + logits))


def test_the_hinge_loss_weighs_the_pairs_as_the_logistic_one():
    hinge = Objective("hinge")
    expected = up(REAL) + 0.5 * (down(WRONG) + down(FAKE))
    assert number(hinge.discriminator_loss(BOTH[:1])) == pytest.approx(expected, rel=1e-5)
    expected = 0.5 * (up(REAL) + up(REAL_ALONE)) + (down(WRONG) + down(FAKE) + down(FAKE_ALONE)) / 3
    assert number(hinge.discriminator_loss(BOTH, 0.9)) == pytest.approx(expected, rel=1e-5)
    assert number(hinge.discriminator_loss([BOTH[1]])) == pytest.approx(up(REAL_ALONE) + down(FAKE_ALONE))
    expected = -FAKE.mean() - FAKE_ALONE.mean()
    assert number(hinge.generator_loss(BOTH)) == pytest.approx(expected, rel=1e-5)


def test_the_relativistic_loss_compares_with_the_mean_of_the_other_side():
    relativistic = Objective("relativistic")
    labels = RANDOM.uniform(0.9, 1, 9).astype("float32")
    others = 0.5 * (WRONG.mean() + FAKE.mean())
    real, wrong, fake = REAL - others, WRONG - REAL.mean(), FAKE - REAL.mean()
    expected = bce(real, labels) + 0.5 * (bce(wrong, 0) + bce(fake, 0))
    found = relativistic.discriminator_loss(BOTH[:1], labels)
    assert number(found) == pytest.approx(expected, rel=1e-5)
    alone = bce(REAL_ALONE - FAKE_ALONE.mean(), labels), bce(FAKE_ALONE - REAL_ALONE.mean(), 0)
    expected = 0.5 * (bce(real, labels) + alone[0]) + (bce(wrong, 0) + bce(fake, 0) + alone[1]) / 3
    assert number(relativistic.discriminator_loss(BOTH, labels)) == pytest.approx(expected, rel=1e-5)
    expected = bce(FAKE - REAL.mean(), 1) + bce(REAL - FAKE.mean(), 0)
    assert number(relativistic.generator_loss(BOTH[:1])) == pytest.approx(expected, rel=1e-5)
    expected += bce(FAKE_ALONE - REAL_ALONE.mean(), 1) + bce(REAL_ALONE - FAKE_ALONE.mean(), 0)
    assert number(relativistic.generator_loss(BOTH)) == pytest.approx(expected, rel=1e-5)


def test_a_shift_of_all_logits_is_nothing_to_the_relativistic_loss_alone():
    moved = [Judgement(*(None if x is None else x + 5 for x in said)) for said in BOTH]
    for name, same in (("relativistic", True), ("hinge", False), ("logistic", False)):
        pairs = [
            (number(loss(BOTH)), number(loss(moved)))
            for loss in (Objective(name).discriminator_loss, Objective(name).generator_loss)
        ]
        assert all((one == pytest.approx(other, rel=1e-4)) == same for one, other in pairs), name


def test_beliefs_are_one_half_where_nothing_can_be_told_and_grow_with_the_logit():
    zero = np.zeros((4, 1), "float32")
    for name in ("logistic", "hinge", "relativistic"):
        objective = Objective(name)
        said = {key: number(value) for key, value in objective.beliefs(Judgement(zero, zero, zero)).items()}
        assert said == {"d_real": 0.5, "d_wrong": 0.5, "d_fake": 0.5}
        sure = {k: number(v) for k, v in objective.beliefs(Judgement(zero - 0.5, zero + 0.5)).items()}
        assert 0 < sure["d_fake"] < 0.5 < sure["d_real"] < 1 and "d_wrong" not in sure
    assert number(margin_position(np.array([[3.0], [-0.5]], "float32"))) == 0.625


def test_wrong_names_and_combinations_are_refused():
    with pytest.raises(ValueError, match="did you mean 'hinge'"):
        Objective("hing")
    with pytest.raises(ValueError, match="hinge has one loss of the generator"):
        Objective("hinge", "saturating")
