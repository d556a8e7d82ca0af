"""``stackgan-k3 import-torch``: the published PyTorch StackGAN generators as a run that exports."""

import argparse
import os
import shlex

HELP = "turn the published PyTorch StackGAN generators (.pth) into a run that exports"


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments.

    Example:
        >>> configure(argparse.ArgumentParser())
    """
    parser.add_argument("stage1", metavar="STAGE1.pth", help="the state dict of STAGE1_G")
    parser.add_argument("stage2", metavar="STAGE2.pth", nargs="?", help="the state dict of STAGE2_G")
    parser.add_argument(
        "--preset", default="stackgan-coco", help="whose networks the files hold (default: stackgan-coco)"
    )
    parser.add_argument(
        "--run", dest="folder", metavar="DIR", required=True, help="the run directory to write"
    )
    parser.add_argument(
        "--set", dest="settings", metavar="KEY=VALUE", action="append", default=[],
        help="change a setting of the preset, such as stage1.width=128; may be given several times",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Imports, and tells what to do next.

    Args:
        args: The parsed arguments.

    Returns:
        The exit code, 0.

    Raises:
        UserError: If a file does not fit the preset, naming every tensor that does not, or
            the run exists; nothing is written then.

    Example:
        ```
        stackgan-k3 import-torch netG_epoch_120.pth netG_epoch_90.pth --preset stackgan-coco --run runs/coco
        ```
    """
    from stackgan_k3.config import load_preset, parse_changes
    from stackgan_k3.config.stackgan import StackGANConfig
    from stackgan_k3.errors import UserError

    config = load_preset(args.preset, parse_changes(args.settings))
    if not isinstance(config, StackGANConfig):
        raise UserError(f"{args.preset} is no StackGAN; the files are of its generators")
    os.environ.setdefault("KERAS_BACKEND", "torch")  # which the files need anyway
    from stackgan_k3.training.import_torch import import_torch

    made = import_torch(config, args.folder, args.stage1, args.stage2)
    print(f"run: {made.folder}")
    print("there is no text encoder in these files: pictures are asked for by embeddings")
    print(f"next: stackgan-k3 export {shlex.quote(str(made.folder))} BUNDLE")
    print("then: stackgan-k3 generate BUNDLE --embeddings FILE.npy -o pictures.png")
    return 0
