"""How many pictures a second the loader delivers, whether its memory grows, and how much a step consumes.

    KERAS_BACKEND=torch python benchmarks/loader.py data/birds --step-sizes 64

Reads a set that `stackgan-k3 prepare` wrote; without one, 1,000 drawn birds that it prepares itself. A
second process measures memory and speed alone, so that the training step's own memory does not hide what
the loader takes.
"""

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from stackgan_k3.data.loader import Loader
from stackgan_k3.data.prepare import prepare
from stackgan_k3.data.records import Records
from stackgan_k3.data.synthetic_birds import SyntheticBirds
from stackgan_k3.draws import Draw

DRAWS = {"noise": Draw((100,)), "conditioning_noise": Draw((128,))}


def resident() -> float:
    """MiB of this process and its children in memory now, shared pages by halves; Linux only."""
    pids = [os.getpid(), *_children(os.getpid())]
    total = 0
    for pid in pids:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return total / 1024


def _children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(child) for child in (task / "children").read_text().split()]
    return found + [grandchild for child in found for grandchild in _children(child)]


def deliver(folder: str, size: int, batch: int, workers: int, pictures: int) -> dict[str, object]:
    """Times the loader over ``pictures`` pictures and looks at memory eight times on the way."""
    loader = Loader(Records(folder), image_size=size, batch_size=batch, draws=DRAWS, workers=workers)
    steps = max(8, pictures // batch)
    warm = 4 + 4 * workers  # what was fetched ahead while the processes started does not count
    iterator = iter(loader.dataset())
    for _ in itertools.islice(iterator, warm):
        pass
    memory, seconds = [resident()], 0.0
    for part in range(8):
        started = time.perf_counter()
        for _ in itertools.islice(iterator, (part + 1) * steps // 8 - part * steps // 8):
            pass
        seconds += time.perf_counter() - started
        memory.append(resident())
    iterator.close()
    return {
        "speed": steps * batch / seconds,
        "memory": memory,
        "epochs": steps / loader.steps_per_epoch,
    }


def step(size: int, width: int, batch: int) -> float:
    """Returns pictures a second of a training step: Stage-I at 64 px, Stage-II above."""
    import keras
    import numpy as np

    from stackgan_k3.draws import draw_batch
    from stackgan_k3.models.discriminator import Discriminator
    from stackgan_k3.models.stackgan_stage import StackGANStage
    from stackgan_k3.models.stage1_generator import Stage1Generator
    from stackgan_k3.models.stage2_generator import Stage2Generator

    keras.utils.set_random_seed(0)
    first = Stage1Generator(width)
    if size == 64:
        stage = StackGANStage(first, Discriminator(max(4, width // 2)))
    else:
        second = Stage2Generator(width, image_size=size)
        judge = Discriminator(max(4, width // 2), image_size=size, unconditional=True)
        stage = StackGANStage(second, judge, sketcher=first)
    stage.compile()
    generator = np.random.default_rng(0)
    data = {
        "image": generator.integers(0, 256, (batch, size, size, 3)).astype("uint8"),
        "embedding": generator.normal(size=(batch, 1024)).astype("float32"),
        **draw_batch(stage.draws, seed=0, step=0, batch_size=batch),
    }
    stage.train_on_batch(data)  # compiles
    times = []
    for _ in range(4):
        started = time.perf_counter()
        stage.train_on_batch(data)
        times.append(time.perf_counter() - started)
    return batch / float(np.median(times))


def main() -> None:
    """Prints a line for each size and number of workers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", help="a prepared set (default: 1,000 drawn birds)")
    parser.add_argument("--sizes", type=int, nargs="+", help="sizes to read (default: all that are stored)")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--workers", type=int, nargs="+", default=[0, 2])
    parser.add_argument("--pictures", type=int, help="how many to read (default: one epoch)")
    parser.add_argument("--step-sizes", type=int, nargs="*", default=[64], help="also time a step at these")
    parser.add_argument("--width", type=int, default=128, help="GF of the step's generator; DF is half of it")
    parser.add_argument("--step-batch", type=int, default=16)
    parser.add_argument("--one", type=int, nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.folder is not None:
        measure(args)
        return
    with tempfile.TemporaryDirectory() as folder:
        args.folder = f"{folder}/birds"
        prepare(SyntheticBirds(1000, size=256), args.folder, size=256)
        measure(args)


def measure(args: argparse.Namespace) -> None:
    """Prints what :func:`main` says, of a set that is there."""
    records = Records(args.folder)
    pictures = args.pictures or len(records)
    if args.one:
        size, workers = args.one
        print(json.dumps(deliver(args.folder, size, args.batch, workers, pictures)))
        return
    sizes = args.sizes or sorted(records[0].encoded)
    consumed = {size: step(size, args.width, args.step_batch) for size in args.step_sizes}
    for size in sizes:
        for workers in args.workers:
            command = [sys.executable, __file__, args.folder, "--one", str(size), str(workers)]
            command += ["--batch", str(args.batch), "--pictures", str(pictures)]
            printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
            found = json.loads(printed)
            memory = found["memory"]
            text = (
                f"{size:>4} px, {workers} workers: {found['speed']:7,.0f} pictures/s over "
                f"{found['epochs']:.2f} epochs; memory {memory[0]:.0f} MiB at first, "
                f"{memory[4]:.0f} half-way, {memory[8]:.0f} at the end"
            )
            if size in consumed:
                text += f"; a step takes {consumed[size]:,.1f}: × {found['speed'] / consumed[size]:,.0f}"
            print(text, flush=True)


if __name__ == "__main__":
    main()
