import keras
import numpy as np
import pytest
from backends import assert_same, run_on_each

from stackgan_k3.adversarial.diff_augment import POLICIES, DiffAugment
from stackgan_k3.draws import draw_batch


def pictures(count=5, side=16):
    return np.random.default_rng(0).uniform(-1, 1, (count, side, side, 3)).astype("float32")


def changed(policy, image, **draws):
    batch = {f"augment_{name}": np.asarray(value, "float32") for name, value in draws.items()}
    return np.array(keras.ops.convert_to_numpy(DiffAugment(policy)(batch, image)))


def test_colours_follow_the_formulas():
    image = pictures()
    draws = np.random.default_rng(1).uniform(size=(5, 3)).astype("float32")
    expected = image + (draws[:, 0] - 0.5)[:, None, None, None]
    grey = expected.mean(axis=3, keepdims=True)
    expected = grey + (expected - grey) * 2 * draws[:, 1][:, None, None, None]
    mean = expected.mean(axis=(1, 2, 3), keepdims=True)
    expected = mean + (expected - mean) * (draws[:, 2] + 0.5)[:, None, None, None]
    np.testing.assert_allclose(changed(["color"], image, color=draws), expected, atol=1e-5)
    half = np.full((5, 3), 0.5)
    np.testing.assert_allclose(changed(["color"], image, color=half), image, atol=1e-6)


def test_translation_moves_whole_pixels_and_leaves_grey():
    image = pictures(side=16)  # an eighth: 2 pixels
    draws = np.array([[0.0, 0.5], [0.99, 0.5], [0.5, 0.0], [0.5, 0.5], [1.0, 1.0]], "float32")
    shifts = [(-2, 0), (2, 0), (0, -2), (0, 0), (2, 2)]
    moved = changed(["translation"], image, translation=draws)
    for picture, result, (down, right) in zip(image, moved, shifts, strict=True):
        expected = np.zeros_like(picture)
        for y in range(16):
            for x in range(16):
                if 0 <= y - down < 16 and 0 <= x - right < 16:
                    expected[y, x] = picture[y - down, x - right]
        np.testing.assert_array_equal(result, expected)


def test_cutout_greys_a_square_of_half_the_side():
    image = np.ones((3, 16, 16, 3), "float32")
    cut = changed(["cutout"], image, cutout=[[0.5, 0.5], [0.0, 0.0], [1.0, 0.5]])
    areas = [(picture == 0).all(axis=2).sum() for picture in cut]
    assert areas == [64, 16, 32]  # whole, a quarter at the corner, half at the edge
    assert (cut[0, 4:12, 4:12] == 0).all() and (cut[1, :4, :4] == 0).all()


def test_every_shift_and_place_comes_as_often():
    draws = draw_batch(DiffAugment(POLICIES).draws, seed=0, step=0, batch_size=4000)
    spot = np.zeros((4000, 16, 16, 1), "float32")
    spot[:, 8, 8] = 1
    moved = changed(["translation"], spot, translation=draws["augment_translation"])[..., 0]
    counts = moved.sum(axis=0)[6:11, 6:11]
    assert counts.sum() == 4000 and abs(counts - 160).max() < 60


def test_nothing_is_done_without_a_policy():
    image = pictures()
    assert DiffAugment()({}, image) is image and DiffAugment().draws == {}


def test_the_generator_learns_through_it_alike_on_every_backend():
    results = run_on_each(train)
    # The second step's losses hang on the gradients of the first.
    assert_same(results, atol=2e-4)
    plain, changed = (float(results["tensorflow"][name][0]) for name in ("plain 1", "changed 1"))
    assert abs(plain - changed) > 1e-3


def train(inputs):
    import keras
    import networks
    import numpy as np

    from stackgan_k3.adversarial.diff_augment import POLICIES

    results = {}
    for name, policy in (("plain", ()), ("changed", POLICIES)):
        stage = networks.stage1(augment=policy)
        stage.compile(keras.optimizers.SGD(1e-3), keras.optimizers.SGD(1e-3))
        for number in range(2):
            logs = stage.train_on_batch(networks.batch(stage, number), return_dict=True)
            results[f"{name} {number}"] = np.array([logs[key] for key in sorted(stage.log_names)], "float32")
    return results


@pytest.mark.parametrize(
    ("policy", "message"), [(["colour"], "did you mean 'color'"), (["cutout"] * 2, "twice")]
)
def test_a_policy_that_does_not_exist(policy, message):
    with pytest.raises(ValueError, match=message):
        DiffAugment(policy)
