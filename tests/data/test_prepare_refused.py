import numpy as np
import pytest
from flowers import make_flowers
from PIL import Image
from preparing import Hues

from stackgan_k3.data.prepare import prepare
from stackgan_k3.data.records import Records
from stackgan_k3.errors import UserError


def test_bad_files_are_listed_and_strict_refuses_them(tmp_path) -> None:
    root = make_flowers(tmp_path / "flowers", classes=5, each=8)
    (root / "jpg" / "image_00003.jpg").write_bytes(b"no picture")
    cut = root / "jpg" / "image_00005.jpg"
    cut.write_bytes(cut.read_bytes()[:700])
    (root / "text_c10" / "class_00002" / "image_00010.txt").write_text("\n")
    Image.new("RGB", (15, 80)).save(root / "jpg" / "image_00020.jpg")
    with pytest.raises(UserError, match=r"jpg/image_00003\.jpg: not a picture .*--strict"):
        prepare("oxford-flowers", tmp_path / "set", root=root, size=64, workers=2, strict=True)
    info = prepare("oxford-flowers", tmp_path / "set", root=root, size=64, workers=1)
    assert [item["name"] for item in info["refused"]] == [
        "jpg/image_00003.jpg",
        "jpg/image_00005.jpg",
        "text_c10/class_00002/image_00010.txt",
        "jpg/image_00020.jpg",
    ]
    assert "truncated" in info["refused"][1]["reason"]
    assert "15x80 pixels" in info["refused"][3]["reason"]
    assert sum(split["records"] for split in info["splits"].values()) == 36
    names = {record.name for split in ("train", "test") for record in Records(tmp_path / "set", split)}
    assert "jpg/image_00003.jpg" not in names
    assert len(names) == 36


def test_strict_looks_at_finished_parts_too(tmp_path) -> None:
    source = Hues(70, {3: {}, 69: {"captions": ()}})

    def stop(done: int, total: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(source, tmp_path / "set", size=64, workers=1, progress=stop)
    with pytest.raises(UserError, match="hue-3: lost"):
        prepare(source, tmp_path / "set", size=64, workers=1, strict=True)
    assert len(prepare(source, tmp_path / "set", size=64, workers=1)["refused"]) == 2


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"image": np.zeros((70, 70), np.uint8)}, r"uint8 \[70, 70\]"),
        ({"image": np.zeros((70, 70, 3), np.float32)}, r"float32"),
        ({"image": np.zeros((70, 8, 3), np.uint8)}, "shorter than 16"),
        ({"captions": ()}, "no caption"),
        ({"captions": ("fine", " ")}, "blank"),
        ({"label": 2}, "label 2 of 2"),
        ({"label": -1}, "label -1 of 2"),
        ({"split": "valid"}, "split 'valid'"),
    ],
)
def test_what_a_source_gives_is_checked(tmp_path, wrong: dict[str, object], reason: str) -> None:
    with pytest.raises(UserError, match=f"hue-1: .*{reason}"):
        prepare(Hues(3, {1: wrong}), tmp_path / "set", size=64, workers=1, strict=True)


def test_nothing_usable(tmp_path) -> None:
    with pytest.raises(UserError, match=r"none of the 2 examples .* hue-0: lost"):
        prepare(Hues(2, {0: {}, 1: {}}), tmp_path / "set", size=64, workers=1)
    with pytest.raises(UserError, match="no examples"):
        prepare(Hues(0), tmp_path / "other", size=64, workers=1)


def test_a_bug_in_a_source_is_not_hidden(tmp_path) -> None:
    with pytest.raises(TypeError):
        prepare(Hues(3, {1: {"colour": 1}}), tmp_path / "set", size=64, workers=1)


def rows(captions: int, dim: int, dtype: type = np.float32) -> np.ndarray:
    return np.arange(captions * dim, dtype=dtype).reshape(captions, dim)


def test_embeddings_are_kept(tmp_path) -> None:
    values = {
        k: {"captions": tuple("abc"[: k % 3 + 1]), "embeddings": rows(k % 3 + 1, 5) + k} for k in range(10)
    }
    info = prepare(Hues(10, values), tmp_path / "set", size=64, workers=1)
    assert (info["embedding_dim"], info["refused"]) == (5, [])
    records = Records(tmp_path / "set")
    assert records.embedding_dim == 5
    for record in records:
        number = int(record.name.removeprefix("hue-"))
        assert record.embeddings is not None
        assert record.embeddings.dtype == np.float32
        assert np.array_equal(record.embeddings, values[number]["embeddings"])
    prepare(Hues(), tmp_path / "plain", size=64, workers=1)
    assert Records(tmp_path / "plain").embedding_dim is None
    assert Records(tmp_path / "plain")[0].embeddings is None


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (rows(2, 4), "2 embeddings for 1 captions"),
        (rows(1, 5), "embeddings of 5 numbers, where the first example of the source has 4 numbers"),
        (None, "no embeddings, unlike the first"),
        (rows(1, 4, np.float64), r"the embeddings are float64 \[1, 4\], not float32"),
        (rows(1, 4)[0], r"the embeddings are float32 \[4\]"),
        (rows(1, 4) * np.nan, "not finite"),
    ],
)
def test_embeddings_that_do_not_fit_are_refused(tmp_path, wrong: np.ndarray | None, reason: str) -> None:
    values: dict[int, dict[str, object]] = {k: {"embeddings": rows(1, 4)} for k in range(10)}
    source = Hues(10, values | {0: {}, 6: {"embeddings": wrong}})
    with pytest.raises(UserError, match=f"hue-6: .*{reason}"):
        prepare(Hues(10, values | {6: {"embeddings": wrong}}), tmp_path / "strict", size=64, workers=1,
                strict=True)  # fmt: skip
    info = prepare(source, tmp_path / "set", size=64, workers=1)
    assert [item["name"] for item in info["refused"]] == ["hue-0", "hue-6"]
    assert info["embedding_dim"] == 4


def test_embeddings_that_others_lack_are_refused(tmp_path) -> None:
    with pytest.raises(UserError, match=r"hue-6: embeddings of 4 numbers, where the first .* has none"):
        prepare(Hues(10, {6: {"embeddings": rows(1, 4)}}), tmp_path / "set", size=64, workers=1, strict=True)
