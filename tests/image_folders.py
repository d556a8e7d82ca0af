"""What the tests of folders of pictures write, and what they read of a source."""

import contextlib
import json

from stackgan_k3.data.image_folder import ImageFolder
from stackgan_k3.data.source import BadExample


def rows(path, *entries, encoding="utf-8", end="\n") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("".join(json.dumps(e, ensure_ascii=False) + end for e in entries).encode(encoding))


def bad(source: ImageFolder) -> dict[str, str]:
    found = {}
    for index in range(len(source)):
        try:
            source[index]
        except BadExample as error:
            found[error.name] = error.reason
    return found


def good(source: ImageFolder) -> dict[str, tuple[str, ...]]:
    found = {}
    for index in range(len(source)):
        with contextlib.suppress(BadExample):
            example = source[index]
            found[example.name] = example.captions
    return found
