"""MNIST in miniature: the four IDX files as published, with 40 + 20 pictures of 28 x 28."""

import gzip
import struct
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

OPTIONS: dict[str, str] = {}


def make(root: Path) -> None:
    root.mkdir(parents=True, exist_ok=True)
    for prefix, count in (("train", 40), ("t10k", 20)):
        images, labels = pictures(count)
        write_idx(root / f"{prefix}-images-idx3-ubyte.gz", images)
        write_idx(root / f"{prefix}-labels-idx1-ubyte.gz", labels)


def pictures(count: int) -> tuple[np.ndarray, np.ndarray]:
    """``count`` soft white marks on black, one length and slant a class, and their labels."""
    images = []
    for number in range(count):
        picture = Image.new("L", (28, 28), 0)
        end = (6 + 2 * (number % 10) + number // 10 % 2, 24)
        ImageDraw.Draw(picture).line([(6, 4), end], fill=255, width=4)
        images.append(np.asarray(picture.filter(ImageFilter.GaussianBlur(1))))
    return np.stack(images), (np.arange(count) % 10).astype(np.uint8)


def write_idx(path: Path, array: np.ndarray) -> None:
    """Writes bytes as IDX, gzipped if the name says so."""
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    content = header + array.tobytes()
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)
