import pickle

import numpy as np
import pytest
from flowers import make_flowers
from miniature_sets.oxford_flowers import CLASSES, EACH, make, make_without_captions
from PIL import Image
from scipy.io import savemat

from stackgan_k3.data.flower_names import FLOWERS
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
        "text_c10/class_00001/image_00002.txt": "the captions are not text; save them as UTF-8",
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
    with pytest.raises(UserError, match=r"neither a file imagelabels\.mat nor a folder text_c10"):
        OxfordFlowers(root)
    (root / "text_c10").mkdir()
    with pytest.raises(UserError, match="no class folders"):
        OxfordFlowers(root)
    (root / "text_c10" / "class_00001").mkdir()
    with pytest.raises(UserError, match="no captions"):
        OxfordFlowers(root)


def test_the_names_of_all_classes() -> None:
    assert len(FLOWERS) == len(set(FLOWERS)) == 102
    assert all(name == name.strip().lower() for name in FLOWERS)
    known = {1: "pink primrose", 12: "colt's foot", 51: "petunia", 73: "water lily", 102: "blackberry lily"}
    assert {number: FLOWERS[number - 1] for number in known} == known


def test_without_captions_the_names_are_captions(tmp_path) -> None:
    make_without_captions(tmp_path)
    source = OxfordFlowers(tmp_path)
    assert source.classes == tuple(FLOWERS[number - 1] for number in CLASSES)
    assert len(source) == len(CLASSES) * EACH
    example = source[9]
    assert (example.name, example.label) == ("jpg/image_00010.jpg", 2)
    assert "a photo of colt's foot" in example.captions and "a flower called colt's foot" in example.captions
    assert all("colt's foot" in caption for caption in example.captions)
    assert example.image.shape == (96, 104, 3)
    again = pickle.loads(pickle.dumps(source))[9]
    assert np.array_equal(again.image, example.image)
    (tmp_path / "classes.txt").write_text("12 Huflattich\n")
    assert OxfordFlowers(tmp_path).classes[1:3] == ("hard-leaved pocket orchid", "Huflattich")


def test_captions_do_not_change_the_zero_shot_split(tmp_path) -> None:
    make(tmp_path / "with")
    make_without_captions(tmp_path / "without")
    for seed in range(3):
        splits = [
            [e.split for e in OxfordFlowers(tmp_path / kind, seed=seed)] for kind in ("with", "without")
        ]
        assert splits[0] == splits[1] and splits[0].count("test") == EACH


@pytest.mark.parametrize("write", [make, make_without_captions])
def test_the_published_split_has_every_class_in_both(tmp_path, write) -> None:
    write(tmp_path)
    source = OxfordFlowers(tmp_path, split="published")
    splits = [example.split for example in source]
    assert splits == ["train", "train", "test", "test"] * len(CLASSES)
    few = list(OxfordFlowers(tmp_path, split="published", limit=10))
    assert {(example.label, example.split) for example in few} == {
        (label, split) for label in range(len(CLASSES)) for split in ("train", "test")
    }


def test_the_split_option_and_its_file_are_checked(tmp_path) -> None:
    make(tmp_path)
    with pytest.raises(UserError, match="did you mean 'published'"):
        OxfordFlowers(tmp_path, split="publish")
    (tmp_path / "setid.mat").unlink()
    assert len(OxfordFlowers(tmp_path)) == 20
    with pytest.raises(UserError, match=r"no file .*setid\.mat"):
        OxfordFlowers(tmp_path, split="published")
    savemat(tmp_path / "setid.mat", {"trnid": [[1, 2]], "valid": [[3]], "tstid": [[4, 2]]})
    with pytest.raises(UserError, match=r"setid\.mat has picture 2 in both"):
        OxfordFlowers(tmp_path, split="published")
    savemat(tmp_path / "setid.mat", {"trnid": [[1, 2]], "valid": [[3]], "tstid": [[4]]})
    with pytest.raises(BadExample, match=r"image_00005\.jpg: setid\.mat does not say"):
        OxfordFlowers(tmp_path, split="published")[4]


def test_damaged_labels_are_named(tmp_path) -> None:
    make_without_captions(tmp_path)
    path = tmp_path / "imagelabels.mat"
    whole = path.read_bytes()
    for content in (b"", b"not a .mat file at all, but long enough to be read as one\n" * 9, whole[:140]):
        path.write_bytes(content)
        with pytest.raises(UserError, match=r"imagelabels\.mat .*download it again"):
            OxfordFlowers(tmp_path)
    for labels in (
        {"label": [[1]]},
        {"labels": [[1.5]]},
        {"labels": "text"},
        {"labels": [[0, 1]]},
        {"labels": []},
    ):
        savemat(path, labels)
        with pytest.raises(UserError, match=r"imagelabels\.mat .*download it again"):
            OxfordFlowers(tmp_path)


def test_labels_and_pictures_that_do_not_agree(tmp_path) -> None:
    make_without_captions(tmp_path)
    (tmp_path / "jpg" / "image_00007.jpg").unlink()
    Image.new("RGB", (30, 30)).save(tmp_path / "jpg" / "image_00099.jpg")
    source = OxfordFlowers(tmp_path)
    found = {}
    for index in range(len(source)):
        try:
            source[index]
        except BadExample as bad:
            found[bad.name] = bad.reason
    assert found == {
        "jpg/image_00007.jpg": "there is no picture jpg/image_00007.jpg",
        "jpg/image_00099.jpg": "it has no label in imagelabels.mat",
    }


def test_links_within_the_folder_are_followed_and_others_refused(tmp_path) -> None:
    root = make_flowers(tmp_path / "flowers", classes=1)
    for number, target in ((1, root / "jpg" / "image_00003.jpg"), (2, tmp_path / "secret.jpg")):
        picture = root / "jpg" / f"image_{number:05d}.jpg"
        picture.rename(tmp_path / f"secret-{number}.jpg")
        picture.symlink_to(target)
    (tmp_path / "secret-2.jpg").rename(tmp_path / "secret.jpg")
    (tmp_path / "secret.txt").write_text("a secret")
    text(root, 4).unlink()
    text(root, 4).symlink_to(tmp_path / "secret.txt")
    source = OxfordFlowers(root)
    assert np.array_equal(source[0].image, source[2].image)
    with pytest.raises(
        BadExample, match=r"image_00002\.jpg: it is a link to .*secret\.jpg, which lies outside"
    ):
        source[1]
    with pytest.raises(
        BadExample, match=r"image_00004\.txt: it is a link to .*secret\.txt, which lies outside"
    ):
        source[3]


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
