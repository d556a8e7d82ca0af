import io
import pickle
import struct
import subprocess
import sys
import time

import numpy as np
import pytest
from miniature_sets import stackgan_pickles as python2
from pickle_files import refused, write

from stackgan_k3.data import pickle_stack, safe_pickle
from stackgan_k3.data.pickled_arrays import PickledArrays
from stackgan_k3.data.safe_pickle import load
from stackgan_k3.data.stored_array import StoredArray
from stackgan_k3.errors import UserError

HEAD = b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01"
KIND = b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            b"\x80\x04\x8e" + struct.pack("<Q", 2**62) + b"abc.",
            "claims a string of 4,611,686,018,427,387,904",
        ),
        (b"\x80\x04\x8d" + struct.pack("<Q", 2**63 + 5) + b"abc.", "claims a string"),
        (b"\x80\x05\x96" + struct.pack("<Q", 2**40) + b"abc.", "claims a string"),
        (b"\x80\x03B" + struct.pack("<I", 2**32 - 1) + b"abc.", "claims a string of 4,294,967,295"),
        (b"\x80\x02T" + struct.pack("<i", -5) + b"abc.", "claims a string of -5"),
        (b"\x80\x04\x95" + struct.pack("<Q", 2**60) + b"N.", "claims a frame"),
        (b"\x8b" + struct.pack("<i", 2**31 - 1) + b"1.", "255 bytes"),
        (b"L" + b"9" * 5000 + b"L\n.", "long line"),
        (b"I" + b"9" * 200 + b"\n.", "no number"),
        (b"Nr" + struct.pack("<I", 2**32 - 1) + b"0h\x00.", "damaged"),
        (b"Np99999999999999999999999\n.", "no number"),
        (b"j" + struct.pack("<I", 2**32 - 1) + b".", "damaged"),
        (
            HEAD + b"J\xff\xff\xff\x7f\x85" + KIND + b"\x89U\x03abctb.",
            "claims an array of shape (2147483647,)",
        ),
        (HEAD + b"\x8a\x09" + b"\xff" * 8 + b"\x00\x85" + KIND + b"\x89U\x03abctb.", "claims an array"),
        (HEAD + b"K\x02\x85" + KIND + b"\x89U\x03abctb.", "(2 bytes) with 3 bytes"),
        (HEAD + b"J\xfd\xff\xff\xff\x85" + KIND + b"\x89U\x03abctb.", "impossible shape"),
        (HEAD + b"(" + b"K\x01" * 60 + b"t" + KIND + b"\x89U\x01atb.", "impossible shape"),
        (HEAD + b"G\x40\x08\x00\x00\x00\x00\x00\x00\x85" + KIND + b"\x89U\x03abctb.", "impossible shape"),
        (HEAD + b"K\x01\x85" + KIND.replace(b"U\x02u1", b"U\x02O8") + b"\x89]tb.", "objects"),
        (HEAD + b"K\x01\x85" + KIND.replace(b"U\x02u1", b"U\x03S10") + b"\x89U\x01atb.", "'S10'"),
        (HEAD + b"K\x01\x85" + KIND.replace(b"|NNN", b"|N)N") + b"\x89U\x01atb.", "records"),
        (HEAD + b"K\x01\x85" + KIND + b"\x89]tb.", "no string of bytes"),
    ],
)
def test_lies_about_sizes_cost_nothing(tmp_path, content, said) -> None:
    assert said in refused(tmp_path, content)


def test_object_arrays_are_refused(tmp_path) -> None:
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert "objects" in refused(tmp_path, pickle.dumps(np.array([1, "a"], object), protocol))


def test_an_array_whose_escapes_are_too_few_is_found_when_it_is_read(tmp_path) -> None:
    content = python2.arrays_0([np.full((50, 50, 3), 65, np.uint8)])
    found = PickledArrays(write(tmp_path, content.replace(b"A" * 40, rb"\x41" * 10, 1)))
    with pytest.raises(UserError, match=r"shape \(50, 50, 3\) \(7,500 bytes\) with 7,470 bytes"):
        found[0]


def test_bombs_of_references(tmp_path) -> None:
    itself = b"\x80\x02]q\x00h\x00a."
    assert "nested more than" in refused(tmp_path, itself)
    assert "nested more than" in refused(tmp_path, b"]" * 30 + b"a" * 29 + b".")
    level = b"]" + b"".join(b"q%c(" % n + b"h%c" % (n - 1) * 50 + b"e]" for n in range(1, 7))
    bomb = b"\x80\x02]q\x00" + b"".join(b"](" + b"h%c" % n * 60 + b"eq%c" % (n + 1) for n in range(6)) + b"l."
    started = time.perf_counter()
    with pytest.raises(UserError):
        load(write(tmp_path, level + b"."))
    with pytest.raises(UserError):
        load(write(tmp_path, bomb))
    billions = (
        b"\x80\x02(K\x01lq\x00"
        + b"".join(b"0(" + b"h%c" % n * 60 + b"lq%c" % (n + 1) for n in range(6))
        + b"."
    )
    found = load(write(tmp_path, billions))  # 60 ** 6 numbers, if it were copied
    assert len(found) == 60 and found[0] is found[59]
    assert time.perf_counter() - started < 5
    with pytest.raises(UserError, match="a list with a list with"):
        PickledArrays(write(tmp_path, billions))


def test_pickles_of_too_many_objects_or_too_much_text(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(safe_pickle, "MAX_OBJECTS", 1000)
    assert "more than 1,000 objects" in refused(tmp_path, b"(" + b"]" * 2000 + b"l.")
    monkeypatch.setattr(pickle_stack, "MAX_TEXT_BYTES", 1000)
    assert "bytes of short strings" in refused(tmp_path, b"(" + (b"U\xff" + b"x" * 255) * 5 + b"l.")


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_truncated_anywhere(tmp_path, protocol) -> None:
    arrays = [np.arange(60 * 30 * 3, dtype=np.uint8).reshape(60, 30, 3), np.ones((2, 3), "f4")]
    content = pickle.dumps([*arrays, "name", 3], protocol)
    assert len(load(write(tmp_path, content))) == 4
    for end in [
        *range(120),
        *range(120, len(content) - 120, 997),
        *range(len(content) - 120, len(content)),
    ]:
        message = refused(tmp_path, content[:end])
        assert "truncated" in message or "damaged" in message or "claims" in message


def test_unknown_escapes_are_left_alone(tmp_path) -> None:
    assert load(write(tmp_path, rb"S'a\qb'" + b"\n.")) == rb"a\qb"
    assert "cannot be decoded" in refused(tmp_path, rb"S'a\x4'" + b"\n.")


def test_what_follows_the_end(tmp_path) -> None:
    assert "goes on for 4 bytes after its end" in refused(tmp_path, pickle.dumps([1], 2) + b"junk")


def test_flipped_bytes_never_do_anything_else(tmp_path) -> None:
    content = bytearray(pickle.dumps([np.arange(6, dtype="u1"), ["a", 1, {"b": 2.0}]], 2))
    generator = np.random.default_rng(0)
    path = tmp_path / "flipped"
    kinds = (list, tuple, dict, str, bytes, int, float, type(None), StoredArray)
    said = []
    for _ in range(1000):
        flipped = bytearray(content)
        for place in generator.integers(0, len(content), 2):
            flipped[place] = generator.integers(0, 256)
        path.write_bytes(flipped)
        try:
            found = load(path)
        except UserError as error:
            said.append(str(error))
        else:
            assert isinstance(found, kinds)
    assert said and all(message.startswith(str(path)) for message in said)


def test_missing_and_unfit_files(tmp_path) -> None:
    with pytest.raises(UserError, match=r"nothing\.pickle cannot be read: No such file"):
        load(tmp_path / "nothing.pickle")
    with pytest.raises(UserError, match="truncated"):
        load(write(tmp_path, b""))
    with pytest.raises(UserError, match="holds a dict, where a list of arrays"):
        PickledArrays(write(tmp_path, pickle.dumps({})))
    with pytest.raises(UserError, match="a list with a str in it"):
        PickledArrays(write(tmp_path, pickle.dumps([np.zeros(3), "x"])))
    with pytest.raises(UserError, match="a list with a list of arrays in it"):
        PickledArrays(write(tmp_path, pickle.dumps([[np.zeros(3)]])))
    with pytest.raises(UserError, match="a single number"):
        PickledArrays(write(tmp_path, pickle.dumps(np.array(3.0))))


def test_a_file_that_shrinks(tmp_path) -> None:
    content = b"".join(python2.arrays_2([np.zeros((90, 90, 3), np.uint8)] * 2))
    path = write(tmp_path, content)
    found = PickledArrays(path)
    path.write_bytes(content[:30000])
    with pytest.raises(UserError, match="ends within an array"):
        found[1]


def test_memory_is_that_of_the_places(tmp_path) -> None:
    # 100 MB of pictures in a process of its own, whose memory must not grow by a tenth of that.
    path = tmp_path / "304images.pickle"
    picture = np.zeros((304, 304, 3), np.uint8)
    with open(path, "wb") as file:
        for part in python2.arrays_2(picture for _ in range(380)):
            file.write(part)
    assert path.stat().st_size > 100_000_000
    script = (
        "import resource, sys\n"
        "from stackgan_k3.data.pickled_arrays import PickledArrays\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "arrays = PickledArrays(sys.argv[1])\n"
        "total = sum(int(array.sum()) for array in arrays)\n"
        "print(len(arrays), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, check=True)
    count, grown = map(int, done.stdout.split())
    assert count == 380
    assert grown < 8000 if sys.platform == "linux" else grown < 8000 * 1024  # KiB, bytes on a Mac


def test_one_array_in_text_is_bounded(tmp_path, monkeypatch) -> None:
    from stackgan_k3.data import pickled_arrays

    content = io.BytesIO()
    pickle.dump(np.zeros((4, 50, 50, 3), np.uint8), content, 2)  # as text in UTF-8
    path = write(tmp_path, content.getvalue())
    assert len(PickledArrays(path)) == 4
    monkeypatch.setattr(pickled_arrays, "MAX_DECODED_BYTES", 10_000)
    with pytest.raises(UserError, match="Write it as a list of arrays"):
        PickledArrays(path)
