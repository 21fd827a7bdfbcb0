"""Training a small cell while other processes keep the cores busy: what waiting threads cost (GNU OpenMP).

    python -m benchmarks.busy_cores [--busy 0,1,2] [--runs 3] [--epochs 40] [--json FILE]

Stage train on a small cell, whole, with torch's threads waiting busily for each other as long as OpenMP lets them by
default and with GOMP_SPINCOUNT set, in turn, beside ``--busy`` processes that do nothing but count; median of
``--runs``. The results are the same bytes.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from benchmarks.cell_overhead import CELL, clock_process, small_project
from benchmarks.table import Row, numbers, parser, publish

# Turns of a loop, 300,000 by default: https://gcc.gnu.org/onlinedocs/libgomp/GOMP_005fSPINCOUNT.html
SHORT = "GOMP_SPINCOUNT=1000"
TRAIN = [sys.executable, "-m", "stages.train", *CELL]


def main(argv: Sequence[str] | None = None) -> None:
    """Run everything and print the table."""
    options = parser(__doc__)
    options.add_argument("--busy", type=numbers, default=[0, 1, 2], metavar="N,N", help="numbers of busy processes")
    options.add_argument("--runs", type=int, default=3, help="of each")
    options.add_argument("--epochs", type=int, default=40, help="of the small cell")
    arguments = options.parse_args(argv)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="permafrost-") as folder:
        small_project(Path(folder), arguments.epochs)
        for count in arguments.busy:
            with busy(count):
                runs = [[clock_process(command, Path(folder))[0] for command in (TRAIN, ["env", SHORT, *TRAIN])]
                        for _ in range(arguments.runs)]  # fmt: skip
            default, short = np.median(runs, axis=0)
            rows.append({"busy processes": count, "by default, s": float(default), f"{SHORT}, s": float(short)})
            rows[-1]["ratio"] = float(default / short)
    publish("A small cell beside other work", rows, arguments.json)


@contextmanager
def busy(count: int) -> Iterator[None]:
    """So many processes that each use all of a core."""
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


if __name__ == "__main__":
    main()
