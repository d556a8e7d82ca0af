import keras
import numpy as np

from stackgan_k3.adversarial.losses import kl_divergence
from stackgan_k3.adversarial.mixture_kl import component_kl, mixture_kl_divergence


def numpy(tensor):
    return np.array(keras.ops.convert_to_numpy(tensor))


def some(batch=3, components=3, units=2, seed=0):
    random = np.random.default_rng(seed)
    means = random.normal(0, 1.5, (batch, components, units)).astype("float32")
    log_variances = random.normal(0, 0.7, (batch, components, units)).astype("float32")
    weights = random.dirichlet(np.ones(components), batch).astype("float32")
    return means, log_variances, weights


def log_normal(x, mean, log_variance):
    """Log density of a diagonal Gaussian, summed over the last axis."""
    return -0.5 * (np.log(2 * np.pi) + log_variance + (x - mean) ** 2 / np.exp(log_variance)).sum(axis=-1)


def test_each_term_is_the_divergence_of_its_component():
    means, log_variances, _ = some()
    random = np.random.default_rng(1)
    noise = random.normal(size=(400_000, 2))
    for b, k in ((0, 0), (1, 2)):
        m, v = means[b, k].astype("float64"), log_variances[b, k].astype("float64")
        x = m + noise * np.exp(v / 2)
        sampled = (log_normal(x, m, v) - log_normal(x, 0.0, np.zeros(2))).mean()
        # The sum over components, by sampling; here it is the mean over them.
        np.testing.assert_allclose(numpy(component_kl(means, log_variances))[b, k], sampled / 2, rtol=0.02)


def test_the_whole_is_the_weighted_sum_of_the_terms():
    means, log_variances, weights = some()
    variance = np.exp(log_variances.astype("float64"))
    terms = 0.5 * (means**2 + variance - 1 - log_variances).mean(axis=2)
    right = (weights * terms).sum(axis=1).mean()
    np.testing.assert_allclose(float(mixture_kl_divergence(means, log_variances, weights)), right, rtol=1e-5)


def test_one_component_is_the_published_term():
    means, log_variances, _ = some(components=1)
    weights = np.ones((3, 1), "float32")
    one = float(mixture_kl_divergence(means, log_variances, weights))
    np.testing.assert_allclose(one, float(kl_divergence(means[:, 0], log_variances[:, 0])), rtol=1e-6)


def test_it_bounds_the_divergence_of_the_mixture():
    means, log_variances, weights = some(batch=1, seed=2)
    random = np.random.default_rng(3)
    k = random.choice(3, 200_000, p=weights[0].astype("float64") / weights[0].sum(dtype="float64"))
    x = means[0, k] + random.normal(size=(200_000, 2)) * np.exp(log_variances[0, k] / 2)
    each = np.stack(
        [log_normal(x, means[0, j], log_variances[0, j]) + np.log(weights[0, j]) for j in range(3)]
    )
    mixture = np.log(np.exp(each).sum(axis=0))
    divergence = (mixture - log_normal(x, 0.0, np.zeros(2))).mean() / 2
    bound = float(mixture_kl_divergence(means, log_variances, weights))
    assert 0 < divergence < bound - 0.05


def test_at_the_prior_it_is_zero():
    zero = np.zeros((2, 3, 4), "float32")
    assert float(mixture_kl_divergence(zero, zero, np.full((2, 3), 1 / 3, "float32"))) == 0.0
