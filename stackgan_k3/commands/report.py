"""``stackgan-k3 report``: one page about a run."""

import argparse

HELP = "write a run's report.html anew: curves, samples by epoch, warnings, settings"


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments.

    Example:
        >>> parser = argparse.ArgumentParser()
        >>> configure(parser)
        >>> parser.parse_args(["runs/birds"]).folder
        'runs/birds'
    """
    parser.add_argument(
        "folder", metavar="RUN", help="a run directory, of a training that is finished or not"
    )


def run(args: argparse.Namespace) -> int:
    """Writes the page and prints where it is.

    Args:
        args: The parsed arguments.

    Returns:
        The exit code, 0.

    Raises:
        UserError: If the folder is no run, or its files are damaged.

    Example:
        ```
        stackgan-k3 report runs/birds
        ```
    """
    from stackgan_k3.training.report import Report

    print(f"report: {Report(args.folder).write()}")
    return 0
