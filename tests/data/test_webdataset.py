import io
import json
import os
import pickle
import tarfile
from collections import Counter

import numpy as np
import pytest
from miniature_sets.webdataset import make, picture, sample, write_tar

from stackgan_k3.data.source import BadExample, Source
from stackgan_k3.data.sources import open_source
from stackgan_k3.data.tar_index import members
from stackgan_k3.data.webdataset import WebDataset
from stackgan_k3.errors import UserError


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


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "web pictures"
    make(folder)
    return folder


def test_as_img2dataset_writes_them(root) -> None:
    source = open_source("webdataset", root=root)
    assert isinstance(source, Source)
    assert len(source) == 20
    assert source.classes == ("picture",)
    example = source[11]
    assert example.name == "00001.tar/000010001"
    assert example.captions == ("Ein grünes Tuch, fotografiert",)  # one caption, whatever its lines
    assert example.image.shape == (72, 80, 3)
    assert example.label == 0
    found = examples(source)
    assert Counter(example.split for example in found)["test"] in range(1, 7)
    assert len({example.name for example in found}) == 20
    again = examples(pickle.loads(pickle.dumps(source)))
    assert all(
        np.array_equal(a.image, b.image) and a.split == b.split for a, b in zip(found, again, strict=True)
    )
    with pytest.raises(IndexError):
        source[20]


def test_one_tar(root) -> None:
    source = WebDataset(root / "00001.tar")
    assert len(source) == 10
    assert source[0].name == "00001.tar/000010000"


def test_the_split_by_hash_follows_the_key_and_the_seed(root) -> None:
    whole = {example.name.split("/")[1]: example.split for example in examples(WebDataset(root))}
    (root / "00000.tar").rename(root / "00007.tar")  # the tar does not matter
    assert {e.name.split("/")[1]: e.split for e in examples(WebDataset(root))} == whole
    splits = {tuple(e.split for e in examples(WebDataset(root, seed=seed))) for seed in range(4)}
    assert len(splits) > 1


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("train/00000.tar", "test/00000.tar"),
        ("train/a.tar", "val/a.TAR"),
        ("set-train-0.tar", "set-validation-0.tar"),
        ("latest/0.tar", "val2017/0.tar"),
    ],
)
def test_the_split_by_the_names_of_tars(tmp_path, train, test) -> None:
    write_tar(tmp_path / train, [*sample(1), *sample(2)])
    write_tar(tmp_path / test, sample(1))  # the same key in another tar is another example
    splits = {example.name: example.split for example in examples(WebDataset(tmp_path))}
    assert splits == {
        f"{train}/000000001": "train",
        f"{train}/000000002": "train",
        f"{test}/000000001": "test",
    }
    limited = examples(WebDataset(tmp_path, limit=2))
    assert [example.split for example in sorted(limited, key=lambda e: e.split)] == ["test", "train"]


def test_a_single_tar_called_test_is_split_all_the_same(tmp_path) -> None:
    write_tar(tmp_path / "test.tar", [file for number in range(30) for file in sample(number)])
    assert {example.split for example in examples(WebDataset(tmp_path))} == {"train", "test"}


def test_captions_and_pictures_of_other_kinds(tmp_path) -> None:
    write_tar(tmp_path / "a.tar", [
        ("./deep/er/a.PNG", picture(1, "PNG")), ("./deep/er/a.TXT", b"\xef\xbb\xbfupper case\r\n"),
        ("b.webp", picture(2, "WEBP")), ("b.json", json.dumps({"caption": ["one", " ", "two"]}).encode()),
        ("c.jpeg", picture(3)), ("c.txt", b"  \n"), ("c.json", '{"caption": "été"}'.encode()),
        ("d.jpg", picture(4)), ("d.seg.png", b"a mask"), ("d.cls", b"3"), ("d.txt", b"t\xe9moin"),
        ("._d.jpg", b"litter"), ("README", b"no member"),
    ])  # fmt: skip
    found = {example.name: example.captions for example in examples(WebDataset(tmp_path))}
    assert found == {
        "a.tar/deep/er/a": ("upper case",),
        "a.tar/b": ("one", "two"),
        "a.tar/c": ("été",),
        "a.tar/d": ("témoin",),
    }


def test_members_in_any_order(tmp_path) -> None:
    files = [file for number in range(6) for file in sample(number)]
    write_tar(tmp_path / "a.tar", sorted(files, key=lambda file: file[0][::-1]))
    assert len(examples(WebDataset(tmp_path))) == 6


@pytest.mark.parametrize("kind", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_names_in_any_alphabet(tmp_path, kind) -> None:
    key = "väldigt långt namn " * 12 + "鳥"
    write_tar(tmp_path / "a.tar", [(f"{key}.jpg", picture(0)), (f"{key}.txt", b"a bird")], format=kind)
    assert WebDataset(tmp_path)[0].name == f"a.tar/{key}"


def test_names_that_are_not_unicode(tmp_path) -> None:
    write_tar(
        tmp_path / "a.tar", [("\udce9.jpg", picture(0)), ("\udce9.txt", b"a bird")], format=tarfile.GNU_FORMAT
    )
    assert WebDataset(tmp_path)[0].name.encode() == rb"a.tar/\xe9"


def test_bad_examples_are_named(tmp_path) -> None:
    write_tar(tmp_path / "a.tar", [
        ("alone.jpg", picture(1)),
        ("bad.jpg", picture(1)), ("bad.json", b"{"),
        ("deep.jpg", picture(1)), ("deep.json", b"[" * 100_000),
        ("empty.jpg", b""), ("empty.txt", b"nothing"),
        ("fine.jpg", picture(2)), ("fine.txt", b"fine"),
        ("list.jpg", picture(1)), ("list.json", b"[1]"),
        ("none.txt", b"no picture"),
        ("null.jpg", picture(1)), ("null.json", b'{"caption": null}'),
        ("page.jpg", b"<html>not found</html>"), ("page.txt", b"a page"),
        ("short.jpg", picture(1)[:-300]), ("short.txt", b"short"),
        ("twice.jpg", picture(1)), ("twice.txt", b"one"), ("twice.txt", b"two"),
    ])  # fmt: skip
    found = {name.removeprefix("a.tar/"): reason for name, reason in refused(WebDataset(tmp_path)).items()}
    assert "fine" not in found
    assert len(found) == 10
    for name in ("alone", "list", "null"):
        assert found[name] == 'it has no caption, neither in a .txt nor as "caption" in a .json'
    for name in ("bad", "deep"):
        assert found[name].startswith("its .json is damaged: ")
    assert found["empty"] == "the file is empty"
    assert found["none"] == "it has no picture (jpg, jpeg, png, webp)"
    assert found["page"].startswith("not a picture")
    assert found["short"].startswith("the picture is damaged")
    assert found["twice"] == "the tar holds its .txt twice"


def test_links_in_a_tar_are_refused(tmp_path) -> None:
    (tmp_path / "secret.txt").write_text("a secret")
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        for number, kind in enumerate((tarfile.SYMTYPE, tarfile.LNKTYPE)):
            info = tarfile.TarInfo(f"{number}.jpg")
            info.size = len(picture(0))
            tar.addfile(info, io.BytesIO(picture(0)))
            link = tarfile.TarInfo(f"{number}.txt")
            link.type, link.linkname = kind, str(tmp_path / "secret.txt")
            tar.addfile(link)
    reason = "its .txt is a link or a sparse file; only plain files are read from tars"
    assert refused(WebDataset(tmp_path)) == {"a.tar/0": reason, "a.tar/1": reason}


def test_links_to_tars(root, tmp_path) -> None:
    write_tar(tmp_path / "elsewhere.tar", sample(5))
    (root / "inner.tar").symlink_to(root / "00001.tar")
    (root / "outer.tar").symlink_to(tmp_path / "elsewhere.tar")
    (root / "dead.tar").symlink_to(root / "gone.tar")
    source = WebDataset(root)
    assert len(source) == 32
    found = refused(source)
    assert "lies outside of" in found.pop("outer.tar")
    assert found == {"dead.tar": "it cannot be read: No such file or directory"}
    link = tmp_path / "a link to the root"
    link.symlink_to(root)
    assert len(WebDataset(link)) == 32


def test_a_tar_cut_short_is_named_and_read_as_far_as_it_goes(root) -> None:
    path = root / "00001.tar"
    whole = path.read_bytes()
    places = [member for member in members(path) if member.name.endswith(".jpg")]
    path.write_bytes(whole[: places[6].offset + 99])
    found = refused(WebDataset(root))
    assert found == {
        "00001.tar/000010006": "the tar ends within its picture; fetch the tar again",
        "00001.tar": "it is damaged, or no tar (unexpected end of data, of "
        f"{places[6].offset + 99:,} bytes); fetch it again",
    }
    path.write_bytes(whole[: places[6].offset - 512])  # between two members
    found = refused(WebDataset(root))
    end = places[6].offset - 512
    assert found == {"00001.tar": f"it ends at byte {end:,}, without its end mark; fetch it again"}
    assert len(WebDataset(root)) == 17
    assert len(WebDataset(root, limit=16)) == 16


def test_a_damaged_header_is_named(root) -> None:
    path = root / "00000.tar"
    content = bytearray(path.read_bytes())
    place = [member.offset for member in members(path)][9] - 512
    content[place + 3] ^= 0xFF
    path.write_bytes(content)
    source = WebDataset(root)
    assert len(source) == 3 + 10 + 1
    reason = f"it is damaged at byte {place:,}, and what follows is not read; fetch it again"
    assert refused(source) == {"00000.tar": reason}


def test_a_tar_that_leads_backwards_ends(tmp_path) -> None:
    """A negative size, which some versions of tarfile follow for ever."""
    write_tar(tmp_path / "a.tar", sample(0), format=tarfile.GNU_FORMAT)
    content = bytearray((tmp_path / "a.tar").read_bytes())
    header = [member.offset for member in members(tmp_path / "a.tar")][1] - 512
    content[header + 124 : header + 136] = (-2048).to_bytes(12, "big", signed=True)
    content[header + 148 : header + 156] = b" " * 8
    content[header + 148 : header + 156] = b"%06o\0 " % sum(content[header : header + 512])
    (tmp_path / "a.tar").write_bytes(content)
    *_, last = members(tmp_path / "a.tar")
    assert "damaged" in last.problem


def test_folders_without_tars(tmp_path) -> None:
    with pytest.raises(UserError, match=r"no folder or tar .*nowhere; webdataset expects 00000\.tar"):
        WebDataset(tmp_path / "nowhere")
    with pytest.raises(UserError, match="there are no tars in"):
        WebDataset(tmp_path)
    (tmp_path / "00000.tar.gz").touch()
    with pytest.raises(UserError, match=r"00000\.tar\.gz is compressed"):
        WebDataset(tmp_path)
    (tmp_path / "00000.tar").write_bytes(b"<html>not found</html>")
    with pytest.raises(
        UserError, match=r"hold no pictures .*the first: 00000\.tar: it is damaged, or no tar"
    ):
        WebDataset(tmp_path)


def test_few_bytes_an_example(tmp_path) -> None:
    files = [(f"{number:09d}.{kind}", b"") for number in range(3000) for kind in ("jpg", "txt", "json")]
    write_tar(tmp_path / "a.tar", files)
    source = WebDataset(tmp_path)
    assert len(source) == 3000
    assert len(pickle.dumps(source)) < 3000 * 100
    assert os.path.getsize(tmp_path / "a.tar") > 3000 * 1500


def test_a_folder_that_may_not_be_read_is_told(tmp_path, monkeypatch) -> None:
    def locked(path: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", locked)
    with pytest.raises(PermissionError, match="Permission denied"):
        WebDataset(tmp_path)
