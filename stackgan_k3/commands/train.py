"""``stackgan-k3 train``: the phases of a preset, in order."""

import argparse
import math
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stackgan_k3.choose import take_backend
from stackgan_k3.errors import UserError, unknown

if TYPE_CHECKING:
    from stackgan_k3.config import RunConfig

HELP = "train a preset on a prepared data set"


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments.

    Example:
        >>> parser = argparse.ArgumentParser()
        >>> configure(parser)
        >>> parser.parse_args(["stackgan-tiny", "--data", "d", "--run", "r", "--set", "seed=1"]).settings
        ['seed=1']
    """
    parser.add_argument("preset", metavar="PRESET", help="one of `stackgan-k3 presets`")
    parser.add_argument("--data", metavar="DIR", help="a data set made by `stackgan-k3 prepare`")
    parser.add_argument("--run", metavar="DIR", dest="folder", help="where the run is kept, e.g. runs/first")
    parser.add_argument(
        "--phase",
        metavar="NAME",
        action="append",
        dest="phases",
        help="train this phase only, such as stage1; may be repeated (default: all, in order)",
    )
    parser.add_argument(
        "--epochs", type=int, metavar="N", help="number of epochs of every phase that is trained"
    )
    parser.add_argument(
        "--max-minutes", type=float, metavar="M", help="stop after M minutes, with a checkpoint"
    )
    parser.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        dest="settings",
        help="change one setting of the preset, e.g. stage1.epochs=3; may be repeated",
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on with the run where it was stopped, with its settings"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="show configuration and networks, train nothing"
    )


def run(args: argparse.Namespace) -> int:
    """Trains, or shows what would be trained.

    Args:
        args: The parsed arguments.

    Returns:
        The exit code, 0.

    Raises:
        UserError: For anything that :func:`stackgan_k3.training.train.train` refuses.
    """
    from stackgan_k3.config import load_preset, parse_changes

    changes = parse_changes(args.settings)
    known = load_preset(args.preset).phases
    phases = tuple(args.phases or known)
    for phase in phases:
        if phase not in known:
            raise unknown("phase", phase, known)
    if args.epochs is not None:
        changes = {**{f"{phase}.epochs": args.epochs for phase in phases}, **changes}
    config = load_preset(args.preset, changes)
    if args.resume and args.folder:
        config = _resumed(config, args.folder, changes)
    choice = take_backend()
    if args.dry_run:
        return _show(config)
    for name, value in (("--data", args.data), ("--run", args.folder)):
        if not value:
            raise UserError(f"train needs {name} DIR")
    print(f"backend: {choice}", file=sys.stderr)
    from stackgan_k3.training.train import train

    trained = train(
        config, args.data, args.folder, phases=phases, max_minutes=args.max_minutes, resume=args.resume
    )
    print(f"run: {trained.folder}")
    folder = shlex.quote(str(trained.folder))
    if config.system == "probe":
        print(f"next: stackgan-k3 evaluate RUN --data {shlex.quote(args.data)} --probe {folder}")
    elif trained.drawable:
        print(f"next: stackgan-k3 export {folder} BUNDLE")
    else:
        data = shlex.quote(args.data)
        print(f"next: stackgan-k3 train {args.preset} --data {data} --run {folder} --resume")
    return 0


def _resumed(config: "RunConfig", folder: str, changes: dict[str, Any]) -> "RunConfig":
    """Takes the settings that the run was begun with, so that they need not be given again."""
    from stackgan_k3.config import RunConfig

    path = Path(folder) / "config.json"
    try:
        began = RunConfig.from_json(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return config  # there is none yet: it is begun
    except ValueError as error:  # a UserError, or bytes that are no text
        raise UserError(f"{path} is damaged: {error}; undo the change, or begin a new run") from error
    # Another preset stays as it is, for `train` to refuse.
    return began.changed(changes) if began.preset == config.preset else config


def _show(config: "RunConfig") -> int:
    from stackgan_k3.training.recipes import recipe_of

    print(config.to_json(), end="")
    for name, network in recipe_of(config.system).networks(config).items():
        count = sum(math.prod(variable.shape) for variable in network.trainable_variables)
        print(f"{name}: {count:,} trainable parameters")
    return 0
