import numpy as np
import pytest

from stackgan_k3.bundle.interpolation import both_ends, check_ends, fractions, spherical, straight
from stackgan_k3.bundle.noise import normal
from stackgan_k3.errors import UserError


def test_the_circle_against_the_rotation_in_its_plane():
    """Independent of the formula: Gram and Schmidt's basis of the plane, and a rotation in it."""
    a, b = normal(1, 0, 50).astype(float), normal(2, 0, 50).astype(float)
    b *= np.linalg.norm(a) / np.linalg.norm(b)
    x = a / np.linalg.norm(a)
    y = b - (b @ x) * x
    y /= np.linalg.norm(y)
    angle = np.arctan2(b @ y, b @ x)
    turned = [
        np.linalg.norm(a) * (np.cos(t * angle) * x + np.sin(t * angle) * y)
        for t in (0, 0.2, 0.4, 0.6, 0.8, 1)
    ]
    np.testing.assert_allclose(spherical(a, b, 6), turned, atol=1e-6)


def test_noise_keeps_its_length_on_the_circle_and_loses_it_on_the_line():
    a, b = normal(1, 0, 356), normal(2, 0, 356)
    ends = np.linalg.norm([a, b], axis=1)
    lengths = np.linalg.norm(spherical(a, b, 9), axis=1)
    assert lengths.min() > 0.97 * ends.min() and lengths.max() < 1.03 * ends.max()
    assert np.linalg.norm(straight(a, b, 3)[1]) < 0.8 * ends.min()


@pytest.mark.parametrize("way", [spherical, straight])
def test_both_ends_are_exact(way):
    a, b = normal(1, 0, 33), normal(2, 0, 33)
    points = way(a, b, 4)
    assert points.dtype == np.float32 and points.shape == (4, 33)
    assert (points[0] == a).all() and (points[-1] == b).all()


@pytest.mark.parametrize("factor", [1.0, 2.0, 0.0])
def test_parallel_vectors_go_straight(factor):
    a = normal(1, 0, 8)
    np.testing.assert_allclose(
        spherical(a, factor * a, 5), [(1 + t * (factor - 1)) * a for t in (0, 0.25, 0.5, 0.75, 1)], atol=1e-6
    )


def test_one_number_has_no_circle():
    assert spherical(np.array([1.0]), np.array([3.0]), 3).tolist() == [[1], [2], [3]]
    assert np.isfinite(spherical(np.array([1.0]), np.array([-2.0]), 5)).all()


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (1, "steps is 1"),
        (-3, "steps is -3"),
        (2.0, "must be an integer"),
        (True, "must be an integer"),
    ],
)
def test_bad_steps(steps, message):
    with pytest.raises(UserError, match=message):
        fractions(steps)


@pytest.mark.parametrize(
    ("condition", "start", "end", "seed_b", "message"),
    [
        ("characters", "a", None, None, "a second caption, or a second seed"),
        ("characters", "a", "a", 0, "both ends are the same"),
        ("characters", "a red bird", " A red  bird", None, "both ends are the same"),
        ("characters", ["a", "b"], None, 3, "each as a string"),
        ("embedding", np.ones(3), np.ones(3), None, "both ends are the same"),
        ("label", "one", "two", 3, "nothing between two classes"),
        ("label", "one", None, None, "give two seeds"),
        ("none", None, "a bird", 3, "noise alone"),
        ("none", None, None, None, "give two seeds"),
    ],
)
def test_ends_with_nothing_between(condition, start, end, seed_b, message):
    with pytest.raises(UserError, match=message):
        check_ends(condition, start, end, 0, seed_b)


@pytest.mark.parametrize(
    ("condition", "start", "end", "seed_b"),
    [
        ("characters", "a", "b", None),
        ("characters", "a", None, 3),
        ("none", None, None, 3),
        ("label", 3, None, 1),
        ("embedding", np.zeros(3), np.ones(3), None),
    ],
)
def test_ends_with_something_between(condition, start, end, seed_b):
    check_ends(condition, start, end, 0, seed_b)


def test_two_embeddings_become_two_rows():
    assert both_ends(np.zeros((1, 3)), np.ones(3)).tolist() == [[0, 0, 0], [1, 1, 1]]
    assert both_ends(None, None) is None
    for bad in (np.zeros((2, 3)), np.zeros(4)):
        with pytest.raises(UserError, match=r"one embedding|different sizes"):
            both_ends(np.zeros(3), bad)
