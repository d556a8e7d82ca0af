"""The text encoder: the published shape, calibration, export."""

import keras
import numpy as np
import pytest
from keras import ops

from stackgan_k3.bundle.alphabet import encode
from stackgan_k3.errors import UserError
from stackgan_k3.text.char_cnn_rnn import CharCNNRNN

CAPTIONS = [
    "a red bird with black wings",
    "",
    "x" * 300,
    "this small bird has a yellow crown and a grey belly.",
]


def filled(encoder, seed=0):
    """Gives an encoder weights that do not depend on the backend."""
    rng = np.random.default_rng(seed)
    encoder.set_weights([rng.standard_normal(w.shape) * 0.2 for w in encoder.get_weights()])
    return encoder


def test_published_size():
    encoder = CharCNNRNN()
    assert encoder.output_shape == (None, 1024)
    steps = encoder.get_layer("recurrent").output.shape
    assert steps == (None, 8, 512)
    convolutions = 4 * 70 * 384 + 384 + 4 * 384 * 512 + 512 + 4 * 512 * 512 + 512
    recurrent = 4 * (512 * 512 + 512 * 512 + 512)
    assert encoder.count_params() == convolutions + recurrent + 512 * 1024 + 1024


def test_no_symbol_is_a_row_of_zeros():
    # with zero biases in the first layer, "no symbol" must contribute nothing there
    encoder = CharCNNRNN(width=6, embedding_dim=8)
    first = keras.Model(encoder.input, encoder.get_layer("conv1").output)
    assert not ops.convert_to_numpy(first(np.zeros((1, 201), "int32"))).any()
    assert ops.convert_to_numpy(first(np.full((1, 201), 70, "int32"))).any()


def test_every_symbol_is_told_apart():
    encoder = filled(CharCNNRNN(width=24, embedding_dim=8))
    characters = np.repeat(np.arange(71, dtype="int32")[:, None], 201, axis=1)
    embedding = ops.convert_to_numpy(encoder(characters))
    assert len(np.unique(embedding.round(5), axis=0)) == 71


def test_config_and_weights_round_trip(tmp_path):
    encoder = CharCNNRNN(width=6, embedding_dim=8, name="words")
    assert encoder.get_config() == {"width": 6, "embedding_dim": 8, "name": "words"}
    encoder.save(tmp_path / "encoder.keras")
    again = keras.saving.load_model(tmp_path / "encoder.keras")
    assert isinstance(again, CharCNNRNN) and again.get_config() == encoder.get_config()
    characters = encode(CAPTIONS)
    np.testing.assert_array_equal(
        ops.convert_to_numpy(again(characters)), ops.convert_to_numpy(encoder(characters))
    )


@pytest.mark.parametrize("sizes", [{"width": 0}, {"embedding_dim": -1}])
def test_sizes_below_one_are_refused(sizes):
    with pytest.raises(UserError, match="text encoder"):
        CharCNNRNN(**{"width": 6, "embedding_dim": 8, **sizes})


def test_calibration_gives_mean_zero_and_unit_scale_and_keeps_the_geometry():
    encoder = CharCNNRNN(width=6, embedding_dim=8)
    rng = np.random.default_rng(0)
    characters = rng.integers(0, 71, (50, 201)).astype("int32")
    before = ops.convert_to_numpy(encoder(characters))
    encoder.calibrate(characters, batch_size=16)
    after = ops.convert_to_numpy(encoder(characters))
    np.testing.assert_allclose(after.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(np.sqrt((after**2).mean()), 1, rtol=1e-4)
    centred = before - before.mean(axis=0)
    np.testing.assert_allclose(after, centred / np.sqrt((centred**2).mean()), atol=2e-3)


def test_calibration_that_only_scales_keeps_the_cosines():
    encoder = filled(CharCNNRNN(width=6, embedding_dim=8))
    characters = np.random.default_rng(0).integers(0, 71, (50, 201)).astype("int32")
    before = ops.convert_to_numpy(encoder(characters))
    encoder.calibrate(characters, center=False)
    after = ops.convert_to_numpy(encoder(characters))
    np.testing.assert_allclose(after, before / np.sqrt((before**2).mean()), atol=2e-3)


def test_calibration_needs_captions_that_differ():
    with pytest.raises(UserError, match="differ"):
        CharCNNRNN(width=6, embedding_dim=8).calibrate(encode(["a bird", "a bird"]))


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="export runs under TensorFlow")
def test_onnx_export_is_exact_for_any_batch():
    onnx = pytest.importorskip("onnx")
    tf2onnx = pytest.importorskip("tf2onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    import tensorflow as tf

    encoder = filled(CharCNNRNN(width=12, embedding_dim=24))
    call = tf.function(
        lambda characters: {"embedding": encoder(characters)},
        input_signature=[tf.TensorSpec((None, 201), tf.int32, name="characters")],
    )
    model, _ = tf2onnx.convert.from_function(call, input_signature=call.input_signature, opset=18)
    onnx.checker.check_model(model)
    assert not {node.op_type for node in model.graph.node} & {"Loop", "Scan", "If"}
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    for captions in (CAPTIONS, CAPTIONS[:1]):
        characters = encode(captions)
        (embedding,) = session.run(None, {session.get_inputs()[0].name: characters})
        np.testing.assert_allclose(embedding, encoder(characters).numpy(), atol=1e-5)
