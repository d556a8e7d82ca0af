import dataclasses
import json
import pickle
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from flowers import make_flowers

from stackgan_k3.data.oxford_flowers import OxfordFlowers
from stackgan_k3.data.pictures import square
from stackgan_k3.data.prepare import prepare
from stackgan_k3.data.record import Record
from stackgan_k3.data.records import Records
from stackgan_k3.errors import UserError


@pytest.fixture(scope="module")
def flowers(tmp_path_factory) -> Path:
    return make_flowers(tmp_path_factory.mktemp("source") / "flowers", classes=5, each=16)


@pytest.fixture(scope="module")
def folder(flowers, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("prepared") / "set"
    prepare("oxford-flowers", out, root=flowers, size=128, workers=1)
    return out


@pytest.fixture
def copy(folder, tmp_path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "copy"))


def change(folder: Path, **entries: object) -> None:
    path = folder / "dataset.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | entries))


def test_every_example_is_there_once(folder, flowers) -> None:
    source = {example.name: example for example in OxfordFlowers(flowers)}
    seen = set()
    for split in ("train", "test"):
        records = Records(folder, split)
        assert len(list(records)) == len(records)
        for index, record in enumerate(records):
            example = source[record.name]
            assert record.index == index
            assert example.split == split
            assert (record.captions, record.label) == (example.captions, example.label)
            difference = record.picture(64).astype(int) - square(example.image, 76)
            assert np.abs(difference).mean() < 4
            seen.add(record.name)
    assert seen == set(source)


def test_access_is_random_and_from_threads(folder) -> None:
    records = Records(folder)
    names = [record.name for record in records]
    order = np.random.default_rng(0).permutation(len(records)).tolist() * 4
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda k: records[k].name, order)) == [names[k] for k in order]
    for index in (-1, len(records)):
        with pytest.raises(IndexError):
            records[index]


def test_records_travel_pickled(folder) -> None:
    records = Records(folder)
    records[3]
    travelled = pickle.dumps(records)
    assert len(travelled) < 100_000
    assert pickle.loads(travelled)[3] == records[3]


def test_a_size_that_is_not_stored(folder) -> None:
    records = Records(folder)
    assert records.size == 128
    with pytest.raises(UserError, match=r"64 and 128 px, not for 256; .*--size 256"):
        records[0].picture(256)


def test_what_is_missing_is_named(folder, tmp_path) -> None:
    with pytest.raises(UserError, match=r"no folder .*nowhere; .*prepare"):
        Records(tmp_path / "nowhere")
    with pytest.raises(UserError, match=r"no dataset\.json"):
        Records(tmp_path)
    with pytest.raises(UserError, match="did you mean 'train'"):
        Records(folder, "trains")


def test_a_missing_shard(copy) -> None:
    path = copy / Records(copy).info["shards"][1]["name"]
    path.unlink()
    with pytest.raises(UserError, match=f"{path.name} is missing"):
        Records(copy)


def test_a_shard_cut_short(copy) -> None:
    path = copy / Records(copy).info["shards"][0]["name"]
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UserError, match=f"{path.name} has [0-9,]+ bytes, dataset.json says"):
        Records(copy)


def test_a_changed_byte(copy) -> None:
    Records(copy).verify()
    path = copy / Records(copy, "test").info["shards"][-1]["name"]
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match=f"{path.name} is not as it was prepared"):
        Records(copy).verify()
    with pytest.raises(UserError, match=rf"record \d+ of the test split .*{path.name}\) is damaged"):
        list(Records(copy, "test"))


def test_every_changed_byte_of_a_record_is_noticed(copy) -> None:
    path = copy / Records(copy, "test").info["shards"][-1]["name"]
    content = path.read_bytes()
    start = content.index(b"captions")  # msgpack keeps strings as they are
    for place in range(start, start + 2000, 97):
        path.write_bytes(content[:place] + bytes([content[place] ^ 8]) + content[place + 1 :])
        with pytest.raises(UserError, match=f"{path.name}.* is damaged"):
            list(Records(copy, "test"))


def test_records_that_disagree_with_the_description(copy) -> None:
    info = Records(copy).info
    change(copy, classes=info["classes"][:1])
    with pytest.raises(UserError, match=r"arrayrecord\) \(jpg/.*\) has label \d, .* 1 classes \(0 to 0\)"):
        list(Records(copy))
    change(copy, classes=info["classes"], embedding_dim=8)
    with pytest.raises(UserError, match=r"has no embeddings, dataset\.json says embeddings of 8 numbers"):
        Records(copy)[0]


def test_a_damaged_picture_of_a_record(folder) -> None:
    record = Records(folder)[1]
    cut = dataclasses.replace(record, encoded={64: record.encoded[64][:-300]})
    with pytest.raises(UserError, match=r"picture of record 1 \(jpg/image_.*\) is damaged .*truncated"):
        cut.picture(64)


def test_damaged_descriptions(copy) -> None:
    change(copy, format_version=99)
    with pytest.raises(UserError, match="format version 99, newer than 1; update"):
        Records(copy)
    change(copy, format_version=1, size=100)
    with pytest.raises(UserError, match="lacks parts"):
        Records(copy)
    whole = (copy / "dataset.json").read_text()
    for key in ("classes", "refused", "source", "title", "licence", "homepage", "splits", "shards"):
        lacking = json.loads(whole) | {"size": 128}
        del lacking[key]
        (copy / "dataset.json").write_text(json.dumps(lacking))
        with pytest.raises(UserError, match="lacks parts"):
            Records(copy)
    for text in ("[1, 2]", "{}", '{"format_version": 1}', '{"format_version": 1, "shards": 3, "size": 64}'):
        (copy / "dataset.json").write_text(text)
        with pytest.raises(UserError, match=r"dataset\.json (is not|lacks)"):
            Records(copy)
    (copy / "dataset.json").write_text('{"format_version": 1')
    with pytest.raises(UserError, match="cannot be read"):
        Records(copy)


def test_a_split_without_examples(flowers, tmp_path) -> None:
    prepare("oxford-flowers", tmp_path / "set", root=flowers, size=64, limit=1, workers=1)
    with pytest.raises(UserError, match="no examples in its test split"):
        Records(tmp_path / "set", "test")


def test_record_bytes_are_the_same_each_time(flowers) -> None:
    example = OxfordFlowers(flowers)[7]
    assert Record.pack(example, 128) == Record.pack(example, 128)
    assert Record.unpack(7, Record.pack(example, 64)).encoded.keys() == {64}
