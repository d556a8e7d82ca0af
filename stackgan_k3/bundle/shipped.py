"""What comes with the package: a bundle and what judges it, and when they are meant."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from stackgan_k3.bundle.alphabet import check
from stackgan_k3.errors import UserError

SHIPPED = "shipped"
"""The name that stands for it where a folder is expected."""
_ALL = Path(__file__).parent.parent / "shipped"
_FOLDER = _ALL / "birds"


def bundle_folder(name: str | os.PathLike[str] | None = None) -> Path:
    """Returns the folder of a bundle.

    Args:
        name: A folder; ``"shipped"``, if no folder is called so, or None for the bundle that
            comes with the package: a StackGAN of the drawn birds of ``synthetic-birds``.

    Returns:
        The folder; whether it holds a bundle is for the reader to say.

    Example:
        >>> bundle_folder("bundles/birds").as_posix()
        'bundles/birds'
        >>> bundle_folder().name
        'birds'
    """
    if name is None or (os.fspath(name) == SHIPPED and not Path(SHIPPED).exists()):
        return _FOLDER
    return Path(name)


def judge_folder(name: str | os.PathLike[str], kind: Literal["probe", "encoders"]) -> Path:
    """Returns the folder of what judges pictures: a probe, or the encoders of a text phase.

    Args:
        name: A folder, or ``"shipped"``, if no folder is called so, for those that come with the
            package. They were trained on ``synthetic-birds``, as the bundle was.
        kind: What is looked for.

    Returns:
        The folder of a run; whether it holds one is for the reader to say.

    Example:
        >>> judge_folder("shipped", "probe").name, judge_folder("probes/mine", "probe").name
        ('probe', 'mine')
    """
    if os.fspath(name) == SHIPPED and not Path(SHIPPED).exists():
        return _ALL / kind
    return Path(name)


def bundle_and_captions(words: Sequence[str]) -> tuple[Path, list[str]]:
    """Parts what a command was given into a bundle and captions, where the bundle may be left out.

    The first word is a bundle if it is an existing path or has no white space in it; otherwise
    it is a caption already, and the bundle that comes with the package is meant.

    Args:
        words: The command's arguments.

    Returns:
        The bundle's folder and the captions.

    Raises:
        UserError: If the first word is empty, or alone was given, is no path and has no white
            space: a mistyped folder or a caption of one word.

    Example:
        >>> folder, captions = bundle_and_captions(["a small red bird", "a blue bird"])
        >>> folder.name, captions
        ('birds', ['a small red bird', 'a blue bird'])
        >>> folder, captions = bundle_and_captions(["bundles/mine", "a small red bird"])
        >>> folder.as_posix(), captions
        ('bundles/mine', ['a small red bird'])
    """
    if not words:
        return bundle_folder(), []
    first, *others = words
    if not first.strip():
        check(first)  # which says what is wrong with it
    if os.path.exists(first) or first == SHIPPED:  # which takes what is too long for a name
        return bundle_folder(first), others
    if any(sign.isspace() for sign in first):
        return bundle_folder(), list(words)
    if not others:
        raise UserError(
            f"there is no bundle {first}; if it is a caption of one word, say what draws it: "
            f"{SHIPPED} {first}"
        )
    return Path(first), others
