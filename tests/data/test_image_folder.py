import os
import pickle

import numpy as np
import pytest
from image_folders import bad, good, rows
from miniature_sets.image_folder import make, save
from PIL import Image

from stackgan_k3.data.contact_sheet import contact_sheet
from stackgan_k3.data.image_folder import ImageFolder
from stackgan_k3.data.prepare import prepare
from stackgan_k3.data.source import Source
from stackgan_k3.data.sources import open_source
from stackgan_k3.errors import UserError


def test_the_miniature(tmp_path) -> None:
    make(tmp_path / "my pictures")
    source = open_source("image-folder", root=tmp_path / "my pictures")
    assert isinstance(source, Source)
    assert len(source) == 16
    assert source.classes == ("picture",)
    examples = {example.name: example for example in source}
    assert examples["train/0000.png"].captions == ("a red square number 0", "a square that is red")
    assert examples["train/0001.png"].captions == ("a green square number 1",)
    assert {name: e.split for name, e in examples.items()} == {name: name.split("/")[0] for name in examples}
    with Image.open(tmp_path / "my pictures" / "test" / "0002.png") as picture:
        np.testing.assert_array_equal(examples["test/0002.png"].image, np.asarray(picture))
    again = pickle.loads(pickle.dumps(source))
    assert again[3].captions == source[3].captions
    with pytest.raises(IndexError):
        source[16]


def test_text_files_beside_pictures(tmp_path) -> None:
    for name in ("a.png", "b c.JPG", "Ü.png", "silent.png", "empty.png", "binary.png"):
        save(tmp_path / name)
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfone\r\n\r\ntwo  words\r\n")
    (tmp_path / "b c.TXT").write_bytes(b"caf\xe9")
    (tmp_path / "Ü.txt").write_text("umlaut", encoding="utf-8")
    (tmp_path / "empty.txt").write_text(" \n")
    (tmp_path / "binary.txt").write_bytes(b"\0\1")
    (tmp_path / "widow.txt").write_text("no picture")
    (tmp_path / "README.txt").write_text("what this is")
    source = ImageFolder(tmp_path)
    assert source.classes == ("picture",)
    assert good(source) == {"a.png": ("one", "two words"), "b c.JPG": ("café",), "Ü.png": ("umlaut",)}
    assert bad(source) == {
        "silent.png": "there is no silent.txt beside it",
        "empty.txt": "it holds no captions",
        "binary.txt": "the captions are not text; save them as UTF-8",
        "widow.txt": "there is no picture of this name beside it",
    }
    assert set(good(ImageFolder(tmp_path, limit=100))) <= set(good(source))
    assert "widow.txt" not in bad(ImageFolder(tmp_path, limit=100))


def test_text_files_in_class_folders(tmp_path) -> None:
    for name in ("robin/1.png", "robin/2.png", "wren/1.png"):  # the same file name in two classes
        save(tmp_path / name)
        (tmp_path / name).with_suffix(".txt").write_text(f"this is {name}")
    source = ImageFolder(tmp_path)
    assert source.classes == ("robin", "wren")
    assert {e.name: (e.label, e.captions[0]) for e in source} == {
        "robin/1.png": (0, "this is robin/1.png"),
        "robin/2.png": (0, "this is robin/2.png"),
        "wren/1.png": (1, "this is wren/1.png"),
    }


def test_class_folders(tmp_path) -> None:
    for name in ("002.Golden_retriever/x.png", "002.Golden_retriever/deep/y.png", "Müll/x.png"):
        save(tmp_path / name)
    (tmp_path / "an empty class").mkdir()
    source = ImageFolder(tmp_path)
    assert source.classes == ("Golden retriever", "Müll")
    assert [(e.name, e.label, e.captions) for e in source] == [
        ("002.Golden_retriever/deep/y.png", 0, ("Golden retriever", "a picture of Golden retriever")),
        ("002.Golden_retriever/x.png", 0, ("Golden retriever", "a picture of Golden retriever")),
        ("Müll/x.png", 1, ("Müll", "a picture of Müll")),
    ]


def test_splits_from_folders(tmp_path) -> None:
    for name in ("train/robin/1.png", "Validation/robin/1.png", "test/wren/1.png"):
        save(tmp_path / name)
    source = ImageFolder(tmp_path)
    assert source.classes == ("robin", "wren")
    assert {e.name: (e.split, e.label) for e in source} == {
        "train/robin/1.png": ("train", 0),
        "Validation/robin/1.png": ("test", 0),
        "test/wren/1.png": ("test", 1),
    }
    save(tmp_path / "other" / "robin" / "1.png")
    with pytest.raises(
        UserError, match=r"in the folder of a split, and other/robin/1\.png, which is in none"
    ):
        ImageFolder(tmp_path)


def test_splits_by_hash(tmp_path) -> None:
    for n in range(300):
        (tmp_path / f"c{n % 3}").mkdir(exist_ok=True)
        (tmp_path / f"c{n % 3}" / f"{n}.png").write_bytes(b"never opened")
    source = ImageFolder(tmp_path)
    names = [source._names[n] for n in range(300)]
    tests = {name for name, test in zip(names, source._tests, strict=True) if test}
    assert 15 <= len(tests) <= 50
    assert {name[:2] for name in tests} == {"c0", "c1", "c2"}
    other = ImageFolder(tmp_path, seed=1)
    assert tests != {name for name, test in zip(other._names, other._tests, strict=True) if test}
    for n in range(300, 330):  # more pictures change nothing for those that were there
        (tmp_path / "c0" / f"{n}.png").write_bytes(b"never opened")
    more = ImageFolder(tmp_path)
    kept = {name for name, test in zip(more._names, more._tests, strict=True) if test and name in set(names)}
    assert kept == tests


@pytest.mark.parametrize("count", [2, 3, 12])
def test_small_sets_have_both_splits(tmp_path, count) -> None:
    for n in range(count):
        save(tmp_path / "one class" / f"{n}.png")
    for seed in range(5):
        assert {example.split for example in ImageFolder(tmp_path, seed=seed)} == {"train", "test"}


def test_a_limit_keeps_a_mixture(tmp_path) -> None:
    for n in range(30):
        save(tmp_path / f"c{n % 3}" / f"{n}.png", side=20)
    save(tmp_path / "c9" / "only.png", side=20)
    (tmp_path / "c0" / "x.png").write_bytes(b"")
    few = list(ImageFolder(tmp_path, limit=8))
    assert len(few) == 8
    assert {example.label for example in few} == {0, 1, 2, 3}
    assert {example.split for example in few} == {"train", "test"}
    assert [example.name for example in few] == sorted(example.name for example in few)


def test_the_ways_are_not_mixed(tmp_path) -> None:
    save(tmp_path / "x" / "a.png")
    (tmp_path / "x" / "a.txt").write_text("a bird")
    rows(tmp_path / "metadata.jsonl", {"file_name": "x/a.png", "text": "a bird"})
    with pytest.raises(UserError, match=r"metadata\.jsonl and also x/a\.txt beside x/a\.png"):
        ImageFolder(tmp_path)
    (tmp_path / "x" / "a.txt").unlink()
    (tmp_path / "metadata.csv").write_text("file_name,text\n")
    with pytest.raises(UserError, match=r"holds both metadata\.jsonl and metadata\.csv"):
        ImageFolder(tmp_path)
    (tmp_path / "metadata.csv").unlink()
    (tmp_path / "metadata.jsonl").unlink()
    save(tmp_path / "loose.png")
    with pytest.raises(UserError, match=r"nothing says what is on loose\.png; expected metadata\.jsonl or"):
        ImageFolder(tmp_path)


def test_nothing_to_read(tmp_path) -> None:
    with pytest.raises(UserError, match=r"no folder or archive .*nowhere"):
        ImageFolder(tmp_path / "nowhere")
    with pytest.raises(UserError, match="holds no pictures"):
        ImageFolder(tmp_path)
    (tmp_path / "a.rar").write_bytes(b"Rar!\x1a\x07\x01\x00")
    with pytest.raises(UserError, match=r"a\.rar is no folder, zip or tar"):
        ImageFolder(tmp_path / "a.rar")


def test_links_in_folders(tmp_path) -> None:
    root = tmp_path / "set"
    save(root / "robin" / "1.png")
    save(tmp_path / "secret" / "s.png")
    os.symlink("1.png", root / "robin" / "inside.png")
    os.symlink(tmp_path / "secret" / "s.png", root / "robin" / "outside.png")
    os.symlink(tmp_path / "secret", root / "robin" / "folder")
    os.symlink("..", root / "robin" / "loop")
    os.symlink("nothing.png", root / "robin" / "broken.png")
    os.mkfifo(root / "robin" / "pipe.png")
    os.symlink(root, tmp_path / "link to the set")
    source = ImageFolder(tmp_path / "link to the set")
    assert sorted(good(source)) == ["robin/1.png", "robin/inside.png"]
    found = bad(source)
    assert set(found) == {
        f"robin/{name}" for name in ("outside.png", "folder", "loop", "broken.png", "pipe.png")
    }
    assert "lies outside of" in found["robin/outside.png"]
    assert "link to nothing" in found["robin/broken.png"]
    assert "link to a folder" in found["robin/loop"]
    assert "neither a file nor a folder" in found["robin/pipe.png"]


def test_litter_is_left_alone(tmp_path) -> None:
    save(tmp_path / "robin" / "1.png")
    (tmp_path / "robin" / "._1.png").write_bytes(b"litter")
    (tmp_path / "robin" / "Thumbs.db").write_bytes(b"litter")
    save(tmp_path / ".cache" / "x.png")
    save(tmp_path / "__MACOSX" / "x.png")
    assert [example.name for example in ImageFolder(tmp_path)] == ["robin/1.png"]


def test_a_prepared_set_among_the_pictures_is_none_of_them(tmp_path) -> None:
    for number in range(3):
        save(tmp_path / f"{number}.png")
        (tmp_path / f"{number}.txt").write_text(f"number {number}")
    before = list(ImageFolder(tmp_path)._tree.names)
    prepare("image-folder", tmp_path / "out", root=tmp_path, size=64, workers=1)
    contact_sheet(tmp_path / "out")
    assert list(ImageFolder(tmp_path)._tree.names) == before
    assert len(ImageFolder(tmp_path)) == 3


def test_grey_and_damaged_pictures(tmp_path) -> None:
    (tmp_path / "c").mkdir()
    Image.new("L", (40, 30), 77).save(tmp_path / "c" / "grey.png")
    Image.new("RGB", (40, 30), (9, 8, 7)).save(tmp_path / "c" / "whole.jpg")
    content = (tmp_path / "c" / "whole.jpg").read_bytes()
    (tmp_path / "c" / "cut.jpg").write_bytes(content[: len(content) // 2])
    source = ImageFolder(tmp_path)
    assert set(good(source)) == {"c/grey.png", "c/whole.jpg"}
    assert "damaged" in bad(source)["c/cut.jpg"]
    assert {example.name: example.image[0, 0].tolist() for example in (source[1],)} == {
        "c/grey.png": [77] * 3
    }
