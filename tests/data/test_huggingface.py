import io
import json
import os
import pickle
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from stackgan_k3.data.huggingface import HuggingFace
from stackgan_k3.data.source import BadExample, Source
from stackgan_k3.data.sources import open_source
from stackgan_k3.errors import UserError

datasets = pytest.importorskip("datasets")
from miniature_sets.huggingface import make, picture, rows, save  # noqa: E402


def refused(source) -> dict[str, str]:
    found = {}
    for index in range(len(source)):
        try:
            source[index]
        except BadExample as bad:
            found[bad.name] = bad.reason
    return found


def examples(source) -> list:
    return [source[index] for index in range(len(source))]


def table(root, columns, **types):
    """Saves columns as one data set, the pictures in ``image`` unless typed otherwise."""
    data = datasets.Dataset.from_dict(columns)
    for column, kind in types.items():
        data = data.cast_column(column, kind)
    save(data, root)
    return root


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "a saved set"
    make(folder)
    return folder


def test_splits_classes_and_captions(root) -> None:
    source = open_source("huggingface", root=root)
    assert isinstance(source, Source)
    assert len(source) == 22
    assert source.classes == ("calm", "wild")
    assert source.title == "a saved set"
    found = examples(source)
    assert Counter(example.split for example in found) == {"train": 16, "test": 6}
    assert found[3].name == "train/3"
    assert found[3].label == 1
    assert found[3].captions == ("picture 3, a wild one", "soft colours")
    assert np.array_equal(found[3].image, np.asarray(picture(3, 7)))
    assert found[17].name == "validation/1"
    again = examples(pickle.loads(pickle.dumps(source)))
    assert all(np.array_equal(a.image, b.image) for a, b in zip(found, again, strict=True))
    with pytest.raises(IndexError):
        source[22]


def test_a_pickled_source_holds_no_pictures(root) -> None:
    assert len(pickle.dumps(HuggingFace(root))) < 12_000


def test_a_single_table_is_split_by_hash(tmp_path) -> None:
    save(rows(40, 0), tmp_path / "one")
    first = examples(HuggingFace(tmp_path / "one"))
    assert {example.split for example in first} == {"train", "test"}
    assert first[0].name == "data/0"
    assert [e.split for e in first] == [e.split for e in examples(HuggingFace(tmp_path / "one"))]
    assert [e.split for e in first] != [e.split for e in examples(HuggingFace(tmp_path / "one", seed=1))]
    save(datasets.DatasetDict({"test": rows(40, 0)}), tmp_path / "test only")
    assert {example.split for example in examples(HuggingFace(tmp_path / "test only"))} == {"train", "test"}


def test_a_limit_is_spread_over_classes_and_splits(root) -> None:
    found = examples(HuggingFace(root, limit=12))
    assert Counter((example.split, example.label) for example in found) == {
        ("train", 0): 5,
        ("train", 1): 4,
        ("test", 0): 2,
        ("test", 1): 1,
    }


def test_columns_by_name(tmp_path) -> None:
    pictures = [picture(number) for number in range(3)]
    root = table(
        tmp_path / "set",
        {
            "a": pictures,
            "b": pictures[::-1],
            "title": ["x", "y", "z"],
            "text": ["one", "two", "three"],
            "n": [1, 2, 3],
        },
    )
    with pytest.raises(
        UserError, match=r"more than one column of pictures \(a, b\).*--image-column.*Columns: a, b,"
    ):
        HuggingFace(root)
    source = open_source("huggingface", root=root, options={"image_column": "b", "caption_column": "title"})
    assert source.classes == ("picture",)
    assert source[0].captions == ("x",)
    assert np.array_equal(source[0].image, np.asarray(pictures[2]))
    assert HuggingFace(root, image_column="a")[0].captions == ("one",)
    with pytest.raises(UserError, match="unknown image column 'c'"):
        HuggingFace(root, image_column="c")
    with pytest.raises(UserError, match="unknown caption column 'titel'; did you mean 'title'"):
        HuggingFace(root, image_column="a", caption_column="titel")
    with pytest.raises(UserError, match=r"the column 'title' of .* holds no pictures but Value"):
        HuggingFace(root, image_column="title")
    with pytest.raises(UserError, match=r"the column 'n' of .* holds no captions but Value"):
        HuggingFace(root, image_column="a", caption_column="n")


def test_no_column_of_its_kind(tmp_path) -> None:
    with pytest.raises(UserError, match=r"no column of pictures; .*Columns: text"):
        HuggingFace(table(tmp_path / "a", {"text": ["one"]}))
    with pytest.raises(
        UserError, match=r"no column of captions \(text, caption, captions\); .*Columns: image, x"
    ):
        HuggingFace(table(tmp_path / "b", {"image": [picture(0)], "x": ["one"]}))


def test_two_columns_of_labels(tmp_path) -> None:
    labels = datasets.ClassLabel(names=["red", "blue"])
    columns = {"image": [picture(0)] * 2, "text": ["one", "two"], "kind": [0, 1], "other": [1, 0]}
    root = table(tmp_path / "a", columns, kind=labels, other=labels)
    assert HuggingFace(root).classes == ("picture",)
    root = table(tmp_path / "b", {**columns, "label": [1, 1]}, kind=labels, label=labels)
    source = HuggingFace(root)
    assert source.classes == ("red", "blue")
    assert [example.label for example in examples(source)] == [1, 1]


def test_bytes_are_decoded_as_other_sources_pictures(tmp_path) -> None:
    grey = io.BytesIO()
    Image.new("L", (40, 30), 77).save(grey, "PNG")
    tiny = io.BytesIO()
    Image.new("RGB", (8, 8)).save(tiny, "PNG")
    columns = {"image": [grey.getvalue(), b"%!PS-Adobe", tiny.getvalue(), None], "text": ["a"] * 4}
    for folder, types in (("images", {"image": datasets.Image()}), ("bytes", {})):
        root = table(tmp_path / folder, columns, **types)
        source = HuggingFace(root, image_column="image")
        assert source[0].image.shape == (30, 40, 3)
        assert (source[0].image == 77).all()
        found = refused(source)
        assert found.pop("data/1").startswith("not a picture")
        assert found == {
            "data/2": "8x8 pixels; each side must have 16 or more",
            "data/3": "its column 'image' is empty",
        }


def test_pictures_in_files_elsewhere_are_refused(tmp_path) -> None:
    """Folders that older versions wrote name files; save_to_disk puts them into the table now."""
    picture(0).save(tmp_path / "secret.png")
    root = tmp_path / "set"
    paths = [str(tmp_path / "secret.png"), str(root / "inner.png")]
    struct = {"bytes": datasets.Value("binary"), "path": datasets.Value("string")}
    values = [{"bytes": None, "path": path} for path in paths]
    table(root, {"image": values, "text": ["one", "two"]}, image=struct)
    info = json.loads((root / "dataset_info.json").read_text())
    info["features"]["image"] = {"_type": "Image"}
    (root / "dataset_info.json").write_text(json.dumps(info))
    picture(0).save(root / "inner.png")
    source = HuggingFace(root)
    assert "its picture is a file elsewhere" in refused(source)["data/0"]
    assert np.array_equal(source[1].image, np.asarray(picture(0)))


def test_captions_and_labels_as_people_leave_them(tmp_path) -> None:
    columns = {
        "image": [picture(0)] * 6,
        "caption": ["zwei\nZeilen ", "", None, "x", "y", "鳥"],
        "label": [0, 1, 0, -1, None, 1],
    }
    root = table(tmp_path / "a", columns, label=datasets.ClassLabel(names=["a", "b"]))
    source = HuggingFace(root)
    assert source[0].captions == ("zwei Zeilen",)
    assert source[5].captions == ("鳥",)
    assert refused(source) == {
        "data/1": "its column 'caption' is empty",
        "data/2": "its column 'caption' is empty",
        "data/3": "its column 'label' is -1, which is no class",
        "data/4": "its column 'label' is None, which is no class",
    }
    assert len(HuggingFace(root, limit=3)) == 3
    lists = {"image": [picture(0)] * 2, "captions": [["one", " ", None], []]}
    source = HuggingFace(table(tmp_path / "b", lists))
    assert source[0].captions == ("one",)
    assert refused(source) == {"data/1": "its column 'captions' is empty"}


def test_splits_must_agree(tmp_path) -> None:
    other = rows(4, 0).rename_column("label", "class")
    save(datasets.DatasetDict({"train": rows(4, 0), "test": other}), tmp_path / "set")
    with pytest.raises(UserError, match="differ in their columns"):
        HuggingFace(tmp_path / "set")


def test_folders_of_other_kinds(tmp_path, root) -> None:
    with pytest.raises(UserError, match="was not written by save_to_disk: it holds neither"):
        HuggingFace(tmp_path)
    with pytest.raises(UserError, match=r"there is no folder .*nowhere, and it cannot be a name on the hub"):
        HuggingFace(tmp_path / "nowhere")
    arrow = root / "train" / "data-00000-of-00001.arrow"
    whole = arrow.read_bytes()
    arrow.write_bytes(whole[:200])
    with pytest.raises(UserError, match="a saved set cannot be opened by datasets"):
        HuggingFace(root)
    arrow.unlink()
    with pytest.raises(UserError, match=r"cannot be opened by datasets: .*data-00000-of-00001\.arrow"):
        HuggingFace(root)
    (root / "dataset_dict.json").write_text("{")
    with pytest.raises(UserError, match="cannot be opened by datasets"):
        HuggingFace(root)


def test_without_the_library_the_extra_is_named(tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(UserError, match=r"pip install 'stackgan-k3\[huggingface\]'"):
        HuggingFace(tmp_path)


def test_a_name_on_the_hub_without_a_network(tmp_path) -> None:
    """In a process of its own: the libraries read the setting when they are imported."""
    code = (
        "from stackgan_k3.data.huggingface import HuggingFace\n"
        "from stackgan_k3.errors import UserError\n"
        "try:\n    HuggingFace('nobody/nothing')\n"
        "except UserError as error:\n    print(error)\n"
    )
    env = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, env=env)
    assert done.stdout.startswith(
        "there is no folder nobody/nothing, and from the hub it could not be loaded: "
    )
    assert "nobody/nothing" in done.stdout.split("loaded: ")[1]


def test_what_the_hub_gives_is_read_like_a_folder(root, tmp_path, monkeypatch) -> None:
    """With the download replaced: which name and configuration are asked for, and what becomes of it."""
    asked = []

    def load_dataset(*names):
        asked.append(names)
        return datasets.load_from_disk(str(root))

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    assert len(HuggingFace("user/set")) == 22
    assert HuggingFace("user/set:small", limit=3)[0].captions[0] == "picture 0, a calm one"
    assert asked == [("user/set",), ("user/set", "small")]
    monkeypatch.setattr(datasets, "load_dataset", lambda name: rows(0, 0))
    with pytest.raises(UserError, match="user/set has no rows"):
        HuggingFace("user/set")
