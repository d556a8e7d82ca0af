"""Runs whose text encoder is taken from elsewhere: word vectors of a file, and a model of sentences."""

import numpy as np
import pytest
from image_folders import rows
from miniature_sets.image_folder import save
from small_run import SMALL, SMALL_UNTRAINED_TEXT

from stackgan_k3.config import load_preset
from stackgan_k3.data.prepare import prepare
from stackgan_k3.data.records import Records
from stackgan_k3.errors import UserError
from stackgan_k3.text.sentence_encoder import SentenceEncoder
from stackgan_k3.training.evaluate import evaluate
from stackgan_k3.training.run import Run
from stackgan_k3.training.text_phase import caption_encoder, embedding_table, example_vectors
from stackgan_k3.training.train import train

GAN = {
    **{name: value for name, value in SMALL_UNTRAINED_TEXT.items() if name.startswith("text.")},
    "gan.epochs": 1,
    "gan.batch_size": 8,
    "gan.width": 4,
    "gan.discriminator_width": 4,
    "gan.noise_dim": 5,
    "gan.text_dim": 4,
    "gan.generator_rate": 0.05,
}
COLOURS = ("red", "blue", "green", "yellow", "black", "white", "brown", "grey", "orange", "bird", "wings")


def config(**changes):
    return load_preset("gan-cls-flowers", {**GAN, **changes})


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("birds") / "set"
    prepare("synthetic-birds", folder, size=128, limit=60, seed=2, workers=1)
    return folder


@pytest.fixture(scope="module")
def glove(tmp_path_factory):
    rng = np.random.default_rng(0)
    vectors = {word: rng.normal(size=8).round(4) for word in ("zebra", "frequent", "seldom", *COLOURS)}
    path = tmp_path_factory.mktemp("vectors") / "glove.txt"
    path.write_text("".join(f"{word} {' '.join(map(str, row))}\n" for word, row in vectors.items()))
    return path


@pytest.fixture(scope="module")
def words_run(data, glove, tmp_path_factory):
    changes = {
        "text.encoder": "word-vectors",
        "text.vectors": str(glove),
        "text.words": 2,
        "text.batch_size": 4000,
    }
    return train(config(**changes), data, tmp_path_factory.mktemp("runs") / "words")


def test_vectors_of_a_file(words_run, data):
    assert {row["phase"] for row in words_run.metrics()} == {"gan"}
    encoder = Run.open(words_run.folder).text_encoder()
    assert {"zebra", "frequent", "bird"} <= set(encoder.words) and "seldom" not in encoder.words
    records = Records(data, "train")
    table = embedding_table(records, encoder)
    every = np.stack([table.row(i, k) for i in range(len(records)) for k in range(len(records[i].captions))])
    assert abs(np.square(every).mean() - 1.0) < 0.3  # calibrated by a part of them
    pictures = words_run.pipeline().generate(["a red bird", "a blue bird"], seed=2)
    assert (pictures[0] != pictures[1]).any()
    with pytest.raises(UserError, match="no word of the caption is known: ein, vogel"):
        words_run.pipeline().generate("ein Vogel")


def test_a_run_that_goes_on_keeps_its_vectors(words_run, data, glove, capsys):
    before = (words_run.folder / "text" / "text_encoder.safetensors").read_bytes()
    text = glove.read_text()
    glove.write_text(text.replace("red ", "red2 "))
    try:
        train(words_run.config, data, words_run.folder, resume=True)
    finally:
        glove.write_text(text)
    assert (words_run.folder / "text" / "text_encoder.safetensors").read_bytes() == before


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"text.embedding_dim": 300}, "set text.embedding_dim=8"),
        ({"text.vectors": "none.txt"}, "there is no file none.txt"),
    ],
)
def test_files_that_do_not_fit(data, glove, tmp_path, changes, message):
    settings = {"text.encoder": "word-vectors", "text.vectors": str(glove), **changes}
    with pytest.raises(UserError, match=message):
        train(config(**settings), data, tmp_path / "run", phases=["text"])


def test_vectors_of_another_language(data, tmp_path):
    (tmp_path / "glove.txt").write_text("vogel 1 2 3 4 5 6 7 8\n")
    settings = {"text.encoder": "word-vectors", "text.vectors": str(tmp_path / "glove.txt")}
    with pytest.raises(UserError, match="knows no word of the captions"):
        train(config(**settings), data, tmp_path / "run", phases=["text"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"text.encoder": "word-vectors"}, "needs text.vectors; set text.vectors=own"),
        ({"text.encoder": "sentence-transformers"}, "needs text.folder"),
        (
            {"text.vectors": "own"},
            "encoder=char-cnn-rnn does not read it; leave it out, or set text.encoder=word",
        ),
        ({"text.encoder": "published", "text.folder": "x"}, "encoder=published does not read it"),
        ({"text.encoder": "word2vec"}, "text.encoder"),
    ],
)
def test_settings_that_do_not_go_together(changes, message):
    with pytest.raises(UserError, match=message):
        config(**changes)


def test_a_folder_without_a_model(tmp_path):
    pytest.importorskip("sentence_transformers")
    with pytest.raises(UserError, match=r"no modules\.json"):
        SentenceEncoder(tmp_path)


def test_without_sentence_transformers(tmp_path, monkeypatch):
    from stackgan_k3.text import sentence_encoder

    monkeypatch.setattr(sentence_encoder.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install 'stackgan-k3\[sentence-transformers\]'"):
        SentenceEncoder(tmp_path)


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory):
    """A model of sentences, saved: a bag of words, and a dense layer to 8 numbers."""
    pytest.importorskip("sentence_transformers")
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import BoW, Dense

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("sentences") / "model"
    SentenceTransformer(modules=[BoW(vocab=list(COLOURS)), Dense(len(COLOURS), 8)], device="cpu").save(
        str(folder)
    )
    return folder


@pytest.mark.filterwarnings("default")
def test_a_model_of_sentences(data, model_folder, tmp_path, capsys):
    settings = {"text.encoder": "sentence-transformers", "text.folder": str(model_folder)}
    run = train(config(**settings), data, tmp_path / "run")
    assert "the bundle will be asked by embeddings (float32 [batch, 8])" in capsys.readouterr().err
    assert {row["phase"] for row in run.metrics()} == {"gan"}
    encoder = caption_encoder(Run.open(run.folder))
    records = Records(data, "train")
    table = embedding_table(records, encoder)
    assert table.matches(records, encoder)
    np.testing.assert_allclose(table.row(3, 1), encoder.embed([records[3].captions[1]])[0], atol=1e-5)
    # Those of the model itself, moved and scaled.
    from sentence_transformers import SentenceTransformer

    raw = SentenceTransformer(str(model_folder), device="cpu").encode(["a red bird", "a blue bird"])
    ours = encoder.embed(["a red bird", "a blue bird"])
    np.testing.assert_allclose(ours * encoder.scale + encoder.mean, raw, atol=1e-5)
    np.testing.assert_array_equal(example_vectors(run, records, encoder), encoder.embed(run.examples))
    pipeline = run.pipeline()
    assert pipeline.condition == "embedding"
    pictures = pipeline.generate(ours, seed=1)
    assert (pictures[0] != pictures[1]).any()
    with pytest.raises(UserError, match="pass embeddings"):
        pipeline.generate("a red bird")
    # Held-out captions are embedded by the same model: bundles cannot, runs can.
    numbers = evaluate(run.folder, data, features="pixels", samples=20, split="train")
    assert np.isfinite(numbers["fid"]["drawn"])
    (model_folder / "changed.txt").write_text("x")
    with pytest.raises(UserError, match="is not the one that"):
        caption_encoder(run)


def test_captions_that_cannot_be_read_are_told_before_they_are_trained_on(tmp_path, capsys):
    for number in range(8):
        save(tmp_path / f"{number}.png", n=number)

    def trained(share, name):
        captions = [
            "красная птица" if n < 8 * share else f"{name} {n} of {n}" for n, name in enumerate(COLOURS[:8])
        ]
        named = [{"file_name": f"{number}.png", "text": text} for number, text in enumerate(captions)]
        rows(tmp_path / "metadata.jsonl", *named)
        prepare("image-folder", tmp_path / name, root=str(tmp_path), size=64, workers=1)
        tiny = load_preset("stackgan-tiny", {**SMALL, "text.batch_size": 2})
        return train(tiny, tmp_path / name, tmp_path / f"{name}-run", phases=["text"])

    with pytest.raises(UserError, match=r"no character that is read, such as 'красная птица'.*sentence-tr"):
        trained(1, "russian")
    capsys.readouterr()
    trained(0.5, "both")
    assert "% of the captions in" in capsys.readouterr().err
    trained(0, "english")
    assert "of the captions" not in capsys.readouterr().err
