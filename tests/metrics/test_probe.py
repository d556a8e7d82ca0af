import keras
import numpy as np
import pytest

from stackgan_k3.cli import main
from stackgan_k3.data.prepare import prepare
from stackgan_k3.data.records import Records
from stackgan_k3.data.targets import Targets
from stackgan_k3.metrics.probe import Probe
from stackgan_k3.metrics.reading import accuracies, at_64, read
from stackgan_k3.training.load_run import load_run
from stackgan_k3.training.recipes.probe import trained_probe, values_of
from stackgan_k3.training.run import Run


@pytest.fixture(scope="module")
def birds(tmp_path_factory):
    folder = tmp_path_factory.mktemp("probe") / "birds"
    prepare("synthetic-birds", folder, size=64, limit=160, seed=3, workers=1)
    return folder


@pytest.fixture(scope="module")
def trained(birds, tmp_path_factory):
    folder = tmp_path_factory.mktemp("probes") / "birds"
    settings = ["probe.width=8", "probe.features=24", "probe.batch_size=16", "probe.learning_rate=3e-3",
                'probe.attributes=["background"]', "data.crop=false"]  # fmt: skip
    words = [word for setting in settings for word in ("--set", setting)]
    assert main(["train-probe", str(birds), str(folder), "--epochs", "8", *words]) == 0
    return folder


def test_it_learns_to_read_the_background(birds, trained):
    run = Run.open(trained)
    probe, values = trained_probe(run), values_of(run)
    assert values == {"background": ["branch", "grass", "sky", "snow", "water"]}
    records = Records(birds)
    pictures = np.stack([record.picture(64)[6:70, 6:70] for record in records])
    reading = read(probe, pictures)
    truth = Targets(records, values=values).numbers
    assert accuracies(reading, truth)["background"] > 0.8  # by chance 0.2
    assert reading.features.shape == (len(records), 24) and (reading.features >= 0).all()
    assert reading.probabilities["background"].sum(axis=1) == pytest.approx(1)
    losses = [row["loss"] for row in run.metrics()]
    assert losses[-1] < losses[0] / 2


def test_it_goes_on_where_it_was_stopped_and_trains_further_as_a_model(trained):
    model = load_run(trained)
    assert int(model.optimizer.iterations) == Run.open(trained).metrics()[-1]["step"]
    batch = {"image": np.zeros((2, 64, 64, 3), "uint8"), "target/background": np.zeros(2, "int32")}
    assert np.isfinite(model.train_on_batch(batch, return_dict=True)["loss"])


def test_the_loss_is_the_sum_of_the_heads_cross_entropies():
    probe = Probe({"wing": 3, "belly": 4}, width=2, features=5)
    probe.compile(keras.optimizers.SGD(0.0))
    random = np.random.default_rng(0)
    batch = {"image": random.integers(0, 256, (4, 64, 64, 3)).astype("uint8"),
             "target/wing": np.array([0, 1, 2, 0], "int32"),
             "target/belly": np.array([3, 1, 2, 0], "int32")}  # fmt: skip
    logits = {
        name: np.array(keras.ops.convert_to_numpy(v)) for name, v in probe(batch, training=True).items()
    }
    expected = 0.0
    for name in ("wing", "belly"):
        p = np.exp(logits[f"logits/{name}"])
        p /= p.sum(axis=1, keepdims=True)
        expected -= np.log(p[np.arange(4), batch[f"target/{name}"]]).mean()
    assert probe.train_on_batch(batch, return_dict=True)["loss"] == pytest.approx(expected, rel=1e-4)


def test_targets_of_a_set_without_attributes_are_its_classes(tmp_path):
    from miniature_sets import digits, image_folder

    image_folder.make(tmp_path / "root")
    prepare("image-folder", tmp_path / "one", root=tmp_path / "root", size=64, workers=1)
    with pytest.raises(ValueError, match="nothing to read"):  # one class
        Targets(Records(tmp_path / "one"))
    digits.make(tmp_path / "numbers")
    prepare("digits", tmp_path / "ten", root=tmp_path / "numbers", workers=1)
    records = Records(tmp_path / "ten")
    targets = Targets(records)
    assert targets.heads == {"class": 10}
    names = [targets.values["class"][number] for number in targets.numbers["class"]]
    assert names == [records.info["classes"][records[number].label] for number in range(len(records))]


def test_values_that_were_not_trained_on_are_left_out(birds):
    targets = Targets(Records(birds), values={"background": ["snow", "sky"]})
    numbers = targets.numbers["background"]
    assert set(numbers) == {-1, 0, 1} and targets.heads == {"background": 2}
    with pytest.raises(ValueError, match=r"unknown attribute .* 'colour'"):
        Targets(Records(birds), ["colour"])


def test_larger_pictures_are_reduced_without_aliases():
    y, x = np.mgrid[:256, :256] / 256
    slow = 127.5 + 120 * np.sin(2 * np.pi * 3 * x) * np.cos(2 * np.pi * 2 * y)
    stripes = np.where(np.arange(256) % 2, 40, 200)[None, :] + 0 * y  # finer than 64 px can show
    pictures = np.stack([slow, stripes])[..., None].repeat(3, -1).round().astype("uint8")
    small = at_64(pictures)
    assert small.shape == (2, 64, 64, 3) and small.dtype == np.float32
    middle = slow.reshape(64, 4, 64, 4).mean(axis=(1, 3)) / 127.5 - 1
    np.testing.assert_allclose(small[0, ..., 0], middle, atol=0.03)
    np.testing.assert_allclose(small[1, :, 3:-3], 120 / 127.5 - 1, atol=0.02)
    for shape in [(1, 28, 28, 3), (1, 64, 128, 3)]:
        with pytest.raises(ValueError, match="squares of at least 64"):
            at_64(np.zeros(shape, "uint8"))
    with pytest.raises(ValueError, match="not uint8"):
        read(Probe({"a": 2}, width=2, features=2), np.zeros((0, 64, 64, 3), "uint8"))


def test_larger_pictures_are_reduced_to_what_a_set_holds_at_64_px(tmp_path):
    prepare("synthetic-birds", tmp_path / "large", size=256, limit=20, seed=1, workers=1)
    stored, small, means = [], [], []
    for record in Records(tmp_path / "large"):
        large = record.picture(256)[24:-24, 24:-24]
        stored.append(record.picture(64)[6:-6, 6:-6] / 127.5 - 1)
        small.append(at_64(large[None])[0])
        means.append(large.reshape(64, 4, 64, 4, 3).mean(axis=(1, 3)) / 127.5 - 1)
    # What is left is JPEG and the border; means of squares are softer than what a probe has learnt from.
    assert np.abs(np.subtract(small, stored)).mean() < 0.85 * np.abs(np.subtract(means, stored)).mean()


def test_a_run_that_is_no_probe_is_refused(trained, tmp_path):
    with pytest.raises(ValueError, match="is a probe, which reads pictures"):
        Run.open(trained).pipeline()
    with pytest.raises(ValueError, match="heads are"):
        Probe({})
