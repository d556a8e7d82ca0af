import keras
import numpy as np
import pytest
from backends import assert_same, run_on_each

from stackgan_k3.config import load_preset
from stackgan_k3.errors import UserError
from stackgan_k3.models.vae.decoder import VAEDecoder
from stackgan_k3.models.vae.encoder import VAEEncoder
from stackgan_k3.models.vae.losses import latent_kl, reconstruction_loss, reparameterize
from stackgan_k3.models.vae.vae import VAE

RANDOM = np.random.default_rng(0)


def numpy(tensor):
    return np.array(keras.ops.convert_to_numpy(tensor))


def number(tensor):
    return float(numpy(tensor))


def small(**settings):
    """A model of a few thousand weights, the same ones on every backend."""
    model = VAE(VAEEncoder(3, latent_dim=4), VAEDecoder(3, latent_dim=4), **settings)
    random = np.random.default_rng(1)
    for variable in [*model.encoder.variables, *model.decoder.variables]:
        variable.assign(random.normal(0.0, 0.1, variable.shape).astype("float32"))
    model.compile(keras.optimizers.SGD(1e-4))
    return model


def small_batch(model, step=0, size=4):
    from stackgan_k3.draws import draw_batch

    images = np.random.default_rng(3).integers(0, 256, (size, 28, 28, 3)).astype("uint8")
    return {"image": images, **draw_batch(model.draws, seed=1, step=step, batch_size=size)}


def test_the_networks_have_their_number_of_parameters():
    w, z = 32, 16
    convolutions = (9 * w + w) + (9 * w * 2 * w + 2 * w)
    assert VAEEncoder(w, latent_dim=z).count_params() == convolutions + 49 * 2 * w * 2 * z + 2 * z
    dense = z * 49 * w + 49 * w
    transposed = (9 * w * 2 * w + 2 * w) + (9 * 2 * w * w + w) + (9 * w + 1)
    assert VAEDecoder(w, latent_dim=z).count_params() == dense + transposed


def test_the_reconstruction_is_the_log_likelihood_of_bernoulli_pixels():
    logits = RANDOM.normal(0, 3, (5, 28, 28, 1)).astype("float32")
    image = RANDOM.uniform(-1, 1, logits.shape).astype("float32")
    p, x = 1 / (1 + np.exp(-logits.astype("float64"))), (image + 1) / 2
    expected = -(x * np.log(p) + (1 - x) * np.log(1 - p)).sum(axis=(1, 2, 3)).mean()
    assert float(reconstruction_loss(logits, image)) == pytest.approx(expected, rel=1e-5)


def test_the_divergence_is_that_of_the_integral():
    mean, log_variance = np.array([[0.7, -1.5], [0.0, 0.4]]), np.array([[0.5, -2.0], [0.0, 1.0]])
    z = np.linspace(-20, 20, 40_001)
    prior = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    total = 0.0
    for m, v in zip(mean.ravel(), np.exp(log_variance).ravel(), strict=True):
        q = np.exp(-((z - m) ** 2) / (2 * v)) / np.sqrt(2 * np.pi * v)
        inside = q > 1e-300
        total += (q[inside] * np.log(q[inside] / np.maximum(prior[inside], 1e-300))).sum() * (z[1] - z[0])
    found = latent_kl(mean.astype("float32"), log_variance.astype("float32"))
    assert float(found) == pytest.approx(total / len(mean), rel=1e-4)


def test_reparameterized_latents_have_the_mean_and_variance_of_the_encoder():
    noise = RANDOM.normal(size=(200_000, 2)).astype("float32")
    given = (np.array([[1.0, -2.0]]), np.log([[4.0, 0.25]]), noise)
    z = numpy(reparameterize(*(keras.ops.convert_to_tensor(each, "float32") for each in given)))
    np.testing.assert_allclose(z.mean(axis=0), [1, -2], atol=0.02)
    np.testing.assert_allclose(z.var(axis=0), [4, 0.25], rtol=0.02)


def test_the_picture_is_the_probability_of_the_logits():
    drawn = VAEDecoder(2, latent_dim=3)({"noise": RANDOM.normal(size=(2, 3)).astype("float32")})
    expected = 2 / (1 + np.exp(-numpy(drawn["logits"]))) - 1
    np.testing.assert_allclose(numpy(drawn["image"]), expected, atol=1e-6)


def test_the_two_terms_are_logged_apart_and_their_sum_is_minimized():
    for weight in (0.0, 1.0, 2.5):
        model = small(kl_weight=weight)
        logs = model.train_on_batch(small_batch(model), return_dict=True)
        assert logs["kl"] > 0.001
        assert logs["loss"] == pytest.approx(logs["reconstruction"] + weight * logs["kl"], rel=1e-5)


def test_the_logs_are_those_of_what_the_model_returns():
    model = small()
    batch = small_batch(model)
    out = model(batch)
    z = numpy(out["mean"]) + np.exp(0.5 * numpy(out["log_variance"])) * batch["noise"]
    np.testing.assert_allclose(
        numpy(out["logits"]), numpy(model.decoder({"noise": z.astype("float32")})["logits"]), atol=1e-5
    )
    grey = batch["image"].astype("float32").mean(axis=-1, keepdims=True) / 127.5 - 1
    logs = model.train_on_batch(batch, return_dict=True)
    assert logs["reconstruction"] == pytest.approx(number(reconstruction_loss(out["logits"], grey)), rel=1e-5)
    assert logs["kl"] == pytest.approx(number(latent_kl(out["mean"], out["log_variance"])), rel=1e-5)


def test_training_brings_the_loss_down_by_both_networks():
    model = small()
    model.compile(keras.optimizers.Adam(1e-2))
    batch = small_batch(model, size=8)
    batch["image"] = np.where(batch["image"].mean(axis=-1, keepdims=True) > 127, 255, 0).astype("uint8")
    batch["image"] = np.repeat(batch["image"], 3, axis=-1)
    before = [numpy(variable) for variable in model.trainable_variables]
    losses = [model.train_on_batch(batch, return_dict=True)["reconstruction"] for _ in range(2)]
    for _ in range(40):
        last = model.train_on_batch(batch, return_dict=True)["reconstruction"]
    assert last < losses[0] - 3
    assert all((numpy(v) != old).any() for v, old in zip(model.trainable_variables, before, strict=True))


def test_each_picture_has_noise_of_its_own_where_the_batch_brings_none():
    model = small()
    logits = numpy(model({"image": np.zeros((3, 28, 28, 3), "uint8")})["logits"])
    assert abs(logits[0] - logits[1]).max() > 1e-4 and abs(logits[1] - logits[2]).max() > 1e-4


def test_decoding_the_mean_of_a_picture_draws_uint8_grey_pictures():
    model = small()
    images = small_batch(model)["image"]
    mean, log_variance = model.encode(images)
    assert mean.shape == log_variance.shape == (4, 4) and mean.dtype == np.float32
    pictures = model.decode(mean)
    assert pictures.dtype == np.uint8 and pictures.shape == images.shape
    assert (pictures == pictures[..., :1]).all()
    raw = numpy(model.decoder({"noise": mean})["image"])
    assert abs(pictures[..., :1] - (raw + 1) * 127.5).max() < 0.51


def step(inputs):
    """Pictures, latents and two training steps: the same on every backend."""
    model = small()
    pictures = model.generate(num_images=3, seed=4).astype("float32")
    mean, log_variance = model.encode(small_batch(model)["image"])
    results = {"pictures": pictures, "mean": mean, "log_variance": log_variance}
    for number in range(2):
        logs = model.train_on_batch(small_batch(model, number), return_dict=True)
        results[f"losses {number}"] = np.array([logs[name] for name in sorted(logs)], "float32")
    return results


def test_pictures_latents_and_losses_agree_on_every_backend():
    results = run_on_each(step)
    pictures = {name: {"pictures": arrays.pop("pictures")} for name, arrays in results.items()}
    assert_same(pictures, atol=1.0)
    assert_same(results, rtol=1e-5, atol=1e-4)


def test_bad_settings_are_refused_with_the_reason():
    with pytest.raises(UserError, match="the encoder has 4 latents and the decoder 5"):
        VAE(VAEEncoder(2, latent_dim=4), VAEDecoder(2, latent_dim=5))
    with pytest.raises(UserError, match=r"kl_weight is -1; it must be at least 0"):
        VAE(VAEEncoder(2), VAEDecoder(2), kl_weight=-1)
    with pytest.raises(UserError, match=r"vae\.latent_dim: .*greater than or equal to 1"):
        load_preset("vae-digits", {"vae.latent_dim": 0})
    with pytest.raises(UserError, match=r"unknown setting 'vae\.beta'"):
        load_preset("vae-digits", {"vae.beta": 4})
