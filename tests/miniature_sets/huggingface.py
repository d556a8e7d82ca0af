"""A data set written by the library ``datasets``, in miniature: 16 rows to train on, 6 to test."""

from pathlib import Path

import datasets
import numpy as np
from PIL import Image

OPTIONS: dict[str, str] = {}


def make(root: Path) -> None:
    splits = {"train": rows(16, 0), "validation": rows(6, 100)}
    save(datasets.DatasetDict(splits), root)


def rows(count: int, seed: int) -> datasets.Dataset:
    """Soft pictures of two classes with two captions each."""
    features = datasets.Features({
        "image": datasets.Image(),
        "captions": datasets.List(datasets.Value("string")),
        "label": datasets.ClassLabel(names=["calm", "wild"]),
    })  # fmt: skip
    table: dict[str, list] = {"image": [], "captions": [], "label": []}
    for number in range(count):
        label = number % 2
        table["image"].append(picture(seed + number, 3 + 4 * label))
        table["captions"].append([f"picture {number}, a {('calm', 'wild')[label]} one", "soft colours"])
        table["label"].append(label)
    return datasets.Dataset.from_dict(table, features=features)


def picture(seed: int, detail: int = 4) -> Image.Image:
    small = np.random.default_rng(seed).integers(0, 256, (detail, detail, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((72, 64), Image.Resampling.BICUBIC)


def save(data: datasets.Dataset | datasets.DatasetDict, root: Path) -> None:
    datasets.disable_progress_bars()
    data.save_to_disk(str(root))
