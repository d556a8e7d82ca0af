import numpy as np
import pytest
from bundles import build_bundle
from PIL import Image

from stackgan_k3 import cli
from stackgan_k3.inference import TextToImage

CAPTION = "a small red bird"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return build_bundle(tmp_path_factory.mktemp("generate") / "bundle")


def call(*words):
    return cli.main(["generate", *map(str, words)])


def test_one_picture(bundle, tmp_path, capsys):
    assert call(bundle, CAPTION, "--seed", 7, "-o", tmp_path / "bird.png") == 0
    expected = TextToImage.load(bundle).generate(CAPTION, seed=7)
    assert (np.asarray(Image.open(tmp_path / "bird.png")) == expected.images[0]).all()
    assert capsys.readouterr().out.splitlines() == [
        "provider: CPUExecutionProvider",
        f"seed 7: {CAPTION}",
        str(tmp_path / "bird.png"),
    ]


def test_a_grid_and_its_sketches(bundle, tmp_path, capsys):
    words = (bundle, CAPTION, "a blue bird", "-n", 3, "--seed", 7, "--previews", "-o", tmp_path / "birds.png")
    assert call(*words) == 0
    for name, side in (("birds.png", 132), ("birds-sketches.png", 68)):
        with Image.open(tmp_path / name) as picture:
            assert picture.size == (3 * side - 4, 2 * side - 4)
    assert "seed 7 to 9: a blue bird" in capsys.readouterr().out


def test_a_folder(bundle, tmp_path):
    assert call(bundle, CAPTION, "-n", 2, "--seed", 7, "--previews", "-o", f"{tmp_path}/out/") == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "0000-seed-7.png", "0000-sketch-seed-7.png", "0001-seed-8.png", "0001-sketch-seed-8.png"
    ]  # fmt: skip


def test_the_seed_by_chance_is_told_and_notes_go_to_stderr(bundle, tmp_path, capsys):
    assert call(bundle, "bird " * 50, "--provider", "cuda", "-o", tmp_path / "a.png") == 0
    out, err = capsys.readouterr()
    seed = int(out.splitlines()[1].removeprefix("seed ").partition(":")[0])
    with pytest.warns(UserWarning, match="201"):
        expected = TextToImage.load(bundle).generate("bird " * 50, seed=seed)
    assert (np.asarray(Image.open(tmp_path / "a.png")) == expected.images[0]).all()
    assert "note: CUDA was asked for" in err
    assert "note: 1 of 1 captions have more than 201 characters" in err


def test_options_may_stand_before_a_caption(bundle, tmp_path, capsys):
    assert call(bundle, "--seed", "3", CAPTION, "-o", str(tmp_path / "a.png")) == 0
    assert cli.main(["generate", "-o", str(tmp_path / "b.png"), str(bundle), "--seed", "3", CAPTION]) == 0
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@pytest.mark.parametrize("words", [("--", "-x"), ("-x bird",), ("--", "-x bird")])
def test_a_caption_may_begin_with_a_dash(bundle, tmp_path, capsys, words):
    assert call(bundle, CAPTION, "--seed", "3", "-o", str(tmp_path / "a.png"), *words) == 0
    assert f"seed 3: {CAPTION}\nseed 3: {words[-1]}\n" in capsys.readouterr().out


def test_an_unknown_option_is_no_caption(bundle, tmp_path, capsys):
    assert call(bundle, CAPTION, "-o", str(tmp_path / "a.png"), "--sed", "3") == 2
    assert "unrecognized arguments: --sed" in capsys.readouterr().err


def test_a_caption_that_is_given_twice_is_told_once(bundle, tmp_path, capsys):
    assert call(bundle, CAPTION, CAPTION, "--seed", "3", "-o", str(tmp_path / "a.png")) == 0
    assert f"seed 3: {CAPTION}\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["", "-o", "a.png"], "the caption is empty"),
        (["x" * 10_000, "-o", "a.png"], "10,000 characters"),
        ([CAPTION, "-n", "-1", "-o", "a.png"], "num_images is -1"),
        ([CAPTION, "--seed", "-1", "-o", "a.png"], "out of range"),
        ([CAPTION, "--provider", "gpu9", "-o", "a.png"], "unknown provider 'gpu9'"),
        ([CAPTION, "-o", "a.gif"], "as .png or .jpg"),
        ([CAPTION, "-o", ""], "no name to save under"),
        ([CAPTION, "-o", "missing/a.png"], "does not exist"),
        ([CAPTION, "-n", "900", CAPTION, "-o", "a.jpg"], "a JPEG has at most 65500 a side; save as .png"),
        ([CAPTION, "-n", "many", "-o", "a.png"], "invalid int value"),
        ([CAPTION], "required: -o"),
    ],
)
def test_bad_input(bundle, tmp_path, monkeypatch, capsys, words, message):
    monkeypatch.chdir(tmp_path)
    assert call(bundle, *words) == 2
    out, err = capsys.readouterr()
    assert message in err
    assert "Traceback" not in err
    assert out == ""
    assert list(tmp_path.iterdir()) == []


def test_no_bundle(tmp_path, capsys):
    assert call(tmp_path / "none", CAPTION, "-o", tmp_path / "a.png") == 2
    assert "there is no folder" in capsys.readouterr().err
