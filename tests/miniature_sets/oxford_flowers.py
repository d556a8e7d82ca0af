"""Oxford flowers with captions, in small: five classes of four pictures."""

from pathlib import Path

import numpy as np
from scipy.io import savemat

from miniature_sets.pictures import smooth_picture

OPTIONS: dict[str, str] = {}

CLASSES = (1, 2, 12, 54, 102)
EACH = 4


def make(root: Path) -> None:
    """Writes ``jpg/``, ``text_c10/``, ``imagelabels.mat`` and ``setid.mat``."""
    make_without_captions(root)
    number = 0
    for label in CLASSES:
        folder = root / "text_c10" / f"class_{label:05d}"
        folder.mkdir(parents=True)
        for _ in range(EACH):
            number += 1
            lines = [f"flower number {number} has {k + 3} petals of kind {label} ." for k in range(10)]
            (folder / f"image_{number:05d}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def make_without_captions(root: Path) -> None:
    """Writes what Oxford publishes: the pictures, their labels and their split."""
    (root / "jpg").mkdir(parents=True)
    labels = np.repeat(np.array(CLASSES, np.uint8), EACH)
    for number in range(1, len(labels) + 1):
        smooth_picture(number, 104, 96).save(root / "jpg" / f"image_{number:05d}.jpg", quality=90)
    savemat(root / "imagelabels.mat", {"labels": labels[None]})
    images = np.arange(1, len(labels) + 1, dtype=np.uint16).reshape(-1, EACH)
    # of each class one picture to train with, one to validate, the others to test
    splits = {"trnid": images[:, 0], "valid": images[:, 1], "tstid": images[:, 2:].ravel()}
    savemat(root / "setid.mat", {name: numbers[None] for name, numbers in splits.items()})
