import pickle
import shutil

import numpy as np
import pytest
from miniature_sets.cub import CLASSES, EACH, make
from PIL import Image

from stackgan_k3.data.cub import Cub, crop
from stackgan_k3.data.source import BadExample, Source
from stackgan_k3.data.sources import open_source
from stackgan_k3.errors import UserError


@pytest.fixture
def root(tmp_path):
    make(tmp_path / "birds")
    return tmp_path / "birds"


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
    source = Cub(root)
    assert isinstance(source, Source)
    assert len(source) == len(CLASSES) * EACH
    assert source.classes[0] == "Black footed Albatross" and source.classes[3] == "Groove billed Ani"
    example = source[5]
    assert example.name == "002.Laysan_Albatross/Laysan_Albatross_0002_1006.jpg"
    assert example.label == 1
    assert example.captions[0] == "this is the laysan albatross with 2 feathers ."
    assert len(example.captions) == 10
    whole = np.asarray(Image.open(root / "images" / example.name))
    # box 41, 31, 50 x 46: centre 66, 54, half-side 37
    assert np.array_equal(example.image, whole[17:91, 29:103])
    again = pickle.loads(pickle.dumps(source))[5]
    assert np.array_equal(again.image, example.image)
    assert not bad(source)


def test_grey_pictures_become_rgb(root) -> None:
    image = Cub(root)[6].image
    assert image.shape[2] == 3 and image.std() > 0
    assert np.array_equal(image[..., 0], image[..., 2])


def test_the_crop_is_centred_on_the_box() -> None:
    image = np.zeros((300, 400, 3), np.uint8)
    image[100:140, 200:260] = 255  # the bird: x 200, y 100, 60 x 40
    cropped = crop(image, (200.0, 100.0, 60.0, 40.0))
    assert cropped.shape == (90, 90, 3)
    assert np.array_equal(cropped, image[75:165, 185:275])
    # a centre at x + w instead of x + w/2 would put the bird at the left edge
    assert cropped[25:65, 15:75].min() == 255 and cropped.sum() == image.sum()


def test_the_crop_is_cut_off_at_the_edges() -> None:
    image = np.arange(100 * 120 * 3, dtype=np.uint32).reshape(100, 120, 3).astype(np.uint8)
    assert np.array_equal(crop(image, (0.0, 0.0, 60.0, 60.0)), image[:75, :75])
    assert np.array_equal(crop(image, (80.0, 50.0, 40.0, 50.0)), image[38:, 63:])
    assert np.array_equal(crop(image, (0.0, 0.0, 120.0, 100.0)), image)
    for outside in ((500.0, 0.0, 30.0, 30.0), (-400.0, -400.0, 30.0, 30.0)):
        assert not crop(image, outside).size


def test_zero_shot_splits_are_by_class_seeded_and_stable(root) -> None:
    source = Cub(root)
    splits = {e.label: e.split for e in source}
    assert all(e.split == splits[e.label] for e in source)
    assert [splits[label] for label in range(5)] == ["train", "test", "train", "train", "train"]
    tests = {tuple(e.label for e in Cub(root, seed=seed) if e.split == "test") for seed in range(8)}
    assert len(tests) > 1


def test_lists_of_classes_decide_the_zero_shot_split(root) -> None:
    (root / "testclasses.txt").write_bytes(b"005.Crested_Auklet\r\n001.Black_footed_Albatross\r\n")
    expected = ["test"] * 4 + ["train"] * 12 + ["test"] * 4
    assert [e.split for e in Cub(root, seed=3)] == expected
    rest = "002.Laysan_Albatross\n003.Sooty_Albatross\n004.Groove_billed_Ani\n"
    (root / "trainvalclasses.txt").write_text(rest)
    assert [e.split for e in Cub(root)] == expected
    (root / "testclasses.txt").unlink()
    assert [e.split for e in Cub(root)] == expected


def test_wrong_lists_of_classes_are_named(root) -> None:
    (root / "testclasses.txt").write_text("001.Black_footed_Albatross\n\n006.Least_Auklet\n")
    with pytest.raises(UserError, match=r"testclasses\.txt, line 3: there is no class '006\.Least_Auklet'"):
        Cub(root)
    (root / "testclasses.txt").write_text("001.Black_footed_Albatross\n")
    (root / "trainvalclasses.txt").write_text("001.Black_footed_Albatross\n")
    with pytest.raises(UserError, match=r"testclasses\.txt, line 1: .* is in .*trainvalclasses\.txt too"):
        Cub(root)
    (root / "trainvalclasses.txt").write_text("002.Laysan_Albatross\n")
    with pytest.raises(UserError, match=r"neither .* has the class '003\.Sooty_Albatross'"):
        Cub(root)


def test_names_in_pickles_decide_the_zero_shot_split(root) -> None:
    names = [line.split()[1][:-4] for line in (root / "images.txt").read_text().splitlines()]
    for split, part in (("train", names[4:]), ("test", names[:4])):
        (root / split).mkdir()
        (root / split / "filenames.pickle").write_bytes(pickle.dumps(part, protocol=2))
    expected = ["test"] * 4 + ["train"] * 16
    assert [e.split for e in Cub(root, seed=3)] == expected
    (root / "train" / "filenames.pickle").unlink()
    assert [e.split for e in Cub(root, seed=3)] == expected
    by_python2 = b"(lp0\nS'001.Black_footed_Albatross/one'\np1\naS'005.Crested_Auklet/two'\np2\na."
    (root / "test" / "filenames.pickle").write_bytes(by_python2)
    assert [e.split for e in Cub(root)] == ["test"] * 4 + ["train"] * 12 + ["test"] * 4
    (root / "trainvalclasses.txt").write_text("001.Black_footed_Albatross")  # lists come first
    assert [e.split for e in Cub(root)] == ["train"] * 4 + ["test"] * 16
    (root / "trainvalclasses.txt").unlink()
    for content, told in (
        (pickle.dumps(names, protocol=2)[:-30], r"filenames\.pickle"),
        (pickle.dumps({"a": 1}), r"filenames\.pickle is not a list of names"),
        (pickle.dumps(["no folder"]), r"filenames\.pickle is not a list of names"),
        (pickle.dumps(["201.Dodo/one"]), r"filenames\.pickle: there is no class '201\.Dodo'"),
        (b"cos\nsystem\n(S'true'\ntR.", r"os\.system"),
    ):
        (root / "test" / "filenames.pickle").write_bytes(content)
        with pytest.raises(UserError, match=told):
            Cub(root)


def test_the_published_split(root) -> None:
    source = open_source("cub", root=root, options={"split": "published"})
    assert [e.split for e in source][:8] == [
        "train",
        "test",
        "train",
        "test",
        "test",
        "train",
        "test",
        "train",
    ]
    change(root / "train_test_split.txt", "\n6 1\n", "\n6 yes\n")
    assert len(Cub(root)) == 20  # the other split does not need it
    with pytest.raises(UserError, match=r"train_test_split\.txt, line 6: '6 yes' is not <number> <1"):
        Cub(root, split="published")
    with pytest.raises(UserError, match="did you mean 'published'"):
        Cub(root, split="publisht")


@pytest.mark.parametrize("split", ["zero-shot", "published"])
def test_a_limit_keeps_a_mixture(root, split) -> None:
    for limit, classes in ((5, 4), (10, 5)):
        few = list(Cub(root, limit=limit, split=split))
        assert len(few) == limit and {e.split for e in few} == {"train", "test"}
        assert len({e.label for e in few}) >= classes
        assert [e.name for e in few] == sorted(e.name for e in few)
    assert len(Cub(root, limit=1000, split=split)) == 20


def test_labels_follow_the_numbers_not_the_lines(root) -> None:
    lines = (root / "classes.txt").read_text().splitlines()
    (root / "classes.txt").write_text("\n".join(["12 012.Of_no_picture", *reversed(lines)]) + "\n")
    source = Cub(root)
    assert source.classes == (*(name[4:].replace("_", " ") for name in CLASSES), "Of no picture")
    assert [e.label for e in source] == sorted([*range(5)] * EACH)
    assert len(Cub(root, limit=6)) == 6  # a class without pictures takes no part


def test_the_archives_side_by_side(root) -> None:
    inner = root / "CUB_200_2011"
    inner.mkdir()
    for path in list(root.iterdir()):
        if path.name not in ("CUB_200_2011", "text_c10"):
            path.rename(inner / path.name)
    before = Cub(root)[3]
    (root / "text_c10").rename(inner / "text")
    after = Cub(root)[3]
    assert (before.name, before.captions) == (after.name, after.captions)
    assert after.name.startswith("001.Black_footed_Albatross/")


def test_names_as_people_leave_them(tmp_path) -> None:
    # spaces, letters beyond ASCII, an upper-case ending, CRLF, a file name in two classes
    root = tmp_path / "my birds"
    names = {1: "001.Mésange bleue/one bird.JPG", 2: "002.Owl/one bird.jpg"}
    lines = {
        "images": [f"{number} {name}" for number, name in names.items()],
        "classes": ["1 001.Mésange bleue", "2 002.Owl"],
        "image_class_labels": ["1 1", "2 2"],
        "bounding_boxes": ["1 10 10 60 60", "2 10 10 60 60"],
    }
    for number, name in names.items():
        (root / "images" / name).parent.mkdir(parents=True)
        Image.new("RGB", (90, 90), (number, 0, 0)).save(root / "images" / name, "PNG")
        text = (root / "text_c10" / name).with_suffix(".txt")
        text.parent.mkdir(parents=True)
        text.write_bytes(f"un  oiseau\tnuméro {number}\r\n\r\nbleu".encode())
    for name, content in lines.items():
        (root / f"{name}.txt").write_bytes(("\ufeff" + "\r\n".join(content)).encode())
    one, two = Cub(root)
    assert (one.label, one.captions) == (0, ("un oiseau numéro 1", "bleu"))
    assert (two.label, two.captions) == (1, ("un oiseau numéro 2", "bleu"))
    assert [example.image[0, 0, 0] for example in (one, two)] == [1, 2]
    assert one.name == "001.Mésange bleue/one bird.JPG"


def test_bad_examples_are_named(root) -> None:
    pictures = {
        int(line.split()[0]): line.split()[1] for line in (root / "images.txt").read_text().splitlines()
    }
    text = {number: (root / "text_c10" / name).with_suffix(".txt") for number, name in pictures.items()}
    text[1].unlink()
    text[2].write_text("\n\n")
    text[3].write_text("only one caption")
    (root / "images" / pictures[4]).unlink()
    (root / "images" / pictures[5]).write_bytes(b"\xff\xd8 cut off")
    change(root / "bounding_boxes.txt", "\n6 41.0 31.0 ", "\n6 4100.0 31.0 ")
    change(root / "images.txt", pictures[8], "../../secret.jpg")
    source = Cub(root)
    found = bad(source)
    assert set(found) == {
        pictures[1],
        f"text_c10/{pictures[2][:-4]}.txt",
        pictures[4],
        pictures[5],
        pictures[6],
        "text_c10/../../secret.txt",
    }
    assert found[pictures[1]] == f"there are no captions text_c10/{pictures[1][:-4]}.txt"
    assert found[f"text_c10/{pictures[2][:-4]}.txt"] == "it holds no captions"
    assert source[2].captions == ("only one caption",)
    assert found[pictures[4]] == "there is no such file"
    assert "not a picture" in found[pictures[5]]
    assert "leaves nothing" in found[pictures[6]]
    assert "lies outside" in found["text_c10/../../secret.txt"]


def test_links_within_the_folder_are_followed_and_others_refused(root) -> None:
    names = [line.split()[1] for line in (root / "images.txt").read_text().splitlines()]
    outside = root.parent / "secret.jpg"
    shutil.copy(root / "images" / names[0], outside)
    for name, target in ((names[1], root / "images" / names[2]), (names[3], outside)):
        (root / "images" / name).unlink()
        (root / "images" / name).symlink_to(target)
    source = Cub(root)
    assert source[1].image.shape[2] == 3
    with pytest.raises(BadExample, match=r"it is a link to .*secret\.jpg, which lies outside"):
        source[3]
    assert len(bad(source)) == 1


@pytest.mark.parametrize("name", ["images", "bounding_boxes", "image_class_labels", "classes"])
def test_missing_and_damaged_index_files_are_named(root, name) -> None:
    path = root / f"{name}.txt"
    lines = path.read_text().splitlines()
    for damage, told in (
        ("nonsense\n" + "\n".join(lines), rf"{name}\.txt, line 1: 'nonsense' is not <"),
        ("\n".join([*lines, lines[2]]), rf"{name}\.txt, line {len(lines) + 1}: 3 is there twice"),
        ("", rf"{name}\.txt is empty"),
    ):
        path.write_text(damage)
        with pytest.raises(UserError, match=told):
            Cub(root)
    path.write_bytes(b"1 \xff\xfe\n")
    with pytest.raises(UserError, match=rf"{name}\.txt is not UTF-8"):
        Cub(root)
    path.unlink()
    with pytest.raises(UserError, match=rf"no file .*{name}\.txt; cub expects images\.txt"):
        Cub(root)


def test_index_files_that_do_not_agree(root) -> None:
    boxes = root / "bounding_boxes.txt"
    whole = boxes.read_text()
    for wrong in ("nan 1 2 3", "1 2 3", "1 2 0 5", "1 2 3 -4", "1 2 3 4 5"):
        boxes.write_text(whole.replace("4 43.0 33.0 50.0 44.0", f"4 {wrong}"))
        with pytest.raises(
            UserError, match=r"bounding_boxes\.txt, line 4: .* is not <number> <x> <y> <width>"
        ):
            Cub(root)
    boxes.write_text("\n".join(whole.splitlines()[:12]))
    with pytest.raises(
        UserError, match=r"bounding_boxes\.txt has no line for picture 13, 004\.Groove_billed_Ani/"
    ):
        Cub(root)
    boxes.write_text(whole)
    change(root / "image_class_labels.txt", "\n9 3\n", "\n9 201\n")
    with pytest.raises(UserError, match=r"image_class_labels\.txt: picture 9 has class 201"):
        Cub(root)
    change(root / "image_class_labels.txt", "\n9 201\n", "\n9 3\n")
    lines = (root / "images.txt").read_text().splitlines()
    (root / "images.txt").write_text("\n".join([*lines[:-1], "20" + lines[0][1:]]))
    with pytest.raises(UserError, match=r"images\.txt lists '001\..*' twice"):
        Cub(root)


def test_what_is_missing_is_said(root, tmp_path) -> None:
    with pytest.raises(UserError, match=r"no folder .*nowhere; cub expects images\.txt"):
        Cub(tmp_path / "nowhere")
    shutil.rmtree(root / "text_c10")
    with pytest.raises(UserError, match=r"no folder .*text_c10 \(nor text\) with the captions"):
        Cub(root)
