"""CUB-200-2011 in small: five classes of four pictures, one of them grey, with ten captions each."""

from pathlib import Path

from miniature_sets.pictures import smooth_picture

OPTIONS: dict[str, str] = {}

CLASSES = (
    "001.Black_footed_Albatross",
    "002.Laysan_Albatross",
    "003.Sooty_Albatross",
    "004.Groove_billed_Ani",
    "005.Crested_Auklet",
)
EACH = 4


def make(root: Path) -> None:
    """Writes the files of the photographs' archive and, beside them, ``text_c10``."""
    index: dict[str, list[str]] = {
        name: [] for name in ("images", "bounding_boxes", "image_class_labels", "train_test_split")
    }
    number = 0
    for label, folder in enumerate(CLASSES, 1):
        (root / "images" / folder).mkdir(parents=True)
        (root / "text_c10" / folder).mkdir(parents=True)
        for k in range(EACH):
            number += 1
            stem = f"{folder.partition('.')[2]}_{k + 1:04d}_{1000 + number}"
            picture = smooth_picture(number, 150, 120)
            if number == 7:
                picture = picture.convert("L")
            picture.save(root / "images" / folder / f"{stem}.jpg", quality=90)
            bird = stem.rsplit("_", 2)[0].replace("_", " ").lower()
            lines = [f"this is the {bird} with {line + 2} feathers ." for line in range(10)]
            (root / "text_c10" / folder / f"{stem}.txt").write_text("\n".join(lines) + "\n")
            index["images"].append(f"{number} {folder}/{stem}.jpg")
            index["bounding_boxes"].append(f"{number} {40 + k}.0 {30 + k}.0 50.0 {40 + number}.0")
            index["image_class_labels"].append(f"{number} {label}")
            index["train_test_split"].append(f"{number} {(k + label) % 2}")
    index["classes"] = [f"{label} {folder}" for label, folder in enumerate(CLASSES, 1)]
    for name, lines in index.items():
        (root / f"{name}.txt").write_text("\n".join(lines) + "\n")
