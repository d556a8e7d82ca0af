"""A folder of one's own in miniature: pictures and metadata.jsonl, in the folders of two splits."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

OPTIONS: dict[str, str] = {}

COLOURS = ("red", "green", "blue", "white")


def make(root: Path) -> None:
    for split, count in (("train", 12), ("test", 4)):
        folder = root / split
        folder.mkdir(parents=True)
        lines = []
        for n in range(count):
            colour = COLOURS[n % 4]
            save(folder / f"{n:04d}.png", colour, n)
            captions = [f"a {colour} square number {n}", f"a square that is {colour}"]
            lines.append(
                {"file_name": f"{n:04d}.png", **({"text": captions[0]} if n % 2 else {"captions": captions})}
            )
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        (folder / "metadata.jsonl").write_text(text, encoding="utf-8")


def save(path: Path, colour: str = "red", n: int = 0, side: int = 80) -> None:
    """Saves a smooth picture that is mostly of a colour."""
    base = {"red": (200, 30, 30), "green": (30, 180, 40), "blue": (40, 60, 210), "white": (240, 240, 240)}[
        colour
    ]
    y, x = np.mgrid[0:side, 0 : side + 8] / side
    light = 0.75 + 0.25 * np.sin(2 * x + y + n)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray((light[..., None] * base).astype(np.uint8)).save(path)
