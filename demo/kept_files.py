"""Files that the page offers for download: the newest few, in a folder that goes with the process."""

import os
import tempfile
from collections import deque
from pathlib import Path

_KEPT = 64


class KeptFiles:
    """Names for new files; the oldest are removed.

    Gradio serves copies of its own, so a file is needed for a moment only.

    Example:
        >>> path = KeptFiles().new("walk-seed-7", ".gif")
        >>> path.name.startswith("walk-seed-7-"), path.suffix
        (True, '.gif')
    """

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="stackgan-k3-demo-")
        self._paths: deque[Path] = deque()

    def new(self, name: str, suffix: str) -> Path:
        """Returns a path that nobody else has.

        Args:
            name: How the file's name begins.
            suffix: How it ends.

        Example:
            See the class.
        """
        path = Path(self._folder.name) / f"{name}-{os.urandom(4).hex()}{suffix}"
        self._paths.append(path)
        while len(self._paths) > _KEPT:
            self._paths.popleft().unlink(missing_ok=True)
        return path
