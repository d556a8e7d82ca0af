"""``python -m export``: a run to a bundle."""

import argparse
import sys
from collections.abc import Sequence

from stackgan_k3.cli import explain, heed_termination
from stackgan_k3.commands import export as command

from . import export_run


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the export.

    Args:
        argv: The arguments; those of the process where None.

    Returns:
        The exit code: 0, or 2 for bad input.

    Example:
        >>> main(["no-such-run", "bundle"])
        2
    """
    if argv is None:
        heed_termination()
    parser = argparse.ArgumentParser(prog="python -m export", description=command.HELP, allow_abbrev=False)
    command.configure(parser)
    args = parser.parse_args(argv)
    try:
        command.run(args, export_run)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except Exception as error:
        message = explain(error)
        if message is None:
            raise
        print(f"export: error: {message}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
