"""Names of files kept within the folder of their data set."""

import os
from pathlib import Path

from stackgan_k3.data.source import BadExample


def inside(root: str | os.PathLike[str], name: str) -> Path:
    """Returns the path of a file of a data set, unless it lies outside of its folder.

    Links are followed: one that stays within the folder is fine; one that leads out of
    it, like a name with ``..`` that does, could show any file of the machine.

    Args:
        root: The folder of the data set. It may itself be a link.
        name: The name of the file within it.

    Returns:
        The file's path, all links followed. Whether there is such a file is not checked.

    Raises:
        BadExample: If it lies outside of the folder.

    Example:
        >>> inside("/data/birds", "images/../../secret.jpg")
        Traceback (most recent call last):
        ...
        stackgan_k3.data.source.BadExample: images/../../secret.jpg: it lies outside of /data/birds
    """
    folder = os.path.realpath(root)
    try:
        path = Path(os.path.realpath(os.path.join(folder, name)))
    except (OSError, ValueError) as error:  # a name with a zero byte, say
        raise BadExample(name, f"not the name of a file: {error}") from None
    if not path.is_relative_to(folder):
        is_link = os.path.normpath(os.path.join(folder, name)) != str(path)
        how = f"it is a link to {path}, which" if is_link else "it"
        raise BadExample(name, f"{how} lies outside of {root}")
    return path
