import keras
import numpy as np
import pytest

from stackgan_k3 import engine
from stackgan_k3.layers.upsample_convolution import UpsampleConvolution


def by_definition(pictures, kernel):
    doubled = np.repeat(np.repeat(pictures, 2, axis=1), 2, axis=2)
    height, width = doubled.shape[1:3]
    padded = np.pad(doubled, ((0, 0), (1, 1), (1, 1), (0, 0)))
    return sum(
        padded[:, a : a + height, b : b + width] @ kernel[a, b] for a in range(3) for b in range(3)
    )  # [batch, height, width, filters]


@pytest.mark.parametrize("form", ["plain", "phases", "transposed"])
@pytest.mark.parametrize("shape", [(2, 4, 4, 6), (1, 3, 5, 1)])
def test_every_form_is_repeating_pixels_and_convolving(form, shape):
    random = np.random.default_rng(0)
    pictures = random.normal(size=shape).astype("float32")
    kernel = random.normal(size=(3, 3, shape[-1], 5)).astype("float32")
    layer = UpsampleConvolution(5)
    layer.build(shape)
    layer.kernel.assign(kernel)
    with engine.using_upsampling_form(form):
        got = keras.ops.convert_to_numpy(layer(pictures))
    np.testing.assert_allclose(got, by_definition(pictures, kernel), atol=2e-5)
