"""``stackgan-k3 prepare``: a data set made ready for training."""

import argparse
import shlex
from typing import Any

from stackgan_k3.commands._text import counted, printable
from stackgan_k3.data.source_entry import SOURCES

HELP = "prepare a data set for training"


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments.

    Example:
        >>> configure(argparse.ArgumentParser())
    """
    listed = "; ".join(f"{name}: {entry.about}" for name, entry in sorted(SOURCES.items()))
    parser.add_argument("source", metavar="SOURCE", help=f"one of: {listed}")
    parser.add_argument(
        "out", metavar="OUT", help="the folder to write; a stopped preparation in it is gone on with"
    )
    parser.add_argument("--root", metavar="DIR", help="the folder with the source's own files")
    parser.add_argument(
        "--size", metavar="PX", type=int, default=256,
        help="the largest pictures to train on: 28, 64, 128 or 256 pixels a side (default: 256)",
    )  # fmt: skip
    parser.add_argument(
        "--limit", metavar="N", type=int, help="take N pictures (default: all; synthetic-birds: 10,000)"
    )
    parser.add_argument(
        "--seed", metavar="S", type=int, default=0,
        help="chooses what is drawn, or the classes of the test split; 0 to 2**63 - 1 (default: 0)",
    )  # fmt: skip
    parser.add_argument("--workers", metavar="N", type=int, help="processes (default: one for each CPU)")
    for option, (names, text) in sorted(_options().items()):
        flag = "--" + option.replace("_", "-")
        parser.add_argument(flag, dest=f"option_{option}", metavar="TEXT", help=f"for {names}: {text}")
    parser.add_argument(
        "--strict", action="store_true", help="stop at a bad file instead of leaving it out and listing it"
    )


def run(args: argparse.Namespace) -> int:
    """Prepares the set, with a progress bar, and tells what it holds and what comes next.

    Args:
        args: The parsed arguments.

    Returns:
        The exit code, 0.

    Raises:
        UserError: As ``prepare`` does.

    Example:
        ```
        stackgan-k3 prepare synthetic-birds data/birds --size 128 --limit 3000
        ```
    """
    from tqdm import tqdm

    from stackgan_k3.data.prepare import prepare

    bars: list[tqdm] = []

    def progress(done: int, total: int) -> None:
        if not bars:  # from here on, so that no bar precedes the message of a refused argument
            what = f"preparing {args.source}"
            bars.append(tqdm(desc=what, total=total, initial=done, unit=" pictures", dynamic_ncols=True))
        bars[0].update(done - bars[0].n)

    try:
        info = prepare(
            args.source,
            args.out,
            root=args.root,
            size=args.size,
            limit=args.limit,
            seed=args.seed,
            workers=args.workers,
            strict=args.strict,
            options={
                option: value
                for option in _options()
                if (value := getattr(args, f"option_{option}")) is not None
            },
            progress=progress,
        )
    finally:
        for bar in bars:
            bar.close()
    print(_summary(info, args.out))
    return 0


def _options() -> dict[str, tuple[str, str]]:
    """The options of all sources: which sources take them, and what they say."""
    found: dict[str, tuple[str, str]] = {}
    for name, entry in sorted(SOURCES.items()):
        for option, text in entry.options.items():
            names = f"{found[option][0]} and {name}" if option in found else name
            found[option] = (names, text)
    return found


def _summary(info: dict[str, Any], out: str) -> str:
    train, test = info["splits"]["train"], info["splits"]["test"]
    lines = [
        f"{info['title']}: {counted(train['records'], 'picture')} to train on and {test['records']:,} to "
        f"test with, {counted(train['captions'] + test['captions'], 'caption')}, "
        f"{counted(len(info['classes']), 'class', 'classes')}, in {out}"
    ]
    refused = info["refused"]
    if refused:
        lines.append(f"refused: {len(refused):,} (all are listed in dataset.json), such as")
        lines += [f"  {printable(item['name'])}: {printable(item['reason'])}" for item in refused[:5]]
    lines.append(f"licence: {info['licence']}")
    if train["records"]:
        lines.append(f"next: stackgan-k3 train PRESET --data {shlex.quote(out)} --run runs/NAME")
    else:
        lines.append("no picture is left to train on: prepare more of them")
    return "\n".join(lines)
