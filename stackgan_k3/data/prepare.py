"""From a source to a prepared set: shards of records and ``dataset.json``."""

import json
import os
import shutil
from collections.abc import Iterable, Mapping
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from stackgan_k3 import files
from stackgan_k3.data.record import FORMAT_VERSION, SIZES
from stackgan_k3.data.shards import SPLITS, Job, read_unit, unit_path
from stackgan_k3.data.source import BadExample, Source
from stackgan_k3.data.sources import MAX_LIMIT, Root, open_source
from stackgan_k3.data.whole import MAX_SEED, one_of, whole
from stackgan_k3.data.workers import Progress, write_units
from stackgan_k3.errors import UserError

MAX_WORKERS = 1024
"""The largest number of worker processes that is accepted."""

_PARTS = ".preparing"


def prepare(
    source: str | Source,
    out: str | os.PathLike[str],
    *,
    root: Root = None,
    size: int = 256,
    limit: int | None = None,
    seed: int = 0,
    workers: int | None = None,
    strict: bool = False,
    options: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Prepares a data set for training, or goes on with a preparation that was stopped.

    The examples are worked on in parts, by several processes; a part is written
    beside its name and renamed, and ``dataset.json`` comes last, so a folder
    with that file is complete, and a call with the same arguments after any
    interruption (a full disk, a killed process) does only what is left. The
    bytes written do not depend on the workers or on interruptions. Worker
    processes are spawned: a script that calls this needs the usual
    ``if __name__ == "__main__":`` guard, or ``workers=1``.

    Args:
        source: A name that ``open_source`` knows, or an object that follows
            ``Source`` and can be pickled.
        out: The folder to write: new, empty, or a stopped preparation.
        root: The folder with the source's files, for sources by name.
        size: 28, 64, 128 or 256: the size of the largest pictures to train on.
            They are stored at 76/64 of it, for random crops, and at 76 px; at
            28 px as they are, without a margin.
        limit: Take at most this many examples; for sources by name only.
        seed: Seed of the source, 0 to 2**63 - 1; for sources by name only.
        workers: Number of processes; one for each CPU if not given.
        strict: Refuse the first bad example instead of listing it as refused.
        options: The source's own options (see ``open_source``); for sources by name only.
        progress: Called with (examples done, examples in all) as parts finish.

    Returns:
        The content of ``dataset.json``; see ``Records.info``.

    Raises:
        UserError: If an argument is out of range, ``out`` holds something else,
            another process prepares into it, an example is bad and ``strict`` is
            set, no example is usable, a worker process dies, or the disk is full.

    Example:
        >>> import tempfile
        >>> info = prepare("synthetic-birds", tempfile.mkdtemp(), size=64, limit=12, workers=1)
        >>> sum(split["records"] for split in info["splits"].values())
        12
    """
    size, seed = one_of("size", size, SIZES), whole("seed", seed, 0, MAX_SEED)
    workers = None if workers is None else whole("workers", workers, 1, MAX_WORKERS)
    limit = None if limit is None else whole("limit", limit, 1, MAX_LIMIT)
    folder = Path(out)
    _check_out(folder)
    if isinstance(source, str):
        source = open_source(source, root=root, seed=seed, size=size, limit=limit, options=options)
    elif root is not None or limit is not None or seed != 0 or options:
        raise UserError(
            "root, limit, options and seed are for sources by name; give them to the source itself"
        )
    _check_source(source)
    if not len(source):
        raise UserError(f"{source.name} has no examples")
    embedding_dim = _embedding_dim(source)
    units = _units(len(source))
    plan = {
        "format_version": FORMAT_VERSION,
        "source": source.name,
        "root": None if root is None else str(Path(root).resolve()),
        "size": size,
        "limit": limit,
        "seed": seed,
        "options": dict(options or {}),
        "examples": len(source),
        "classes": list(source.classes),
        "embedding_dim": embedding_dim,
    }
    job = Job(source, size, folder / _PARTS, units, strict, embedding_dim)
    try:
        otherwise = (
            f"another process is preparing a set in {folder}; wait for it, stop it, or give another folder"
        )
        with files.alone(folder / _PARTS / "lock", otherwise):
            _check_out(folder)  # again: another process may have finished it in the meantime
            _take_up(folder, plan)
            write_units(job, workers or _cpus(), progress)
            return _finish(folder, source, plan, len(units))
    except BadExample as bad:
        raise UserError(
            f"{bad} (refused because of --strict; without it, it is left out and listed)"
        ) from bad
    except BrokenProcessPool as error:
        raise UserError(
            "a worker process ended by itself, perhaps for lack of memory (fewer --workers need less), or "
            'because the calling script has no `if __name__ == "__main__":` guard; '
            "the same call again goes on from here"
        ) from error
    except OSError as error:
        raise UserError(
            f"could not write to {folder}: {error}; make room or correct it, "
            "then the same call again goes on from here"
        ) from error


def _check_source(source: object) -> None:
    for part in ("name", "title", "licence", "homepage", "classes", "__len__", "__getitem__"):
        if not hasattr(source, part):
            raise UserError(
                f"source is {source!r:.80}, which has no {part}; it must be a name, such as "
                "'synthetic-birds', or an object that follows stackgan_k3.data.source.Source"
            )


def _check_out(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is a file; give the name of a folder")
    if (folder / "dataset.json").exists():
        raise UserError(f"{folder} holds a finished set already; use it, remove it, or give another folder")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / _PARTS).is_dir():
        raise UserError(f"{folder} is not empty, and not a stopped preparation; give another folder")


def _embedding_dim(source: Source) -> int | None:
    """The size of the embeddings of the first good example, which all others must have."""
    for index in range(len(source)):
        try:
            rows = source[index].embeddings
        except BadExample:
            continue
        return None if rows is None else int(rows.shape[-1])
    return None


def _units(examples: int) -> list[range]:
    # About 32 parts, but neither tiny ones nor such that much is lost when a preparation is stopped.
    length = min(max(-(-examples // 32), 32), 512)
    return [range(start, min(start + length, examples)) for start in range(0, examples, length)]


def _take_up(folder: Path, plan: dict[str, Any]) -> None:
    path = folder / _PARTS / "plan.json"
    try:
        old = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        if any((folder / _PARTS).glob("unit-*")):
            raise UserError(f"{path} is missing or damaged; remove {folder} and prepare it anew") from None
        with files.replacing(path) as beside:
            beside.write_text(json.dumps(plan), encoding="utf-8")
        return
    for key, value in plan.items():
        if old.get(key) != value:
            detail = "" if key == "classes" else f" ({old.get(key)}, not {value})"
            raise UserError(f"{folder} is a stopped preparation with another {key}{detail}; "
                            "give the same arguments to go on, or another folder")  # fmt: skip
    for leftover in (folder / _PARTS).glob(".*.part"):
        leftover.unlink(missing_ok=True)


def _finish(folder: Path, source: Source, plan: dict[str, Any], units: int) -> dict[str, Any]:
    results = [(unit, result) for unit in range(units) if (result := read_unit(folder / _PARTS, unit))]
    refused = [item for _, result in results for item in result["refused"]]
    if len(refused) == len(source):
        shutil.rmtree(folder / _PARTS)
        raise UserError(f"none of the {len(source):,} examples of {source.name} can be used; the first: "
                        f"{refused[0]['name']}: {refused[0]['reason']}")  # fmt: skip
    shards = []
    for split in SPLITS:
        holding = [(unit, result[split]) for unit, result in results if split in result]
        for number, (unit, of_split) in enumerate(holding):
            name = f"{split}-{number:05d}-of-{len(holding):05d}.arrayrecord"
            part = unit_path(folder / _PARTS, unit, split)
            if part.exists():  # else it was renamed before an interruption
                os.replace(part, folder / name)
            elif not (folder / name).exists():
                raise UserError(f"{part} is missing; remove {folder} and prepare it anew")
            shards.append({"name": name, "split": split, **of_split})
    info: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "source": source.name,
        "title": source.title,
        "licence": source.licence,
        "homepage": source.homepage,
        "size": plan["size"],
        "seed": plan["seed"],
        "splits": {split: _total(shard for shard in shards if shard["split"] == split) for split in SPLITS},
        "classes": list(source.classes),
        "embedding_dim": plan["embedding_dim"],
        "refused": refused,
        "shards": shards,
    }
    with files.replacing(folder / "dataset.json") as beside:
        beside.write_text(json.dumps(info, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    shutil.rmtree(folder / _PARTS)
    return info


def _total(shards: Iterable[dict[str, Any]]) -> dict[str, int]:
    total = {"records": 0, "captions": 0}
    for shard in shards:
        total["records"] += shard["records"]
        total["captions"] += shard["captions"]
    return total


def _cpus() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
