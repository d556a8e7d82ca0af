import numpy as np
import pytest
from PIL import Image

from stackgan_k3 import cli
from stackgan_k3.bundle.manifest import Manifest
from stackgan_k3.bundle.shipped import bundle_and_captions, bundle_folder
from stackgan_k3.errors import UserError
from stackgan_k3.inference import TextToImage

CAPTION = "this bird is red with black wings and a short beak"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_it_is_whole_and_takes_at_most_12_mb():
    manifest = Manifest.read(bundle_folder())
    manifest.verify(bundle_folder())
    assert sum(path.stat().st_size for path in bundle_folder().rglob("*") if path.is_file()) <= 12e6
    assert manifest.data["licence"].startswith("CC0-1.0")
    assert CAPTION.split()[0] in {text.split()[0] for text in manifest.examples}


def test_a_caption_alone_is_drawn_by_it(capsys):
    assert cli.main(["generate", CAPTION, "-n", "2", "--seed", "3", "-o", "birds.png"]) == 0
    out = capsys.readouterr().out
    assert "comes with the package" in out
    assert f"seed 3 to 4: {CAPTION}" in out
    cli.main(["generate", "shipped", CAPTION, "-n", "2", "--seed", "3", "-o", "again.png"])
    drawn, again = (np.asarray(Image.open(name)) for name in ("birds.png", "again.png"))
    np.testing.assert_array_equal(drawn, again)
    assert "comes with the package" not in capsys.readouterr().out


def test_two_captions_alone_are_the_ends_of_a_way(capsys):
    words = ["interpolate", CAPTION, "a small blue bird", "--steps", "3", "-o", "walk.png"]
    assert cli.main(words) == 0
    walk = TextToImage.load().interpolate(CAPTION, "a small blue bird", steps=3)
    assert (
        np.asarray(Image.open("walk.png"))[: walk.images.shape[1], : walk.images.shape[2]] == walk.images[0]
    ).all()


def test_colours_follow_the_caption():
    """Of strongly red pixels pictures of the red bird have most by far, and so on: colour by colour."""
    model = TextToImage.load()
    shares = []
    for colour in ("red", "green", "blue"):
        pictures = model.generate(
            f"this bird is {colour} and has {colour} wings", num_images=8, seed=0
        ).images
        values = pictures.astype(int)
        others = np.stack([np.delete(values, channel, -1).max(-1) for channel in range(3)], -1)
        shares.append((values - others > 60).mean((0, 1, 2)))
    for channel, share in enumerate(np.array(shares).T):
        first, second = np.argsort(-share)[:2]
        assert first == channel
        assert share[first] > 2 * share[second]


def test_what_is_meant(tmp_path):
    shipped = bundle_folder()
    assert bundle_folder("shipped") == shipped
    assert bundle_and_captions([]) == (shipped, [])
    assert bundle_and_captions(["shipped", "bird"]) == (shipped, ["bird"])
    assert bundle_and_captions(["a bird"]) == (shipped, ["a bird"])
    assert bundle_and_captions(["a bird " * 500]) == (
        shipped,
        ["a bird " * 500],
    )  # longer than a file's name may be
    (tmp_path / "my birds").mkdir()
    assert bundle_and_captions(["my birds", "a bird"])[0].name == "my birds"
    (tmp_path / "shipped").mkdir()
    assert bundle_and_captions(["shipped", "a bird"])[0].resolve() == tmp_path / "shipped"
    assert bundle_folder(tmp_path) == tmp_path


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["brids"],
            "there is no bundle brids; if it is a caption of one word, say what draws it: shipped brids",
        ),
        (["brids", "a red bird"], "there is no folder brids"),
        ([], "caption"),
        ([""], "the caption is empty"),
        (["shipped"], "caption"),
    ],
)
def test_what_cannot_be_drawn_is_explained(words, message, capsys, tmp_path):
    assert cli.main(["generate", *words, "-o", "birds.png"]) == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_one_word_that_is_no_bundle_is_refused():
    with pytest.raises(UserError, match="there is no bundle bird"):
        bundle_and_captions(["bird"])


def test_drawing_needs_nothing_of_the_training_extra():
    """`pip install 'stackgan-k3[cpu]'` brings numpy, pillow and onnxruntime, and that must do."""
    import subprocess
    import sys

    barred = [
        "filelock",
        "keras",
        "pydantic",
        "grain",
        "msgpack",
        "tqdm",
        "safetensors",
        "array_record",
        "absl",
    ]
    program = f"""
import sys
for name in {barred}:
    sys.modules[name] = None
from stackgan_k3 import cli
raise SystemExit(cli.main(["generate", {CAPTION!r}, "--seed", "1", "-o", "bird.png"]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
