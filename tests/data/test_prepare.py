import json
from pathlib import Path

import numpy as np
import pytest
from flowers import make_flowers
from preparing import Hues, content

from stackgan_k3 import files
from stackgan_k3.data.oxford_flowers import OxfordFlowers
from stackgan_k3.data.prepare import prepare
from stackgan_k3.data.records import Records
from stackgan_k3.errors import UserError


@pytest.fixture(scope="module")
def flowers(tmp_path_factory) -> Path:
    return make_flowers(tmp_path_factory.mktemp("source") / "flowers", classes=5, each=24)


@pytest.fixture(scope="module")
def whole(flowers, tmp_path_factory) -> Path:
    """A set prepared in one go by one process."""
    out = tmp_path_factory.mktemp("whole") / "set"
    prepare("oxford-flowers", out, root=flowers, size=64, workers=1)
    return out


def test_dataset_json_says_what_is_there(whole, flowers) -> None:
    info = json.loads((whole / "dataset.json").read_text())
    assert info["format_version"] == 1
    assert info["source"] == "oxford-flowers"
    assert info["title"] == "Oxford 102 flowers"
    assert "research" in info["licence"]
    assert info["homepage"].startswith("https://")
    assert (info["size"], info["seed"], info["refused"]) == (64, 0, [])
    assert info["splits"] == {
        "train": {"records": 96, "captions": 288},
        "test": {"records": 24, "captions": 72},
    }
    assert info["classes"] == list(OxfordFlowers(flowers).classes)
    names = sorted(path.name for path in whole.iterdir())
    assert names == sorted([shard["name"] for shard in info["shards"]] + ["dataset.json"])
    for split in ("train", "test"):
        shards = [shard for shard in info["shards"] if shard["split"] == split]
        assert [shard["name"] for shard in shards] == [
            f"{split}-{k:05d}-of-{len(shards):05d}.arrayrecord" for k in range(len(shards))
        ]
    for shard in info["shards"]:
        assert shard["bytes"] == (whole / shard["name"]).stat().st_size
        assert shard["sha256"] == files.sha256(whole / shard["name"])


@pytest.mark.parametrize(
    ("size", "sides"), [(28, {28: 28}), (64, {64: 76}), (128, {64: 76, 128: 152}), (256, {64: 76, 256: 304})]
)
def test_stored_sizes(tmp_path, size: int, sides: dict[int, int]) -> None:
    prepare(Hues(), tmp_path / "set", size=size, workers=1)
    record = Records(tmp_path / "set")[2]
    assert sorted(record.encoded) == sorted(sides)
    for each, side in sides.items():
        picture = record.picture(each)
        assert picture.shape == (side, side, 3)
        assert np.abs(picture.astype(int) - 12).max() <= 1
    assert (record.name, record.captions, record.label) == ("hue-2", ("hue 2",), 0)
    assert record.attributes == {"hue": "2"}


def test_processes_write_the_same_bytes(whole, flowers, tmp_path) -> None:
    seen = []
    info = prepare("oxford-flowers", tmp_path / "set", root=flowers, size=64, workers=2,
                   progress=lambda done, total: seen.append((done, total)))  # fmt: skip
    assert content(tmp_path / "set") == content(whole)
    assert info == json.loads((whole / "dataset.json").read_text())
    assert seen[0] == (0, 120)
    assert seen[-1] == (120, 120)
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})


def test_a_folder_in_use_is_refused(whole, flowers, tmp_path) -> None:
    before = content(whole)
    with pytest.raises(UserError, match="finished set already"):
        prepare("oxford-flowers", whole, root=flowers, size=64)
    assert content(whole) == before
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(UserError, match="not empty"):
        prepare("oxford-flowers", tmp_path, root=flowers, size=64)
    with pytest.raises(UserError, match="is a file"):
        prepare("oxford-flowers", tmp_path / "thesis.txt", root=flowers, size=64)
    assert (tmp_path / "thesis.txt").read_text() == "precious"


@pytest.mark.parametrize(
    "wrong",
    [{"size": 0}, {"size": 100}, {"workers": 0}, {"workers": -2}, {"limit": 0}, {"limit": -1}, {"seed": -1}],
)
def test_numbers_out_of_range_are_refused(flowers, tmp_path, wrong: dict[str, int]) -> None:
    name, value = next(iter(wrong.items()))
    with pytest.raises(UserError, match=f"{name} is {value}; it must be"):
        prepare("oxford-flowers", tmp_path / "set", root=flowers, **wrong)
    assert not (tmp_path / "set").exists()
