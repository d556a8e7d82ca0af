"""The objective of the joint embedding against a slow loop."""

import keras
import numpy as np
import pytest
from keras import ops

from stackgan_k3.text.losses import symmetric_structured_joint_embedding


def slow_structured(image, text, label, margin):
    count, total = len(label), 0.0
    for i in range(count):
        for j in range(count):
            if label[i] == label[j]:
                continue
            own = float(image[i] @ text[i])
            total += max(0.0, margin - own + float(image[i] @ text[j]))
            total += max(0.0, margin - own + float(image[j] @ text[i]))
    return total / count**2


@pytest.mark.parametrize("margin", [0.3, 1.0, 4.0])
def test_structured_equals_the_double_loop(margin):
    rng = np.random.default_rng(0)
    image, text = rng.standard_normal((2, 9, 5))
    label = rng.integers(0, 4, 9)
    loss = symmetric_structured_joint_embedding(
        image.astype("float32"), text.astype("float32"), label.astype("int32"), margin
    )
    assert keras.backend.standardize_dtype(loss.dtype) == "float32"
    np.testing.assert_allclose(
        ops.convert_to_numpy(loss), slow_structured(image, text, label, margin), rtol=2e-6
    )


def test_structured_is_zero_when_pairs_win_by_the_margin_and_not_when_swapped():
    own = 2 * np.eye(3, dtype="float32")
    label = np.arange(3, dtype="int32")
    assert float(symmetric_structured_joint_embedding(own, own, label, 4.0)) == 0.0
    assert float(symmetric_structured_joint_embedding(own, own, label, 4.5)) == pytest.approx(2 * 6 / 9 * 0.5)
    assert float(symmetric_structured_joint_embedding(own, own[::-1].copy(), label)) > 1.0


def test_pairs_of_one_class_are_no_negatives():
    rng = np.random.default_rng(1)
    image, text = rng.standard_normal((2, 6, 4)).astype("float32")
    assert float(symmetric_structured_joint_embedding(image, text, np.full(6, 3, "int32"), 5.0)) == 0.0


def test_without_classes_every_other_pair_is_a_negative():
    rng = np.random.default_rng(2)
    image, text = rng.standard_normal((2, 5, 4)).astype("float32")
    loss = float(symmetric_structured_joint_embedding(image, text, None, 2.0))
    assert loss == pytest.approx(slow_structured(image, text, np.arange(5), 2.0), rel=2e-6)
    assert loss > 0.0


def test_each_direction_counts():
    # picture 0 fits both captions alike, and caption 1 both pictures: one violated hinge each way
    image = np.array([[1.0, 1.0], [0.0, 3.0]], "float32")
    text = np.array([[1.0, 0.0], [0.0, 1.0]], "float32")
    # s = [[1, 1], [0, 3]]: picture 0 -> margin 1; caption 1 against picture 0: 1 - 3 + 1 < 0
    assert float(symmetric_structured_joint_embedding(image, text, np.arange(2))) == pytest.approx(0.25)
    assert float(symmetric_structured_joint_embedding(text, image, np.arange(2))) == pytest.approx(0.25)


def test_half_precision_embeddings_are_compared_in_float32():
    rng = np.random.default_rng(2)
    image, text = rng.standard_normal((2, 4, 64)).astype("float16")
    label = np.arange(4, dtype="int32")
    loss = float(symmetric_structured_joint_embedding(image, text, label))
    expected = slow_structured(image.astype("float64"), text.astype("float64"), label, 1.0)
    np.testing.assert_allclose(loss, expected, rtol=2e-6)
