import numpy as np
from PIL import Image

from stackgan_k3.training.callbacks.encoding_sampler import EncodingSampler

RANDOM = np.random.default_rng(0)


class Negative:
    """A model whose latents are the pictures, and which decodes them as their negatives."""

    stop_training = False

    def jax_state_sync(self):
        """Does nothing: Keras asks a model for it on JAX before a callback sees the model."""

    def encode(self, images):
        return images.reshape(len(images), -1).astype("float32"), None

    def decode(self, latents):
        return 255 - np.round(latents).astype("uint8").reshape(-1, 28, 28, 3)


def sampled(tmp_path, images, **settings):
    sampler = EncodingSampler(tmp_path, images, **settings)
    sampler.set_model(Negative())
    sampler.on_epoch_end(2)
    return {path.name: np.asarray(Image.open(path)) for path in tmp_path.iterdir()}


def test_real_pictures_stand_above_what_became_of_them(tmp_path):
    images = RANDOM.integers(0, 256, (5, 28, 28, 3)).astype("uint8")
    sheet = sampled(tmp_path, images, columns=3)["reconstructions-0003.png"]
    assert sheet.shape == (4 * 30 - 2, 3 * 30 - 2, 3)
    for number, image in enumerate(images):
        y, x = (number // 3) * 60, (number % 3) * 30
        assert (sheet[y : y + 28, x : x + 28] == image).all()
        assert (sheet[y + 30 : y + 58, x : x + 28] == 255 - image).all()
    assert (sheet[60:88, 60:] == 255).all()  # nothing is left for the last place


def test_a_walk_goes_in_equal_steps_from_one_picture_to_another(tmp_path):
    images = np.stack([np.full((28, 28, 3), value, "uint8") for value in (0, 80, 200, 40, 7)])
    walk = sampled(tmp_path, images, columns=5)["walk-0003.png"]
    assert walk.shape == (2 * 30 - 2, 5 * 30 - 2, 3)
    assert walk[5, 5::30, 0].tolist() == [255, 235, 215, 195, 175]
    assert walk[35, 5::30, 0].tolist() == [55, 95, 135, 175, 215]


def test_nothing_is_drawn_of_an_epoch_that_was_stopped_in_its_middle(tmp_path):
    sampler = EncodingSampler(tmp_path, np.zeros((2, 28, 28, 3), "uint8"))
    model = Negative()
    model.stop_training = True
    sampler.set_model(model)
    sampler.on_epoch_end(0)
    assert list(tmp_path.iterdir()) == []
