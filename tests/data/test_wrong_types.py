"""What a program hands over that is of another type than asked for."""

import json
from pathlib import Path

import numpy as np
import pytest
from preparing import Hues

from stackgan_k3.data.contact_sheet import contact_sheet
from stackgan_k3.data.inspection import inspect_set
from stackgan_k3.data.loader import Loader
from stackgan_k3.data.prepare import prepare
from stackgan_k3.data.records import Records
from stackgan_k3.errors import UserError


@pytest.fixture(scope="module")
def whole_set(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("whole") / "set"
    prepare(Hues(), out, size=64, workers=1)
    return out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": "64"}, "size is '64'; it must be one of"),
        ({"size": 64.0}, "size is 64.0; it must be one of"),
        ({"seed": 1.5}, "seed is 1.5; it must be a whole number"),
        ({"limit": "8"}, "limit is '8'; it must be a whole number"),
        ({"workers": 1.5}, "workers is 1.5; it must be a whole number"),
    ],
)
def test_numbers_for_prepare(arguments, message, tmp_path) -> None:
    with pytest.raises(UserError, match=message):
        prepare("synthetic-birds", tmp_path / "set", **({"size": 64, "limit": 8} | arguments))
    assert not (tmp_path / "set").exists()


def test_numbers_of_numpy_are_numbers(tmp_path) -> None:
    info = prepare("synthetic-birds", tmp_path / "set", size=np.int64(64), limit=np.int32(8),
                   seed=np.uint64(3), workers=np.int64(1))  # fmt: skip
    assert (info["size"], info["seed"]) == (64, 3)
    assert Records(tmp_path / "set").info == info


@pytest.mark.parametrize("source", [None, 3, ["a"], Path("birds"), object()])
def test_what_is_no_source(source, tmp_path) -> None:
    with pytest.raises(UserError, match=r"source is .*; it must be a name, such as 'synthetic-birds'"):
        prepare(source, tmp_path / "set", size=64, workers=1)


def test_an_option_that_is_no_string(tmp_path) -> None:
    with pytest.raises(UserError, match="the option 'names' is 3; it must be a string"):
        prepare("digits", tmp_path / "set", size=28, options={"names": 3})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch_size": 2.5}, "batch_size is 2.5; it must be a whole number"),
        ({"seed": 1.5}, "seed is 1.5; it must be a whole number"),
        ({"workers": "2"}, "workers is '2'; it must be a whole number"),
        ({"image_size": "64"}, "image_size is '64', but"),
        ({"shard": 3}, r"shard is 3; it must be \(i, n\)"),
        ({"shard": (0.5, 2)}, r"shard is \(0.5, 2\); it must be \(i, n\)"),
        ({"draws": {"noise": 3}}, r"draws\['noise'\] is 3; it must be a stackgan_k3.draws.Draw"),
        ({"embeddings": 3, "captions": "embedding"}, r"embeddings is 3; it must have row\(\)"),
    ],
)
def test_arguments_of_the_loader(arguments, message, whole_set) -> None:
    with pytest.raises(UserError, match=message):
        Loader(Records(whole_set), **({"batch_size": 2} | arguments))


def test_a_folder_is_no_records(whole_set) -> None:
    with pytest.raises(UserError, match=r"open the folder first: Records\("):
        Loader(whole_set, batch_size=2)


@pytest.mark.parametrize("step", [-1, 1.5, "a", 2**70])
def test_steps(step, whole_set) -> None:
    loader = Loader(Records(whole_set), batch_size=2)
    with pytest.raises(UserError, match=r"step is .*; it must be"):
        loader.batch(step)
    with pytest.raises(UserError, match=r"start_step is .*; it must be"):
        loader.dataset(step)


@pytest.mark.parametrize("index", ["a", 1.0, None, slice(0, 2)])
def test_records_are_asked_for_by_number(index, whole_set) -> None:
    with pytest.raises(TypeError, match="integer"):
        Records(whole_set)[index]


def test_an_empty_sheet(whole_set, tmp_path) -> None:
    with pytest.raises(UserError, match="columns is 0; it must be from 1 to 100"):
        contact_sheet(whole_set, tmp_path / "sheet.png", columns=0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda info: info["shards"][0].update(records=-3), "lacks parts"),
        (lambda info: info["shards"][0].update(name="../set.arrayrecord"), "lacks parts"),
        (lambda info: info.update(embedding_dim="x"), "lacks parts"),
        (lambda info: info.update(classes=[]), "lacks parts"),
        (lambda info: info.update(refused=[1]), "lacks parts"),
        (lambda info: info.update(format_version=True), "not the description"),
        (lambda info: info.update(format_version=0), "not the description"),
        (lambda info: info["splits"]["train"].update(records=9), "but says .* 9"),
        (lambda info: info.update(shards=[], splits={split: {"records": 0, "captions": 0}
                                                     for split in info["splits"]}), "lists no shards"),
    ],
)  # fmt: skip
def test_a_description_that_cannot_be_true(change, message, whole_set, tmp_path) -> None:
    info = json.loads((whole_set / "dataset.json").read_text())
    change(info)
    (tmp_path / "dataset.json").write_text(json.dumps(info))
    for use in (Records, inspect_set):
        with pytest.raises(UserError, match=message):
            use(tmp_path)


def test_a_description_nested_without_end(tmp_path) -> None:
    (tmp_path / "dataset.json").write_text("[" * 100_000)
    with pytest.raises(UserError, match="cannot be read"):
        Records(tmp_path)
