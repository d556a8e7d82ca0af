"""``stackgan-k3 demo``: a bundle in the browser."""

import argparse

HELP = "open a bundle in the browser: write a sentence, see it drawn"


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments.

    Example:
        >>> configure(argparse.ArgumentParser())
    """
    parser.add_argument(
        "bundle", metavar="BUNDLE", nargs="?",
        help="the folder of a bundle; left out, the model of drawn birds that comes with the package",
    )  # fmt: skip
    parser.add_argument(
        "--host", default="127.0.0.1",
        help="address to listen on; 0.0.0.0 lets other machines in (default: 127.0.0.1)",
    )  # fmt: skip
    parser.add_argument("--port", type=int, default=7860, help="port to listen on (default: 7860)")
    parser.add_argument(
        "--provider", metavar="NAME", default="auto",
        help="what to run on: auto, cpu, cuda, or a provider's name in onnxruntime (default: auto)",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Serves the demo until Ctrl-C.

    Args:
        args: The parsed arguments.

    Returns:
        The exit code, 0.

    Raises:
        UserError: If the bundle is refused or the port cannot be had.

    Example:
        ```
        stackgan-k3 demo birds --port 7860
        ```
    """
    from stackgan_k3.demo.app import serve

    serve(args.bundle, host=args.host, port=args.port, provider=args.provider)
    return 0
