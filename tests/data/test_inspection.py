import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from preparing import Hues

from stackgan_k3.cli import main
from stackgan_k3.data import inspection
from stackgan_k3.data.inspection import inspect_set
from stackgan_k3.data.prepare import prepare
from stackgan_k3.data.records import Records
from stackgan_k3.errors import UserError

CAPTIONS = {
    0: ("A red bird's wing", "a bird, a red bird"),
    1: ("blue " * 60, "x"),
    2: ("鳥", "a-b c"),
    4: ("a test", "of it"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Six examples, two of them bad: 0, 1, 2 for training and 4 for testing."""
    wrong: dict[int, dict[str, object]] = {k: {"captions": c} for k, c in CAPTIONS.items()}
    wrong[0]["label"] = 1
    wrong |= {3: {}, 5: {"captions": ()}}
    source = Hues(6, wrong)
    source.classes = ("low", "high", "none")
    out = tmp_path_factory.mktemp("inspected") / "set"
    prepare(source, out, size=64, workers=1)
    return out


@pytest.fixture
def copy(folder, tmp_path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "copy"))


def test_counts(folder) -> None:
    seen: list[tuple[int, int]] = []
    found = inspect_set(folder, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert found["splits"] == {
        "train": {"records": 3, "captions": 6, "classes": 2},
        "test": {"records": 1, "captions": 2, "classes": 1},
    }
    assert (found["size"], found["stored"], found["shards"]) == (64, {"64": 76}, 2)
    assert found["bytes"] == sum(path.stat().st_size for path in folder.glob("*.arrayrecord"))
    assert found["classes"] == {
        "count": 3,
        "empty": ["none"],
        "fewest": {"name": "low", "pictures": 2},  # as many as the other, and before it
        "most": {"name": "low", "pictures": 2},
        "in_both_splits": 1,
    }
    assert [item["name"] for item in found["refused"]] == ["hue-3", "hue-5"]
    assert found["embedding_dim"] is None
    assert json.loads(json.dumps(found)) == found


def test_captions_and_words(folder) -> None:
    found = inspect_set(folder)
    captions = found["captions"]
    assert captions["each"] == {
        "least": 2, "quarter": 2, "half": 2, "three_quarters": 2, "most": 2, "mean": 2.0,
    }  # fmt: skip
    # The numbers of words are 4, 5, 60, 1, 1, 2, 2, 2; the long one has 299 characters of 359.
    assert captions["words"] == {
        "least": 1, "quarter": 2, "half": 2, "three_quarters": 5, "most": 60, "mean": 9.62,
    }  # fmt: skip
    assert (captions["characters"]["least"], captions["characters"]["most"]) == (1, 299)
    assert captions["cut"] == 1
    total = sum(len(caption.strip()) for pair in CAPTIONS.values() for caption in pair)
    assert captions["unknown_characters"] == pytest.approx(1 / total)
    assert found["vocabulary"]["words"] == 13
    assert found["vocabulary"]["more"] is False
    assert found["vocabulary"]["frequent"][:4] == [["blue", 60], ["a", 4], ["bird", 2], ["red", 2]]
    assert ["bird's", 1] in found["vocabulary"]["frequent"]
    assert ["a-b", 1] in found["vocabulary"]["frequent"]


def test_the_vocabulary_is_bounded(folder, monkeypatch) -> None:
    monkeypatch.setattr(inspection, "MAX_WORDS", 3)
    vocabulary = inspect_set(folder)["vocabulary"]
    assert (vocabulary["words"], vocabulary["more"]) == (3, True)


def test_embeddings_and_28_pixels(tmp_path) -> None:
    rows = {k: {"embeddings": np.ones((1, 7), np.float32)} for k in range(3)}
    prepare(Hues(3, rows), tmp_path / "set", size=28, workers=1)
    found = inspect_set(tmp_path / "set")
    assert (found["embedding_dim"], found["stored"]) == (7, {"28": 28})
    assert found["splits"]["test"] == {"records": 0, "captions": 0, "classes": 0}


def test_a_changed_byte_is_found(copy) -> None:
    path = copy / Records(copy, "test").info["shards"][-1]["name"]
    content = bytearray(path.read_bytes())
    content[-1000] ^= 1  # where there are no records, so that reading them all would not show it
    path.write_bytes(content)
    with pytest.raises(UserError, match=f"{path.name} is not as it was prepared"):
        inspect_set(copy)
    assert inspect_set(copy, verify=False)["verified"] is False


def test_the_command(copy, capsys) -> None:
    assert main(["inspect", str(copy)]) == 0
    printed = capsys.readouterr().out
    for line in (
        f"hues (hues) in {copy}",
        "3 to train on and 1 to test with, for 64 px, stored at 76 x 76",
        "2 shards, 0.3 MB, all as they were prepared (SHA-256)",
        "3: 2 in train, 1 in test, 1 in both",
        "without pictures: none",
        "8: 2 a picture",
        "1 to 60 words (9.62 on average), half of them 2 to 5",
        "longer than the 201 characters that are read: 1",
        "13 different ones",
        "blue 60, a 4",
        "hue-3: lost",
        "CC0-1.0",
        str(copy / "contact-sheet.png"),
    ):
        assert line in printed
    assert (copy / "contact-sheet.png").read_bytes()[1:4] == b"PNG"
    Records(copy).verify()  # a set with its sheet in it is whole


def test_the_command_as_json(copy, tmp_path, capsys) -> None:
    assert main(["inspect", str(copy), "--json", "--no-verify", "--sheet", str(tmp_path / "s.png")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == inspect_set(copy, verify=False) | {"sheet": str(tmp_path / "s.png")}
    assert not (copy / "contact-sheet.png").exists()


def test_a_set_that_cannot_be_written_to(copy, tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert main(["inspect", str(copy)]) == 2
    assert f"nothing can be written in {copy}; name a file" in capsys.readouterr().err
    assert main(["inspect", str(copy), "--sheet", str(tmp_path / "sheet.png")]) == 0
    assert (tmp_path / "sheet.png").exists()


def test_a_sheet_that_is_a_folder_is_told_before_reading(copy, tmp_path, capsys) -> None:
    for shard in copy.glob("*.arrayrecord"):
        shard.unlink()
    assert main(["inspect", str(copy), "--sheet", str(tmp_path)]) == 2
    assert f"{tmp_path} is a folder; give the name of a PNG file" in capsys.readouterr().err


def test_what_the_command_refuses(copy, tmp_path, capsys) -> None:
    assert main(["inspect", str(tmp_path / "nowhere")]) == 2
    assert "there is no folder" in capsys.readouterr().err
    shard = next(copy.glob("train-*"))
    shard.write_bytes(shard.read_bytes()[:-5] + b"12345")
    assert main(["inspect", str(copy)]) == 2
    assert f"{shard.name} is not as it was prepared" in capsys.readouterr().err
    shard.unlink()
    assert main(["inspect", str(copy)]) == 2
    assert f"{shard} is missing" in capsys.readouterr().err
