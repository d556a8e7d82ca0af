"""Makes small sets in the layout of Oxford flowers, for tests."""

from pathlib import Path

import numpy as np
from PIL import Image


def make_flowers(root: Path, classes: int = 5, each: int = 4, side: int = 96) -> Path:
    """Writes ``classes * each`` smooth coloured pictures with three captions each below ``root``."""
    generator = np.random.default_rng(0)
    (root / "jpg").mkdir(parents=True)
    number = 0
    for label in range(1, classes + 1):
        folder = root / "text_c10" / f"class_{label:05d}"
        folder.mkdir(parents=True)
        for _ in range(each):
            number += 1
            small = generator.integers(0, 256, (6, 6, 3), dtype=np.uint8)
            picture = Image.fromarray(small).resize((side + 8, side), Image.Resampling.BICUBIC)
            picture.save(root / "jpg" / f"image_{number:05d}.jpg", quality=90)
            lines = [f"flower number {number} of class {label}, caption {k}" for k in range(3)]
            (folder / f"image_{number:05d}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root
