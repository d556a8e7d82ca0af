"""Captions in text files, as people leave them: any encoding, line end or spacing."""

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from stackgan_k3.data.source import BadExample

MAX_CAPTIONS_BYTES = 1024 * 1024
"""Files of captions larger than this are refused unread."""


def read_captions(path: Path, name: str) -> tuple[str, ...]:
    r"""Reads the captions of one picture, one a line.

    Args:
        path: The file, in UTF-8 (with or without a mark at its beginning) or else
            Windows-1252, with any kind of line end.
        name: The name to use in errors.

    Returns:
        At least one caption, in the order of the lines, without blank ones; runs of
        white space are one space.

    Raises:
        BadExample: If the file cannot be read, is too large (``MAX_CAPTIONS_BYTES``),
            is no text, or holds no captions.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "bird.txt"
        >>> _ = path.write_bytes(b"a red  bird\r\n\r\na small bird")
        >>> read_captions(path, "bird.txt")
        ('a red bird', 'a small bird')
    """
    try:
        if path.stat().st_size > MAX_CAPTIONS_BYTES:
            raise BadExample(name, f"more than {MAX_CAPTIONS_BYTES:,} bytes of captions")
        content = path.read_bytes()
    except OSError as error:
        raise BadExample(name, f"the captions cannot be read: {error.strerror}") from None
    if b"\0" in content:
        raise BadExample(name, "the captions are not text; save them as UTF-8")
    captions = clean_captions(lines(decode_text(content)))
    if not captions:
        raise BadExample(name, "it holds no captions")
    return captions


def clean_captions(captions: Iterable[str]) -> tuple[str, ...]:
    r"""Returns the captions that are not blank, each on one line with single spaces.

    Args:
        captions: Any strings.

    Example:
        >>> clean_captions(["A dog \nruns.", "  "])
        ('A dog runs.',)
    """
    lines = (" ".join(caption.split()) for caption in captions)
    return tuple(line for line in lines if line)


def lines(text: str) -> list[str]:
    r"""Returns the lines of a text, ended by any of the three systems' line ends.

    Nothing else ends a line: ``str.splitlines`` would part a caption with a line
    separator (U+2028) in it, and there would be one more than embeddings.

    Example:
        >>> lines("a red\u2028bird\r\nan owl")
        ['a red\u2028bird', 'an owl']
    """
    return re.split(r"\r\n|\r|\n", text)


def decode_text(content: bytes) -> str:
    r"""Returns the text of a file: UTF-8, or else Windows-1252; accents composed (NFC).

    Example:
        >>> decode_text("\ufeffété".encode()), decode_text(b"\xe9t\xe9")
        ('été', 'été')
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    return unicodedata.normalize("NFC", text)
