"""Files that the page offers for download: the newest few, in a folder that goes with the process."""

import os
import shutil
import tempfile
import weakref
from collections import deque
from pathlib import Path

_KEPT = 64


class KeptFiles:
    """Names for new files; the oldest are removed.

    Gradio serves copies of its own, so a file is needed for a moment only.

    Example:
        >>> files = KeptFiles()
        >>> path = files.new("walk-seed-7", ".gif")
        >>> path.name.startswith("walk-seed-7-"), path.suffix
        (True, '.gif')
    """

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="stackgan-k3-demo-"))
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._paths: deque[Path] = deque()

    def new(self, name: str, suffix: str) -> Path:
        """Returns a path that nobody else has.

        Args:
            name: How the file's name begins.
            suffix: How it ends.

        Example:
            See the class.
        """
        path = self._folder / f"{name}-{os.urandom(4).hex()}{suffix}"
        self._paths.append(path)
        while len(self._paths) > _KEPT:
            self._paths.popleft().unlink(missing_ok=True)
        return path
