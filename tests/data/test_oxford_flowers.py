import pickle

import numpy as np
import pytest
from flowers import make_flowers
from PIL import Image

from stackgan_k3.data.oxford_flowers import OxfordFlowers
from stackgan_k3.data.source import BadExample, Source
from stackgan_k3.data.sources import open_source, source_names
from stackgan_k3.errors import UserError


def text(root, number: int = 1, label: int = 1):
    return root / "text_c10" / f"class_{label:05d}" / f"image_{number:05d}.txt"


def test_examples(tmp_path) -> None:
    source = OxfordFlowers(make_flowers(tmp_path / "flowers"))
    assert isinstance(source, Source)
    assert len(source) == 20
    assert source.classes == tuple(f"class_{label:05d}" for label in range(1, 6))
    example = source[5]
    assert example.name == "jpg/image_00006.jpg"
    assert example.label == 1
    assert example.captions[0] == "flower number 6 of class 2, caption 0"
    assert len(example.captions) == 3
    assert example.image.shape == (96, 104, 3)
    assert example.attributes == {}
    again = pickle.loads(pickle.dumps(source))[5]
    assert np.array_equal(again.image, example.image)


def test_class_names(tmp_path) -> None:
    root = make_flowers(tmp_path / "flowers", classes=3)
    (root / "classes.txt").write_bytes("1 pink primrose\r\n\r\n3 Löwenmäulchen\r\nnonsense\r\n".encode())
    assert OxfordFlowers(root).classes == ("pink primrose", "class_00002", "Löwenmäulchen")


def test_captions_as_people_leave_them(tmp_path) -> None:
    root = make_flowers(tmp_path / "flowers", classes=1)
    text(root).write_bytes("\ufeffa red\tflower \r\n\r\n   \r\nfleur d’été\r\n".encode())
    text(root, 2).write_bytes(b"une fleur d\x92\xe9t\xe9\rone more")
    text(root, 3).write_bytes(b"no newline at the end")
    source = OxfordFlowers(root)
    assert source[0].captions == ("a red flower", "fleur d’été")
    assert source[1].captions == ("une fleur d’été", "one more")
    assert source[2].captions == ("no newline at the end",)


def test_bad_examples_are_named(tmp_path) -> None:
    root = make_flowers(tmp_path / "flowers", classes=2)
    text(root, 1).write_text("\n  \n")
    text(root, 2).write_bytes(b"\0\1\2binary")
    (root / "jpg" / "image_00003.jpg").unlink()
    text(root, 4).unlink()
    (root / "jpg" / "image_00005.jpg").write_bytes(b"no picture")
    (root / "jpg" / "._image_00006.jpg").write_bytes(b"litter of a file system")
    (root / "jpg" / "Thumbs.db").write_bytes(b"litter of another")
    source = OxfordFlowers(root)
    found = {}
    for index in range(len(source)):
        try:
            source[index]
        except BadExample as bad:
            found[bad.name] = bad.reason
    assert found == {
        "text_c10/class_00001/image_00001.txt": "it holds no captions",
        "text_c10/class_00001/image_00002.txt": "the captions are not text",
        "text_c10/class_00001/image_00003.txt": "there is no picture jpg/image_00003.jpg",
        "jpg/image_00004.jpg": "it has no captions file in text_c10",
        "jpg/image_00005.jpg": found["jpg/image_00005.jpg"],
    }
    assert "not a picture" in found["jpg/image_00005.jpg"]
    assert len(source) == 8


def test_pictures_of_other_formats_count(tmp_path) -> None:
    root = make_flowers(tmp_path / "flowers", classes=1)
    (root / "jpg" / "image_00001.jpg").unlink()
    Image.new("RGB", (30, 30), (1, 2, 3)).save(root / "jpg" / "image_00001.PNG")
    assert OxfordFlowers(root)[0].image[0, 0].tolist() == [1, 2, 3]


def test_splits_are_by_class_seeded_and_stable(tmp_path) -> None:
    root = make_flowers(tmp_path / "flowers", classes=10, each=2)
    source = OxfordFlowers(root)
    splits: dict[int, set[str]] = {}
    for example in source:
        splits.setdefault(example.label, set()).add(example.split)
    assert all(len(found) == 1 for found in splits.values())
    test = [label for label, found in splits.items() if found == {"test"}]
    assert test == [1, 2]  # `printf 0/class_00002 | sha256sum` and that of class_00003 come first
    choices = {
        tuple(e.label for e in OxfordFlowers(root, seed=seed) if e.split == "test") for seed in range(8)
    }
    assert len(choices) > 1


def test_a_limit_keeps_a_mixture(tmp_path) -> None:
    root = make_flowers(tmp_path / "flowers", classes=10, each=3)
    few = list(OxfordFlowers(root, limit=10))
    assert sorted(example.label for example in few) == list(range(10))
    assert {example.split for example in few} == {"train", "test"}
    assert [e.name for e in few] == sorted(e.name for e in few)
    five = list(OxfordFlowers(root, limit=5))
    assert [example.split for example in five].count("test") == 1
    assert len({example.label for example in five}) == 5
    assert len(OxfordFlowers(root, limit=1000)) == 30


def test_what_is_missing_is_said(tmp_path) -> None:
    with pytest.raises(UserError, match=r"no folder .*nowhere; .*jpg/image_00001\.jpg"):
        OxfordFlowers(tmp_path / "nowhere")
    root = tmp_path / "flowers"
    (root / "jpg").mkdir(parents=True)
    with pytest.raises(UserError, match="text_c10; "):
        OxfordFlowers(root)
    (root / "text_c10").mkdir()
    with pytest.raises(UserError, match="no class folders"):
        OxfordFlowers(root)
    (root / "text_c10" / "class_00001").mkdir()
    with pytest.raises(UserError, match="no captions"):
        OxfordFlowers(root)


def test_captions_in_two_classes_are_refused(tmp_path) -> None:
    root = make_flowers(tmp_path / "flowers", classes=2)
    text(root, 1, label=2).write_text("a flower of another class")
    with pytest.raises(UserError, match=r"image_00001\.jpg has captions in more than one folder"):
        OxfordFlowers(root)


def test_open_source(tmp_path) -> None:
    root = make_flowers(tmp_path / "flowers")
    assert {"oxford-flowers", "synthetic-birds"} <= set(source_names())
    assert len(open_source("oxford-flowers", root=root, limit=7)) == 7
    with pytest.raises(UserError, match="did you mean 'oxford-flowers'"):
        open_source("oxford-flower")
    with pytest.raises(UserError, match="--root"):
        open_source("oxford-flowers")
    with pytest.raises(UserError, match="leave the root out"):
        open_source("synthetic-birds", root=root)
    for wrong in ({"size": 100}, {"limit": 0}, {"limit": -3}, {"seed": -1}, {"seed": 2**63}):
        with pytest.raises(UserError, match=rf"{next(iter(wrong))} is {next(iter(wrong.values()))}"):
            open_source("oxford-flowers", root=root, **wrong)


def test_open_synthetic_birds() -> None:
    source = open_source("synthetic-birds", size=64, limit=3)
    assert isinstance(source, Source)
    assert len(source) == 3
    assert source[0].image.shape == (76, 76, 3)
    assert len(open_source("synthetic-birds")) == 10_000
