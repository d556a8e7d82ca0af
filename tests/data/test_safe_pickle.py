import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
from miniature_sets import stackgan_pickles as python2
from pickle_files import refused, write

from stackgan_k3.data.pickled_arrays import PickledArrays
from stackgan_k3.data.safe_pickle import load

PLAIN = [1, -5, 255, 65535, 2**31, 2**80, -(2**70), 1.5, None, True, False, "é", b"\x00\xff", "", [], (), {},
         ("a", 1), (1, 2, 3, 4), [["x"], ("y",)], {"k": [1], "l": (2.5,)}, "long " * 10]  # fmt: skip


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_plain_containers_come_back(tmp_path, protocol) -> None:
    path = write(tmp_path, pickle.dumps(PLAIN, protocol))
    assert load(path) == PLAIN
    shared = ["again"]
    assert load(write(tmp_path, pickle.dumps([shared, shared], protocol))) == [["again"], ["again"]]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("dtype", ["u1", "<f4", ">f4", "<f8", "<i8", "?", "<f2"])
def test_arrays_come_back(tmp_path, protocol, dtype) -> None:
    generator = np.random.default_rng(3)
    arrays = [(generator.normal(size=(n, 70, 3)) * 100).astype("i8").astype(dtype) for n in (1, 25, 40)]
    arrays += [np.asfortranarray(arrays[1]), np.zeros((0, 3), dtype)]
    found = PickledArrays(write(tmp_path, pickle.dumps(arrays, protocol)))
    assert len(found) == len(arrays)
    for mine, theirs in zip(found, arrays, strict=True):
        np.testing.assert_array_equal(mine, theirs)
        assert mine.dtype == theirs.dtype
    whole = np.stack([arrays[2]] * 4)
    again = pickle.loads(pickle.dumps(PickledArrays(write(tmp_path, pickle.dumps(whole, protocol)))))
    assert len(again) == 4
    np.testing.assert_array_equal(again[3], whole[3])
    with pytest.raises(IndexError):
        again[4]


def test_pickles_of_python_2_come_back(tmp_path) -> None:
    names = ["001.A/b", "it's \\ a\tname\r\n", "both \" and '", "Löffler"]
    assert load(write(tmp_path, python2.strings_0(names))) == [name.encode() for name in names]
    assert load(write(tmp_path, python2.numbers_0([0, 1, 200]))) == [0, 1, 200]
    every = np.arange(256 * 60, dtype=np.uint8).reshape(64, 80, 3)  # every byte, so every escape
    for content in (python2.arrays_0([every, every + 1]), b"".join(python2.arrays_2([every, every + 1]))):
        found = PickledArrays(write(tmp_path, content))
        np.testing.assert_array_equal(found[1], every + 1)
        np.testing.assert_array_equal(found[0], every)
        theirs = pickle.loads(content, encoding="latin1")
        np.testing.assert_array_equal(theirs[1], every + 1)  # the bytes are what pickle itself reads


def test_numbers_of_numpy_are_numbers(tmp_path) -> None:
    for protocol in range(2, 6):
        found = load(write(tmp_path, pickle.dumps([np.int64(7), np.float32(0.5)], protocol)))
        assert found == [7, 0.5]
        assert [type(number) for number in found] == [int, float]


class Runs:
    """Asks to be made again by calling something."""

    def __init__(self, call, *args) -> None:
        self.call, self.args = call, args

    def __reduce__(self):
        return self.call, self.args


class State:
    """An object with a state of its own."""

    def __init__(self) -> None:
        self.secret = 1


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    ("call", "args", "name"),
    [
        (os.system, ("touch {}",), f"{os.system.__module__}.system"),
        (eval, ("open('{}', 'w')",), "eval"),
        (exec, ("open('{}', 'w')",), "exec"),
        (subprocess.check_output, (["touch", "{}"],), "check_output"),
        (__import__, ("this",), "__import__"),
        (getattr, ("", "join"), "getattr"),
        (open, ("{}", "w"), "open"),
        (np.load, ("{}",), "numpy.load"),
        (np.fromfile, ("{}",), "fromfile"),
        (np.memmap, ("{}", "u1", "w+", 0, (9,)), "memmap"),
        (np.lib.format.open_memmap, ("{}",), "open_memmap"),
        (bytearray, (10,), "bytearray"),
        (np.zeros, (3,), "zeros"),
    ],
)
def test_nothing_is_run(tmp_path, protocol, call, args, name) -> None:
    trace = tmp_path / "trace"
    args = tuple(arg.format(trace) if isinstance(arg, str) else arg for arg in args)
    before = set(sys.modules)
    message = refused(tmp_path, pickle.dumps([1, Runs(call, *args)], protocol))
    assert f"{name} (at byte " in message
    assert "only arrays of numbers" in message
    assert not trace.exists()
    assert "this" not in set(sys.modules) - before


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"cos\nsystem\n(S'touch x'\ntR.", "asks for os.system (at byte 0)"),
        (b"(S'touch x'\nios\nsystem\n.", "asks for an instance of os.system (at byte 12)"),
        (b"(cos\nsystem\nS'touch x'\no.", "os.system"),
        (b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R.", "os.system"),
        (b"\x80\x02cposix\nsystem\nU\x04true\x85R.", "posix.system"),
        (b"c__builtin__\neval\n(S'1'\ntR.", "__builtin__.eval"),
        (b"cnumpy.core.multiarray\n_reconstruct.__globals__\n.", "_reconstruct.__globals__"),
        (b"cnumpy.core.multiarray\nfromfile\n.", "fromfile"),
        (b"cnumpy\nload\n.", "numpy.load"),
        (b"cnumpy\nndarray\n)\x81.", "a new object of a class"),
        (b"(cnumpy\nndarray\no.", "an instance of a class"),
        (b"\x82\x01.", "a registered extension"),
        (b"\x84\x01\x00\x00\x00.", "a registered extension"),
        (b"Pname\n.", "an object kept elsewhere"),
        (b"K\x01Q.", "an object kept elsewhere"),
        (b"\x80\x05\x97.", "a buffer kept elsewhere"),
        (b"\x8f.", "a set"),
        (b"\xfe.", "no operation"),
        (b"ccopy_reg\n_reconstructor\n.", "copy_reg._reconstructor"),
    ],
)
def test_every_way_to_name_something_is_refused(tmp_path, content, said) -> None:
    assert said in refused(tmp_path, content)


def test_a_state_is_set_on_nothing_but_arrays(tmp_path) -> None:
    assert "State" in refused(tmp_path, pickle.dumps(State(), 2))
    assert "sets the state" in refused(tmp_path, b"](S'x'\nlb.")
    assert "sets the state" in refused(tmp_path, b"cnumpy\nndarray\n}b.")
    assert "sets the state" in refused(tmp_path, b"cnumpy\ndtype\n(S'u1'\nI0\nI1\ntR}b.")


def test_names_alone_are_no_data(tmp_path) -> None:
    assert "no array" in refused(tmp_path, b"cnumpy\nndarray\n.")
    assert "no array" in refused(tmp_path, b"cnumpy\ndtype\n(S'u1'\nI0\nI1\ntR.")
    assert "calls ndarray" in refused(tmp_path, b"cnumpy\nndarray\n(I9\ntR.")
    assert "without content" in refused(
        tmp_path, b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR."
    )
