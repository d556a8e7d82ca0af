"""Writes damaged and hostile pickles, and says how they are refused."""

from pathlib import Path

import pytest

from stackgan_k3.data.safe_pickle import load
from stackgan_k3.errors import UserError


def write(folder: Path, content: bytes) -> Path:
    path = folder / "a file.pickle"
    path.write_bytes(content)
    return path


def refused(folder: Path, content: bytes) -> str:
    with pytest.raises(UserError) as caught:
        load(write(folder, content))
    assert str(caught.value).startswith(str(folder))
    return str(caught.value)
