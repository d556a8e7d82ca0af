from types import SimpleNamespace

import keras
import numpy as np
import pytest
from backends import assert_same, run_on_each

from stackgan_k3.adversarial.losses import stage1_discriminator_loss as matching_aware_loss
from stackgan_k3.adversarial.text_losses import interpolated
from stackgan_k3.config import load_preset
from stackgan_k3.models.gan_cls.discriminator import GANCLSDiscriminator
from stackgan_k3.models.gan_cls.gan_cls import GANCLS
from stackgan_k3.models.gan_cls.gan_int import GANINT
from stackgan_k3.models.gan_cls.generator import GANCLSGenerator
from stackgan_k3.training.recipes.gan_cls import build, networks

EMBEDDING, TEXT, NOISE, BATCH = 10, 6, 5, 6
SIZES = {"embedding_dim": EMBEDDING, "text_dim": TEXT}


def numpy(tensor):
    return np.array(keras.ops.convert_to_numpy(tensor))


def number(tensor):
    return float(numpy(tensor))


def small(kind=GANCLS, *, image_size=64, noise="normal", **settings):
    """A model of a few thousand weights, the same ones on every backend."""
    generator = GANCLSGenerator(3, image_size=image_size, noise_dim=NOISE, noise=noise, **SIZES)
    model = kind(generator, GANCLSDiscriminator(2, image_size=image_size, **SIZES), **settings)
    for seed, network in enumerate((model.generator, model.discriminator)):
        random = np.random.default_rng(seed)
        for variable in network.variables:
            value = random.normal(0.0, 0.1, variable.shape)
            if variable.path.endswith(("gamma", "moving_variance")):
                value = 1.0 + np.abs(value)
            variable.assign(value.astype("float32"))
    model.averaged_generator.set_weights(model.generator.get_weights())
    return model


def small_batch(model, step=0):
    from stackgan_k3.draws import draw_batch

    random = np.random.default_rng(7)
    pixels = model.discriminator.image_size
    return {
        "image": random.integers(0, 256, (BATCH, pixels, pixels, 3)).astype("uint8"),
        "embedding": random.normal(size=(BATCH, EMBEDDING)).astype("float32"),
        **draw_batch(model.draws, seed=2, step=step, batch_size=BATCH),
    }


def trainable(network):
    return sum(int(np.prod(variable.shape)) for variable in network.trainable_variables)


def in_closed_form(width, d_width, size, *, t=1024, n=128, z=128):
    """Numbers of trainable parameters, layer by layer."""
    halvings = {64: 4, 128: 5, 256: 6}[size]
    top = width * 2 ** (halvings - 1)
    generator = t * n + n + (z + n) * 16 * top + 2 * top
    for i in range(halvings - 1):
        generator += 16 * (top >> i) * (top >> i + 1) + 2 * (top >> i + 1)
    generator += 16 * width * 3
    discriminator = 16 * 3 * d_width
    for i in range(1, halvings):
        discriminator += 16 * (d_width << i - 1) * (d_width << i) + 2 * (d_width << i)
    last = d_width << halvings - 1
    discriminator += t * n + n + (last + n) * last + 2 * last + 16 * last + 1
    return generator, discriminator


@pytest.mark.parametrize(
    ("width", "d_width", "size", "sizes"),
    [
        (128, 64, 64, {}),
        (64, 32, 256, {}),
        (8, 4, 128, {"t": 32, "n": 6, "z": 7}),
    ],
)
def test_the_networks_have_the_parameters_of_their_layers(width, d_width, size, sizes):
    t, n, z = sizes.get("t", 1024), sizes.get("n", 128), sizes.get("z", 128)
    generator = GANCLSGenerator(width, image_size=size, embedding_dim=t, text_dim=n, noise_dim=z)
    discriminator = GANCLSDiscriminator(d_width, image_size=size, embedding_dim=t, text_dim=n)
    expected = in_closed_form(width, d_width, size, t=t, n=n, z=z)
    assert (trainable(generator), trainable(discriminator)) == expected
    assert generator.output["image"].shape[1:] == (size, size, 3)
    assert discriminator.trunk.output.shape[1:3] == (4, 4)


def test_the_networks_at_64_px_have_the_published_widths():
    assert in_closed_form(128, 64, 64) == (15_345_536, 3_225_473)
    made = networks(load_preset("gan-cls-flowers", {"text.width": 4, "text.image_width": 4}))
    assert trainable(made["generator"]) == 15_345_536
    assert trainable(made["discriminator"]) == 3_225_473


def test_the_presets_are_the_four_combinations_of_two_settings():
    tiny = {"gan.width": 2, "gan.discriminator_width": 2, "text.embedding_dim": 4}
    kinds = {}
    for name in ("gan-cls-flowers", "gan-int-flowers", "gan-int-cls-flowers", "gan-cls-flowers-256"):
        config = load_preset(name, tiny)
        model = build(config)
        kinds[name] = (type(model), model.matching_aware, config.picture_size("gan"))
        assert config.picture_size("text") == 64
        assert (config.gan.batch_size, config.gan.epochs, config.gan.generator_rate) == (64, 600, 2e-4)
    assert kinds == {
        "gan-cls-flowers": (GANCLS, True, 64),
        "gan-int-flowers": (GANINT, False, 64),
        "gan-int-cls-flowers": (GANINT, True, 64),
        "gan-cls-flowers-256": (GANCLS, True, 256),
    }
    plain = build(load_preset("gan-cls-flowers", {**tiny, "gan.matching_aware": False}))
    assert type(plain) is GANCLS and not plain.matching_aware


def bce(logits, target):
    p = 1 / (1 + np.exp(-logits.astype("float64").reshape(-1)))
    return -np.mean(np.log(p if target else 1 - p))


def test_the_matching_aware_loss_is_that_of_the_paper():
    real, wrong, fake = np.random.default_rng(0).normal(0, 3, (3, 9, 1)).astype("float32")
    s_r, s_w, s_f = (1 / (1 + np.exp(-x.astype("float64"))) for x in (real, wrong, fake))
    expected = -np.mean(np.log(s_r) + 0.5 * (np.log(1 - s_w) + np.log(1 - s_f)))
    assert number(matching_aware_loss(real, wrong, fake)) == pytest.approx(expected, rel=1e-5)
    # The terms are not interchangeable.
    assert number(matching_aware_loss(wrong, real, fake)) != pytest.approx(expected, rel=1e-2)
    smoothed = np.linspace(0.8, 1, 9).astype("float32")
    moved = -np.mean(smoothed * np.log(s_r[:, 0]) + (1 - smoothed) * np.log(1 - s_r[:, 0]))
    expected = moved + 0.5 * (bce(wrong, 0) + bce(fake, 0))
    assert number(matching_aware_loss(real, wrong, fake, smoothed)) == pytest.approx(expected, rel=1e-5)


def test_a_mixture_is_of_the_caption_and_the_one_before():
    t = np.random.default_rng(1).normal(size=(4, 3)).astype("float32")
    expected = np.stack([0.3 * t[i] + 0.7 * t[i - 1] for i in range(4)])
    np.testing.assert_allclose(numpy(interpolated(t, 0.3)), expected, atol=1e-6)


def watched(model):
    """Stands in for a model; what its discriminator's trunk and head are given is kept."""
    d, given = model.discriminator, {"trunk": [], "head": []}

    def trunk(image, training):
        given["trunk"].append(numpy(image))
        return d.trunk(image, training=training)

    def head(inputs, training):
        given["head"].append([numpy(value) for value in inputs])
        return d.head(inputs, training=training)

    names = ("augment", "matching_aware", "objective", "caption_dropout")
    settings = {name: getattr(model, name) for name in names}
    return SimpleNamespace(discriminator=SimpleNamespace(trunk=trunk, head=head), **settings), given


def test_the_wrong_text_is_that_of_the_example_before_and_is_judged_with_the_same_picture():
    model = small()
    batch = model.prepare(small_batch(model))
    watching, given = watched(model)
    GANCLS.discriminator_loss(watching, batch, model.draw(batch))
    (real, text), (also_real, wrong_text), (fake, fake_text) = given["head"]
    assert (real == also_real).all() and not np.allclose(real, fake)
    assert (text == numpy(batch["embedding"])).all() and (fake_text == text).all()
    for i in range(BATCH):
        assert (wrong_text[i] == text[i - 1]).all() and (wrong_text[i] != text[i]).any()


def test_the_discriminator_sees_the_text():
    model = small()
    batch = model.prepare(small_batch(model))
    other = numpy(model.judge(batch["image"], -batch["embedding"]))
    assert np.abs(numpy(model.judge(batch["image"], batch["embedding"])) - other).max() > 1e-3


def at_rest(model):
    for variable in model.discriminator.variables:
        variable.assign(np.zeros(variable.shape, "float32"))
    batch = model.prepare(small_batch(model))
    drawn = model.draw(batch)
    (d_loss, d_logs), (g_loss, g_logs) = (
        model.discriminator_loss(batch, drawn),
        model.generator_loss(batch, drawn),
    )
    logs = {"discriminator_loss": d_loss, "generator_loss": g_loss, **d_logs, **g_logs}
    return {name: number(value) for name, value in logs.items()}


@pytest.mark.parametrize("matching_aware", [True, False])
def test_at_equilibrium_the_losses_are_those_of_a_coin(matching_aware):
    logs = at_rest(small(matching_aware=matching_aware))
    assert logs["discriminator_loss"] == pytest.approx(2 * np.log(2), abs=1e-5)
    assert logs["generator_loss"] == pytest.approx(np.log(2), abs=1e-5)
    assert [logs[name] for name in ("d_real", "d_wrong", "d_fake")] == pytest.approx([0.5] * 3)
    logs = at_rest(small(GANINT, matching_aware=matching_aware))
    assert logs["discriminator_loss"] == pytest.approx(2 * np.log(2), abs=1e-5)
    assert logs["generator_loss"] == pytest.approx(2 * np.log(2), abs=1e-5)  # one term a kind of caption
    assert logs["d_interpolated"] == pytest.approx(0.5)


def test_without_matching_awareness_wrong_texts_teach_nothing():
    losses = {}
    for aware in (True, False):
        model = small(matching_aware=aware)
        batch = model.prepare(small_batch(model))
        loss, logs = model.discriminator_loss(batch, model.draw(batch))
        losses[aware] = (number(loss), {name: number(value) for name, value in logs.items()})
    assert losses[True][1] == pytest.approx(losses[False][1], rel=1e-5)
    assert abs(losses[True][0] - losses[False][0]) > 1e-3


def test_the_discriminator_does_not_learn_from_mixtures():
    model = small(GANINT)
    batch = model.prepare(small_batch(model))
    drawn = model.draw(batch)
    loss, _ = model.discriminator_loss(batch, drawn)
    drawn["interpolated"] = drawn["interpolated"] * 0.0
    again, _ = model.discriminator_loss(batch, drawn)
    assert number(loss) == number(again)
    before, _ = model.generator_loss(batch, model.draw(batch))
    after, _ = model.generator_loss(batch, drawn)
    assert abs(number(before) - number(after)) > 1e-4


def test_mixtures_have_noise_of_their_own_and_beta_is_read():
    model = small(GANINT, beta=0.25)
    batch = model.prepare(small_batch(model))
    assert batch["interpolation_noise"].shape == batch["noise"].shape
    assert not np.allclose(numpy(batch["interpolation_noise"]), numpy(batch["noise"]))
    between = numpy(model.draw(batch)["interpolated"])
    model.beta = 0.75
    assert np.abs(numpy(model.draw(batch)["interpolated"]) - between).max() > 1e-4


def test_augmentation_reaches_every_picture_that_is_judged():
    model = small(GANINT, augment=["translation"])
    batch = model.prepare(small_batch(model))
    assert "augment_translation" in model.draws
    drawn = model.draw(batch)
    watching, given = watched(model)
    GANCLS.discriminator_loss(watching, batch, drawn)
    for judged, picture in zip(given["trunk"], (batch["image"], drawn["image"]), strict=True):
        assert (judged == numpy(model.augment(batch, picture))).all()
        assert np.abs(judged - numpy(picture)).max() > 0.01
    loss, _ = model.generator_loss(batch, drawn)
    model.augment = type(model.augment)()
    assert abs(number(model.generator_loss(batch, drawn)[0]) - number(loss)) > 1e-5


def step(inputs):
    """Pictures, two training steps, their losses and weights: the same on every backend."""
    model = small(GANINT, noise="uniform", augment=["translation"])
    asked = np.random.default_rng(5).normal(size=(2, EMBEDDING)).astype("float32")
    results = {"pictures": model.generate(asked, num_images=2, seed=4).astype("float32")}
    model.compile(keras.optimizers.SGD(0.01), keras.optimizers.SGD(0.01))
    for at in range(2):
        logs = model.train_on_batch(small_batch(model, at), return_dict=True)
        results[f"losses {at}"] = np.array([logs[key] for key in sorted(logs)], "float32")
    for name in ("generator", "discriminator"):
        results[name] = np.concatenate([w.ravel() for w in getattr(model, name).get_weights()])
    return results


def test_pictures_losses_and_weights_agree_on_every_backend():
    results = run_on_each(step)
    pictures = {backend: {"pictures": arrays.pop("pictures")} for backend, arrays in results.items()}
    assert_same(pictures, atol=1.0)
    assert_same(results, atol=5e-4)


@pytest.mark.parametrize("image_size", [256])
def test_larger_pictures_train_too(image_size):
    model = small(image_size=image_size)
    model.compile(keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3))
    before = model.generate(np.ones((1, EMBEDDING), "float32"), seed=1)
    assert before.shape == (1, image_size, image_size, 3)
    weights = model.generator.get_weights()
    for at in range(2):
        logs = model.train_on_batch(small_batch(model, at), return_dict=True)
        assert np.isfinite([number(value) for value in logs.values()]).all()
    moved = [np.abs(a - b).max() for a, b in zip(model.generator.get_weights(), weights, strict=True)]
    assert min(moved) > 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"gan.beta": 0.3}, "set gan.interpolation=true"),
        ({"gan.beta": 1.0, "gan.interpolation": True}, "gan.beta"),
        ({"gan.image_size": 96}, "gan.image_size"),
        ({"gan.betta": 0.3}, "did you mean 'gan.beta'"),
        ({"gan.noise": "cauchy"}, "gan.noise"),
    ],
)
def test_settings_that_do_not_fit_are_refused_with_the_reason(changes, message):
    with pytest.raises(ValueError, match=message):
        load_preset("gan-cls-flowers", changes)


def test_networks_that_do_not_fit_are_refused():
    generator = GANCLSGenerator(2, noise_dim=3, **SIZES)
    with pytest.raises(ValueError, match="image_size is 64 in the generator and 128"):
        GANCLS(generator, GANCLSDiscriminator(2, image_size=128, **SIZES))
    with pytest.raises(ValueError, match="embedding_dim is 10 in the generator and 11"):
        GANCLS(generator, GANCLSDiscriminator(2, embedding_dim=11, text_dim=TEXT))
    with pytest.raises(ValueError, match="beta is 1"):
        GANINT(generator, GANCLSDiscriminator(2, **SIZES), beta=1.0)
    with pytest.raises(ValueError, match="64, 128 or 256 pixels, not of 32"):
        GANCLSGenerator(2, image_size=32)
    with pytest.raises(ValueError, match="64, 128 or 256 pixels, not of 32"):
        GANCLSDiscriminator(2, image_size=32)
    with pytest.raises(ValueError, match="did you mean 'saturating'"):
        GANCLS(generator, GANCLSDiscriminator(2, **SIZES), generator_loss="saturated")
