from pathlib import Path

import pytest
from flowers import make_flowers
from miniature_sets.image_folder import save
from preparing import content

from stackgan_k3.cli import main
from stackgan_k3.data.prepare import prepare


@pytest.fixture(scope="module")
def flowers(tmp_path_factory) -> Path:
    return make_flowers(tmp_path_factory.mktemp("source") / "flowers", classes=5, each=24)


@pytest.fixture(scope="module")
def whole(flowers, tmp_path_factory) -> Path:
    """A set prepared in one go by one process."""
    out = tmp_path_factory.mktemp("whole") / "set"
    prepare("oxford-flowers", out, root=flowers, size=64, workers=1)
    return out


def test_the_command(whole, flowers, tmp_path, capsys) -> None:
    out = tmp_path / "set"
    words = ["prepare", "oxford-flowers", str(out), "--root", str(flowers), "--size", "64", "--workers", "1"]
    assert main(words) == 0
    printed = capsys.readouterr().out
    assert "96 pictures to train on and 24 to test with, 360 captions, 5 classes" in printed
    assert f"next: stackgan-k3 train PRESET --data {out} --run runs/NAME" in printed
    assert content(out) == content(whole)
    assert main(words) == 2
    assert "finished set already" in capsys.readouterr().err
    assert main(["prepare", "oxford-flower", str(tmp_path / "b")]) == 2
    assert "did you mean 'oxford-flowers'" in capsys.readouterr().err
    assert main(["prepare", "oxford-flowers", str(tmp_path / "b"), "--root", str(tmp_path / "none")]) == 2
    assert "text_c10" in capsys.readouterr().err
    assert main([*words[:2], str(tmp_path / "b"), *words[3:], "--limit", "-5"]) == 2
    assert "limit is -5" in capsys.readouterr().err
    assert not (tmp_path / "b").exists()


def test_the_command_lists_refused_files(tmp_path, capsys) -> None:
    root = make_flowers(tmp_path / "flowers", classes=5, each=4)
    (root / "jpg" / "image_00002.jpg").write_bytes(b"")
    out = str(tmp_path / "set")
    assert (
        main(["prepare", "oxford-flowers", out, "--root", str(root), "--size", "64", "--workers", "1"]) == 0
    )
    printed = capsys.readouterr().out
    assert "refused: 1" in printed
    assert "jpg/image_00002.jpg: the file is empty" in printed


def test_what_comes_next_can_be_pasted_and_names_cannot_steer_a_terminal(tmp_path, capsys) -> None:
    root = make_flowers(tmp_path / "flowers", classes=1, each=2)
    (root / "jpg" / "image_\x1b[2J.jpg").write_bytes(b"")
    out = str(tmp_path / "my set")
    words = ["prepare", "oxford-flowers", out, "--root", str(root), "--size", "64", "--workers", "1"]
    assert main(words) == 0
    printed = capsys.readouterr().out
    assert f"train PRESET --data '{out}' --run" in printed
    assert "\x1b" not in printed
    assert "image_\\x1b[2J.jpg: it has no captions file" in printed
    assert "2 pictures to train on and 0 to test with, 6 captions, 1 class, in" in printed


def test_where_no_picture_is_left_to_train_on_it_is_told(tmp_path, capsys) -> None:
    for split in ("train", "test"):
        save(tmp_path / "set" / split / "a.png")
        (tmp_path / "set" / split / "a.txt").write_text("a red bird\n")
    (tmp_path / "set" / "train" / "a.png").write_bytes(b"no picture")
    words = ["--root", str(tmp_path / "set"), "--size", "64", "--workers", "1"]
    assert main(["prepare", "image-folder", str(tmp_path / "out"), *words]) == 0
    printed = capsys.readouterr().out
    assert "no picture is left to train on" in printed and "next:" not in printed
