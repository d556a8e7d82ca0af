import os
import pickle
import shutil

import numpy as np
import pytest
from miniature_sets.stackgan_pickles import arrays_0, arrays_2, make, numbers_0, picture, strings_0

from stackgan_k3.data.source import BadExample, Source
from stackgan_k3.data.sources import open_source
from stackgan_k3.data.stackgan_pickles import StackGANPickles
from stackgan_k3.errors import UserError


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    root = tmp_path_factory.mktemp("published") / "birds"
    make(root)
    return root


@pytest.fixture
def root(published, tmp_path):
    shutil.copytree(published, tmp_path / "the birds")
    return tmp_path / "the birds"


def captions_for(source: StackGANPickles, folder, lines=("one bird", "two birds", "three birds")) -> None:
    for index in range(len(source)):
        path = folder / f"{source[index].name.split('/', 1)[1]}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n")


def test_examples(published) -> None:
    source = open_source("stackgan-pickles", root=published)
    assert isinstance(source, Source)
    assert len(source) == 16
    assert source.classes == ("Black footed Albatross", "Laysan Albatross", "Cardinal", "American Crow")
    example = source[5]
    assert example.name == "train/002.Laysan_Albatross/Laysan_Albatross_0001_19"
    assert example.captions == ("laysan albatross",) * 3
    assert (example.label, example.split) == (1, "train")
    np.testing.assert_array_equal(example.image, picture(2, 1))
    assert example.embeddings is not None
    assert example.embeddings.dtype == np.float32
    with open(published / "train" / "char-CNN-RNN-embeddings.pickle", "rb") as file:
        theirs = pickle.load(file, encoding="latin1")
    np.testing.assert_array_equal(example.embeddings, theirs[5])
    assert [source[n].split for n in range(16)] == ["train"] * 12 + ["test"] * 4
    assert source[15].label == 3


def test_it_travels_small(published) -> None:
    source = StackGANPickles(published)
    content = pickle.dumps(source)
    assert len(content) < 10_000
    np.testing.assert_array_equal(pickle.loads(content)[12].image, source[12].image)


def test_without_the_large_pictures_the_small_are_read(root) -> None:
    for split in ("train", "test"):
        (root / split / "304images.pickle").unlink()
    assert StackGANPickles(root)[3].image.shape == (76, 76, 3)
    (root / "test" / "76images.pickle").unlink()
    with pytest.raises(UserError, match=r"no 304images\.pickle or 76images\.pickle in .*the birds/test"):
        StackGANPickles(root)


def test_captions_from_a_folder(root, tmp_path) -> None:
    source = StackGANPickles(root)
    folder = tmp_path / "my text"
    captions_for(source, folder)
    first = folder / "001.Black_footed_Albatross" / "Black_Footed_Albatross_0000_18.txt"
    first.write_bytes("été\r\n\r\na  bird\twith\r\nthree lines\r\n".encode("cp1252"))
    source = StackGANPickles(root, captions=str(folder))
    assert source[0].captions == ("été", "a bird with", "three lines")
    assert source[15].captions == ("one bird", "two birds", "three birds")
    captions_for(source, root / "text_c10", ("a", "b", "c"))  # where the published set has them
    assert StackGANPickles(root)[1].captions == ("a", "b", "c")
    assert StackGANPickles(root, captions=str(folder))[1].captions[0] == "one bird"


def test_captions_that_do_not_fit(root, tmp_path) -> None:
    source = StackGANPickles(root)
    captions_for(source, tmp_path / "text")
    folder = tmp_path / "text" / "001.Black_footed_Albatross"
    (folder / "Black_Footed_Albatross_0000_18.txt").write_text("one\ntwo\n")
    (folder / "Black_Footed_Albatross_0001_19.txt").unlink()
    (tmp_path / "secret.txt").write_text("a\nb\nc\n")
    (folder / "Black_Footed_Albatross_0002_20.txt").unlink()
    os.symlink(tmp_path / "secret.txt", folder / "Black_Footed_Albatross_0002_20.txt")
    source = StackGANPickles(root, captions=str(tmp_path / "text"))
    for index, reason in enumerate(["2 captions, but 3 embeddings", "there is no 001", "lies outside of"]):
        with pytest.raises(BadExample, match=reason):
            source[index]
    assert len(source[3].captions) == 3
    with pytest.raises(UserError, match=r"no folder .*nowhere with captions"):
        StackGANPickles(root, captions=str(tmp_path / "nowhere"))


def test_flowers_by_their_numbers(tmp_path) -> None:
    for split, numbers in (("train", [12, 12, 5]), ("test", [7])):
        folder = tmp_path / split
        folder.mkdir()
        names = [f"jpg/image_{n:05d}" for n in range(10 * len(numbers), 11 * len(numbers))]
        (folder / "filenames.pickle").write_bytes(strings_0(names))
        (folder / "class_info.pickle").write_bytes(numbers_0(numbers))
        (folder / "76images.pickle").write_bytes(arrays_0([picture(n, 0, 76) for n in numbers]))
        for number, name in zip(numbers, names, strict=True):
            path = tmp_path / "text_c10" / f"class_{number:05d}" / f"{name[4:]}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"a flower of {number}\n")
    source = StackGANPickles(tmp_path)
    assert source.classes == ("class 5", "class 7", "class 12")
    assert [(e.label, e.captions) for e in source] == [
        (2, ("a flower of 12",)), (2, ("a flower of 12",)), (0, ("a flower of 5",)), (1, ("a flower of 7",))
    ]  # fmt: skip
    assert source[0].embeddings is None
    shutil.rmtree(tmp_path / "text_c10")
    assert StackGANPickles(tmp_path)[0].captions == ("class 12",)


def test_without_class_info(root) -> None:
    for split in ("train", "test"):
        (root / split / "class_info.pickle").unlink()
    assert StackGANPickles(root)[13].label == 3  # from the folders' numbers
    names = [f"COCO_train2014_{n:012d}" for n in range(12)]
    (root / "train" / "filenames.pickle").write_bytes(strings_0(names))
    (root / "test" / "filenames.pickle").write_bytes(strings_0(names[:4]))
    source = StackGANPickles(root)
    assert source.classes == ("picture",)
    assert {example.label for example in source} == {0}
    assert source[0].captions[0] == "picture"


def test_counts_that_differ_are_both_named(root) -> None:
    train = root / "train"
    (train / "class_info.pickle").write_bytes(numbers_0([1] * 11))
    with pytest.raises(UserError, match=r"class_info\.pickle is for 11 .*filenames\.pickle names 12"):
        StackGANPickles(root)
    (train / "class_info.pickle").write_bytes(numbers_0([1] * 12))
    (train / "304images.pickle").write_bytes(b"".join(arrays_2([picture(1, 1)] * 3)))
    with pytest.raises(UserError, match=r"304images\.pickle is for 3 .*filenames\.pickle names 12"):
        StackGANPickles(root)
    (train / "304images.pickle").unlink()
    (train / "char-CNN-RNN-embeddings.pickle").write_bytes(pickle.dumps(np.zeros((7, 3, 8), np.float32), 2))
    with pytest.raises(UserError, match=r"embeddings\.pickle is for 7 .*filenames\.pickle names 12"):
        StackGANPickles(root)


def test_embeddings_in_their_other_forms(root) -> None:
    for split, count in (("train", 12), ("test", 4)):
        (root / split / "char-CNN-RNN-embeddings.pickle").unlink()
        values = np.arange(count * 20, dtype="<f8").reshape(count, 20)  # one a picture, in double precision
        (root / split / "skip-thought-embeddings.pickle").write_bytes(pickle.dumps(values, 2))
    source = StackGANPickles(root)
    np.testing.assert_array_equal(source[2].embeddings, np.arange(40, 60, dtype=np.float32)[None])
    assert source[2].captions == ("black footed albatross",)
    for split, count in (("train", 12), ("test", 4)):
        values = np.arange(count * 2 * 5, dtype="<f4").reshape(count, 2, 5)
        (root / split / "char-CNN-GRU-embeddings.pickle").write_bytes(pickle.dumps(values, 4))
    np.testing.assert_array_equal(StackGANPickles(root)[12].embeddings, np.arange(10).reshape(2, 5))
    (root / "test" / "char-CNN-GRU-embeddings.pickle").write_bytes(pickle.dumps(np.zeros((4, 2, 6), "f4")))
    with pytest.raises(UserError, match=r"GRU-embeddings\.pickle has 5 and .*GRU-embeddings\.pickle has 6"):
        StackGANPickles(root)
    for name in ("char-CNN-GRU", "skip-thought"):
        (root / "test" / f"{name}-embeddings.pickle").unlink()
    with pytest.raises(UserError, match="only one of train/ and test/"):
        StackGANPickles(root)


def test_bad_items_are_bad_examples(root) -> None:
    grey = picture(1, 0)[..., 0]
    pictures = [picture(1, n) for n in range(12)]
    pictures[1] = grey
    pictures[2] = picture(1, 2).astype(np.float32)
    pictures[3] = picture(1, 3)[:8]
    pictures[4] = np.zeros((0,), np.uint8)
    (root / "train" / "304images.pickle").write_bytes(pickle.dumps(pictures, 2))
    with open(root / "train" / "char-CNN-RNN-embeddings.pickle", "rb") as file:
        embeddings = pickle.load(file, encoding="latin1")
    embeddings[5] = np.full((3, 1024), np.nan, np.float32)
    embeddings[6] = np.zeros((2, 3, 4), np.float32)
    (root / "train" / "char-CNN-RNN-embeddings.pickle").write_bytes(pickle.dumps(embeddings, 2))
    source = StackGANPickles(root)
    np.testing.assert_array_equal(source[1].image, np.stack([grey] * 3, axis=-1))
    for index, reason in {
        2: "float32",
        3: "304x8 pixels",
        4: r"uint8 \[0\]",
        5: "not finite",
        6: r"\[2, 3, 4\]",
    }.items():
        with pytest.raises(BadExample, match=reason) as caught:
            source[index]
        assert caught.value.name.startswith("train/00")
    assert source[7].image.shape == (304, 304, 3)


def test_a_limit_keeps_a_mixture(published) -> None:
    few = list(StackGANPickles(published, limit=8))
    assert [example.split for example in few] == ["train"] * 6 + ["test"] * 2
    assert {example.label for example in few} == {0, 1, 2, 3}
    assert len(StackGANPickles(published, limit=100)) == 16


def test_names_of_any_kind(root) -> None:
    names = ["001.Löffler/Löffler_1", "001.Löffler/a b_2", "it's/3"] + [f"x/{n}" for n in range(9)]
    (root / "train" / "filenames.pickle").write_bytes(strings_0(names))
    source = StackGANPickles(root)
    assert source[0].name == "train/001.Löffler/Löffler_1"
    assert source[0].captions[0] == "löffler"
    assert source[1].captions[0] == "a b"
    assert source[2].captions[0] == source.classes[0].lower()  # no word in its name
    (root / "train" / "filenames.pickle").write_bytes(strings_0(["a"] * 12))
    with pytest.raises(UserError, match="names a more than once"):
        StackGANPickles(root)
    (root / "train" / "filenames.pickle").write_bytes(pickle.dumps([1] * 12))
    with pytest.raises(UserError, match="holds 1, where the name of a picture"):
        StackGANPickles(root)


def test_what_is_missing_or_damaged_is_named(root, tmp_path) -> None:
    with pytest.raises(
        UserError, match=r"no folder .*nowhere/train; stackgan-pickles expects train/filenames"
    ):
        StackGANPickles(tmp_path / "nowhere")
    info = root / "train" / "class_info.pickle"
    info.write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(UserError, match=r"class_info\.pickle asks for os\.system"):
        StackGANPickles(root)
    info.write_bytes(pickle.dumps(["a"] * 12))
    with pytest.raises(UserError, match=r"class_info\.pickle holds 'a', where the number of a class"):
        StackGANPickles(root)
    info.write_bytes(pickle.dumps(np.arange(12)))  # some wrote an array
    assert StackGANPickles(root)[11].label == 11
    (root / "train" / "filenames.pickle").unlink()
    with pytest.raises(UserError, match=r"filenames\.pickle cannot be read: No such file"):
        StackGANPickles(root)
