"""``stackgan-k3 inspect``: what is in a prepared data set."""

import argparse
import json
import os
import sys
from typing import Any

from stackgan_k3.commands._text import counted, printable
from stackgan_k3.errors import UserError

HELP = "say what is in a prepared data set, check it, and draw a contact sheet"


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments.

    Example:
        >>> parser = argparse.ArgumentParser()
        >>> configure(parser)
        >>> parser.parse_args(["data/birds", "--no-verify"]).verify
        False
    """
    parser.add_argument("out", metavar="OUT", help="the folder that `stackgan-k3 prepare` wrote")
    parser.add_argument(
        "--sheet", metavar="FILE", help="the contact sheet, a PNG file (default: contact-sheet.png in OUT)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    parser.add_argument(
        "--no-verify", action="store_false", dest="verify",
        help="do not compare the shards' SHA-256 with dataset.json",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Reads the set and prints what is in it.

    Args:
        args: The parsed arguments.

    Returns:
        The exit code, 0.

    Raises:
        UserError: If there is no such set, it is damaged, or its folder cannot be written to and
            no other file is named for the sheet.

    Example:
        ```
        stackgan-k3 inspect data/birds --sheet birds.png
        ```
    """
    from tqdm import tqdm

    from stackgan_k3.data.contact_sheet import contact_sheet
    from stackgan_k3.data.inspection import inspect_set

    if args.sheet is None and os.path.isdir(args.out) and not os.access(args.out, os.W_OK):
        # Told now, not after the whole set has been read.
        raise UserError(
            f"nothing can be written in {args.out}; name a file for the contact sheet with --sheet"
        )
    if args.sheet is not None and os.path.isdir(args.sheet):
        raise UserError(f"{args.sheet} is a folder; give the name of a PNG file for --sheet")
    bars: list[tqdm] = []

    def progress(done: int, total: int) -> None:
        if not bars:  # from here on, so that no bar precedes the message of a set that is refused
            bars.append(tqdm(desc=f"reading {args.out}", total=total, unit=" pictures", dynamic_ncols=True,
                             leave=False, disable=not sys.stderr.isatty()))  # fmt: skip
        bars[0].update(done - bars[0].n)

    try:
        found = inspect_set(args.out, verify=args.verify, progress=progress)
    finally:
        for bar in bars:
            bar.close()
    found["sheet"] = str(contact_sheet(args.out, args.sheet))
    print(json.dumps(found, indent=1, ensure_ascii=False) if args.json else as_text(found))
    return 0


def as_text(found: dict[str, Any]) -> str:
    """Writes what was found for people.

    Args:
        found: What ``data.inspection.inspect_set`` returns, and ``sheet``, the file of the contact sheet.

    Returns:
        Lines of text.

    Example:
        ```
        print(as_text(inspect_set("data/birds") | {"sheet": "sheet.png"}))
        ```
    """
    train, test = found["splits"]["train"], found["splits"]["test"]
    sizes = " and ".join(f"{side} x {side}" for side in found["stored"].values())
    checked = "all as they were prepared (SHA-256)" if found["verified"] else "not verified"
    rows = [
        ("pictures", f"{train['records']:,} to train on and {test['records']:,} to test with, "
                     f"for {found['size']} px, stored at {sizes}"),
        ("files", f"{counted(found['shards'], 'shard')}, {found['bytes'] / 1e6:,.1f} MB, {checked}"),
        *_class_rows(found["classes"], train["classes"], test["classes"]),
        *_caption_rows(found),
        ("embeddings", f"{found['embedding_dim']} numbers a caption" if found["embedding_dim"] else "none"),
        *_refused_rows(found["refused"]),
        ("licence", found["licence"]),
        ("sheet", found["sheet"]),
    ]  # fmt: skip
    title = f"{found['title']} ({found['source']}) in {found['folder']}"
    return "\n".join([title, *(f"  {name:<12}{text}" for name, text in rows)])


def _class_rows(classes: dict[str, Any], train: int, test: int) -> list[tuple[str, str]]:
    both = classes["in_both_splits"]
    shared = "none" if not both else f"{both:,}"
    fewest, most = classes["fewest"], classes["most"]
    rows = [
        ("classes", f"{classes['count']:,}: {train:,} in train, {test:,} in test, {shared} in both"),
        ("", f"fewest pictures: {fewest['pictures']:,} ({fewest['name']}), "
             f"most: {most['pictures']:,} ({most['name']})"),
    ]  # fmt: skip
    if classes["empty"]:
        rows.append(("", f"without pictures: {_some(classes['empty'])}"))
    return rows


def _caption_rows(found: dict[str, Any]) -> list[tuple[str, str]]:
    captions, vocabulary = found["captions"], found["vocabulary"]
    total = found["splits"]["train"]["captions"] + found["splits"]["test"]["captions"]
    words, characters = captions["words"], captions["characters"]
    rows = [
        ("captions", f"{total:,}: {_range(captions['each'], 'a picture')}"),
        ("", f"{_range(words, 'words')}, half of them {words['quarter']} to {words['three_quarters']}"),
        ("", _range(characters, "characters")),
    ]  # fmt: skip
    if captions["cut"]:
        rows.append(("", f"longer than the 201 characters that are read: {captions['cut']:,}"))
    if captions["unknown_characters"]:
        share = f"{captions['unknown_characters']:.2%} of the characters"
        rows.append(("", f"{share} are not in the alphabet of the text encoder, which sees a gap there"))
    number = f"more than {vocabulary['words']:,}" if vocabulary["more"] else f"{vocabulary['words']:,}"
    frequent = ", ".join(f"{word} {count:,}" for word, count in vocabulary["frequent"][:12])
    rows += [("words", f"{number} different ones, such as"), ("", frequent)]
    return rows


def _refused_rows(refused: list[dict[str, str]]) -> list[tuple[str, str]]:
    if not refused:
        return [("refused", "none")]
    more = "" if len(refused) <= 10 else " (the first ten; all are in dataset.json)"
    return [
        ("refused", f"{len(refused):,}{more}"),
        *(("", f"{printable(item['name'])}: {printable(item['reason'])}") for item in refused[:10]),
    ]


def _range(spread: dict[str, float], what: str) -> str:
    least, most = spread["least"], spread["most"]
    if least == most:
        return f"{least} {what}"
    return f"{least} to {most} {what} ({spread['mean']:g} on average)"


def _some(names: list[str]) -> str:
    return "; ".join(names[:5]) + (f" and {len(names) - 5:,} more" if len(names) > 5 else "")
