"""``stackgan-k3 train-probe``: the classifier that ``evaluate`` sees with."""

import argparse

from stackgan_k3.commands import train

HELP = "train the classifier of a data set's own pictures that `evaluate` sees with"


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments.

    Example:
        >>> configure(argparse.ArgumentParser())
    """
    parser.add_argument("data", metavar="DATA", help="a data set made by `stackgan-k3 prepare`")
    parser.add_argument("folder", metavar="PROBE", help="where the probe is kept, e.g. probes/birds")
    parser.add_argument("--epochs", type=int, metavar="N", help="number of epochs")
    parser.add_argument(
        "--max-minutes", type=float, metavar="M", help="stop after M minutes, with a checkpoint"
    )
    parser.add_argument(
        "--set", metavar="KEY=VALUE", action="append", default=[], dest="settings",
        help="change one setting of the preset 'probe', e.g. probe.width=16; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--resume", action="store_true", help="go on with the probe where it was stopped, with its settings"
    )


def run(args: argparse.Namespace) -> int:
    """Trains the probe: ``train probe`` under a name of its own.

    Args:
        args: The parsed arguments.

    Returns:
        The exit code, 0.

    Raises:
        UserError: For anything that :func:`stackgan_k3.training.train.train` refuses.

    Example:
        ```
        stackgan-k3 train-probe data/birds probes/birds
        ```
    """
    return train.run(argparse.Namespace(**vars(args), preset="probe", phases=None, dry_run=False))
