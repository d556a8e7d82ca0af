import sys

import numpy as np
import pytest
from scipy.io import savemat

from stackgan_k3.data.mat_file import MAX_NUMBERS, read_numbers
from stackgan_k3.errors import UserError


@pytest.mark.parametrize("compressed", [False, True])
def test_numbers_of_any_kind_and_shape(tmp_path, compressed) -> None:
    path = tmp_path / "set id.mat"
    content = {
        "row": np.array([[3, 1]], np.uint8),
        "column": np.array([[300], [-4]]),
        "real": np.array([[2.0, 5.0]]),
    }
    savemat(path, content, do_compression=compressed)
    row, column, real = read_numbers(path, "row", "column", "real")
    assert (row.tolist(), column.tolist(), real.tolist()) == ([3, 1], [300, -4], [2, 5])
    assert row.dtype == column.dtype == real.dtype == np.int64


def test_what_is_wrong_is_named(tmp_path) -> None:
    path = tmp_path / "labels.mat"
    with pytest.raises(UserError, match=r"no file .*labels\.mat"):
        read_numbers(path, "labels")
    savemat(path, {"other": [[1]], "half": [[0.5]], "none": [[np.nan]], "word": "text", "cell": {"a": 1}})
    with pytest.raises(UserError, match=r"labels\.mat holds no variable 'labels'"):
        read_numbers(path, "other", "labels")
    for name in ("half", "none", "word", "cell"):
        with pytest.raises(UserError, match=rf"'{name}' of .*labels\.mat is not a list of whole numbers"):
            read_numbers(path, name)
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(UserError, match=r"labels\.mat is no \.mat file, or a damaged one"):
        read_numbers(path, "word")


def test_a_lie_about_the_size_is_refused_before_anything_is_read(tmp_path) -> None:
    path = tmp_path / "labels.mat"
    savemat(path, {"labels": np.zeros((1, 7), np.uint8)})
    content = bytearray(path.read_bytes())
    at = content.index((1).to_bytes(4, sys.byteorder) + (7).to_bytes(4, sys.byteorder))
    content[at + 4 : at + 8] = (MAX_NUMBERS + 1).to_bytes(4, sys.byteorder)
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"'labels' of .*is said to be \(1, 10000001\) numbers"):
        read_numbers(path, "labels")


def test_without_scipy_the_extra_is_named(tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.io", None)
    with pytest.raises(UserError, match=r"labels\.mat is read with SciPy.*stackgan-k3\[flowers\]"):
        read_numbers(tmp_path / "labels.mat", "labels")
