import numpy as np
import pytest
from bundles import build_bundle
from bundles_of_kinds import SIZE, build_kind
from PIL import Image

from stackgan_k3 import cli
from stackgan_k3.inference import TextToImage


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return build_kind(tmp_path_factory.mktemp("embeddings") / "bundle", "embedding")


@pytest.fixture
def vectors(tmp_path):
    values = np.random.default_rng(0).normal(size=(2, SIZE)).astype("float32")
    np.save(tmp_path / "vectors.npy", values)
    return values


def call(*words):
    return cli.main(["generate", *map(str, words)])


def test_pictures_of_embeddings(bundle, vectors, tmp_path, capsys):
    words = (bundle, "--embeddings", tmp_path / "vectors.npy", "-n", 2, "--seed", 7, "-o", tmp_path / "a.png")
    assert call(*words) == 0
    drawing = TextToImage.load(bundle).generate(vectors, num_images=2, seed=7)
    assert (np.asarray(Image.open(tmp_path / "a.png")) == drawing.grid()).all()
    assert "seed 7 to 8: embedding 1" in capsys.readouterr().out


def test_what_is_refused(bundle, vectors, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("wrong.npy", np.zeros((2, SIZE + 1)))
    np.save("objects.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    np.savez("several.npz", a=np.zeros(3))
    (tmp_path / "text.npy").write_text("no numbers")
    (tmp_path / "empty.npy").write_text("")
    captions = build_bundle(tmp_path / "captions")
    for words, message in (
        ([bundle, "a red bird"], "has no text encoder: give --embeddings FILE.npy"),
        ([bundle], "give --embeddings FILE.npy"),
        ([bundle, "a red bird", "--embeddings", "vectors.npy"], "captions and --embeddings"),
        ([bundle, "--embeddings", "wrong.npy"], f"must be [N, {SIZE}]"),
        ([bundle, "--embeddings", "objects.npy"], "no .npy file of numbers"),
        ([bundle, "--embeddings", "text.npy"], "no .npy file of numbers"),
        ([bundle, "--embeddings", "empty.npy"], "no .npy file of numbers"),
        ([bundle, "--embeddings", "several.npz"], "holds several arrays"),
        ([bundle, "--embeddings", "missing.npy"], "missing.npy: No such file"),
        ([captions, "--embeddings", "vectors.npy"], "is not asked by embeddings"),
    ):
        assert call(*words, "-o", "out.png") == 2, words
        assert message in capsys.readouterr().err
    assert not (tmp_path / "out.png").exists()
