import keras
import numpy as np
import pytest
from PIL import Image

from stackgan_k3.layers.kernel_upsampling import KernelUpsampling, cubic, upsample

PILLOW = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


def numpy(tensor):
    return np.array(keras.ops.convert_to_numpy(tensor))


def by_pillow(maps, kind):
    """Doubles float32 [batch, height, width, channels], each channel as a picture of 32-bit floats."""
    batch, height, width, channels = maps.shape
    doubled = np.empty((batch, 2 * height, 2 * width, channels), np.float32)
    for b in range(batch):
        for c in range(channels):
            picture = Image.fromarray(maps[b, :, :, c])
            doubled[b, :, :, c] = np.array(picture.resize((2 * width, 2 * height), PILLOW[kind]))
    return doubled


@pytest.mark.parametrize("kind", PILLOW)
@pytest.mark.parametrize("shape", [(2, 4, 4, 3), (1, 7, 3, 2), (1, 1, 2, 1), (1, 16, 16, 1)])
def test_it_doubles_as_pillow_does(kind, shape):
    maps = np.random.default_rng(0).normal(size=shape).astype("float32")
    np.testing.assert_allclose(numpy(KernelUpsampling(kind)(maps)), by_pillow(maps, kind), atol=1e-6)


@pytest.mark.parametrize("kind", PILLOW)
def test_a_flat_picture_stays_flat_up_to_its_edges(kind):
    doubled = numpy(KernelUpsampling(kind)(np.full((1, 5, 4, 2), 0.7, "float32")))
    np.testing.assert_allclose(doubled, 0.7, rtol=1e-6)


def test_bicubic_reproduces_a_parabola_and_bilinear_does_not():
    x = np.arange(12.0)
    at = (np.arange(24) + 0.5) / 2 - 0.5  # where the output pixels lie
    line = ((x - 5) ** 2).reshape(1, 1, 12, 1).repeat(4, axis=1).astype("float32")
    inside = slice(4, -4)
    bicubic = numpy(KernelUpsampling("bicubic")(line))[0, 2, inside, 0]
    bilinear = numpy(KernelUpsampling("bilinear")(line))[0, 2, inside, 0]
    np.testing.assert_allclose(bicubic, (at[inside] - 5) ** 2, atol=1e-4)
    assert abs(bilinear - (at[inside] - 5) ** 2).max() > 0.1


def test_the_cubic_kernel_is_an_interpolation():
    assert [cubic(k) for k in (0, 1, 2, 3)] == [1, 0, 0, 0]
    for place in (0.0, 0.25, 0.8):
        assert sum(cubic(place - k) for k in range(-2, 4)) == pytest.approx(1)


@pytest.mark.parametrize("kind", ["nearest", "bilinear", "bicubic"])
def test_upsampling_is_doubling_and_then_a_convolution_with_one_kernel(kind):
    inputs = keras.Input((4, 6, 3))
    model = keras.Model(inputs, upsample(inputs, 5, kind))
    (kernel,) = model.get_weights()
    assert kernel.shape == (3, 3, 3, 5)
    kernel = np.random.default_rng(1).normal(size=kernel.shape).astype("float32")
    model.set_weights([kernel])
    maps = np.random.default_rng(2).normal(size=(2, 4, 6, 3)).astype("float32")
    doubled = maps.repeat(2, axis=1).repeat(2, axis=2) if kind == "nearest" else by_pillow(maps, kind)
    padded = np.pad(doubled, ((0, 0), (1, 1), (1, 1), (0, 0)))
    right = sum(padded[:, a : a + 8, b : b + 12] @ kernel[a, b] for a in range(3) for b in range(3))
    np.testing.assert_allclose(numpy(model(maps)), right, atol=2e-5)


def test_other_kinds_are_refused():
    with pytest.raises(ValueError, match="did you mean 'bicubic'"):
        KernelUpsampling("bicubik")
    with pytest.raises(ValueError, match="did you mean 'nearest'"):
        upsample(keras.Input((4, 4, 3)), 8, "neares")
    assert KernelUpsampling.from_config(KernelUpsampling("bilinear").get_config()).kind == "bilinear"
