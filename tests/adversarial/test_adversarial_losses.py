import keras
import numpy as np
import pytest

from stackgan_k3.adversarial import losses

GENERATOR = np.random.default_rng(0)
LOGITS = GENERATOR.normal(0, 3, (5, 9, 1)).astype("float32")


def bce(logits, targets):
    p = 1 / (1 + np.exp(-logits.astype("float64").reshape(-1)))
    return np.mean(-targets * np.log(p) - (1 - targets) * np.log(1 - p))


def test_cross_entropy_is_the_textbook_formula():
    targets = GENERATOR.random(9).astype("float32")
    for t in (0.0, 1.0, 0.9, targets):
        assert float(losses.cross_entropy(LOGITS[0], t)) == pytest.approx(bce(LOGITS[0], t), rel=1e-5)


def test_cross_entropy_stays_exact_where_a_sigmoid_saturates():
    x = np.array([[200.0], [-200.0]], "float32")
    assert float(losses.cross_entropy(x, 0.0)) == 100.0
    assert float(losses.cross_entropy(x, 1.0)) == 100.0


def test_cross_entropy_pairs_targets_with_their_examples():
    # A [batch] target against [batch, 1] logits must not broadcast to [batch, batch].
    x = np.array([[5.0], [-5.0]], "float32")
    assert float(losses.cross_entropy(x, np.array([1.0, 0.0], "float32"))) < 0.01


def test_discriminator_losses_weigh_the_pairs_as_published():
    real, wrong, fake, real_alone, fake_alone = LOGITS
    labels = GENERATOR.uniform(0.9, 1, 9).astype("float32")
    expected = bce(real, labels) + 0.5 * (bce(wrong, 0) + bce(fake, 0))
    assert float(losses.stage1_discriminator_loss(real, wrong, fake, labels)) == pytest.approx(
        expected, rel=1e-5
    )
    expected = (bce(real, labels) + bce(real_alone, labels)) / 2 + (
        bce(fake, 0) + bce(wrong, 0) + bce(fake_alone, 0)
    ) / 3
    found = losses.stage2_discriminator_loss(real, wrong, fake, real_alone, fake_alone, labels)
    assert float(found) == pytest.approx(expected, rel=1e-5)


def test_generator_loss_adds_the_unconditional_head():
    one, two = LOGITS[:2]
    assert float(losses.generator_loss(one)) == pytest.approx(bce(one, 1), rel=1e-5)
    assert float(losses.generator_loss(one, two)) == pytest.approx(bce(one, 1) + bce(two, 1), rel=1e-5)


def test_kl_divergence_is_that_of_two_gaussians():
    mean = GENERATOR.normal(size=(4, 3)).astype("float32")
    log_variance = GENERATOR.normal(size=(4, 3)).astype("float32")
    # By numerical integration of p·log(p/q) for each component.
    x = np.linspace(-30, 30, 200_001)
    total = []
    for m, v in zip(mean.ravel(), log_variance.ravel(), strict=True):
        log_p = -0.5 * ((x - m) ** 2 / np.exp(v) + v + np.log(2 * np.pi))
        log_q = -0.5 * (x**2 + np.log(2 * np.pi))
        total.append(np.trapezoid(np.exp(log_p) * (log_p - log_q), x))
    assert float(losses.kl_divergence(mean, log_variance)) == pytest.approx(np.mean(total), rel=1e-4)


def test_losses_of_bfloat16_logits_are_float32():
    x = keras.ops.cast(LOGITS[0], "bfloat16")
    assert keras.backend.standardize_dtype(losses.cross_entropy(x, 1.0).dtype) == "float32"
