import numpy as np
import pytest
import scipy.linalg
from sklearn.neighbors import NearestNeighbors

from stackgan_k3.metrics.diversity import class_diversity, diversity, mean_distance
from stackgan_k3.metrics.frechet_distance import frechet_distance, frechet_distance_of_gaussians
from stackgan_k3.metrics.inception_score import inception_score
from stackgan_k3.metrics.kernel_distance import kernel_distance
from stackgan_k3.metrics.manifold import manifold
from stackgan_k3.metrics.r_precision import most_candidates, r_precision


def normal(count, dim, seed, scale=1.0, shift=0.0):
    return np.random.default_rng(seed).normal(size=(count, dim)) * scale + shift


def reference(module, name):
    return getattr(pytest.importorskip(f"torchmetrics.image.{module}", reason="needs torchmetrics"), name)


def as_extractor(dim):
    torch = pytest.importorskip("torch")

    class Same(torch.nn.Module):
        num_features = dim

        def forward(self, x):
            return x

    return Same()


# torchmetrics warns that it keeps all features in memory.
quiet = pytest.mark.filterwarnings("ignore:Metric .* will save all extracted features:UserWarning")


# The Fréchet distance.


def test_gaussians_in_closed_form():
    random = np.random.default_rng(0)
    a, b = (m @ m.T + np.eye(6) for m in random.normal(size=(2, 6, 6)))
    means = random.normal(size=(2, 6))
    expected = ((means[0] - means[1]) ** 2).sum() + np.trace(a + b - 2 * scipy.linalg.sqrtm(a @ b).real)
    assert frechet_distance_of_gaussians(means[0], a, means[1], b) == pytest.approx(expected, rel=1e-9)
    # Diagonal covariances: the sum of (σ − τ)².
    s, t = random.uniform(0.1, 3, (2, 6))
    diagonal = frechet_distance_of_gaussians(means[0], np.diag(s**2), means[0], np.diag(t**2))
    assert diagonal == pytest.approx(((s - t) ** 2).sum(), rel=1e-9)


def test_the_frechet_distance_of_samples_approaches_that_of_their_gaussians():
    right = 4 * 0.5**2 + 4 * (1 - 2) ** 2
    off = [abs(frechet_distance(normal(n, 4, 1), normal(n, 4, 2, 2.0, 0.5)) - right) for n in (200, 20_000)]
    assert off[1] < 0.1 and off[1] < off[0]


def test_the_frechet_distance_agrees_with_torchmetrics():
    torch = pytest.importorskip("torch")
    real, drawn = normal(300, 8, 3), normal(200, 8, 4, 1.3, 0.2)
    theirs = reference("fid", "FrechetInceptionDistance")(feature=as_extractor(8)).set_dtype(torch.float64)
    theirs.update(torch.tensor(real), real=True)
    theirs.update(torch.tensor(drawn), real=False)
    assert frechet_distance(real, drawn) == pytest.approx(float(theirs.compute()), rel=1e-5)


def test_fewer_examples_than_features_still_have_a_distance():
    few, many = normal(10, 50, 5), normal(12, 50, 6)
    assert frechet_distance(few, few) == pytest.approx(0, abs=1e-6)
    assert np.isfinite(frechet_distance(few, many)) and frechet_distance(few, many) > 1


# The kernel distance.


@quiet
def test_the_kernel_distance_agrees_with_torchmetrics():
    torch = pytest.importorskip("torch")
    real, drawn = normal(200, 8, 7), normal(200, 8, 8, 1.2, 0.3)
    # One subset of everything: the same estimator on all of it.
    theirs = reference("kid", "KernelInceptionDistance")(feature=as_extractor(8), subsets=1, subset_size=200)
    theirs.set_dtype(torch.float64)
    theirs.update(torch.tensor(real), real=True)
    theirs.update(torch.tensor(drawn), real=False)
    from stackgan_k3.metrics.kernel_distance import _unbiased

    assert _unbiased(real, drawn) == pytest.approx(float(theirs.compute()[0]), rel=1e-5)


def test_the_kernel_distance_is_unbiased_and_its_interval_shrinks():
    values = [kernel_distance(normal(100, 4, 2 * k), normal(100, 4, 2 * k + 1)).value for k in range(60)]
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(60) and min(values) < 0
    errors = [kernel_distance(normal(n, 4, 1), normal(n, 4, 2, 1.5)).error for n in (200, 800, 3200)]
    assert errors[0] > errors[1] > errors[2] and errors[2] < errors[0] / 2.5
    low, high = kernel_distance(normal(3200, 4, 1), normal(3200, 4, 2, 1.5)).interval
    # In closed form, by the moments of Gaussians: E k(x, y) for x ~ N(0, s²), y ~ N(0, t²) in D
    # dimensions is 1 + 3·s²t²/D, since odd moments vanish.
    expected = (1 + 3 / 4) + (1 + 3 * 1.5**4 / 4) - 2 * (1 + 3 * 1.5**2 / 4)
    assert low < expected < high


# Precision, recall, density, coverage.


def test_neighbourhoods_agree_with_scikit_learn():
    real, drawn, k = normal(150, 5, 9), normal(120, 5, 10, 1.4), 3
    radii = [NearestNeighbors(n_neighbors=k + 1).fit(x).kneighbors(x)[0][:, k] for x in (real, drawn)]
    between = np.linalg.norm(real[:, None] - drawn[None], axis=2)
    found = manifold(real, drawn, k=k)
    assert found.precision == pytest.approx((between <= radii[0][:, None]).any(axis=0).mean())
    assert found.recall == pytest.approx((between <= radii[1][None]).any(axis=1).mean())
    assert found.density == pytest.approx((between <= radii[0][:, None]).sum() / (k * 120))
    assert found.coverage == pytest.approx((between.min(axis=1) <= radii[0]).mean())


def test_precision_and_recall_tell_a_narrow_set_from_a_wild_one():
    real = normal(400, 3, 11)
    narrow, wild = manifold(real, normal(400, 3, 12, 0.3)), manifold(real, normal(400, 3, 13, 4.0))
    assert narrow.precision > 0.95 and narrow.recall < 0.6
    assert wild.precision < 0.5 and wild.recall > 0.9
    same = manifold(real, normal(400, 3, 14))
    assert min(same.precision, same.recall, same.coverage) > 0.8 and same.density == pytest.approx(
        1, abs=0.15
    )


# The others.


def test_the_inception_score_of_the_sure_the_unsure_and_the_same():
    sure = np.eye(5)[np.arange(500) % 5]
    assert inception_score(sure, splits=1).value == pytest.approx(5)
    assert inception_score(np.full((500, 5), 0.2)).value == pytest.approx(1)
    assert inception_score(np.eye(5)[np.zeros(500, int)]).value == pytest.approx(1)


@quiet
@pytest.mark.filterwarnings("ignore:std..:UserWarning")  # of its one split
def test_the_inception_score_agrees_with_torchmetrics():
    torch = pytest.importorskip("torch")
    logits = normal(300, 6, 15, 2.0)
    theirs = reference("inception", "InceptionScore")(feature=as_extractor(6), splits=1)
    theirs.set_dtype(torch.float64)
    theirs.update(torch.tensor(logits))
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert inception_score(p, splits=1).value == pytest.approx(float(theirs.compute()[0]), rel=1e-5)


def test_r_precision_by_knowledge_and_by_chance():
    vectors = normal(1000, 24, 16)
    assert r_precision(vectors, vectors) == 1.0
    assert r_precision(vectors, vectors + normal(1000, 24, 17, 0.5)) > 0.95
    chance = r_precision(vectors, normal(1000, 24, 18))
    assert abs(chance - 0.01) < 0.012
    assert abs(r_precision(vectors, normal(1000, 24, 18), candidates=4) - 0.25) < 0.05


def test_captions_that_mean_the_same_are_no_rivals():
    vectors = np.repeat(normal(150, 12, 19), 2, axis=0)
    groups = np.repeat(np.arange(150), 2)
    assert r_precision(vectors, vectors, groups=groups) == 1.0
    # Without groups the twin ties with a picture's own caption wherever it is drawn: 99 times in 299.
    assert r_precision(vectors, vectors) == pytest.approx(1 - 99 / 299, abs=0.08)
    # Embeddings that are all alike fit nothing better than anything else.
    assert r_precision(vectors, np.repeat(normal(1, 12, 20), 300, axis=0)) == 0.0
    # Of two kinds of groups, those of either are left out.
    halves = np.stack(
        [np.where(groups < 75, groups, 1000 + np.arange(300)), np.where(groups < 75, 0, groups)]
    )
    assert most_candidates(halves) == 151 and most_candidates(groups) == 299
    assert r_precision(vectors, vectors, groups=halves) == 1.0
    assert most_candidates(np.zeros(5)) == 1


def test_diversity_is_none_for_one_picture_and_one_for_the_real():
    real = normal(300, 6, 20)
    assert diversity(real.reshape(30, 10, 6), real) == pytest.approx(1, abs=0.05)
    near = real[:30, None] + 0.1 * normal(300, 6, 21).reshape(30, 10, 6)
    assert diversity(near, real) == pytest.approx(0.1, abs=0.02)
    for n in (2, 40, 300):
        assert mean_distance(real[:n]) == pytest.approx(scipy.spatial.distance.pdist(real[:n]).mean())
    far = 1e4 + 1e-3 * real  # what is large and alike leaves the differences their digits
    assert mean_distance(far) == pytest.approx(scipy.spatial.distance.pdist(far).mean(), rel=1e-5)
    assert mean_distance(np.repeat(real[:2], 20, axis=0)) == pytest.approx(
        scipy.spatial.distance.pdist(np.repeat(real[:2], 20, axis=0)).mean()
    )


def test_classes_differ_by_what_they_leave_open():
    rng = np.random.default_rng(0)
    classes = np.repeat(np.arange(20), 30)
    open_part, fixed = rng.normal(size=(600, 8)), rng.normal(size=(20, 8))[classes]
    assert class_diversity(open_part, classes) == pytest.approx(1, abs=0.02)
    # Two independent halves of the variance: the distance within a class is √½ of that of any two.
    both = np.concatenate([open_part, fixed], axis=1)
    assert class_diversity(both, classes) == pytest.approx(0.5**0.5, abs=0.03)
    assert class_diversity(fixed, classes) == 0
    # A class of one picture has no pair, and classes count as their pictures.
    features = np.array([[0.0], [2], [5], [6], [7], [99]])
    within = class_diversity(features, np.array([0, 0, 1, 1, 1, 2])) * mean_distance(features)
    assert within == pytest.approx((2 * 2 + 3 * 4 / 3) / 5)
    assert class_diversity(open_part[:3], np.arange(3)) is None


def blurred(pictures, sigma):
    from scipy.ndimage import gaussian_filter

    return gaussian_filter(pictures, (0, sigma, sigma, 0))


def test_distances_are_nothing_to_itself_and_grow_with_blur_and_noise():
    random = np.random.default_rng(22)
    pictures = random.uniform(size=(400, 8, 8, 3))
    project = random.normal(size=(192, 12)) / np.sqrt(192)

    def features(x):
        return np.maximum(x.reshape(len(x), -1) @ project, -0.2)

    real = features(pictures)
    assert frechet_distance(real, real) < 1e-8
    itself = kernel_distance(real, real).value
    for change in (lambda by: blurred(pictures, by),
                   lambda by: pictures + by * random.normal(size=pictures.shape)):  # fmt: skip
        drawn = [features(change(by)) for by in (0.3, 0.6, 1.2)]
        for distance in (frechet_distance, lambda a, b: kernel_distance(a, b).value):
            values = [distance(real, each) for each in drawn]
            assert values[0] < values[1] < values[2], values
        # A picture meets itself in one of some hundred pairs, which the unbiased estimate does not expect.
        assert abs(itself) < 0.1 * kernel_distance(real, drawn[2]).value


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: frechet_distance(np.ones((5, 3)), np.ones((5, 4))), "3 features an example and another 4"),
        (lambda: frechet_distance(np.ones((1, 3)), np.ones((5, 3))), "has 1 examples; at least 2"),
        (lambda: frechet_distance(np.full((5, 3), np.nan), np.ones((5, 3))), "not finite"),
        (lambda: frechet_distance(np.ones(5), np.ones(5)), "must be .examples, features."),
        (lambda: kernel_distance(np.ones((5, 3)), np.ones((5, 3))), "at least 20 are needed"),
        (lambda: manifold(np.ones((5, 3)), np.ones((5, 3))), "at least 6"),
        (lambda: inception_score(np.ones((5, 3))), "summing to 1"),
        (lambda: r_precision(np.ones((99, 3)), np.ones((99, 3))), "at least 100"),
        (lambda: diversity(np.ones((5, 1, 3)), np.ones((5, 3))), "at least two pictures"),
        (lambda: diversity(np.ones((5, 2, 3)), np.ones((5, 3))), "diversity means nothing"),
        (lambda: class_diversity(np.ones((5, 3)), np.zeros(5, int)), "diversity means nothing"),
        (lambda: class_diversity(np.ones((5, 3)), np.zeros(4, int)), "5 pictures come with classes"),
    ],
)
def test_what_cannot_be_measured_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
