"""The gradient norms that every adversarial model logs."""

import numpy as np
from backends import assert_same, run_on_each

RATE = 0.5


def one_step(inputs):
    """Makes one step of plain SGD and returns the logged norms, and how far each network's weights moved."""
    import keras

    from stackgan_k3.models.dcgan.dcgan import DCGAN
    from stackgan_k3.models.dcgan.discriminator import DCGANDiscriminator
    from stackgan_k3.models.dcgan.generator import DCGANGenerator

    keras.utils.set_random_seed(0)
    model = DCGAN(DCGANGenerator(2, noise_dim=3), DCGANDiscriminator(2))
    random = np.random.default_rng(4)
    for network in (model.generator, model.discriminator):
        weights = [
            0.3 * random.standard_normal(v.shape).astype("float32") for v in network.trainable_variables
        ]
        for variable, value in zip(network.trainable_variables, weights, strict=True):
            variable.assign(value)
    model.compile(keras.optimizers.SGD(RATE), keras.optimizers.SGD(RATE))

    def values(network):
        return [keras.ops.convert_to_numpy(v).copy() for v in network.trainable_variables]

    networks = {"generator": model.generator, "discriminator": model.discriminator}
    before = {name: values(network) for name, network in networks.items()}
    history = model.fit(dict(inputs), batch_size=4, epochs=1, shuffle=False, verbose=0).history
    moved = {}
    for name, network in networks.items():
        steps = zip(values(network), before[name], strict=True)
        moved[f"{name}_moved"] = np.sqrt(sum(np.sum((a - b) ** 2) for a, b in steps))
    return {**{name: np.array(value[0]) for name, value in history.items()}, **moved}


def test_the_norms_are_those_of_the_steps_that_were_made_on_every_backend():
    random = np.random.default_rng(0)
    inputs = {
        "image": random.integers(0, 256, (4, 28, 28, 3), dtype=np.uint8),
        "noise": random.standard_normal((4, 3)).astype("float32"),
        "real_labels": np.ones(4, "float32"),
        "dropout_keys": random.random((4, 3)).astype("float32"),
    }
    results = run_on_each(one_step, inputs)
    assert_same(results, rtol=2e-3, atol=1e-5)
    for arrays in results.values():
        for name in ("generator", "discriminator"):
            norm = float(arrays[f"{name}_gradient"])
            assert norm > 1e-3
            np.testing.assert_allclose(arrays[f"{name}_moved"], RATE * norm, rtol=1e-3)


def test_rows_of_an_embedding_that_were_looked_up_twice_are_added_before_they_are_squared():
    import keras

    from stackgan_k3.adversarial.adversarial_model import global_norm

    if keras.backend.backend() != "tensorflow":
        gradient = np.array([[3.0, 3.0], [0.0, 0.0]], "float32")
    else:
        import tensorflow as tf

        gradient = tf.IndexedSlices(
            tf.constant([[1.0, 1.0], [2.0, 2.0]]), tf.constant([0, 0]), tf.constant([2, 2])
        )
    np.testing.assert_allclose(float(global_norm([gradient])), 18.0**0.5, rtol=1e-6)
