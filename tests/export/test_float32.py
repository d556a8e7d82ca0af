import keras
import numpy as np
import pytest
from stackgan_k3.export.float32 import float32_policy, fold, rebuild

from stackgan_k3 import engine
from stackgan_k3.models.stage1_generator import Stage1Generator


def inputs_of(network, count=2):
    random = np.random.default_rng(1)
    return {
        name: random.normal(0, 1, (count, *tensor.shape[1:])).astype("float32")
        for name, tensor in network.input.items()
    }


@pytest.mark.parametrize("stage", [0, 1])
def test_a_folded_generator_is_the_same_function_without_batch_norms(networks, stage):
    network = networks.generators[stage]
    batch = inputs_of(network)
    with engine.using_upsampling_form("plain"):
        right = network(batch, training=False)["image"]
    folded = fold(rebuild(network))
    assert not [layer for layer in folded.layers if isinstance(layer, keras.layers.BatchNormalization)]
    got = folded(batch, training=False)["image"]
    assert float(np.std(right)) > 0.2  # a picture, not grey
    np.testing.assert_allclose(got, right, atol=2e-5)


def test_folding_leaves_the_network_as_it_was(networks):
    before = [value.copy() for value in networks.generators[0].get_weights()]
    fold(rebuild(networks.generators[0]))
    for left, right in zip(before, networks.generators[0].get_weights(), strict=True):
        np.testing.assert_array_equal(left, right)


def test_a_layer_that_others_read_too_keeps_its_batch_norm():
    inputs = keras.Input((4, 4, 3))
    x = keras.layers.Conv2D(2, 3, padding="same")(inputs)
    model = keras.Model(inputs, keras.layers.BatchNormalization()(x) + x)
    model.layers[2].set_weights([np.full(2, value, "float32") for value in (2, 3, 0.5, 4)])
    batch = np.random.default_rng(0).normal(size=(2, 4, 4, 3)).astype("float32")
    right = np.array(model(batch))
    folded = fold(rebuild_plain(model))
    assert any(isinstance(layer, keras.layers.BatchNormalization) for layer in folded.layers)
    np.testing.assert_allclose(folded(batch), right, atol=1e-5)


def rebuild_plain(model):
    twin = keras.models.clone_model(model)
    twin.set_weights(model.get_weights())
    return twin


def test_a_convolution_with_bias_takes_up_a_batch_norm_without_scale():
    inputs = keras.Input((4, 4, 3))
    x = keras.layers.Conv2D(2, 3)(inputs)
    model = keras.Model(inputs, keras.layers.BatchNormalization(scale=False, center=False)(x))
    model.layers[1].bias.assign([0.3, -0.7])
    model.layers[2].set_weights([np.array([0.5, 0.1], "float32"), np.array([4, 0.2], "float32")])
    batch = np.random.default_rng(0).normal(size=(2, 4, 4, 3)).astype("float32")
    right = np.array(model(batch))
    folded = fold(model)
    assert [type(layer).__name__ for layer in folded.layers] == ["InputLayer", "Conv2D"]
    np.testing.assert_allclose(folded(batch), right, atol=1e-5)


def test_a_network_trained_in_bfloat16_is_rebuilt_in_float32_with_its_weights():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        trained = Stage1Generator(4, embedding_dim=16, conditioning_dim=4, noise_dim=6)
        twin = rebuild(trained)
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
    finally:
        keras.config.set_dtype_policy("float32")
    assert {layer.compute_dtype for layer in trained.layers} > {"float32"}
    assert {layer.compute_dtype for layer in twin.layers} == {"float32"}
    for left, right in zip(trained.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_array_equal(left, right)


def test_the_policy_comes_back_after_an_error():
    before = keras.config.dtype_policy().name
    with pytest.raises(KeyError), float32_policy():
        raise KeyError
    assert keras.config.dtype_policy().name == before
