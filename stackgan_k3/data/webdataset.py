"""Captioned pictures in tars, as img2dataset writes them: the WebDataset format."""

import json
import os
import re
from array import array
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from stackgan_k3.data.caption_file import MAX_CAPTIONS_BYTES, clean_captions, decode_text
from stackgan_k3.data.inside import inside
from stackgan_k3.data.pictures import MAX_BYTES, open_picture
from stackgan_k3.data.portions import in_test_split, limited
from stackgan_k3.data.source import BadExample, Example
from stackgan_k3.data.tar_index import Member, members
from stackgan_k3.errors import UserError

LAYOUT = "00000.tar … with 000000000.jpg, 000000000.txt and 000000000.json"
"""What the folder holds, for messages."""

# The kinds of members that are read, by the part of the name after the key.
_KINDS = {"jpg": 0, "jpeg": 0, "png": 0, "webp": 0, "txt": 1, "json": 2}
_NONE, _REFUSED, _TWICE = -1, -2, -3  # in place of an offset
_PACKED = re.compile(r"\.tar\.|\.tgz$")
_TEST = re.compile(r"(?:^|[^a-z])(?:test|val|valid|validation)(?:[^a-z]|$)")


class WebDataset:
    """Pictures in tars, each with a caption in a ``.txt`` or a ``.json`` file beside it.

    Members of a tar whose names agree up to the first dot of the last part are one
    example: ``000000012.jpg`` (or ``.jpeg``, ``.png``, ``.webp``) is the picture,
    ``000000012.txt`` its caption; where that is missing or blank, ``"caption"`` in
    ``000000012.json`` is, a string or a list of strings. Other members, and files
    beside the tars (``00000.parquet``, ``00000_stats.json``), are not read.

    The tars' headers are read once, when the source is opened (some 20,000 members a second),
    and about 80 bytes an example are kept; contents are then read where they lie, and
    nothing is unpacked. Links in a tar, and keys without a picture or a caption, are bad
    examples; so is a tar that is cut short or damaged, next to what can be read of it.

    The test split is what lies in tars with ``test`` or ``val`` (``valid``,
    ``validation``) as a word of their name or of a folder's below the root; if no tar is
    called so, or every one, it is a tenth of the examples, by the SHA-256 of ``"<seed>/<key>"``.

    Args:
        root: The folder, looked through to any depth, or one tar.
        seed: Chooses the test split where the tars' names do not.
        limit: Take only this many examples, of each split its share.

    Raises:
        UserError: If there are no tars, or no pictures and captions in them.

    Example:
        >>> import io, tarfile, tempfile
        >>> from PIL import Image
        >>> jpeg = io.BytesIO()
        >>> Image.new("RGB", (64, 64)).save(jpeg, "JPEG")
        >>> path = Path(tempfile.mkdtemp()) / "00000.tar"
        >>> with tarfile.open(path, "w") as tar:
        ...     for name, content in (("0.jpg", jpeg.getvalue()), ("0.txt", b"a black square")):
        ...         info = tarfile.TarInfo(name)
        ...         info.size = len(content)
        ...         tar.addfile(info, io.BytesIO(content))
        >>> WebDataset(path)[0].captions
        ('a black square',)
    """

    name = "webdataset"
    title = "pictures and captions in tars (WebDataset)"
    licence = "that of its pictures, which their makers hold"
    homepage = "https://github.com/rom1504/img2dataset"
    classes = ("picture",)

    def __init__(self, root: str | os.PathLike[str], *, seed: int = 0, limit: int | None = None) -> None:
        self.root, self._tars = _tars(Path(root))
        self._bad: list[tuple[str, str]] = []
        index = _Index()
        for number, tar in enumerate(self._tars):
            try:
                problem = index.add(number, inside(self.root, tar))
            except BadExample as bad:
                problem = bad.reason
            if problem:
                self._bad.append((tar, problem))
        if not index.count:
            first = "; the first: {}: {}".format(*self._bad[0]) if self._bad else ""
            raise UserError(f"the tars of {root} hold no pictures or captions; expected {LAYOUT}{first}")
        self._tar, self._places, self._keys, self._ends = index.arrays()
        test = np.array([bool(_TEST.search(tar.lower())) for tar in self._tars])[self._tar]
        if test.all() or not test.any():
            test = in_test_split((self._key(row) for row in range(index.count)), seed)
        rows = limited(np.zeros(index.count, np.int8), test, limit)
        if limit is not None:
            self._bad.clear()
        self._rows, self._test = rows, test[rows]

    def __len__(self) -> int:
        return len(self._rows) + len(self._bad)

    def __getitem__(self, index: int) -> Example:
        """Returns example ``index``; see ``Source``.

        Raises:
            BadExample: If the picture or its caption is missing, a link, or damaged.
        """
        if index >= len(self._rows):
            raise BadExample(*self._bad[index - len(self._rows)])
        row = int(self._rows[index])
        tar = self._tars[self._tar[row]]
        name = f"{tar}/{self._key(row)}"
        picture, text, facts = self._places[row]
        path = inside(self.root, tar)
        content = _read(path, picture, MAX_BYTES, name, "picture")
        if content is None:
            raise BadExample(name, f"it has no picture ({', '.join(k for k, v in _KINDS.items() if v == 0)})")
        captions = self._captions(path, text, facts, name)
        image = open_picture(content, name=name)
        return Example(name, image, captions, 0, "test" if self._test[index] else "train")

    def _captions(self, path: Path, text: np.ndarray, facts: np.ndarray, name: str) -> tuple[str, ...]:
        content = _read(path, text, MAX_CAPTIONS_BYTES, name, ".txt")
        captions = clean_captions([decode_text(content)]) if content else ()
        if not captions:
            content = _read(path, facts, MAX_CAPTIONS_BYTES, name, ".json")
            captions = _json_captions(content, name) if content else ()
        if not captions:
            raise BadExample(name, 'it has no caption, neither in a .txt nor as "caption" in a .json')
        return captions

    def _key(self, row: int) -> str:
        start = int(self._ends[row - 1]) if row else 0
        return self._keys[start : int(self._ends[row])].decode()


class _Index:
    """The members of all tars, by key, in arrays that grow: few bytes a key."""

    def __init__(self) -> None:
        self.count = 0
        self._tar, self._places, self._ends, self._keys = array("i"), array("q"), array("q"), bytearray()

    def add(self, number: int, path: Path) -> str:
        """Adds a tar's members; returns what is wrong with the tar itself."""
        rows: dict[str, int] = {}  # of this tar; keys of others are other examples
        for member in members(path):
            if not member.name:
                return member.problem
            folder, _, file = member.name.rpartition("/")
            stem, _, extension = file.partition(".")
            kind = _KINDS.get(extension.lower())
            if kind is None or not stem:
                continue
            key = f"{folder}/{stem}".lstrip("./") if folder else stem
            key = key.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
            row = rows.get(key)
            if row is None:
                row = rows[key] = self._append(number, key)
            self._place(6 * row + 2 * kind, member)
        return ""

    def arrays(self) -> tuple[np.ndarray, np.ndarray, bytes, np.ndarray]:
        """Returns tar int32 [n]; offset and size int64 [n, kinds, 2]; all keys, and where each ends."""
        places = np.array(self._places, np.int64).reshape(-1, 3, 2)
        return np.array(self._tar, np.int32), places, bytes(self._keys), np.array(self._ends, np.int64)

    def _append(self, number: int, key: str) -> int:
        self._tar.append(number)
        self._places.extend([_NONE, 0] * 3)
        self._keys += key.encode()
        self._ends.append(len(self._keys))
        self.count += 1
        return self.count - 1

    def _place(self, place: int, member: Member) -> None:
        taken = self._places[place] != _NONE
        self._places[place] = _TWICE if taken else _REFUSED if member.offset < 0 else member.offset
        self._places[place + 1] = member.size


def _tars(root: Path) -> tuple[Path, list[str]]:
    if root.is_file():
        return root.parent, [root.name]
    if not root.is_dir():
        raise UserError(f"there is no folder or tar {root}; webdataset expects {LAYOUT}")
    paths = list(_files(root))
    found = sorted(path.relative_to(root).as_posix() for path in paths if path.suffix.lower() == ".tar")
    if not found:
        packed = next((path for path in paths if _PACKED.search(path.name.lower())), None)
        hint = f"; {packed.name} is compressed, and must be unpacked to a .tar first" if packed else ""
        raise UserError(f"there are no tars in {root}; expected {LAYOUT}{hint}")
    return root, found


def _files(root: Path) -> Iterator[Path]:
    def fail(error: OSError) -> None:  # a folder that may not be read would otherwise be passed over
        raise error

    for folder, _, names in os.walk(root, onerror=fail):
        yield from (Path(folder) / name for name in names if not name.startswith("."))


def _read(path: Path, place: np.ndarray, limit: int, name: str, what: str) -> bytes | None:
    offset, size = map(int, place)
    if offset == _NONE:
        return None
    if offset == _TWICE:
        raise BadExample(name, f"the tar holds its {what} twice")
    if offset == _REFUSED:
        raise BadExample(name, f"its {what} is a link or a sparse file; only plain files are read from tars")
    if size > limit:
        raise BadExample(name, f"its {what} has {size:,} bytes; at most {limit:,} are read")
    try:
        with open(path, "rb") as file:
            file.seek(offset)
            content = file.read(size)
    except OSError as error:
        raise BadExample(name, f"the tar cannot be read: {error.strerror or error}") from None
    if len(content) < size:
        raise BadExample(name, f"the tar ends within its {what}; fetch the tar again")
    return content


def _json_captions(content: bytes, name: str) -> tuple[str, ...]:
    try:
        facts = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BadExample(name, f"its .json is damaged: {error}") from None
    caption = facts.get("caption") if isinstance(facts, dict) else None
    captions = caption if isinstance(caption, list) else [caption]
    return clean_captions(entry for entry in captions if isinstance(entry, str))
