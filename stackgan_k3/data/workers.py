"""The processes of a preparation."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection

from stackgan_k3.data.shards import Job, read_unit, write_unit
from stackgan_k3.data.source import BadExample

Progress = Callable[[int, int], None]


def write_units(job: Job, workers: int, progress: Progress | None = None) -> None:
    """Writes the units of a job that are not written yet.

    What stops it, Ctrl-C for one, ends the processes at once: a unit is there as a
    whole or not at all, so only those that were being written are lost.

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
    context = get_context("spawn")
    alive, here = context.Pipe(duplex=False)
    # The job travels once to each worker, not with each unit: a source can hold a long list of files.
    pool = ProcessPoolExecutor(
        min(workers, len(left)), mp_context=context, initializer=_start, initargs=(job, alive)
    )
    try:
        with _without_interrupts():  # the first unit that is handed over starts the workers
            futures = {pool.submit(_write, unit): unit for unit in left}
        for future in as_completed(futures):
            future.result()
            note(futures[future])
        pool.shutdown()
    finally:
        here.close()
        pool.shutdown(cancel_futures=True)
        alive.close()


@contextmanager
def _without_interrupts() -> Iterator[None]:
    # Ctrl-C is the parent's. A worker inherits the mask, or would show where it was in its imports.
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_job: Job  # of a worker process, received once


def _start(job: Job, alive: Connection) -> None:
    global _job
    _job = job
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # where there are no masks
    threading.Thread(target=_end_after, args=(alive,), daemon=True).start()


def _write(unit: int) -> None:
    write_unit(_job, unit)


def _end_after(alive: Connection) -> None:
    # The other end is closed when the parent stops, and by the system when it is killed.
    alive.poll(None)
    os._exit(1)
