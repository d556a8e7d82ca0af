import json
import pickle

import numpy as np
import pytest
from miniature_sets.coco_captions import TRAIN, VAL, make, make_part
from miniature_sets.pictures import smooth_picture

from stackgan_k3.data.coco_captions import CocoCaptions
from stackgan_k3.data.source import BadExample, Source
from stackgan_k3.data.sources import open_source
from stackgan_k3.errors import UserError


@pytest.fixture
def root(tmp_path):
    make(tmp_path / "coco set")
    return tmp_path / "coco set"


def annotations(root, part: str = "train2017"):
    return root / "annotations" / f"captions_{part}.json"


def change(path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def bad(source) -> dict[str, str]:
    found = {}
    for index in range(len(source)):
        try:
            source[index]
        except BadExample as error:
            found[error.name] = error.reason
    return found


def test_examples(root) -> None:
    source = open_source("coco-captions", root=root)
    assert isinstance(source, Source)
    assert len(source) == TRAIN + VAL and source.classes == ("picture",)
    examples = list(source)
    assert [e.split for e in examples] == ["train"] * TRAIN + ["test"] * VAL
    assert examples[1].name == "train2017/000000000012.jpg"
    assert examples[TRAIN].name == "val2017/000000000139.jpg"
    assert {e.label for e in examples} == {0}
    assert examples[1].captions == tuple(f"Scene 12 with {k} people near a table." for k in (3, 5, 2, 4, 6))
    picture = np.asarray(smooth_picture(12, 128, 96)).astype(int)
    assert np.abs(examples[1].image - picture).mean() < 6
    again = pickle.loads(pickle.dumps(source))[TRAIN + 1]
    assert np.array_equal(again.image, examples[TRAIN + 1].image)
    for outside in (TRAIN + VAL, -1):
        with pytest.raises(IndexError):
            source[outside]


def test_the_names_of_2014(tmp_path) -> None:
    make_part(tmp_path, "train2014", range(9, 12), prefix="COCO_train2014_")
    source = CocoCaptions(tmp_path)
    assert [e.name for e in source] == [f"train2014/COCO_train2014_{n:012d}.jpg" for n in (9, 10, 11)]
    assert {e.split for e in source} == {"train"}


def test_the_latest_year_with_pictures_is_taken(root) -> None:
    make_part(root, "train2014", range(1, 3), prefix="COCO_train2014_")
    assert len(CocoCaptions(root)) == TRAIN + VAL
    (root / "images").mkdir()
    (root / "train2017").rename(root / "images" / "train2017")
    source = CocoCaptions(root)
    assert len(source) == TRAIN + VAL and source[0].name == "images/train2017/000000000009.jpg"
    (root / "images" / "train2017").rename(root / "elsewhere")
    assert len(CocoCaptions(root)) == 2


def test_captions_as_they_are(root) -> None:
    path = annotations(root)
    content = json.loads(path.read_text())
    of = {n: [a for a in content["annotations"] if a["image_id"] == n] for n in (9, 12, 15, 18)}
    of[9][0]["caption"] = "A man on\na  horse.\n"
    of[9][1]["caption"] = " \n"
    content["annotations"].append({"image_id": 12, "id": 1, "caption": "A sixth caption, été."})
    for annotation in of[15][1:] + of[18]:
        content["annotations"].remove(annotation)
    path.write_text(json.dumps(content))
    source = CocoCaptions(root)
    assert source[0].captions[0] == "A man on a horse." and len(source[0].captions) == 4
    assert len(source[1].captions) == 6 and source[1].captions[5] == "A sixth caption, été."
    assert len(source[2].captions) == 1
    reason = "annotations/captions_train2017.json has no caption of it"
    assert bad(source) == {"train2017/000000000018.jpg": reason}


def test_bad_examples_are_named(root) -> None:
    folder = root / "train2017"
    (folder / "000000000009.jpg").unlink()
    (folder / "000000000012.jpg").write_bytes((folder / "000000000012.jpg").read_bytes()[:700])
    change(annotations(root), '"000000000015.jpg"', '"../../secret.jpg"')
    (folder / "000000000018.jpg").rename(folder / "Straße 18.JPG")
    change(annotations(root), '"000000000018.jpg"', '"Stra\\u00dfe 18.JPG"')
    source = CocoCaptions(root)
    found = bad(source)
    assert found.pop("train2017/000000000009.jpg") == "there is no such file"
    assert "damaged" in found.pop("train2017/000000000012.jpg")
    assert "lies outside" in found.pop("train2017/../../secret.jpg")
    assert not found
    assert source[3].name == "train2017/Straße 18.JPG"


def test_grey_pictures_become_rgb(root) -> None:
    smooth_picture(3).convert("L").save(root / "train2017" / "000000000009.jpg")
    image = CocoCaptions(root)[0].image
    assert image.shape == (80, 96, 3) and np.array_equal(image[..., 0], image[..., 1])


def test_links_within_the_folder_are_followed_and_others_refused(root, tmp_path) -> None:
    folder = root / "train2017"
    (folder / "000000000009.jpg").rename(tmp_path / "secret.jpg")
    (folder / "000000000009.jpg").symlink_to(tmp_path / "secret.jpg")
    (folder / "000000000012.jpg").unlink()
    (folder / "000000000012.jpg").symlink_to(root / "val2017" / "000000000139.jpg")
    source = CocoCaptions(root)
    assert np.array_equal(source[1].image, source[TRAIN].image)
    with pytest.raises(BadExample, match=r"it is a link to .*secret\.jpg, which lies outside"):
        source[0]


def test_a_limit_keeps_both_splits(root) -> None:
    for limit, tests in ((1, 0), (2, 1), (5, 1), (10, 2), (19, 4), (20, 4), (500, 4)):
        few = list(CocoCaptions(root, limit=limit))
        assert len(few) == min(limit, TRAIN + VAL)
        assert [e.split for e in few].count("test") == tests
        assert len({e.name for e in few}) == len(few)
    # spread over the whole split, not its beginning
    assert [e.name[-6:-4] for e in CocoCaptions(root, limit=5) if e.split == "train"] == [
        "09",
        "21",
        "33",
        "45",
    ]


def test_what_is_missing_is_said(root, tmp_path) -> None:
    with pytest.raises(
        UserError, match=r"no folder .*nowhere; coco-captions expects annotations/captions_train2017"
    ):
        CocoCaptions(tmp_path / "nowhere")
    (root / "val2017").rename(root / "elsewhere")
    assert len(CocoCaptions(root)) == TRAIN
    (root / "elsewhere").rename(root / "val2017")
    annotations(root, "val2017").unlink()
    with pytest.raises(UserError, match=r"no file .*captions_val2017\.json with the captions of val2017"):
        CocoCaptions(root)
    (root / "train2017").rename(root / "elsewhere")
    with pytest.raises(
        UserError, match=r"no folder .*train2017 with the pictures of annotations/captions_train2017"
    ):
        CocoCaptions(root)
    annotations(root).unlink()
    with pytest.raises(UserError, match=r"there is no .*captions_train2017\.json \(nor of another year\)"):
        CocoCaptions(root)


def test_a_damaged_annotations_file_is_named(root) -> None:
    path = annotations(root, "val2017")
    path.write_text(path.read_text()[:-40])
    with pytest.raises(UserError, match=r"captions_val2017\.json is not whole JSON"):
        CocoCaptions(root)
    path.write_text('{"images": [], "annotations": []}')
    with pytest.raises(UserError, match=r"captions_val2017\.json has no images"):
        CocoCaptions(root)
