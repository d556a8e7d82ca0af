"""Training on embeddings that came with the data: no text phase, and a bundle asked by embeddings."""

import numpy as np
import pytest
from miniature_sets.stackgan_pickles import make
from small_run import SMALL_UNTRAINED_TEXT

from stackgan_k3.config import load_preset
from stackgan_k3.data.prepare import prepare
from stackgan_k3.data.records import Records
from stackgan_k3.errors import UserError
from stackgan_k3.training.load_run import load_run
from stackgan_k3.training.text_phase import example_vectors, text_networks
from stackgan_k3.training.train import train

SETTINGS = {
    **SMALL_UNTRAINED_TEXT,
    "text.encoder": "published",
    "text.embedding_dim": 1024,
    "stage1.epochs": 1,
    "stage1.batch_size": 4,
    "stage1.generator_rate": 0.05,
}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("published")
    make(folder / "source")
    prepare("stackgan-pickles", folder / "set", root=folder / "source", size=256, workers=1)
    return folder / "set"


def config(**changes):
    return load_preset("stackgan-tiny", {**SETTINGS, **changes})


@pytest.fixture(scope="module")
def run(data, tmp_path_factory):
    return train(config(), data, tmp_path_factory.mktemp("runs") / "run", phases=["text", "stage1"])


def test_no_text_encoder_is_made(run):
    assert {row["phase"] for row in run.metrics()} == {"stage1"}
    assert run.text_encoder() is None
    assert text_networks(run.config.text) == {}
    assert not (run.folder / "text").exists()


def test_stage1_needs_no_phase_before_it(data, tmp_path):
    alone = train(config(), data, tmp_path / "run", phases=["stage1"])
    assert {row["phase"] for row in alone.metrics()} == {"stage1"}


def test_stage2_still_needs_its_sketches(data, tmp_path):
    with pytest.raises(UserError, match="no trained Stage-I generator"):
        train(config(**{"stage2.image_size": 256}), data, tmp_path / "run", phases=["stage2"])
    assert not (tmp_path / "run").exists()


def test_samples_are_drawn_from_the_records_own_embeddings(run, data):
    held_out = Records(data, "test")
    vectors = example_vectors(run, Records(data), None)
    assert len(vectors) == len(run.examples) == len(held_out)
    for number, caption in enumerate(run.examples):
        record = held_out[number]
        assert record.captions[number % len(record.captions)] == caption
        np.testing.assert_array_equal(vectors[number], record.embeddings[number % len(record.captions)])
    assert list((run.folder / "samples").glob("stage1-*.png"))


def test_it_draws_embeddings_and_says_so(run):
    pipeline = run.pipeline()
    assert pipeline.condition == "embedding"
    vectors = np.random.default_rng(0).normal(size=(2, 1024)).astype("float32")
    pictures = pipeline.generate(vectors, seed=3)
    assert pictures.std() > 1
    again = load_run(run.folder).generate(vectors, seed=3)
    assert np.abs(again.astype(int) - pictures).max() <= 1
    with pytest.raises(UserError, match="pass embeddings"):
        pipeline.generate("a red bird")


@pytest.mark.parametrize("phase", ["text", "stage1"])
@pytest.mark.parametrize("part", ["a set without", "another size"])
def test_data_that_does_not_fit(part, phase, data, tmp_path):
    if part == "a set without":
        data = tmp_path / "birds"
        prepare("synthetic-birds", data, size=128, limit=10, workers=1)
        message, settings = "holds no embeddings; prepare a set", config()
    else:
        message, settings = "set text.embedding_dim=1024", config(**{"text.embedding_dim": 300})
    with pytest.raises(UserError, match=message):
        train(settings, data, tmp_path / "run", phases=[phase])
    assert not (tmp_path / "run").exists()
