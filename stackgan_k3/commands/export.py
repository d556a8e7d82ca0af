"""``stackgan-k3 export``: a run to a bundle that draws without Keras."""

import argparse

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


def run(args: argparse.Namespace) -> int:
    """Exports the run.

    Args:
        args: The parsed arguments.

    Returns:
        The exit code, 0.

    Raises:
        UserError: If there is no such run, the bundle exists, or a package is missing.

    Example:
        ```python
        switches = {"force": False, "small": False, "best": False}
        run(argparse.Namespace(run_folder="runs/birds", bundle="bundles/birds", **switches))
        ```
    """
    from stackgan_k3.export import export_run

    export_run(args.run_folder, args.bundle, force=args.force, small=args.small, best=args.best)
    return 0
