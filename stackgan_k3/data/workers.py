"""The processes of a preparation."""

import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context, parent_process
from multiprocessing.process import BaseProcess

from stackgan_k3.data.shards import Job, read_unit, write_unit
from stackgan_k3.data.source import BadExample

Progress = Callable[[int, int], None]


def write_units(job: Job, workers: int, progress: Progress | None = None) -> None:
    """Writes the units of a job that are not written yet.

    Args:
        job: What is prepared.
        workers: Number of processes; with 1, this one does all.
        progress: Called with (examples done, examples in all) as units finish.

    Raises:
        BadExample: If an example is bad and ``job.strict`` is set.
        OSError: If the files cannot be written, for example on a full disk.
        BrokenProcessPool: If a worker process dies.
    """
    done, left = 0, []
    for unit, indices in enumerate(job.units):
        result = read_unit(job.folder, unit)
        if result is None:
            left.append(unit)
        else:
            done += len(indices)
            if job.strict and result["refused"]:
                raise BadExample(**result["refused"][0])
    total = sum(map(len, job.units))

    def note(unit: int | None = None) -> None:
        nonlocal done
        done += 0 if unit is None else len(job.units[unit])
        if progress:
            progress(done, total)

    note()
    if workers == 1 or len(left) <= 1:
        for unit in left:
            write_unit(job, unit)
            note(unit)
        return
    # The job travels once to each worker, not with each unit: a source can hold a long list of files.
    pool = ProcessPoolExecutor(
        min(workers, len(left)), mp_context=get_context("spawn"), initializer=_start, initargs=(job,)
    )
    try:
        futures = {pool.submit(_write, unit): unit for unit in left}
        for future in as_completed(futures):
            future.result()
            note(futures[future])
    finally:
        pool.shutdown(cancel_futures=True)


_job: Job  # of a worker process, received once


def _start(job: Job) -> None:
    global _job
    _job = job
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's
    parent = parent_process()
    if parent is not None:
        # A pool's workers would otherwise wait for ever when the parent is killed.
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _write(unit: int) -> None:
    write_unit(_job, unit)


def _end_with(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)
