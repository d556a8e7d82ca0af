"""A prepared data set, read in any order."""

import json
import operator
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, SupportsIndex, TypeGuard

from array_record.python.array_record_data_source import ArrayRecordDataSource

from stackgan_k3 import files
from stackgan_k3.data.record import FORMAT_VERSION, SIZES, Record
from stackgan_k3.errors import UserError, unknown

_SPLITS, _COUNTS = ("train", "test"), ("records", "captions")

_AGAIN = "prepare the set again in another folder (`stackgan-k3 prepare`)"


@dataclass(frozen=True)
class _Part:
    # What ArrayRecordDataSource wants to know of a file; so it need not open all of them at once.
    filename: str
    skip: int
    take: int
    examples_in_shard: int


class Records:
    """One split of a prepared set: a sequence of ``Record`` with random access.

    Plain to pickle: a worker process that receives it opens the files itself.
    Reading is safe from several threads.

    Args:
        folder: The folder that ``prepare`` wrote.
        split: ``"train"`` or ``"test"``.

    Attributes:
        folder: The folder.
        split: The split.
        info: The content of ``dataset.json``: ``format_version``, ``source``,
            ``title``, ``licence``, ``homepage``, ``size``, ``seed``, ``splits``
            (records and captions of each), ``classes``, ``embedding_dim`` (size of the
            embeddings in the records, or None), ``refused`` (name and reason of each)
            and ``shards`` (name, split, records, bytes and
            SHA-256 of each).

    Raises:
        UserError: If the folder holds no finished set, it is of a newer format,
            the split is empty, or a shard is missing or of the wrong size.

    Example:
        >>> import tempfile
        >>> from stackgan_k3.data.prepare import prepare
        >>> folder = tempfile.mkdtemp()
        >>> _ = prepare("synthetic-birds", folder, size=64, limit=12, workers=1)
        >>> records = Records(folder)
        >>> len(records[0].captions), records[0].picture(64).shape
        (10, (76, 76, 3))
    """

    def __init__(
        self, folder: str | os.PathLike[str], split: Literal["train", "test"] | str = "train"
    ) -> None:
        self.folder = Path(folder)
        self.split = split
        self.info = read_info(self.folder)
        if split not in ("train", "test"):
            raise unknown("split", str(split), ("train", "test"))
        shards = [shard for shard in self.info["shards"] if shard["split"] == split]
        if not shards:
            raise UserError(f"{self.folder} has no examples in its {split} split; "
                            "prepare more of the source (a larger --limit)")  # fmt: skip
        for shard in shards:
            _check_size(self.folder / shard["name"], shard["bytes"])
        self._data = ArrayRecordDataSource(
            [
                _Part(str(self.folder / shard["name"]), 0, shard["records"], shard["records"])
                for shard in shards
            ]
        )

    @property
    def size(self) -> int:
        """The size in pixels that the set was prepared at: 28, 64, 128 or 256."""
        return int(self.info["size"])

    @property
    def embedding_dim(self) -> int | None:
        """The size of the embeddings that the records themselves hold; None if they hold none."""
        dim = self.info.get("embedding_dim")  # sets of the first releases do not say
        return None if dim is None else int(dim)

    def __len__(self) -> int:
        return len(self._data)

    def __getitem__(self, index: SupportsIndex) -> Record:
        """Returns record ``index``, 0 to ``len(self) - 1``.

        Raises:
            IndexError: If there is no such record.
            UserError: If the shard is damaged at this record, or the record does not agree
                with ``dataset.json``.
        """
        number = operator.index(index)
        if not 0 <= number < len(self):
            raise IndexError(f"record {number} of {len(self)}")
        try:
            record = Record.unpack(number, self._data[number])
        except (RuntimeError, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
            raise UserError(f"{self._where(number)} is damaged ({error}); {_AGAIN}") from error
        classes = len(self.info["classes"])
        if not 0 <= record.label < classes:
            raise UserError(
                f"{self._where(number)} ({record.name}) has label {record.label}, dataset.json lists "
                f"{classes:,} classes (0 to {classes - 1}); {_AGAIN}"
            )
        dim = None if record.embeddings is None else record.embeddings.shape[1]
        if dim != self.embedding_dim:
            raise UserError(
                f"{self._where(number)} ({record.name}) has {_numbers(dim)}, dataset.json says "
                f"{_numbers(self.embedding_dim)}; {_AGAIN}"
            )
        return record

    def __iter__(self) -> Iterator[Record]:
        return (self[index] for index in range(len(self)))

    def _where(self, number: int) -> str:
        left = number
        for shard in self.info["shards"]:
            if shard["split"] != self.split:
                continue
            if left < shard["records"]:
                path = self.folder / shard["name"]
                return f"record {number} of the {self.split} split (number {left} of {path})"
            left -= shard["records"]
        raise IndexError(number)

    def verify(self) -> None:
        """Compares the SHA-256 of every shard of both splits with ``dataset.json``.

        Raises:
            UserError: If a shard is missing or a byte of it has changed.
        """
        for shard in self.info["shards"]:
            path = self.folder / shard["name"]
            _check_size(path, shard["bytes"])
            if files.sha256(path) != shard["sha256"]:
                raise UserError(f"{path} is not as it was prepared (its SHA-256 differs); {_AGAIN}")


def read_info(folder: str | os.PathLike[str]) -> dict[str, Any]:
    """Reads and checks ``dataset.json``, without opening the shards.

    Args:
        folder: The folder that ``prepare`` wrote.

    Returns:
        Its content; see ``Records.info``.

    Raises:
        UserError: If the folder holds no finished set, or one of a newer format.

    Example:
        >>> read_info("nowhere")
        Traceback (most recent call last):
        ...
        stackgan_k3.errors.UserError: there is no folder nowhere; make the set with `stackgan-k3 prepare ...`
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise UserError(
            f"there is no folder {folder}; make the set with `stackgan-k3 prepare SOURCE {folder}`"
        )
    path = folder / "dataset.json"
    try:
        info: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(
            f"{folder} holds no dataset.json, so no finished set; run `stackgan-k3 prepare SOURCE {folder}` "
            "(it goes on where a stopped preparation was)"
        ) from None
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} cannot be read ({error}); {_AGAIN}") from None
    version = info.get("format_version") if isinstance(info, dict) else None
    if not _is_count(version):
        raise UserError(f"{path} is not the description of a prepared set; {_AGAIN}")
    if version > FORMAT_VERSION:
        raise UserError(f"{path} has format version {version}, newer than {FORMAT_VERSION}; "
                        "update the package")  # fmt: skip
    try:
        whole = (
            info["size"] in SIZES
            and info["classes"]
            and all(isinstance(name, str) for name in info["classes"])
            and all(isinstance(item[key], str) for item in info["refused"] for key in ("name", "reason"))
            and (info.get("embedding_dim") is None or _is_count(info["embedding_dim"]))
            and all(isinstance(info[key], str) for key in ("source", "title", "licence", "homepage"))
            and all(_is_count(info["splits"][split][key], 0) for split in _SPLITS for key in _COUNTS)
            and all(
                shard["split"] in _SPLITS
                and Path(shard["name"]).name == shard["name"]
                and isinstance(shard["sha256"], str)
                and _is_count(shard["records"])
                and _is_count(shard["bytes"])
                for shard in info["shards"]
            )
        )
    except (KeyError, TypeError):
        whole = False
    if not whole:
        raise UserError(f"{path} lacks parts of the description of a prepared set; {_AGAIN}")
    for split in _SPLITS:
        held = sum(shard["records"] for shard in info["shards"] if shard["split"] == split)
        if held != (said := info["splits"][split]["records"]):
            raise UserError(f"{path} lists shards with {held:,} records of the {split} split, "
                            f"but says that it has {said:,}; {_AGAIN}")  # fmt: skip
    if not info["shards"]:
        raise UserError(f"{path} lists no shards; {_AGAIN}")
    return info


def _is_count(value: object, least: int = 1) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _numbers(dim: int | None) -> str:
    return "no embeddings" if dim is None else f"embeddings of {dim} numbers"


def _check_size(path: Path, size: int) -> None:
    if not path.is_file():
        raise UserError(f"the shard {path} is missing; copy it from where the set was made, or {_AGAIN}")
    if path.stat().st_size != size:
        raise UserError(f"the shard {path} has {path.stat().st_size:,} bytes, dataset.json says {size:,}; "
                        f"copy it again from where the set was made, or {_AGAIN}")  # fmt: skip
