"""``stackgan-k3 export``: a run to a bundle that draws without Keras."""

import argparse
from collections.abc import Callable
from typing import Any

HELP = "write the networks of a run as ONNX and SavedModel, with a model card: a bundle"


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments.

    Args:
        parser: The command's parser.

    Example:
        >>> parser = argparse.ArgumentParser()
        >>> configure(parser)
        >>> parser.parse_args(["runs/birds", "bundles/birds"]).bundle
        'bundles/birds'
    """
    parser.add_argument(
        "run_folder", metavar="RUN", nargs="?", help="the run directory; by default the newest under runs/"
    )
    parser.add_argument(
        "bundle", metavar="BUNDLE", nargs="?", help="the folder to write; by default RUN/bundle"
    )
    parser.add_argument("--force", action="store_true", help="replace a bundle that is already there")
    parser.add_argument(
        "--small", action="store_true",
        help="a quarter of the bytes: ONNX alone, its weights stored in 16 bits",
    )  # fmt: skip
    parser.add_argument(
        "--best", action="store_true",
        help="take the best generator that the run kept (metrics.keep_best), not the newest",
    )  # fmt: skip
    parser.add_argument(
        "--evaluation", metavar="FILE",
        help="put these numbers of `evaluate --json` into the model card",
    )  # fmt: skip


def run(args: argparse.Namespace, export_run: Callable[..., Any] | None = None) -> int:
    """Exports the run.

    Args:
        args: The parsed arguments.
        export_run: What exports; by default :func:`stackgan_k3.export.export_run`.

    Returns:
        The exit code, 0.

    Raises:
        UserError: If there is no such run, the bundle exists, or a package is missing.

    Example:
        ```python
        switches = {"force": False, "small": False, "best": False, "evaluation": None}
        run(argparse.Namespace(run_folder="runs/birds", bundle="bundles/birds", **switches))
        ```
    """
    if export_run is None:
        from stackgan_k3.export import export_run as installed

        export_run = installed
    export_run(
        args.run_folder,
        args.bundle,
        force=args.force,
        small=args.small,
        best=args.best,
        evaluation=args.evaluation,
    )
    return 0
