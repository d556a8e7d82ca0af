"""``stackgan-k3 evaluate``: how good pictures are, in numbers."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from stackgan_k3.choose import take_backend
from stackgan_k3.metrics.measures import measures

HELP = "measure the pictures of a run or a bundle against real ones"


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments.

    Example:
        >>> configure(argparse.ArgumentParser())
    """
    parser.add_argument(
        "target", metavar="RUN|BUNDLE", help="a run directory or a bundle, or `shipped` for the package's own"
    )
    parser.add_argument(
        "--data", metavar="DIR", required=True, help="a data set made by `stackgan-k3 prepare`"
    )
    parser.add_argument(
        "--probe", metavar="DIR",
        help="a probe trained on it by `stackgan-k3 train-probe`, or `shipped` for that of synthetic-birds: "
        "for the accuracy, and the features if no others are named",
    )  # fmt: skip
    parser.add_argument(
        "--features", metavar="WHICH", default="",
        help="what the distances compare: probe=DIR, inception[=WEIGHTS], onnx=FILE[@RANGE] with RANGE "
        "one of 0..255, 0..1, -1..1, imagenet, or pixels (default: those of --probe)",
    )  # fmt: skip
    parser.add_argument(
        "--best", action="store_true",
        help="of a run, measure the best generator that it kept (metrics.keep_best), not the newest",
    )  # fmt: skip
    parser.add_argument(
        "--samples", metavar="N", type=int, default=1000,
        help="draw at most N pictures; never more than half of the split (default: 1000)",
    )  # fmt: skip
    parser.add_argument(
        "--split", choices=("test", "train"), default="test", help="the real pictures (default: test)"
    )
    parser.add_argument(
        "--encoders", metavar="RUN",
        help="a run with a trained text phase, or `shipped` for the package's own judges, for the "
        "R-precision of a bundle (default: the run itself)",
    )  # fmt: skip
    parser.add_argument(
        "--seed",
        metavar="S",
        type=int,
        default=0,
        help="seed of the halves that the real pictures are parted in, and of the pictures (default: 0)",
    )
    parser.add_argument("--json", metavar="FILE", help="write the numbers to a file as well")


def run(args: argparse.Namespace) -> int:
    """Measures, and prints a table: what was drawn beside what real pictures get.

    Args:
        args: The parsed arguments.

    Returns:
        The exit code, 0.

    Raises:
        UserError: As :func:`stackgan_k3.training.evaluate.evaluate`.

    Example:
        ```
        stackgan-k3 evaluate runs/birds --data data/birds --probe probes/birds --json birds.json
        ```
    """
    take_backend()
    from stackgan_k3.errors import UserError
    from stackgan_k3.files import replacing
    from stackgan_k3.training.evaluate import evaluate

    if args.json:
        try:
            Path(args.json).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"--json {args.json} cannot be written ({error}); give another path") from error
        if Path(args.json).is_dir():
            raise UserError(f"--json {args.json} is a folder; give the path of a file")
    numbers = evaluate(
        args.target,
        args.data,
        args.probe,
        features=args.features,
        best=args.best,
        samples=args.samples,
        split=args.split,
        encoders=args.encoders,
        seed=args.seed,
        say=lambda line: print(line, file=sys.stderr, flush=True),
    )
    print("\n".join(table(numbers)), flush=True)
    if args.json:
        with replacing(Path(args.json)) as beside:
            beside.write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")
    return 0


def table(numbers: dict[str, Any]) -> list[str]:
    """Lays the numbers out: a line a measure, drawn pictures beside the floor of real ones.

    Args:
        numbers: What :func:`stackgan_k3.training.evaluate.evaluate` returned.

    Example:
        >>> fid = {"drawn": 3.25, "floor": 1.0}
        >>> for line in table({"samples": 50, "split": "test", "seed": 0, "fid": fid}):
        ...     print(line)
        50 pictures, test split, seed 0
        measure       drawn        real
        fid            3.25           1
    """
    found = measures(numbers)
    width = 2 + max(map(len, ("measure", *found)))
    seen = f", features: {numbers['features']}" if "features" in numbers else ""
    lines = [f"{numbers['samples']} pictures, {numbers['split']} split, seed {numbers['seed']}{seen}"]
    lines.append(f"{'measure':{width}}{'drawn':>10}{'real':>12}")
    for name, value in found.items():
        errors = [f"{value[of]:.3g}" for of in ("error", "floor_error") if of in value]
        more = f"   ± {' and '.join(errors)}" if errors else ""
        more += "".join(f"   of {value[of]:.0f} captions" for of in ("candidates", "captions") if of in value)
        real = f"{value['floor']:.4g}" if "floor" in value else ""
        lines.append(f"{name:{width}}{value['drawn']:>10.4g}  {real:>10}{more}".rstrip())
    return lines
