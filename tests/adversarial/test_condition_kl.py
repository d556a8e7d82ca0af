"""The KL term of a condition is that of how it was drawn."""

import numpy as np
import pytest
from keras import ops

from stackgan_k3.adversarial.condition_kl import condition_kl, condition_kl_names

RANDOM = np.random.default_rng(3)
ONE = {name: RANDOM.normal(size=(4, 5)).astype("float32") for name in ("mean", "log_variance")}
MIXTURE = {name: RANDOM.normal(size=(4, 3, 5)).astype("float32") for name in ("means", "log_variances")} | {
    "weights": RANDOM.dirichlet(np.ones(3), 4).astype("float32"),
    "chosen": np.eye(3, dtype="float32")[[0, 2, 2, 2]],
}


def divergence(mean, log_variance):
    """KL from N(0, I) in double precision, the mean over numbers."""
    mean, log_variance = mean.astype("float64"), log_variance.astype("float64")
    return 0.5 * np.mean(mean**2 + np.exp(log_variance) - 1 - log_variance, axis=-1)


def test_of_one_gaussian():
    kl, logs = condition_kl({"image": None, **ONE})
    assert float(kl) == pytest.approx(divergence(ONE["mean"], ONE["log_variance"]).mean(), rel=1e-5)
    assert list(logs) == condition_kl_names(ONE) and float(logs["kl"]) == float(kl)


def test_of_a_mixture():
    kl, logs = condition_kl(MIXTURE)
    each = divergence(MIXTURE["means"], MIXTURE["log_variances"])
    assert float(kl) == pytest.approx((MIXTURE["weights"] * each).sum(axis=1).mean(), rel=1e-5)
    assert list(logs) == condition_kl_names(MIXTURE)
    values = {name: float(ops.convert_to_numpy(value)) for name, value in logs.items()}
    assert [values[f"kl_{k}"] for k in (1, 2, 3)] == pytest.approx(each.mean(axis=0).tolist(), rel=1e-5)
    assert [values[f"use_{k}"] for k in (1, 2, 3)] == [0.25, 0.0, 0.75]


def test_of_a_plain_condition_there_is_none():
    assert condition_kl({"mean": ONE["mean"]}) == (0.0, {})
    assert condition_kl_names({"mean": ONE["mean"]}) == []
