import io
import os
import pickle
import struct
import tarfile
import zipfile
import zlib
from collections import Counter

import numpy as np
import pytest

from stackgan_k3.data import file_tree, tar_tree, zip_tree
from stackgan_k3.data.file_tree import open_tree
from stackgan_k3.data.source import BadExample
from stackgan_k3.data.tar_tree import TarTree
from stackgan_k3.data.zip_tree import ZipTree
from stackgan_k3.errors import UserError

EVIL = ("../evil.txt", "a/../../evil.txt", "/etc/evil.txt", "C:\\evil.txt", "b\\..\\..\\evil.txt")


def zip_of(path, *members, **contents):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in [*members, *contents.items()]:
            archive.writestr(name, content)
    return path


def tar_of(path, *members):
    """Members are names with content, or finished headers."""
    with tarfile.open(path, "w") as archive:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
            else:
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                archive.addfile(info, io.BytesIO(member[1]))
    return path


def header(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def test_names_that_lead_out(tmp_path) -> None:
    members = [(name, b"evil") for name in EVIL] + [("good/a.txt", b"good"), ("./good//b.txt", b"b")]
    for tree in (
        ZipTree(zip_of(tmp_path / "a.zip", *members)),
        TarTree(tar_of(tmp_path / "a.tar", *members)),
    ):
        assert [tree._prefix + name for name in tree.names] == ["good/a.txt", "good/b.txt"]
        assert tree.read(tree.names[0], 10) == b"good"
        assert tree.read(tree.names[1], 10) == b"b"
        assert set(tree.refused) == {name.replace("\\", "/") for name in EVIL}
        assert all("out" in reason for reason in tree.refused.values())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tar", "a.zip"]


def test_links_and_devices(tmp_path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    members = [
        header("soft.txt", tarfile.SYMTYPE, str(secret)),
        header("within.txt", tarfile.SYMTYPE, "a.txt"),
        header("hard.txt", tarfile.LNKTYPE, "a.txt"),
        header("disk.txt", tarfile.BLKTYPE),
        header("tty.txt", tarfile.CHRTYPE),
        header("pipe.txt", tarfile.FIFOTYPE),
        header("folder", tarfile.DIRTYPE),
        ("a.txt", b"good"),
    ]
    tree = TarTree(tar_of(tmp_path / "a.tar", *members))
    assert tree.names == ["a.txt"]
    assert set(tree.refused) == {f"{name}.txt" for name in ("soft", "within", "hard")}
    assert set(tree.refused.values()) == {"it is a link"}
    link = zipfile.ZipInfo("soft.txt")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    device = zipfile.ZipInfo("disk.txt")
    device.create_system, device.external_attr = 3, 0o060600 << 16
    packed = ZipTree(zip_of(tmp_path / "a.zip", (link, str(secret)), (device, b""), ("a.txt", b"good")))
    assert packed.names == ["a.txt"]
    assert "links in archives" in packed.refused["soft.txt"]
    assert "neither a file" in packed.refused["disk.txt"]
    with pytest.raises(BadExample, match=r"soft\.txt: "):
        tree.read("soft.txt", 100)


def test_names_that_are_there_twice(tmp_path) -> None:
    members = [("a.txt", b"1"), ("b.txt", b"good"), ("./a.txt", b"2")]
    with pytest.warns(UserWarning, match="Duplicate name"):
        plain = zip_of(tmp_path / "b.zip", ("a.txt", b"1"), ("a.txt", b"2"), ("b.txt", b"good"))
    for path in (zip_of(tmp_path / "a.zip", *members), plain, tar_of(tmp_path / "a.tar", *members)):
        tree = open_tree(path)
        assert list(tree.names) == ["b.txt"]
        assert tree.refused == {"a.txt": "the archive holds this name more than once"}


def test_encrypted_members(tmp_path) -> None:
    path = zip_of(tmp_path / "a.zip", ("a.txt", b"secret"), ("b.txt", b"good"))
    content = bytearray(path.read_bytes())
    first = content.index(b"PK\x01\x02")
    content[first + 8] |= 1
    content[6] |= 1
    path.write_bytes(content)
    tree = ZipTree(path)
    assert tree.refused == {"a.txt": "it is encrypted"}
    assert tree.read("b.txt", 10) == b"good"


def test_other_methods_of_packing(tmp_path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.txt", b"x" * 100, zipfile.ZIP_BZIP2)
        archive.writestr("b.txt", b"x" * 100, zipfile.ZIP_STORED)
    tree = ZipTree(tmp_path / "a.zip")
    assert tree.names == ["b.txt"]
    assert "method 12" in tree.refused["a.txt"]


def test_bombs_that_say_so(tmp_path) -> None:
    path = zip_of(
        tmp_path / "a.zip",
        ("bomb.txt", bytes(20_000_000)),
        ("small.txt", bytes(500_000)),
        ("a.txt", os.urandom(200_000)),
    )
    tree = ZipTree(path)
    assert "to 20,000,000, more than 200 times" in tree.refused["bomb.txt"]
    assert tree.names == ["a.txt", "small.txt"]  # so little may pack as well as it likes
    with pytest.raises(BadExample, match="500,000 bytes; at most 1,000"):
        tree.read("small.txt", 1000)
    many = zip_of(tmp_path / "b.zip", *((f"{n}.txt", bytes(1_000_000)) for n in range(250)))
    with pytest.raises(UserError, match="claims to unpack to 250,000,000, more than 200 times"):
        ZipTree(many)


def claim(path, size: int) -> None:
    """Makes the only member claim another size than it has."""
    content = bytearray(path.read_bytes())
    content[22:26] = struct.pack("<I", size)
    place = content.index(b"PK\x01\x02")
    content[place + 24 : place + 28] = struct.pack("<I", size)
    path.write_bytes(content)


def test_bombs_that_lie(tmp_path) -> None:
    path = zip_of(tmp_path / "a.zip", ("a.txt", bytes(50_000_000)))
    claim(path, 1000)
    tree = ZipTree(path)
    with pytest.raises(BadExample, match="it cannot be unpacked: Bad CRC-32"):
        tree.read("a.txt", 10_000)
    with pytest.raises(BadExample, match="cannot be unpacked"):
        tree.open("a.txt", 10_000)
    path = zip_of(tmp_path / "b.zip", ("a.txt", b"few"))
    claim(path, 150_000)
    with pytest.raises(BadExample, match="it unpacks to 3 bytes, not to 150,000"):
        ZipTree(path).read("a.txt", 10**6)


def test_too_many_members(tmp_path, monkeypatch) -> None:
    members = [(f"{n}.txt", b"x") for n in range(6)]
    monkeypatch.setattr(zip_tree, "MAX_MEMBERS", 5)
    monkeypatch.setattr(tar_tree, "MAX_MEMBERS", 5)
    with pytest.raises(UserError, match="has 6 members; at most 5"):
        ZipTree(zip_of(tmp_path / "a.zip", *members))
    with pytest.raises(UserError, match="more than 5 members"):
        TarTree(tar_of(tmp_path / "a.tar", *members))


def test_headers_that_ask_for_much(tmp_path, monkeypatch) -> None:
    long = tarfile.TarInfo("x" * 3000 + ".txt")
    monkeypatch.setattr(file_tree, "MAX_INDEX_BYTES", 2000)
    with pytest.raises(UserError, match="a header that claims 3,"):
        TarTree(tar_of(tmp_path / "a.tar", long))
    with pytest.raises(UserError, match="a header that claims"):
        ZipTree(zip_of(tmp_path / "a.zip", *((f"{n:060d}.txt", b"") for n in range(30))))


def test_damaged_and_truncated_zips(tmp_path) -> None:
    path = zip_of(tmp_path / "a.zip", ("a.txt", b"words and more words" * 50), ("b.txt", b"good"))
    content = path.read_bytes()
    path.write_bytes(content[:-30])
    with pytest.raises(UserError, match=r"a\.zip is no whole zip"):
        ZipTree(path)
    flipped = bytearray(content)
    flipped[len("a.txt") + 30 + 4] ^= 0xFF
    path.write_bytes(flipped)
    tree = ZipTree(path)
    with pytest.raises(BadExample, match=r"a\.txt: it cannot be unpacked"):
        tree.read("a.txt", 10_000)
    assert pickle.loads(pickle.dumps(tree)).read("b.txt", 10) == b"good"
    with pytest.raises(BadExample, match="no longer in"):
        tree.read("c.txt", 10)


def test_damaged_and_truncated_tars(tmp_path) -> None:
    path = tar_of(tmp_path / "a.tar", ("a.txt", b"a" * 3000), ("b.txt", b"b" * 3000))
    content = path.read_bytes()
    assert TarTree(path).names == ["a.txt", "b.txt"]
    flipped = bytearray(content)
    flipped[512 + 3072 + 10] ^= 0xFF  # the header of the second
    path.write_bytes(flipped)
    with pytest.raises(UserError, match=r"a\.tar: it is damaged at byte 3,584"):
        TarTree(path)
    path.write_bytes(content[:5000])
    with pytest.raises(UserError, match=r"a\.tar: it is damaged, or no tar"):
        TarTree(path)
    path.write_bytes(content)
    tree = TarTree(path)
    path.write_bytes(content[:2000])
    with pytest.raises(BadExample, match="ends within it"):
        tree.read("a.txt", 10_000)
    with pytest.raises(BadExample, match="3,000 bytes; at most 10 are"):
        tree.read("b.txt", 10)


def test_a_part_of_a_tar_as_a_file(tmp_path) -> None:
    tree = TarTree(
        tar_of(tmp_path / "a.tar", ("a.txt", b"before"), ("b.txt", b"one\ntwo\n"), ("c.txt", b"after"))
    )
    with tree.open("b.txt", 100) as file:
        assert file.readlines() == [b"one\n", b"two\n"]
        assert file.seek(4) == 4
        assert file.read() == b"two\n"
        assert file.seek(-4, os.SEEK_END) == 4
        assert file.read(100) == b"two\n"


def test_odd_names_of_zips(tmp_path) -> None:
    path = zip_of(tmp_path / "a.zip", ("sub\\b.txt", b"from Windows"), ("é ü.txt", b"accents"))
    tree = ZipTree(path)
    assert tree.names == ["sub/b.txt", "é ü.txt"]
    assert tree.read("sub/b.txt", 100) == b"from Windows"
    assert zlib.crc32(tree.read("é ü.txt", 100)) == zlib.crc32(b"accents")


def test_members_without_a_name(tmp_path) -> None:
    tree = ZipTree(zip_of(tmp_path / "a.zip", ("./", b""), (".", b"nameless"), ("a.txt", b"good")))
    assert (tree.names, tree.refused) == (["a.txt"], {"(no name)": "it has no name"})


def test_names_in_tars_that_are_no_text(tmp_path) -> None:
    path = tar_of(tmp_path / "a.tar", ("b\udcff.txt", b"x"), ("a.txt", b"good"))
    tree = TarTree(path)
    assert tree.names == ["a.txt"]
    assert list(tree.refused.values()) == ["its name is not UTF-8"]
    "".join(tree.refused).encode()


@pytest.mark.parametrize("suffix", ["zip", "tar"])
def test_flipped_bytes_are_refused_or_bad_examples(tmp_path, suffix) -> None:
    members = [(f"sub/é{n}.txt", b"words " * 50) for n in range(5)]
    path = (zip_of if suffix == "zip" else tar_of)(tmp_path / f"a.{suffix}", *members)
    content, generator = path.read_bytes(), np.random.default_rng(0)
    outcomes = Counter()
    for _ in range(400):
        flipped = bytearray(content)
        for place in generator.integers(0, len(content), 2):
            flipped[place] = generator.integers(0, 256)
        path.write_bytes(flipped)
        try:
            tree = open_tree(path)
        except UserError:
            outcomes["refused"] += 1
            continue
        for name in tree.names:
            try:
                outcomes["read"] += bool(tree.read(name, 10_000))
            except BadExample:
                outcomes["bad"] += 1
    assert outcomes["refused"] > 10
    assert outcomes["read"] > 100
