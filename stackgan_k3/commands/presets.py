"""``stackgan-k3 presets``: the presets and what they are."""

import argparse
import shutil
import textwrap
import tomllib
from importlib import resources

HELP = "list the presets that `train` knows"


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments: it has none.

    Example:
        >>> configure(argparse.ArgumentParser())
    """


def run(args: argparse.Namespace) -> int:
    """Prints every preset with its description.

    Args:
        args: The parsed arguments.

    Returns:
        The exit code, 0.

    Example:
        >>> run(argparse.Namespace())  # doctest: +ELLIPSIS, +NORMALIZE_WHITESPACE
        conditional-gan-digits ...
        0
    """
    presets = descriptions()
    indent = max(map(len, presets)) + 2
    width = max(40, shutil.get_terminal_size().columns - 1)
    for name, description in presets.items():
        text = textwrap.fill(
            description, width, initial_indent=name.ljust(indent), subsequent_indent=" " * indent
        )
        print(text)
    return 0


def descriptions() -> dict[str, str]:
    """Reads the names and descriptions of the presets that come with the package.

    Only the standard library is needed, so presets can be listed where nothing
    can be trained.

    Returns:
        Descriptions by name, in the order of the names.

    Example:
        >>> "stackgan-tiny" in descriptions()
        True
    """
    found = {}
    for file in resources.files("stackgan_k3.presets").iterdir():
        if file.name.endswith(".toml"):
            table = tomllib.loads(file.read_text(encoding="utf-8"))
            found[str(table["name"])] = " ".join(str(table["description"]).split())
    return dict(sorted(found.items()))
