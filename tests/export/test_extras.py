import keras
import numpy as np
import onnxruntime
import pytest
import tensorflow as tf
from stackgan_k3.export import extras as module
from stackgan_k3.export.extras import write_extras
from stackgan_k3.export.onnx_file import write_onnx
from stackgan_k3.export.write_bundle import write_bundle

from stackgan_k3.bundle.manifest import Manifest
from stackgan_k3.errors import UserError
from stackgan_k3.layers.pictures import to_float, to_grey
from stackgan_k3.models.pipeline import Pipeline
from stackgan_k3.models.vae.decoder import VAEDecoder
from stackgan_k3.models.vae.encoder import VAEEncoder


def encoder(seed=0):
    """An encoder of picture bytes, with weights that make every operation count."""
    network = VAEEncoder(3, latent_dim=5)
    random = np.random.default_rng(seed)
    for variable in network.variables:
        variable.assign(random.normal(0.0, 0.2, variable.shape).astype("float32"))
    image = keras.Input((28, 28, 3), name="image", dtype="uint8")
    return keras.Model({"image": image}, network({"image": to_grey(to_float(image))}))


@pytest.fixture(scope="module")
def bundle_with_encoder(about, tmp_path_factory):
    keras.utils.set_random_seed(1)
    pipeline = Pipeline([VAEDecoder(2, latent_dim=5)])
    folder = tmp_path_factory.mktemp("encoder") / "bundle"
    return write_bundle(pipeline, about, folder, extras={"encoder": encoder()})


def test_both_forms_compute_what_keras_computes(bundle_with_encoder):
    images = np.random.default_rng(5).integers(0, 256, (4, 28, 28, 3)).astype("uint8")
    truth = {name: value.numpy() for name, value in encoder()({"image": images}).items()}
    session = onnxruntime.InferenceSession(bundle_with_encoder / "encoder.onnx")
    (given,) = session.get_inputs()
    assert (given.name, given.type, given.shape) == ("image", "tensor(uint8)", ["batch", 28, 28, 3])
    assert [(out.name, out.type, out.shape) for out in session.get_outputs()] == [
        ("mean", "tensor(float)", ["batch", 5]),
        ("log_variance", "tensor(float)", ["batch", 5]),
    ]
    serve = tf.saved_model.load(str(bundle_with_encoder / "encoder")).signatures["serving_default"]
    for found in (
        dict(zip(truth, session.run(list(truth), {"image": images}), strict=True)),
        serve(image=tf.constant(images)),
    ):
        assert found.keys() == truth.keys()
        for name, right in truth.items():
            np.testing.assert_allclose(found[name], right, atol=1e-4)


def test_the_files_are_listed_by_their_hashes_and_named_in_the_card(bundle_with_encoder):
    manifest = Manifest.read(bundle_with_encoder)
    manifest.verify(bundle_with_encoder)
    assert {"encoder.onnx", "encoder/saved_model.pb", "model.onnx"} < set(manifest.files)
    card = (bundle_with_encoder / "README.md").read_text("utf-8")
    assert "`encoder.onnx` and, as a SavedModel, `encoder/`" in card
    with open(bundle_with_encoder / "encoder.onnx", "ab") as file:
        file.write(b" ")
    with pytest.raises(UserError, match=r"encoder\.onnx is not the file the bundle was made with"):
        manifest.verify(bundle_with_encoder)


def test_the_same_network_gives_the_same_bytes(tmp_path):
    for name in ("one.onnx", "two.onnx"):
        write_onnx(encoder(), tmp_path / name)
    assert (tmp_path / "one.onnx").read_bytes() == (tmp_path / "two.onnx").read_bytes()


def test_an_onnx_file_of_other_weights_is_refused_and_nothing_is_left(monkeypatch, networks, about, tmp_path):
    monkeypatch.setattr(module, "write_onnx", lambda network, path: write_onnx(encoder(seed=3), path))
    with pytest.raises(RuntimeError, match="the ONNX file of the encoder network does not agree with Keras"):
        write_bundle(networks, about, tmp_path / "bundle", extras={"encoder": encoder()})
    assert list(tmp_path.iterdir()) == []


def test_weights_that_are_not_numbers_and_names_that_are_taken_are_refused(tmp_path):
    broken = encoder()
    broken.weights[0].assign(np.full(broken.weights[0].shape, np.nan))
    with pytest.raises(UserError, match="the encoder network holds weights that are not finite"):
        write_extras({"encoder": broken}, tmp_path)
    for name in ("saved_model", "../encoder"):
        with pytest.raises(RuntimeError, match="cannot be the name"):
            write_extras({name: encoder()}, tmp_path)
    assert list(tmp_path.iterdir()) == []
