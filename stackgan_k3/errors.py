"""Errors meant for people: what was wrong, where, and what would be right."""

import difflib
from collections.abc import Iterable


class UserError(ValueError):
    """Input that the package refuses, with a message that names the remedy.

    The command line prints the message and exits with code 2; in a program it
    is an ordinary ``ValueError``. Anything else that escapes is a bug and keeps
    its traceback.

    Example:
        >>> raise UserError("batch_size is 0; it must be at least 1")
        Traceback (most recent call last):
        ...
        stackgan_k3.errors.UserError: batch_size is 0; it must be at least 1
    """


def unknown(kind: str, name: str, known: Iterable[str]) -> UserError:
    """Builds the error for a name that does not exist, with the nearest that does.

    Args:
        kind: What the name should have been, for example ``"preset"``.
        name: The name that was given.
        known: Every name that would have been right.

    Returns:
        The error, to be raised by the caller.

    Example:
        >>> str(unknown("preset", "stackgan-tinny", ["stackgan-tiny", "stackgan-coco"]))
        "unknown preset 'stackgan-tinny'; did you mean 'stackgan-tiny'? Known: stackgan-coco, stackgan-tiny"
    """
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"; did you mean '{near[0]}'?" if near else "."
    return UserError(f"unknown {kind} '{name}'{hint} Known: {', '.join(names)}")
