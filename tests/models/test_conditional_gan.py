from math import erf
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from backends import assert_same, run_on_each

from stackgan_k3.config import load_preset
from stackgan_k3.errors import UserError
from stackgan_k3.models.conditional_gan.conditional_gan import ConditionalGAN
from stackgan_k3.models.conditional_gan.discriminator import ConditionalDiscriminator
from stackgan_k3.models.conditional_gan.generator import ConditionalGenerator
from stackgan_k3.models.dcgan.discriminator import DCGANDiscriminator
from stackgan_k3.models.dcgan.generator import DCGANGenerator
from stackgan_k3.training.recipes import conditional_gan as recipe

CLASSES = ("zero", "one", "two")
LABELS = np.array([2, 0, 1, 2], "int32")


def numpy(tensor):
    return np.array(keras.ops.convert_to_numpy(tensor))


def filled(network, seed=0):
    """Gives a network weights that make every part of it count, the same on every backend."""
    random = np.random.default_rng(seed)
    for variable in network.variables:
        value = random.normal(0.0, 0.1, variable.shape)
        if variable.path.endswith(("gamma", "moving_variance")):
            value = 1.0 + np.abs(value)
        variable.assign(value.astype("float32"))
    return network


def small(**settings):
    generator = filled(ConditionalGenerator(2, num_classes=3, noise_dim=5, noise="uniform"))
    model = ConditionalGAN(
        generator, filled(ConditionalDiscriminator(3, num_classes=3), 1), classes=CLASSES, **settings
    )
    model.compile(keras.optimizers.SGD(0.01), keras.optimizers.SGD(0.01))
    return model


def small_batch(model, step=0):
    from stackgan_k3.draws import draw_batch

    images = np.random.default_rng(3).integers(0, 256, (4, 28, 28, 3)).astype("uint8")
    return {
        "image": images,
        "label": LABELS,
        **draw_batch(model.draws, seed=1, step=step, batch_size=4),
    }


def test_a_class_costs_a_row_of_weights_and_a_channel():
    assert ConditionalGenerator(num_classes=7).count_params() == 2_330_944 + 7 * 7 * 7 * 256
    assert ConditionalDiscriminator(num_classes=7).count_params() == 212_865 + 5 * 5 * 7 * 64


@pytest.mark.parametrize("noise", ["normal", "uniform"])
def test_the_generator_is_a_dcgan_of_noise_and_class_one_after_the_other(noise):
    generator = filled(ConditionalGenerator(2, num_classes=3, noise_dim=5, noise=noise))
    given = np.random.default_rng(1).normal(size=(4, 5)).astype("float32")
    plain = DCGANGenerator(2, noise_dim=8)
    plain.set_weights(generator.get_weights())
    seen = np.vectorize(erf)(given / np.sqrt(2)) if noise == "uniform" else given
    joined = np.concatenate([seen, np.eye(3)[LABELS]], axis=1).astype("float32")
    np.testing.assert_allclose(
        numpy(generator({"label": LABELS, "noise": given})["image"]),
        numpy(plain({"noise": joined})["image"]),
        atol=1e-5,
    )


def test_the_discriminator_adds_what_the_class_says_to_what_the_picture_says():
    judge = filled(ConditionalDiscriminator(3, num_classes=3))
    image = np.random.default_rng(1).uniform(-1, 1, (4, 28, 28, 1)).astype("float32")
    given = {"image": image, "key": np.zeros(4, "float32")}
    weights = judge.get_weights()
    before = numpy(judge({**given, "label": LABELS})["logit"])
    assert abs(before - numpy(judge({**given, "label": (LABELS + 1) % 3})["logit"])).min() > 1e-4
    # The classes are the first channels; without what they say it is the discriminator of a DCGAN.
    plain = DCGANDiscriminator(3)
    plain.set_weights([weights[0][:, :, 3:], *weights[1:]])
    weights[0][:, :, :3] = 0.0
    judge.set_weights(weights)
    np.testing.assert_allclose(
        numpy(judge({**given, "label": LABELS})["logit"]), numpy(plain(given)["logit"]), atol=1e-5
    )


def test_real_and_drawn_pictures_are_judged_with_their_own_class(monkeypatch):
    model = small()
    seen = []
    judge = ConditionalDiscriminator.__call__

    def spy(network, inputs, training):
        seen.append({name: numpy(keras.ops.stop_gradient(value)) for name, value in inputs.items()})
        return judge(network, inputs, training=training)

    batch = model.prepare(small_batch(model))
    drawn = model.draw(batch)
    wanted = model.generator({"noise": batch["noise"], "label": batch["label"]}, training=True)["image"]
    monkeypatch.setattr(ConditionalDiscriminator, "__call__", spy)
    model.discriminator_loss(batch, drawn)
    model.generator_loss(batch, drawn)
    real, fake, again = seen
    assert all((inputs["label"] == LABELS).all() for inputs in seen)
    np.testing.assert_allclose(real["image"], numpy(batch["image"]))
    for inputs in (fake, again):
        np.testing.assert_allclose(inputs["image"], numpy(wanted), atol=1e-5)
    assert len({tuple(inputs["key"]) for inputs in seen}) == 3


def test_at_equilibrium_the_losses_are_those_of_a_coin():
    model = small()
    for variable in model.discriminator.variables:
        variable.assign(np.zeros(variable.shape, "float32"))
    logs = model.train_on_batch(small_batch(model), return_dict=True)
    assert logs["discriminator_loss"] == pytest.approx(2 * np.log(2), abs=1e-5)
    assert logs["d_real"] == pytest.approx(0.5) and logs["d_fake"] == pytest.approx(0.5)


def step(inputs):
    """Pictures of each class, two training steps, their losses: the same on every backend."""
    model = small()
    results = {"pictures": model.generate(["one", 2], num_images=2, seed=4).astype("float32")}
    for number in range(2):
        logs = model.train_on_batch(small_batch(model, number), return_dict=True)
        results[f"losses {number}"] = np.array([logs[name] for name in sorted(logs)], "float32")
    return results


def test_pictures_and_losses_agree_on_every_backend():
    results = run_on_each(step)
    pictures = {name: {"pictures": arrays.pop("pictures")} for name, arrays in results.items()}
    assert_same(pictures, atol=1.0)
    assert_same(results, atol=2e-4)


def test_classes_are_asked_for_by_name_or_number():
    model = small()
    named = model.generate(["Two", "zero"], num_images=2, seed=3)
    assert (named == model.generate([2, 0], num_images=2, seed=3)).all()
    assert named.shape == (4, 28, 28, 3) and (named[0] != named[2]).any()
    with pytest.raises(UserError, match="did you mean 'zero'"):
        model.generate(["zeroo"])
    with pytest.raises(UserError, match="they go from 0 to 2"):
        model.generate([3])
    with pytest.raises(UserError, match="there is no class"):
        model.generate()


def test_networks_and_names_of_other_numbers_of_classes_are_refused():
    generator = ConditionalGenerator(2, num_classes=3, noise_dim=5)
    with pytest.raises(UserError, match="the generator has 3 classes, the discriminator 4"):
        ConditionalGAN(generator, ConditionalDiscriminator(2, num_classes=4))
    with pytest.raises(UserError, match="and 2 are named"):
        ConditionalGAN(generator, ConditionalDiscriminator(2, num_classes=3), classes=["a", "b"])


@pytest.mark.parametrize(
    ("classes", "said"),
    [(["a", "b"], "begin a run with --set gan.num_classes=2"), (["pictures"], "no classes to ask for")],
)
def test_a_data_set_of_other_classes_is_refused_with_the_remedy(classes, said):
    config = load_preset("conditional-gan-digits")
    run = SimpleNamespace(config=config, data_info={"classes": classes, "folder": "data/other"})
    with pytest.raises(UserError, match=said):
        recipe.train_gan(run, None)


def test_a_bad_number_of_classes_is_refused():
    with pytest.raises(UserError, match=r"gan\.num_classes: .*greater than or equal to 2"):
        load_preset("conditional-gan-digits", {"gan.num_classes": 1})
    with pytest.raises(UserError, match=r"gan\.noise"):
        load_preset("conditional-gan-digits", {"gan.noise": "gaussian"})
