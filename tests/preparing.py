"""What the tests of preparations share."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from stackgan_k3 import files
from stackgan_k3.data.source import BadExample, Example


def content(folder: Path) -> dict[str, str]:
    return {path.name: files.sha256(path) for path in folder.iterdir() if path.is_file()}


def run_python(code: str, *args: object, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **options)


class Hues:
    """A source of plain pictures, some of them wrong."""

    name = title = "hues"
    licence = "CC0-1.0"
    homepage = ""
    classes = ("low", "high")

    def __init__(self, length: int = 10, wrong: dict[int, dict[str, object]] | None = None) -> None:
        self.length, self.wrong = length, wrong or {}

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> Example:
        if self.wrong.get(index) == {}:
            raise BadExample(f"hue-{index}", "lost")
        values: dict[str, object] = {
            "name": f"hue-{index}",
            "image": np.full((70, 90, 3), 10 + index, np.uint8),
            "captions": (f"hue {index}",),
            "label": index % 2,
            "split": "test" if index % 5 == 4 else "train",
            "attributes": {"hue": str(index)},
        }
        return Example(**(values | self.wrong.get(index, {})))  # type: ignore[arg-type]


class Sleepy(Hues):
    """Every part of it begins at once and then takes minutes."""

    def __getitem__(self, index: int) -> Example:
        if index % 32:
            time.sleep(300)
        return super().__getitem__(index)
