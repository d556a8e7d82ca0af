"""Is this package's recipe ahead of the published one? Trains both, and prints a table of metrics.

    stackgan-k3 train-probe data/flowers probes/flowers --set probe.epochs=20 --set probe.halve_every=5
    python experiments/against_published.py --data data/flowers --probe probes/flowers --out against

Both recipes get the same pictures, the same number of them in every phase, and networks of the same sizes:
those of `stackgan-flowers`, narrowed until two cores train them. The judge of the R-precision is a third
pair of encoders that neither recipe has seen. What was stopped goes on; several at once want `--recipes` and
`--stages`, a recipe each.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from stackgan_k3.files import replacing
from stackgan_k3.metrics.measures import measures, read_evaluation

SIZES: dict[str, Any] = {
    "noise_dim": 64,
    "conditioning_dim": 64,
    "text.width": 96,
    "text.image_width": 32,
    "text.embedding_dim": 256,
    "text.epochs": 20,
    "text.batch_size": 64,
    "text.learning_rate": 1e-3,
    "text.halve_every": 6,
    "stage1.width": 48,
    "stage1.discriminator_width": 32,
    "stage2.image_size": 128,
    "stage2.width": 24,
    "stage2.discriminator_width": 16,
    "stage2.residual_blocks": 2,
}
"""Widths, and the text phase's length: alike for all."""

STAGES = ("stage1", "stage2")
RECIPES: dict[str, dict[str, Any]] = {
    # The rates halve six times in a training, as published.
    "published": {"average_decay": 0.0, "batch_size": 64, "halve": 6},
    "ours": {
        "adversarial_loss": "hinge",
        "matching_weight": 0.5,
        "augment": ["translation", "cutout"],
        "batch_size": 16,
        "generator_rate": 3e-4,
        "discriminator_rate": 3e-4,
        "real_labels": [1.0, 1.0],
        "halve": 3,
    },
}
"""What differs, in both stages."""

BESIDES: dict[str, dict[str, Any]] = {
    "published": {},
    "ours": {
        "normalization": "conditional",
        "text.objective": "contrastive",
        "text.reading_weight": 2.0,
        "text.picture_reading_weight": 10.0,
    },
}
JUDGE: dict[str, Any] = {
    "seed": 7,
    "text.objective": "contrastive",
    "text.reading_weight": 2.0,
}
"""The encoders of the R-precision: trained by our objective, with a seed that neither recipe has."""
COLUMNS = ("fid", "kid", "r_precision", "diversity", "coverage")


def settings(recipe: str, epochs: dict[str, int]) -> dict[str, Any]:
    """Spells out one recipe by dotted keys."""
    values = {**SIZES, **BESIDES[recipe]}
    for stage in STAGES:
        part = dict(RECIPES[recipe])
        halve = max(1, round(epochs[stage] / part.pop("halve")))
        for name, value in {**part, "halve_every": halve, "epochs": epochs[stage]}.items():
            values[f"{stage}.{name}"] = value
    return values


def train(args: argparse.Namespace, folder: Path, phase: str, values: dict[str, Any]) -> None:
    """Trains a phase of a run in a process of its own; one that is finished is left as it is."""
    given = [word for name, value in values.items() for word in ("--set", f"{name}={json.dumps(value)}")]
    run = ["--run", str(folder), *(["--resume"] if folder.exists() else given)]
    command = [sys.executable, "-m", "stackgan_k3", "train", "stackgan-flowers", "--data", args.data, *run]
    subprocess.run([*command, "--phase", phase], check=True)


def evaluated(args: argparse.Namespace, folder: Path, stage: str) -> dict[str, Any]:
    """Measures a run's pictures by the judge, unless that was done, and returns the numbers."""
    file = folder / f"evaluation-{stage}.json"
    if not file.exists():
        command = [sys.executable, "-m", "stackgan_k3", "evaluate", str(folder), "--data", args.data]
        judges = ["--features", f"probe={args.probe}", "--encoders", str(args.out / "judge")]
        subprocess.run([*command, *judges, "--samples", str(args.samples), "--json", str(file)], check=True)
    return read_evaluation(file)


def table(out: Path) -> str:
    """Writes what is measured as Markdown, with the floor, real pictures, in parentheses."""
    lines = ["| recipe, pictures | " + " | ".join(COLUMNS) + " |", "|---" * (len(COLUMNS) + 1) + "|"]
    for stage in STAGES:
        for recipe in RECIPES:
            file = out / recipe / f"evaluation-{stage}.json"
            if not file.exists():
                continue
            found = measures(read_evaluation(file))
            cells = [f"{found[name]['drawn']:,.4g} ({found[name]['floor']:,.4g})" for name in COLUMNS]
            lines.append(f"| {recipe}, {stage} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Trains and measures what is missing, stage by stage, and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", required=True, help="the Oxford flowers, prepared at 128 px or more")
    parser.add_argument("--probe", required=True, help="a probe of that set, whose features are compared")
    parser.add_argument("--out", type=Path, required=True, help="folder of the runs")
    parser.add_argument("--stage1-epochs", type=int, default=40)
    parser.add_argument("--stage2-epochs", type=int, default=12)
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=list(STAGES))
    parser.add_argument("--recipes", nargs="+", choices=list(RECIPES), default=list(RECIPES))
    parser.add_argument("--samples", type=int, default=600)
    args = parser.parse_args()
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    epochs = {"stage1": args.stage1_epochs, "stage2": args.stage2_epochs}
    args.out.mkdir(parents=True, exist_ok=True)
    train(args, args.out / "judge", "text", {**settings("published", epochs), **JUDGE})
    for recipe in args.recipes:
        for phase in ("text", *args.stages):
            train(args, args.out / recipe, phase, settings(recipe, epochs))
            if phase != "text":
                evaluated(args, args.out / recipe, phase)
    with replacing(args.out / "table.md") as beside:
        beside.write_text(table(args.out) + "\n", encoding="utf-8")
    print(table(args.out))


if __name__ == "__main__":
    main()
