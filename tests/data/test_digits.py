import gzip
import pickle
import struct
import sys
import zipfile
from collections import Counter

import numpy as np
import pytest
from miniature_sets.digits import make, pictures, write_idx

from stackgan_k3.data.digits import NAMES, Digits
from stackgan_k3.data.idx import read_idx
from stackgan_k3.data.source import Source
from stackgan_k3.data.sources import open_source
from stackgan_k3.errors import UserError

FILES = [f"{prefix}-{kind}-ubyte" for prefix in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")]


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "a set of digits"
    make(folder)
    return folder


def npz(path, **changes) -> None:
    x_train, y_train = pictures(40)
    x_test, y_test = pictures(20)
    arrays = {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test, **changes}
    np.savez(path, **{key: array for key, array in arrays.items() if array is not None})


def test_published_files(root) -> None:
    source = Digits(root)
    assert isinstance(source, Source)
    assert len(source) == 60
    assert source.classes[:3] == ("zero", "one", "two")
    example = source[43]
    assert (example.name, example.label, example.split) == ("test-00003", 3, "test")
    assert example.image.dtype == np.uint8
    assert np.array_equal(example.image, np.repeat(pictures(20)[0][3][..., None], 3, axis=2))
    assert example.captions == (
        "the digit three",
        "a handwritten three",
        "a picture of the number three",
        "the number 3 in white on black",
    )
    assert source[39].split == "train"
    assert len({source[index].name for index in range(60)}) == 60
    with pytest.raises(IndexError):
        source[60]


def test_a_pickled_source_is_small_and_the_same(root) -> None:
    source = Digits(root)
    content = pickle.dumps(source)
    assert len(content) < 2000  # no pictures in it
    assert np.array_equal(pickle.loads(content)[7].image, source[7].image)


@pytest.mark.parametrize("style", ["plain", "dots", "raw", "npz", "npz file"])
def test_the_same_pictures_from_each_layout(root, tmp_path, style) -> None:
    other = tmp_path / "other"
    folder = other / "MNIST" / "raw" if style == "raw" else other
    folder.mkdir(parents=True)
    if style.startswith("npz"):
        npz(folder / "mnist.npz")
        other = folder / "mnist.npz" if style == "npz file" else folder
    else:
        for name in FILES:
            target = name.replace("-idx", ".idx") if style == "dots" else name
            (folder / target).write_bytes(gzip.decompress((root / f"{name}.gz").read_bytes()))
    a, b = Digits(root), Digits(other)
    for index in (0, 39, 40, 59):
        assert np.array_equal(a[index].image, b[index].image)
        assert a[index].captions == b[index].captions


def test_fashion(root) -> None:
    source = open_source("digits", root=root, options={"names": "fashion"})
    assert source.classes == NAMES["fashion"]
    assert source.title == "Fashion-MNIST"
    assert source[1].captions[1] == "a picture of a pair of trousers"
    with pytest.raises(UserError, match="unknown names 'fasion'; did you mean 'fashion'"):
        Digits(root, names="fasion")


def test_the_folder_of_keras_holds_both(root, tmp_path) -> None:
    npz(tmp_path / "mnist.npz")
    root.rename(tmp_path / "fashion-mnist")
    write_idx(tmp_path / "fashion-mnist" / "train-labels-idx1-ubyte.gz", np.full(40, 9, np.uint8))
    assert Digits(tmp_path)[0].captions[0] == "the digit zero"
    assert Digits(tmp_path, names="fashion")[0].captions[0] == "an ankle boot"
    (tmp_path / "mnist.npz").rename(tmp_path / "clothes.npz")
    assert Digits(tmp_path / "clothes.npz", names="fashion")[0].captions[0] == "a t-shirt"
    with pytest.raises(UserError, match="holds no digits"):
        Digits(tmp_path)


def test_a_limit_is_spread_over_classes_and_splits(root) -> None:
    examples = list(map(Digits(root, limit=30).__getitem__, range(30)))
    assert Counter(example.split for example in examples) == {"train": 20, "test": 10}
    for split in ("train", "test"):
        counts = Counter(example.label for example in examples if example.split == split)
        assert len(counts) == 10
        assert len(set(counts.values())) == 1
    assert Digits(root, limit=1)[0].split == "train"
    assert {Digits(root, limit=2)[index].split for index in range(2)} == {"train", "test"}
    assert len(Digits(root, limit=1000)) == 60


def test_scikit_learn_needs_no_files() -> None:
    pytest.importorskip("sklearn")
    source = open_source("digits")
    assert len(source) == 1797
    examples = [source[index] for index in range(len(source))]
    assert Counter(example.split for example in examples) == {"train": 1438, "test": 359}
    assert len({example.name for example in examples}) == 1797
    assert {example.label for example in examples if example.split == "test"} == set(range(10))
    image = examples[0].image
    assert image.shape == (32, 32, 3)
    assert image.max() > 200
    assert len(pickle.dumps(source)) < 10_000
    assert open_source("digits", seed=5)[1500].label == examples[1500].label
    with pytest.raises(UserError, match="no clothes"):
        Digits(names="fashion")


def test_without_scikit_learn_the_extra_is_named(monkeypatch) -> None:
    from stackgan_k3.data import digits

    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    digits._arrays.cache_clear()
    with pytest.raises(UserError, match=r"pip install 'stackgan-k3\[digits\]'"):
        Digits()


def test_folders_of_other_kinds(tmp_path, root) -> None:
    with pytest.raises(
        UserError, match=r"no folder or file .*nowhere; digits expects train-images-idx3-ubyte"
    ):
        Digits(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=r"empty holds no digits; expected .*mnist\.npz"):
        Digits(tmp_path / "empty")
    (root / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(UserError, match=r"but no t10k-labels-idx1-ubyte \(nor t10k-labels-idx1-ubyte\.gz\)"):
        Digits(root)


def test_damaged_files_are_named(root) -> None:
    path = root / "train-images-idx3-ubyte.gz"
    whole = path.read_bytes()
    plain = gzip.decompress(whole)
    cases = {
        whole[:-100]: "damaged or not complete",
        whole[:60] + b"\0\0\0\0" + whole[64:]: "damaged or not complete",
        b"": "starts with nothing",
        b"<html>not found</html>": "not an IDX file: it starts with 3c 68 74 6d",
        gzip.compress(plain[:-1]): r"says 40 x 28 x 28, 31,360 bytes, but it holds 31,359",
        gzip.compress(plain + b"\0"): r"31,360 bytes, but it holds more",
        gzip.compress(plain[:9]): "ends within its header",
        bytes([0, 0, 0x0D, 3]) + plain[4:]: r"starts with 00 00 0d 03; an IDX file of bytes in 3 dimensions",
        bytes([0, 0, 8, 3]) + b"\xff" * 12 + b"few": "at most 1,073,741,824 bytes are read",
    }
    for content, message in cases.items():
        path.write_bytes(content)
        with pytest.raises(UserError, match=message) as caught:
            Digits(root)
        assert str(path) in str(caught.value)


def test_pictures_and_labels_must_belong_together(root) -> None:
    labels = root / "train-labels-idx1-ubyte.gz"
    write_idx(labels, np.zeros(39, np.uint8))
    with pytest.raises(UserError, match=r"holds 40 pictures but .*train-labels.* 39 labels"):
        Digits(root)
    write_idx(labels, np.array([3] * 17 + [10] * 23, np.uint8))
    with pytest.raises(UserError, match=r"train-labels.*: label 17 is 10; there are ten classes"):
        Digits(root)
    write_idx(labels, np.zeros(40, np.uint8))
    write_idx(root / "t10k-images-idx3-ubyte.gz", np.zeros((20, 32, 32), np.uint8))
    with pytest.raises(UserError, match="pictures of different sizes"):
        Digits(root)
    write_idx(root / "t10k-images-idx3-ubyte.gz", np.zeros((20, 8, 8), np.uint8))
    with pytest.raises(UserError, match="8x8 pixels; each side must have 16"):
        Digits(root)


def test_labels_in_the_place_of_pictures(root) -> None:
    (root / "train-images-idx3-ubyte.gz").write_bytes((root / "train-labels-idx1-ubyte.gz").read_bytes())
    with pytest.raises(UserError, match="starts with 00 00 08 01; an IDX file of bytes in 3 dimensions"):
        Digits(root)


def test_damaged_archives_are_named(tmp_path) -> None:
    path = tmp_path / "mnist.npz"
    npz(path, y_test=None)
    with pytest.raises(UserError, match=r"mnist\.npz holds no y_test"):
        Digits(path)
    npz(path, x_test=np.zeros((20, 28, 28), np.float32))
    with pytest.raises(UserError, match=r"x_test is float32 \[20, 28, 28\]; expected uint8 in 3 dimensions"):
        Digits(path)
    npz(path, y_train=np.full(40, 300))
    with pytest.raises(UserError, match="y_train holds 300"):
        Digits(path)
    npz(path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(UserError, match=r"mnist\.npz is damaged"):
        Digits(path)


def test_an_archive_cannot_run_code(tmp_path) -> None:
    class Command:
        def __reduce__(self):
            return (print, ("executed",))

    path = tmp_path / "mnist.npz"
    npz(path, y_test=np.array([Command()], object))
    with pytest.raises(UserError, match=r"damaged or no archive of arrays .*allow_pickle=False"):
        Digits(path)


def test_an_archive_that_lies_about_its_size(tmp_path) -> None:
    path = tmp_path / "mnist.npz"
    npz(path, x_train=None)
    header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (10000000000000, 28, 28), }"
    header += b" " * (118 - len(header) - 1) + b"\n"
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("x_train.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header)
    with pytest.raises(UserError, match=r"mnist\.npz is damaged"):
        Digits(path)


def test_read_idx_shapes(tmp_path) -> None:
    array = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    write_idx(tmp_path / "a", array)
    write_idx(tmp_path / "b.gz", array)
    for name in ("a", "b.gz"):
        assert np.array_equal(read_idx(tmp_path / name, 3), array)
    assert not read_idx(tmp_path / "a", 3).flags.writeable
    with pytest.raises(UserError, match="cannot be read: No such file"):
        read_idx(tmp_path / "c", 1)
