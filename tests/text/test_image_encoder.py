"""The image encoder: what it sees, round trip."""

import keras
import numpy as np
import pytest
from keras import ops

from stackgan_k3.errors import UserError
from stackgan_k3.text.image_encoder import KINDS, ImageEncoder


@pytest.mark.parametrize("kind", KINDS)
def test_it_sees_where_a_colour_is(kind):
    encoder = ImageEncoder(width=4, embedding_dim=8, kind=kind)
    image = np.zeros((2, 64, 64, 3), "float32")
    image[0, :32, :, 0] = 1
    image[1, 32:, :, 0] = 1
    embedding = ops.convert_to_numpy(encoder(image))
    assert np.abs(embedding[0] - embedding[1]).max() > 1e-3


@pytest.mark.parametrize(("kind", "norm_layers"), [("strided", 4), ("residual", 1 + 4 * 3)])
def test_config_round_trip(tmp_path, kind, norm_layers):
    encoder = ImageEncoder(width=4, embedding_dim=8, kind=kind)
    norms = [layer for layer in encoder.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert len(norms) == norm_layers and {(norm.momentum, norm.epsilon) for norm in norms} == {(0.9, 1e-5)}
    encoder.save(tmp_path / "encoder.keras")
    again = keras.saving.load_model(tmp_path / "encoder.keras")
    assert isinstance(again, ImageEncoder) and again.get_config() == encoder.get_config()
    image = np.random.default_rng(2).uniform(-1, 1, (1, 64, 64, 3)).astype("float32")
    np.testing.assert_array_equal(ops.convert_to_numpy(again(image)), ops.convert_to_numpy(encoder(image)))


def test_sizes_below_one_are_refused():
    with pytest.raises(UserError, match="embedding_dim of the image encoder is 0"):
        ImageEncoder(width=4, embedding_dim=0)


def test_a_kind_there_is_not():
    with pytest.raises(UserError, match=r"kind of image encoder 'residul'.*residual"):
        ImageEncoder(width=4, embedding_dim=8, kind="residul")
