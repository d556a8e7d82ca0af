"""Writing a part of a data set: the unit of work of a preparation.

A unit is a range of a source's examples. It is written to one ArrayRecord file
for each split that occurs in it, and then to a small JSON file whose presence
says that the unit is done.
"""

import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from array_record.python.array_record_module import ArrayRecordWriter

from stackgan_k3 import files
from stackgan_k3.data.pictures import MIN_SIDE
from stackgan_k3.data.record import Record
from stackgan_k3.data.source import BadExample, Example, Source

SPLITS = ("train", "test")

# One record a chunk, for random access; JPEG does not compress further.
_WRITER_OPTIONS = "group_size:1,uncompressed"


def unit_path(folder: Path, unit: int, kind: str) -> Path:
    """Returns the name of a unit's file: of its ``train`` or ``test`` records, or ``json``.

    Example:
        >>> unit_path(Path("parts"), 3, "json").name
        'unit-00003.json'
    """
    return folder / (f"unit-{unit:05d}.json" if kind == "json" else f"unit-{unit:05d}-{kind}.arrayrecord")


@dataclass(frozen=True)
class Job:
    """What a preparation does: which examples, and how they are written. Plain to pickle.

    Args:
        source: The data set.
        size: The size to prepare for.
        folder: Where the units' files go.
        units: The examples of each unit.
        strict: Raise on the first bad example instead of listing it.
        embedding_dim: Size of the embeddings that every example must have; None for none.
    """

    source: Source
    size: int
    folder: Path
    units: Sequence[range]
    strict: bool = False
    embedding_dim: int | None = None


def write_unit(job: Job, unit: int) -> None:
    """Writes one unit.

    Args:
        job: What is prepared.
        unit: The unit's number.

    Raises:
        BadExample: If an example is bad and ``job.strict`` is set.
        OSError: If the files cannot be written, for example on a full disk.
    """
    counts = {split: {"records": 0, "captions": 0} for split in SPLITS}
    refused = []
    with ExitStack() as stack:
        writers: dict[str, tuple[ArrayRecordWriter, Path]] = {}
        for index in job.units[unit]:
            try:
                example = _checked(job, index)
            except BadExample as bad:
                if job.strict:
                    raise
                refused.append({"name": bad.name, "reason": bad.reason})
                continue
            if example.split not in writers:
                beside = stack.enter_context(files.replacing(unit_path(job.folder, unit, example.split)))
                writers[example.split] = (_open(beside), beside)
            content = Record.pack(example, job.size)
            writer, beside = writers[example.split]
            _or_os_error(beside, partial(writer.write, content))
            counts[example.split]["records"] += 1
            counts[example.split]["captions"] += len(example.captions)
        for writer, beside in writers.values():
            _or_os_error(beside, writer.close)
    result: dict[str, Any] = {"refused": refused}
    for split in writers:
        path = unit_path(job.folder, unit, split)
        result[split] = {
            **counts[split],
            "bytes": path.stat().st_size,
            "sha256": files.sha256(path),
        }
    with files.replacing(unit_path(job.folder, unit, "json")) as beside:
        beside.write_text(json.dumps(result), encoding="utf-8")


def read_unit(folder: Path, unit: int) -> dict[str, Any] | None:
    """Returns what ``write_unit`` noted of a unit: counts, sizes, SHA-256, refused examples.

    Returns:
        None if the unit is not done.
    """
    try:
        result: dict[str, Any] = json.loads(unit_path(folder, unit, "json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return result


def _open(path: Path) -> ArrayRecordWriter:
    return _or_os_error(path, lambda: ArrayRecordWriter(str(path), _WRITER_OPTIONS))


def _or_os_error(path: Path, write: Callable[[], Any]) -> Any:
    # The writer reports a full disk as a RuntimeError with the system's words in it.
    try:
        return write()
    except RuntimeError as error:
        raise OSError(f"{path.name}: {error}") from error


def _checked(job: Job, index: int) -> Example:
    example, source = job.source[index], job.source
    image = example.image
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise BadExample(example.name, f"the image is {image.dtype} {list(image.shape)}, not uint8 [H, W, 3]")
    if min(image.shape[:2]) < MIN_SIDE:
        raise BadExample(example.name, f"the image has a side shorter than {MIN_SIDE} pixels")
    if not example.captions or not all(caption.strip() for caption in example.captions):
        raise BadExample(example.name, "it has no caption, or a blank one")
    if not 0 <= example.label < len(source.classes):
        raise BadExample(example.name, f"label {example.label} of {len(source.classes)} classes")
    if example.split not in SPLITS:
        raise BadExample(example.name, f"split '{example.split}' is neither train nor test")
    _check_embeddings(example, job.embedding_dim)
    return example


def _check_embeddings(example: Example, embedding_dim: int | None) -> None:
    rows = example.embeddings
    if rows is None:
        if embedding_dim is not None:
            raise BadExample(example.name, "it has no embeddings, unlike the first example of the source")
        return
    if rows.dtype != np.float32 or rows.ndim != 2:
        raise BadExample(
            example.name, f"the embeddings are {rows.dtype} {list(rows.shape)}, not float32 [captions, T]"
        )
    if len(rows) != len(example.captions):
        raise BadExample(example.name, f"{len(rows)} embeddings for {len(example.captions)} captions")
    if rows.shape[1] != embedding_dim:
        first = "none" if embedding_dim is None else f"{embedding_dim} numbers"
        raise BadExample(
            example.name,
            f"embeddings of {rows.shape[1]} numbers, where the first example of the source has {first}",
        )
    if not np.isfinite(rows).all():
        raise BadExample(example.name, "an embedding holds numbers that are not finite")
