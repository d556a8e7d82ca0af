import keras
import numpy as np
import pytest
from backends import assert_same, run_on_each

from stackgan_k3.layers.keyed_dropout import KeyedDropout
from stackgan_k3.layers.uniform_noise import UniformNoise
from stackgan_k3.models.dcgan.dcgan import DCGAN
from stackgan_k3.models.dcgan.discriminator import DCGANDiscriminator
from stackgan_k3.models.dcgan.generator import DCGANGenerator


def numpy(tensor):
    return np.array(keras.ops.convert_to_numpy(tensor))


def test_the_networks_of_the_lecture_notes_have_their_number_of_parameters():
    generator = DCGANGenerator()
    assert generator.count_params() == 2_330_944
    assert sum(int(np.prod(v.shape)) for v in generator.trainable_variables) == 2_305_472
    assert DCGANDiscriminator().count_params() == 212_865


def step(inputs):
    """Three pictures, two training steps, three losses: the same on every backend."""
    import keras
    import numpy as np

    from stackgan_k3.draws import draw_batch
    from stackgan_k3.models.dcgan.dcgan import DCGAN
    from stackgan_k3.models.dcgan.discriminator import DCGANDiscriminator
    from stackgan_k3.models.dcgan.generator import DCGANGenerator

    model = DCGAN(DCGANGenerator(2, noise_dim=5, noise="uniform"), DCGANDiscriminator(3))
    for number, network in enumerate((model.generator, model.discriminator, model.averaged_generator)):
        random = np.random.default_rng(number % 2)
        for variable in network.variables:
            value = random.normal(0.0, 0.1, variable.shape)
            if variable.path.endswith(("gamma", "moving_variance")):
                value = 1.0 + np.abs(value)
            variable.assign(value.astype("float32"))
    results = {"pictures": model.generate(num_images=3, seed=4).astype("float32")}
    model.compile(keras.optimizers.SGD(0.01), keras.optimizers.SGD(0.01))
    images = np.random.default_rng(3).integers(0, 256, (4, 28, 28, 3)).astype("uint8")
    for number in range(2):
        batch = {"image": images, **draw_batch(model.draws, seed=1, step=number, batch_size=4)}
        logs = model.train_on_batch(batch, return_dict=True)
        results[f"losses {number}"] = np.array([logs[name] for name in sorted(logs)], "float32")
    return results


def test_pictures_and_losses_agree_on_every_backend():
    results = run_on_each(step)
    pictures = {name: {"pictures": arrays.pop("pictures")} for name, arrays in results.items()}
    assert_same(pictures, atol=1.0)
    assert_same(results, atol=2e-4)


def test_the_mask_of_the_dropout_is_the_keys_alone():
    layer = KeyedDropout(0.25)
    x, key = np.ones((3, 40, 50), "float32"), np.array([0.2, 0.2, 0.9], "float32")
    one, two = numpy(layer([x, key], training=True)), numpy(layer([x, key], training=True))
    assert (one == two).all() and (one[0] == one[1]).all()
    differing = (one[0] != one[2]).mean()
    assert abs(differing - 2 * 0.25 * 0.75) < 0.03  # as often as independent masks
    assert abs((one == 0).mean() - 0.25) < 0.02 and abs(one.mean() - 1.0) < 0.03
    other = numpy(KeyedDropout(0.25, salt=1)([x, key], training=True))
    assert abs((other != one).mean() - 2 * 0.25 * 0.75) < 0.03
    assert (numpy(layer([x, key], training=False)) == 1).all()
    with pytest.raises(ValueError, match="dropout rate is 1"):
        KeyedDropout(1.0)


def test_neighbours_in_a_mask_are_independent():
    dropped = numpy(KeyedDropout(0.5)([np.ones((64, 4096), "float32"), np.arange(64, dtype="float32") / 64],
                                      training=True)) == 0  # fmt: skip
    for left, right in ((dropped[:, 1:], dropped[:, :-1]), (dropped[1:], dropped[:-1])):
        assert abs(np.corrcoef(left.ravel(), right.ravel())[0, 1]) < 0.01


def test_uniform_noise_is_uniform():
    normal = np.random.default_rng(0).normal(size=(1, 100_000)).astype("float32")
    values = np.sort(numpy(UniformNoise()(normal))[0])
    assert abs(values - np.linspace(-1, 1, 100_000)).max() < 0.01  # Kolmogorov and Smirnov: 1.6 in 10,000


def test_at_equilibrium_the_losses_are_those_of_a_coin():
    model = DCGAN(DCGANGenerator(2, noise_dim=3), DCGANDiscriminator(2))
    for variable in model.discriminator.variables:
        variable.assign(np.zeros(variable.shape, "float32"))
    model.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    logs = model.train_on_batch({"image": np.zeros((4, 28, 28, 3), "uint8")}, return_dict=True)
    assert logs["discriminator_loss"] == pytest.approx(2 * np.log(2), abs=1e-5)
    assert logs["generator_loss"] == pytest.approx(np.log(2), abs=1e-5)
    assert logs["d_real"] == pytest.approx(0.5) and logs["d_fake"] == pytest.approx(0.5)


def test_the_saturating_loss_is_a_setting():
    model = DCGAN(DCGANGenerator(2, noise_dim=3), DCGANDiscriminator(2), generator_loss="saturating")
    model.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    logs = model.train_on_batch({"image": np.zeros((4, 28, 28, 3), "uint8")}, return_dict=True)
    assert logs["generator_loss"] < 0
    with pytest.raises(ValueError, match="did you mean 'saturating'"):
        DCGAN(DCGANGenerator(2, noise_dim=3), DCGANDiscriminator(2), generator_loss="saturated")
