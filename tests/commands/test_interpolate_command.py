import numpy as np
import pytest
from bundles import build_bundle
from PIL import Image

from stackgan_k3 import cli
from stackgan_k3.inference import TextToImage

ONE, OTHER = "a small red bird", "two blue fish"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return build_bundle(tmp_path_factory.mktemp("interpolate") / "bundle")


def call(*words):
    return cli.main(["interpolate", *map(str, words)])


def test_a_strip(bundle, tmp_path, capsys):
    file = tmp_path / "strip.png"
    assert call(bundle, ONE, OTHER, "--seed", 7, "--seed2", 9, "--steps", 3, "-o", file) == 0
    walk = TextToImage.load(bundle).interpolate(ONE, OTHER, seed=7, seed_b=9, steps=3)
    assert (np.asarray(Image.open(file)) == walk.grid(3)).all()
    assert capsys.readouterr().out.splitlines() == [
        "provider: CPUExecutionProvider",
        *(f"{ONE} \u2192 {OTHER}, seed 7 \u2192 9: {t}" for t in ("0.00", "0.50", "1.00")),
        str(file),
    ]


def test_a_gif(bundle, tmp_path):
    assert call(bundle, ONE, "--seed2", 3, "-o", tmp_path / "walk.gif") == 0
    with Image.open(tmp_path / "walk.gif") as file:
        assert (file.format, file.n_frames, file.size) == ("GIF", 14, (128, 128))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([ONE, "-o", "a.png"], "both ends are the same picture"),
        (["-o", "a.png", "--seed2", "3"], "there is no caption"),
        ([ONE, OTHER, "a third", "-o", "a.png"], "3 captions were given"),
        ([ONE, OTHER, "--steps", "1", "-o", "a.png"], "steps is 1"),
        ([ONE, " ", "-o", "a.png"], "the caption is empty"),
        ([ONE, OTHER, "--steps", "600", "-o", "a.jpg"], "a JPEG has at most 65500 a side; save as .png"),
        ([ONE, OTHER, "-o", "a.mp4"], "or .gif"),
        ([ONE, OTHER, "-o", "missing/a.gif"], "does not exist"),
    ],
)
def test_bad_input(bundle, tmp_path, monkeypatch, capsys, words, message):
    monkeypatch.chdir(tmp_path)
    assert call(bundle, *words) == 2
    out, err = capsys.readouterr()
    assert message in err and "Traceback" not in err
    assert out == ""
    assert list(tmp_path.iterdir()) == []
