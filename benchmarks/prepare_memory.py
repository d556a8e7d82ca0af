"""The most memory that a preparation takes, for few pictures and for many.

    python benchmarks/prepare_memory.py --pictures 1000 100000

Each count is prepared by processes of its own; what is told is the largest resident size that the
system saw of the process that prepares and of its largest worker.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from stackgan_k3.data.prepare import prepare
from stackgan_k3.data.source import Example


class Waves:
    """As many pictures as asked for, each another, made in no time."""

    name = title = "waves"
    licence = "CC0-1.0"
    homepage = ""
    classes = tuple(f"wave {number}" for number in range(100))

    def __init__(self, count: int, side: int) -> None:
        self.count = count
        self.wave = (127 + 120 * np.sin(np.arange(side * side * 3) / 50)).astype(np.uint8)

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Example:
        side = int((len(self.wave) // 3) ** 0.5)
        image = np.roll(self.wave, index).reshape(side, side, 3)
        captions = tuple(f"wave number {index}, told for time {k}" for k in range(10))
        return Example(f"wave-{index}", image, captions, index % 100, "test" if index % 10 == 9 else "train")


def measure(count: int, side: int, workers: int) -> dict[str, float]:
    """Prepares in this process and returns its peak, its largest worker's, and seconds."""
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        prepare(Waves(count, side), Path(folder) / "set", size=64, workers=workers)
    unit = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss, in bytes
    own, children = (
        resource.getrusage(who).ru_maxrss * unit / 2**20
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return {"parent": own, "worker": children, "seconds": time.perf_counter() - started}


def main() -> None:
    """Prints the peaks for each count, and their ratio to the first."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, nargs="+", default=[1_000, 100_000])
    parser.add_argument("--side", type=int, default=80, help="side of the source's pictures")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(measure(args.one, args.side, args.workers)))
        return
    first: dict[str, float] = {}
    for count in args.pictures:
        command = [sys.executable, __file__, "--one", str(count), "--side", str(args.side)]
        command += ["--workers", str(args.workers)]
        printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        found = json.loads(printed)
        first = first or found
        print(
            f"{count:>9,} pictures: {found['seconds']:6.1f} s, {count / found['seconds']:,.0f} a second; "
            f"parent {found['parent']:6.1f} MiB (× {found['parent'] / first['parent']:.2f}), "
            f"worker {found['worker']:6.1f} MiB (× {found['worker'] / first['worker']:.2f})",
            flush=True,
        )


if __name__ == "__main__":
    main()
