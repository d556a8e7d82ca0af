"""Writing a part of a data set: the unit of work of a preparation.

A unit is a range of a source's examples. It is written to one ArrayRecord file
for each split that occurs in it, and then to a small JSON file whose presence
says that the unit is done.
"""

import json
import os
import signal
import threading
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from multiprocessing import parent_process
from multiprocessing.process import BaseProcess
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


def write_unit(source: Source, size: int, folder: Path, unit: int, indices: range, strict: bool) -> None:
    """Writes one unit.

    Args:
        source: The data set.
        size: The size to prepare for.
        folder: Where the unit's files go.
        unit: The unit's number, for the names.
        indices: The examples of the source that belong to it.
        strict: Raise on the first bad example instead of listing it.

    Raises:
        BadExample: If an example is bad and ``strict`` is set.
        OSError: If the files cannot be written, for example on a full disk.
    """
    counts = {split: {"records": 0, "captions": 0} for split in SPLITS}
    refused = []
    with ExitStack() as stack:
        writers: dict[str, tuple[ArrayRecordWriter, Path]] = {}
        for index in indices:
            try:
                example = _checked(source, index)
            except BadExample as bad:
                if strict:
                    raise
                refused.append({"name": bad.name, "reason": bad.reason})
                continue
            if example.split not in writers:
                beside = stack.enter_context(files.replacing(unit_path(folder, unit, example.split)))
                writers[example.split] = (_open(beside), beside)
            content = Record.pack(example, size)
            writer, beside = writers[example.split]
            _or_os_error(beside, partial(writer.write, content))
            counts[example.split]["records"] += 1
            counts[example.split]["captions"] += len(example.captions)
        for writer, beside in writers.values():
            _or_os_error(beside, writer.close)
    result: dict[str, Any] = {"refused": refused}
    for split in writers:
        path = unit_path(folder, unit, split)
        result[split] = {
            **counts[split],
            "bytes": path.stat().st_size,
            "sha256": files.sha256(path),
        }
    with files.replacing(unit_path(folder, unit, "json")) as beside:
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


def start_worker() -> None:
    """Prepares a worker process: it ends with its parent, and leaves Ctrl-C to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        # A pool's workers would otherwise wait for ever when the parent is killed.
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


def _open(path: Path) -> ArrayRecordWriter:
    return _or_os_error(path, lambda: ArrayRecordWriter(str(path), _WRITER_OPTIONS))


def _or_os_error(path: Path, write: Callable[[], Any]) -> Any:
    # The writer reports a full disk as a RuntimeError with the system's words in it.
    try:
        return write()
    except RuntimeError as error:
        raise OSError(f"{path.name}: {error}") from error


def _checked(source: Source, index: int) -> Example:
    example = source[index]
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
    return example
