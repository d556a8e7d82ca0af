"""What does one change of the recipe do? Trains Stage-I once a row, and prints a table of metrics.

    python experiments/ablation.py runs/text --data data/birds --probe shipped --encoders shipped \\
      --out ablation

`runs/text` is a run of a StackGAN preset whose phase `text` is trained. Each row of the table is a copy of it
with the settings of `BASE` and of the row: same pictures, same number of them, same widths. Rows that
are there already are not trained again, one that was stopped goes on: rows and seeds can be added later.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from stackgan_k3.files import replacing, replacing_folder
from stackgan_k3.metrics.measures import measures, read_evaluation
from stackgan_k3.training.run import Run

BASE: dict[str, Any] = {
    "conditioning": "augmentation",
    "normalization": "batch",
    "stage1.adversarial_loss": "logistic",
    "stage1.matching_weight": 0.0,
    "stage1.matching_negatives": 0,
    "stage1.matching_blur": 0,
    "stage1.matching_noise": 0.0,
    "stage1.reading_weight": 0.0,
    "stage1.discriminative_reading": False,
    "stage1.r1_weight": 0.0,
    "stage1.augment": [],
    "stage1.width": 16,
    "stage1.discriminator_width": 16,
    "stage1.batch_size": 32,
    "stage1.generator_rate": 4e-4,
    "stage1.discriminator_rate": 4e-4,
    "stage1.halve_every": 0,
    "stage1.kl_weight": 0.25,
    "stage1.real_labels": [1.0, 1.0],
    "stage1.average_decay": 0.999,
}
ROWS: dict[str, dict[str, Any]] = {
    "base": {},
    "no average (EMA)": {"stage1.average_decay": 0.0},
    "matching loss, weight 0.25": {"stage1.matching_weight": 0.25},
    "matching loss, weight 1": {"stage1.matching_weight": 1.0},
    "the same, 256 further captions": {"stage1.matching_weight": 1.0, "stage1.matching_negatives": 8},
    "the same, on blurred pictures": {"stage1.matching_weight": 1.0, "stage1.matching_blur": 1},
    "DiffAugment: translation, cutout": {"stage1.augment": ["translation", "cutout"]},
    "R1, γ = 1": {"stage1.r1_weight": 1.0},
    "hinge": {"stage1.adversarial_loss": "hinge"},
    "relativistic": {"stage1.adversarial_loss": "relativistic"},
    "saturating generator loss": {"stage1.generator_loss": "saturating"},
    "spectral normalization": {"stage1.spectral_norm": True},
    "two time scales (G 1e-4, D 4e-4)": {"stage1.generator_rate": 1e-4},
    "both rates 2e-4": {"stage1.generator_rate": 2e-4, "stage1.discriminator_rate": 2e-4},
    "minibatch deviation": {"stage1.minibatch_std": True},
    "no mismatched pairs": {"stage1.matching_aware": False},
    "projection discriminator": {"stage1.projection": True},
    "caption dropout 0.1": {"stage1.caption_dropout": 0.1},
    "smoothed labels (0.9 to 1)": {"stage1.real_labels": [0.9, 1.0]},
    "KL weight 2": {"stage1.kl_weight": 2.0},
    "no conditioning augmentation": {"conditioning": "plain", "stage1.kl_weight": 0.0},
    "mixture of three Gaussians": {"conditioning": "mixture"},
    "conditional batch norm in G": {"normalization": "conditional"},
    "conditional batch norm in D": {"discriminator_normalization": "conditional"},
    "bilinear": {"upsampling": "bilinear"},
    "bicubic": {"upsampling": "bicubic"},
    "words read off pictures, weight 10": {"stage1.reading_weight": 10.0},
    "and denied to drawn ones": {"stage1.reading_weight": 10.0, "stage1.discriminative_reading": True},
}
COLUMNS = ("fid", "kid", "accuracy", "r_precision", "diversity")


def made(source: Run, folder: Path, settings: dict[str, Any]) -> None:
    """Copies a run's phase `text` to a new run with other settings, unless it is there."""
    if folder.exists():
        return
    config = source.config.changed(settings)
    with replacing_folder(folder) as beside:
        (beside / "config.json").write_text(config.to_json(), encoding="utf-8")
        shutil.copy(source.folder / "data.json", beside)
        text = source.folder / "text"
        (beside / "text").mkdir()
        for file in (*text.glob("*.safetensors"), *text.glob("*.txt")):
            shutil.copy(file, beside / "text")


def train_and_measure(folder: Path, args: argparse.Namespace) -> None:
    """Trains Stage-I of a run and measures its pictures, each in a process of its own."""
    preset = Run.open(folder).config.preset
    command = [sys.executable, "-m", "stackgan_k3"]
    train = ["train", preset, "--data", args.data, "--run", str(folder), "--resume", "--phase", "stage1"]
    subprocess.run([*command, *train], check=True)
    measure = ["evaluate", str(folder), "--data", args.data, "--probe", args.probe]
    measure += ["--encoders", args.encoders] if args.encoders else []
    numbers = ["--samples", str(args.samples), "--json", str(folder / "evaluation.json")]
    subprocess.run([*command, *measure, *numbers], check=True)


def summary(numbers: dict[str, Any]) -> dict[str, float]:
    """Takes the columns of the table; the accuracy is the mean over the attributes."""
    found = {name: value["drawn"] for name, value in measures(numbers).items() if name in COLUMNS}
    parts = [value["drawn"] for value in numbers.get("accuracy", {}).values()]
    return found | ({"accuracy": sum(parts) / len(parts)} if parts else {})


def table(out: Path) -> str:
    """Writes the rows that are done as Markdown: the mean over seeds, and how far apart they are."""
    lines = ["| one change | seeds | " + " | ".join(COLUMNS) + " |", "|---" * (len(COLUMNS) + 2) + "|"]
    for number, name in enumerate(ROWS):
        files = sorted(out.glob(f"{number:02d}-*/evaluation.json"))
        rows = [summary(read_evaluation(file)) for file in files]
        if not rows:
            continue
        cells = []
        for column in COLUMNS:
            values = [row[column] for row in rows if column in row]
            mean = sum(values) / max(len(values), 1)
            cell = (f"{mean:,.0f}" if mean >= 100 else f"{mean:.3g}") if values else ""
            cells.append(cell + (f" ± {(max(values) - min(values)) / 2:.2g}" if len(values) > 1 else ""))
        lines.append(f"| {name} | {len(rows)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Trains what is missing, and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("text", help="a run whose phase `text` is trained")
    parser.add_argument("--data", required=True, help="the prepared set it was trained on")
    parser.add_argument("--probe", required=True, help="a probe of that set")
    parser.add_argument("--encoders", help="what judges r_precision instead of the run's own encoders")
    parser.add_argument("--out", type=Path, required=True, help="folder of the runs")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--rows", nargs="*", default=list(ROWS), metavar="ROW", help=", ".join(ROWS))
    args = parser.parse_args()
    if unknown := [name for name in args.rows if name not in ROWS]:
        parser.error(f"no row {unknown[0]!r}; there are {', '.join(ROWS)}")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    source = Run.open(args.text)
    names = list(ROWS)
    args.out.mkdir(parents=True, exist_ok=True)
    for seed in args.seeds:
        for name in args.rows:
            folder = args.out / f"{names.index(name):02d}-{seed}"
            made(source, folder, {**BASE, "stage1.epochs": args.epochs, "seed": seed, **ROWS[name]})
            if not (folder / "evaluation.json").exists():
                train_and_measure(folder, args)
    with replacing(args.out / "table.md") as beside:
        beside.write_text(table(args.out) + "\n", encoding="utf-8")
    print(table(args.out))


if __name__ == "__main__":
    main()
