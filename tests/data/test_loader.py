import itertools
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from flowers import make_flowers

from stackgan_k3.bundle.alphabet import encode
from stackgan_k3.data.loader import Loader
from stackgan_k3.data.prepare import prepare
from stackgan_k3.data.records import Records
from stackgan_k3.data.source import Example
from stackgan_k3.draws import Draw, draw_batch
from stackgan_k3.errors import UserError

DRAWS = {"noise": Draw((5,)), "smoothing": Draw((), "uniform", 0.9, 1.0)}


@pytest.fixture(scope="module")
def records(tmp_path_factory) -> Records:
    folder = tmp_path_factory.mktemp("data")
    root = make_flowers(folder / "flowers", classes=5, each=13)
    prepare("oxford-flowers", folder / "set", root=root, size=128, workers=1)
    return Records(folder / "set")  # 52 of the 65: one class is the test split


class Table:
    """Embeddings that say which caption they are of."""

    def row(self, record_index: int, caption_index: int) -> np.ndarray:
        return np.array([record_index, caption_index, 7], np.float32)


class Pictures:
    """A source of given pictures, with the embeddings that are given for each."""

    name = title = "pictures"
    licence = "CC0-1.0"
    homepage = ""
    classes = ("picture",)

    def __init__(self, pictures: np.ndarray, embeddings: list[np.ndarray | None] | None = None) -> None:
        self.pictures, self.embeddings = pictures, embeddings or [None] * len(pictures)

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> Example:
        captions = (f"picture {index}", f"number {index}")
        return Example(f"{index:03d}", self.pictures[index], captions, 0, "train",
                       embeddings=self.embeddings[index])  # fmt: skip


def same(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> bool:
    return a.keys() == b.keys() and all(np.array_equal(a[k], b[k]) for k in a)


def take(dataset, count: int) -> list[dict[str, np.ndarray]]:
    iterator = iter(dataset)
    batches = [{k: np.array(v) for k, v in batch.items()} for batch in itertools.islice(iterator, count)]
    iterator.close()
    return batches


def test_entries(records) -> None:
    batch = Loader(records, image_size=128, batch_size=6, draws=DRAWS, seed=3).batch(11)
    shapes = {name: (entry.dtype.name, entry.shape) for name, entry in batch.items()}
    assert shapes == {
        "image": ("uint8", (6, 128, 128, 3)),
        "label": ("int32", (6,)),
        "index": ("int32", (6,)),
        "caption": ("int32", (6,)),
        "characters": ("int32", (6, 201)),
        "noise": ("float32", (6, 5)),
        "smoothing": ("float32", (6,)),
    }
    assert [records[k].label for k in batch["index"]] == batch["label"].tolist()
    for index, caption, row in zip(batch["index"], batch["caption"], batch["characters"], strict=True):
        assert np.array_equal(row, encode([records[index].captions[caption]])[0])
    drawn = draw_batch(DRAWS, seed=3, step=11, batch_size=6)
    assert all(np.array_equal(batch[name], drawn[name]) for name in DRAWS)


def test_captions_as_embeddings_or_none(records) -> None:
    batch = Loader(records, batch_size=8, captions="embedding", embeddings=Table()).batch(0)
    assert "characters" not in batch
    assert batch["embedding"].shape == (8, 3)
    assert batch["embedding"].dtype == np.float32
    assert batch["embedding"][:, 0].tolist() == batch["index"].tolist()
    assert set(Loader(records, batch_size=8, captions=None).batch(0)) == {"image", "label", "index"}


def test_the_records_own_embeddings(records, tmp_path) -> None:
    rows = [np.array([[k, 0, 1], [k, 1, 1]], np.float32) for k in range(9)]
    prepare(Pictures(np.zeros((9, 64, 64, 3), np.uint8), rows), tmp_path / "set", size=64, workers=1)
    own = Records(tmp_path / "set")
    batches = [Loader(own, batch_size=3, captions="embedding").batch(step) for step in range(9)]
    for batch in batches:
        assert batch["embedding"].dtype == np.float32
        assert batch["embedding"][:, 0].tolist() == batch["index"].tolist()
    assert {int(row[1]) for batch in batches for row in batch["embedding"]} == {0, 1}
    given = Loader(own, batch_size=3, captions="embedding", embeddings=Table()).batch(0)["embedding"]
    assert given[:, 2].tolist() == [7, 7, 7]
    with pytest.raises(UserError, match=r"embeddings=…: .*set holds none of its own"):
        Loader(records, batch_size=3, captions="embedding")


def test_a_table_of_another_split_is_refused(records) -> None:
    class Counted(Table):
        def check(self, records: Records) -> None:
            raise UserError(f"the table has 3 records, not {len(records)}")

    with pytest.raises(UserError, match="3 records, not 52"):
        Loader(records, batch_size=3, captions="embedding", embeddings=Counted())


def test_characters_and_embeddings_choose_the_same_captions(records) -> None:
    characters = Loader(records, batch_size=8, seed=5).batch(2)
    embedding = Loader(records, batch_size=8, seed=5, captions="embedding", embeddings=Table()).batch(2)
    for index, row, vector in zip(
        characters["index"], characters["characters"], embedding["embedding"], strict=True
    ):
        assert np.array_equal(row, encode([records[index].captions[int(vector[1])]])[0])


def test_captions_change_from_epoch_to_epoch(records) -> None:
    loader = Loader(records, batch_size=4, captions="embedding", embeddings=Table())
    seen: dict[int, set[int]] = {}
    for step in range(loader.steps_per_epoch * 12):
        for record, caption, _ in loader.batch(step)["embedding"].astype(int):
            seen.setdefault(record, set()).add(caption)
    assert len(seen) == 52
    assert set().union(*seen.values()) == {0, 1, 2}
    assert sum(len(captions) == 3 for captions in seen.values()) > 45


def test_each_epoch_takes_every_record_once_in_another_order(records) -> None:
    loader = Loader(records, batch_size=13, captions=None)
    assert loader.steps_per_epoch == 4
    epochs = [np.concatenate([loader.batch(4 * e + s)["index"] for s in range(4)]) for e in range(3)]
    for epoch in epochs:
        assert sorted(epoch) == list(range(52))
    assert not np.array_equal(epochs[0], epochs[1])
    assert not np.array_equal(epochs[1], epochs[2])
    other = Loader(records, batch_size=13, captions=None, seed=1).batch(0)["index"]
    assert not np.array_equal(other, epochs[0][:13])


def test_the_remainder_is_dropped_and_order_can_be_kept(records) -> None:
    loader = Loader(records, batch_size=10, captions=None, shuffle=False)
    assert loader.steps_per_epoch == 5
    assert loader.batch(4)["index"].tolist() == list(range(40, 50))
    assert loader.batch(5)["index"].tolist() == list(range(10))
    shuffled = Loader(records, batch_size=10, captions=None)
    epoch = np.concatenate([shuffled.batch(s)["index"] for s in range(5)])
    assert len(set(epoch.tolist())) == 50


def test_pictures_are_crops_of_the_margin(records) -> None:
    for size, side in ((64, 76), (128, 152)):
        room = side - size
        loader = Loader(records, image_size=size, batch_size=13, captions=None, flip=False)
        places = set()
        for step in range(4):
            batch = loader.batch(step)
            for index, image in zip(batch["index"], batch["image"], strict=True):
                picture = records[index].picture(size)
                windows = np.lib.stride_tricks.sliding_window_view(picture, (size, size, 3))[:, :, 0]
                hits = np.argwhere((windows == image).all((2, 3, 4)))
                assert len(hits) >= 1
                places.add(tuple(hits[0].tolist()))
        assert len(places) > 20
        assert max(max(place) for place in places) > room * 3 // 4
        assert min(min(place) for place in places) < room // 4


def test_flips_and_centre_crops(records) -> None:
    plain = Loader(records, batch_size=52, captions=None, crop=False, flip=False).batch(0)
    flipped = Loader(records, batch_size=52, captions=None, crop=False).batch(0)
    mirrored = 0
    for index, image, other in zip(plain["index"], plain["image"], flipped["image"], strict=True):
        assert np.array_equal(image, records[index].picture(64)[6:70, 6:70])
        if not np.array_equal(image, other):
            assert np.array_equal(image[:, ::-1], other)
            mirrored += 1
    assert 14 < mirrored < 38


def test_pictures_of_28_pixels_are_neither_cropped_nor_changed(tmp_path) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (6, 28, 28, 3), dtype=np.uint8)
    prepare(Pictures(pictures), tmp_path / "set", size=28, workers=1)
    records = Records(tmp_path / "set")
    assert records.size == 28
    batch = Loader(records, image_size=28, batch_size=6, flip=False).batch(3)
    assert np.array_equal(batch["image"], pictures[batch["index"]])
    flipped = Loader(records, image_size=28, batch_size=6).batch(3)
    mirrored = [not np.array_equal(a, b) for a, b in zip(flipped["image"], batch["image"], strict=True)]
    assert 0 < sum(mirrored) < 6
    assert np.array_equal(flipped["image"][mirrored], batch["image"][mirrored][:, :, ::-1])
    with pytest.raises(UserError, match=r"holds pictures for 28 px; prepare it with --size 64"):
        Loader(records, batch_size=6)


def test_the_dataset_is_the_batches(records) -> None:
    loader = Loader(records, batch_size=8, draws=DRAWS)
    assert loader.steps_per_epoch == 6
    for step, batch in enumerate(take(loader.dataset(), 14)):  # over the end of two epochs
        assert same(batch, loader.batch(step))
    for offset, batch in enumerate(take(loader.dataset(start_step=9), 3)):
        assert same(batch, loader.batch(9 + offset))
    far = 6 * 10**6
    assert same(take(loader.dataset(start_step=far), 1)[0], loader.batch(far))


def test_another_seed_other_batches(records) -> None:
    first, second = (Loader(records, batch_size=8, draws=DRAWS, seed=seed).batch(0) for seed in (0, 1))
    for name in ("image", "index", "characters", "noise", "smoothing"):
        assert not np.array_equal(first[name], second[name])
    again = Loader(Records(records.folder), batch_size=8, draws=DRAWS, seed=0).batch(0)
    assert same(first, again)


def test_a_position_is_saved_and_restored(records) -> None:
    loader = Loader(records, batch_size=8, draws=DRAWS)
    iterator = iter(loader.dataset(start_step=2))
    for _ in range(3):
        next(iterator)
    state = iterator.get_state()
    expected = [next(iterator), next(iterator)]
    assert same(expected[0], loader.batch(5))
    iterator.set_state(state)
    assert same(next(iterator), expected[0])
    iterator.close()
    other = iter(Loader(Records(records.folder), batch_size=8, draws=DRAWS).dataset(start_step=2))
    other.set_state(state)
    assert same(next(other), expected[0])
    assert same(next(other), expected[1])
    other.close()


WORKERS = """
import sys
import numpy as np
from stackgan_k3.data.loader import Loader
from stackgan_k3.data.records import Records
from stackgan_k3.draws import Draw
if __name__ == "__main__":
    loader = Loader(Records(sys.argv[1]), batch_size=8, draws={"noise": Draw((5,))}, workers=2)
    iterator = iter(loader.dataset(start_step=3))
    for step in range(3, 10):
        batch = next(iterator)
        if step == 5:
            state = iterator.get_state()
        expected = loader.batch(step)
        assert batch.keys() == expected.keys()
        for name in batch:
            np.testing.assert_array_equal(batch[name], expected[name])
    iterator.set_state(state)
    np.testing.assert_array_equal(next(iterator)["image"], loader.batch(6)["image"])
    iterator.close()
    # grain itself takes in JAX where it is installed
    heavy = {"keras", "tensorflow", "torch"} & set(sys.modules)
    print("same, without", "any" if not heavy else heavy)
"""


def test_worker_processes_make_the_same_batches(records, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(WORKERS)
    result = subprocess.run(
        [sys.executable, str(script), str(records.folder)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == "same, without any"


def test_a_damaged_record_stops_the_dataset_with_its_place(records, tmp_path) -> None:
    folder = Path(shutil.copytree(records.folder, tmp_path / "copy"))
    shard = folder / next(shard["name"] for shard in records.info["shards"] if shard["split"] == "train")
    content = bytearray(shard.read_bytes())
    content[content.index(b"captions") + 300] ^= 1
    shard.write_bytes(content)
    iterator = iter(Loader(Records(folder), batch_size=8).dataset())
    with pytest.raises(UserError, match=rf"record 0 of the train split .*{shard.name}\) is damaged"):
        for _ in range(6):
            next(iterator)
    iterator.close()


@pytest.mark.parametrize("count", [2, 3])
def test_shards_are_the_parts_of_a_larger_batch(records, count: int) -> None:
    whole = Loader(records, batch_size=12, draws=DRAWS, seed=4)
    parts = [
        Loader(records, batch_size=12 // count, draws=DRAWS, seed=4, shard=(part, count))
        for part in range(count)
    ]
    assert {part.steps_per_epoch for part in parts} == {whole.steps_per_epoch}
    for step in (0, 3, 7):
        batches = [part.batch(step) for part in parts]
        for name, expected in whole.batch(step).items():
            assert np.array_equal(
                np.stack([b[name] for b in batches], axis=1).reshape(expected.shape), expected
            )
    seen = [{int(k) for step in range(4) for k in part.batch(step)["index"]} for part in parts]
    # Disjoint, and together all that an epoch takes of the 52 records.
    assert sum(map(len, seen)) == len(set().union(*seen)) == 48


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"batch_size": 53}, "52 records, fewer than one batch of 53"),
        ({"batch_size": 20, "shard": (0, 3)}, "one batch of 20 for each of 3 shards"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"image_size": 256}, r"64 and 128 px; prepare it with --size 256"),
        ({"image_size": 100}, "image_size is 100"),
        ({"seed": -1}, "seed is -1"),
        ({"captions": "words"}, "captions is 'words'"),
        ({"captions": "embedding"}, "needs the table of embeddings"),
        ({"workers": -1}, "workers is -1"),
        ({"shard": (2, 2)}, r"shard is \(2, 2\)"),
        ({"shard": (0, 0)}, r"shard is \(0, 0\)"),
        ({"draws": {"image": Draw(())}}, "entry 'image'"),
    ],
)
def test_wrong_arguments(records, wrong: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        Loader(records, **({"batch_size": 4} | wrong))


def test_a_negative_start_is_refused(records) -> None:
    with pytest.raises(UserError, match="start_step is -1"):
        Loader(records, batch_size=4).dataset(start_step=-1)
