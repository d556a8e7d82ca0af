"""Tars as img2dataset writes them, in miniature: two shards of ten, with their reports."""

import io
import json
import tarfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

OPTIONS: dict[str, str] = {}

CAPTIONS = ("a soft red blur", "Ein grünes Tuch,\nfotografiert", "blue stripes  ☀", "the sea at dusk", "fog")


def make(root: Path) -> None:
    root.mkdir(parents=True, exist_ok=True)
    for shard in range(2):
        files = [file for number in range(10) for file in sample(10_000 * shard + number)]
        write_tar(root / f"{shard:05d}.tar", files)
        stats = {"count": 12, "successes": 10, "failed_to_download": 2, "start_time": 0.0, "end_time": 1.0}
        (root / f"{shard:05d}_stats.json").write_text(json.dumps(stats, indent=4))
        (root / f"{shard:05d}.parquet").write_bytes(b"PAR1")  # beside the tars, and never read


def sample(number: int) -> list[tuple[str, bytes]]:
    """The three members of one example, in their published order."""
    key, caption = f"{number:09d}", CAPTIONS[number % len(CAPTIONS)]
    facts = {"caption": caption, "url": f"https://example.org/{number}.jpg", "key": key,
             "status": "success", "error_message": None, "width": 80, "height": 72}  # fmt: skip
    return [
        (f"{key}.jpg", picture(number)),
        (f"{key}.txt", caption.encode()),
        (f"{key}.json", json.dumps(facts, indent=4).encode()),
    ]


def picture(number: int, kind: str = "JPEG") -> bytes:
    small = np.random.default_rng(number).integers(0, 256, (5, 5, 3), dtype=np.uint8)
    content = io.BytesIO()
    Image.fromarray(small).resize((80, 72), Image.Resampling.BICUBIC).save(content, kind, quality=90)
    return content.getvalue()


def write_tar(path: Path, files: Iterable[tuple[str, bytes]], **options: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w", **options) as tar:
        for name, content in files:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
