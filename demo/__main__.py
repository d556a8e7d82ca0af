"""``python -m demo BUNDLE``: the same as ``stackgan-k3 demo BUNDLE``."""

import argparse
import sys

from stackgan_k3.cli import explain, heed_termination
from stackgan_k3.commands.demo import HELP, configure

from .app import serve


def main() -> int:
    """Serves the demo until Ctrl-C.

    Returns:
        The exit code: 0, or 2 for bad input.

    Example:
        ```
        python -m demo birds --port 7860
        ```
    """
    heed_termination()
    parser = argparse.ArgumentParser(prog="python -m demo", description=HELP)
    configure(parser)
    args = parser.parse_args()
    try:
        serve(args.bundle, host=args.host, port=args.port, provider=args.provider)
    except Exception as error:
        message = explain(error)
        if message is None:
            raise
        print(f"demo: error: {message}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
