"""COCO Captions of 2017 in small: sixteen pictures to train with and four to test, five captions each."""

import json
from pathlib import Path
from typing import Any

from miniature_sets.pictures import smooth_picture

OPTIONS: dict[str, str] = {}

TRAIN, VAL = 16, 4


def make(root: Path) -> None:
    """Writes the annotations and both folders of pictures."""
    make_part(root, "train2017", range(9, 9 + 3 * TRAIN, 3))
    make_part(root, "val2017", range(139, 139 + 5 * VAL, 5))


def make_part(root: Path, part: str, numbers: range, prefix: str = "") -> None:
    """Writes one part; the captions lie in another order than the pictures, as in the real files."""
    (root / part).mkdir(parents=True)
    images: list[dict[str, Any]] = []
    captions: list[dict[str, Any]] = []
    for number in numbers:
        file_name = f"{prefix}{number:012d}.jpg"
        picture = smooth_picture(number, 128, 96)
        picture.save(root / part / file_name, quality=90)
        images.append(
            {
                "license": 4,
                "file_name": file_name,
                "coco_url": f"http://images.cocodataset.org/{part}/{file_name}",
                "height": 96,
                "width": 128,
                "date_captured": "2013-11-14 11:18:45",
                "flickr_url": "http://farm9.staticflickr.com/8186/1_z.jpg",
                "id": number,
            }
        )
        for k in range(5):
            caption = f"Scene {number} with {k + 2} people near a table."
            captions.append({"image_id": number, "id": 1000 * number + k, "caption": caption})
    content = {
        "info": {"description": "COCO 2017 Dataset", "version": "1.0", "year": 2017},
        "licenses": [
            {"url": "http://creativecommons.org/licenses/by/2.0/", "id": 4, "name": "Attribution License"}
        ],
        "images": images[::-1],
        "annotations": captions[::2] + captions[1::2],
    }
    path = root / "annotations" / f"captions_{part}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")
