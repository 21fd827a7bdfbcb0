"""What a cell costs beside its training: start-up to the first optimiser step, and DVC's share of each cell.

    python -m benchmarks.cell_overhead [--runs 7] [--cells 10,50,200] [--json FILE]

Start-up: stage train on a small cell in a temporary folder, from the start of the process to the end of its first
optimiser step, in seconds of wall time and of CPU time; the median of ``--runs``. ``-X importtime`` splits it: what
importing other people's packages takes (at whatever moment), the interpreter itself, and the rest, which is the
project's own code and the work that it asks for. The same cell to the end of its process, with the stages' settings of
Python's garbage collector and with Python's own. DVC: cells that copy a file, in a temporary repository. At last a
``dvc repro`` of the project itself, if everything there is up to date.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import yaml

from benchmarks.table import Row, numbers, parser, publish
from permafrost.data.tables import ClipRow, SplitRow, write_clips, write_splits
from permafrost.models.weights import save_base

ROOT = Path(__file__).resolve().parents[1]
OWN = ("permafrost", "stages", "benchmarks", "__main__")
SHAPE, CLIPS, CLASSES = (128, 216), 60, 4
CELL = ("--model", "x", "--freeze", "y", "--seed", "0")
IMPORT_LINE = re.compile(r"^import time:\s+(\d+) \|\s+\d+ \|\s*(\S+)$", re.MULTILINE)
# What stages/__init__.py and stages/stage.py set is taken back.
WITH_PYTHONS_COLLECTOR = """
import gc, runpy, sys, stages
gc.set_threshold(700, 10, 10)
gc.freeze = lambda: None
runpy.run_module("stages.train", run_name="__main__", alter_sys=True)
"""
STUB = "mkdir -p runs/{0} && cp clips.csv runs/{0}/"


def main(argv: Sequence[str] | None = None) -> None:
    """Run everything and print the table."""
    options = parser(__doc__)
    options.add_argument("--runs", type=int, default=7, help="how often the small cell is started each way")
    options.add_argument("--cells", type=numbers, default=[10, 50, 200], metavar="N,N", help="stub cells for DVC")
    options.add_argument("--no-study", action="store_true", help="leave out the repro of the project itself")
    arguments = options.parse_args(argv)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="permafrost-") as folder:
        if arguments.runs:
            rows += start_up(Path(folder, "cell"), arguments.runs)
        for cells in arguments.cells:
            rows += dvc_cells(Path(folder, f"dvc-{cells}"), cells)
    if not arguments.no_study:
        rows += study_without_work()
    publish("What a cell costs beside its training", rows, arguments.json)


def start_up(project: Path, runs: int) -> list[Row]:
    """Seconds to the first step, and how they divide."""
    small_project(project)
    plain = [first_step(project) for _ in range(runs)]
    bare = [clock_process([sys.executable, "-c", "pass"], project)[:2] for _ in range(runs)]
    split = [first_step(project, "-X", "importtime") for _ in range(runs)]
    imports = [third_party_seconds(text) for _, _, text in split]
    train = [sys.executable, "-m", "stages.train", *CELL]
    ordinary = [sys.executable, "-c", WITH_PYTHONS_COLLECTOR, *CELL]
    whole = [[clock_process(command, project)[:2] for command in (train, ordinary)] for _ in range(runs)]
    ours, pythons = zip(*whole, strict=True)
    parts = [
        ("process start to first step", [one[0] for one in plain], [one[1] for one in plain], "at most 2.5 s"),
        ("  the interpreter alone", [one[0] for one in bare], [one[1] for one in bare], ""),
        ("  importing other packages", imports, None, ""),
        (
            "  the project's own code, and all it runs",
            [one[0] - other - empty[0] for one, other, empty in zip(split, imports, bare, strict=True)],
            None,
            "at most 0.5 s",
        ),
        ("process start to its end", [one[0] for one in ours], [one[1] for one in ours], ""),
        ("  with Python's own garbage collection", [one[0] for one in pythons], [one[1] for one in pythons], ""),
    ]
    return [
        {"what": what, "wall, s": float(np.median(wall)), "CPU, s": float(np.median(cpu)) if cpu else None}
        | {"wanted": wanted}
        for what, wall, cpu, wanted in parts
    ]


def small_project(project: Path, epochs: int = 2) -> None:
    """What stage train reads: two tables, an array, a base without tensors, parameters."""
    (project / "data/inputs").mkdir(parents=True)
    (project / "data/code").mkdir()
    (project / "data/code/train-x.y.json").write_text("{}\n", encoding="utf-8")
    np.save(project / "data/inputs/x.npy", np.random.default_rng(0).random((CLIPS, *SHAPE), dtype=np.float32))
    names = [f"{clip % CLASSES}/{clip:03d}" for clip in range(CLIPS)]
    rows = [ClipRow(name, f"{name}.wav", name[0], "", "", 5.0, 22050) for name in names]
    write_clips(project / "data/clips.csv", rows)
    subsets = ["train"] * (CLIPS - 20) + ["valid"] * 10 + ["test"] * 10
    splits = [SplitRow(name, 0, subset) for name, subset in zip(names, subsets, strict=True)]
    write_splits(project / "data/splits.csv", splits)
    save_base(project / "weights/base/x.safetensors", {}, {"backbone": "strip_vit", "source": "random"})
    recipe = {"backbone": "strip_vit", "weights": "random", "lr": 1e-3, "epochs": epochs, "input": {"kind": "logmel"}}
    parameters = {
        "models": {"x": recipe},
        "freezing": {"y": {"freeze": 0.5}},
        "train": {},
        "machine": {"device": "cpu"},
    }
    parameters["preprocess"] = {"sample_rate": 22050, "clip_seconds": 5.0}
    (project / "params.yaml").write_text(yaml.safe_dump(parameters), encoding="utf-8")


def first_step(project: Path, *options: str) -> tuple[float, float, str]:
    """Wall and CPU seconds to the first optimiser step, and what the process wrote to stderr."""
    began = time.monotonic()
    command = [sys.executable, *options, "-m", "benchmarks.first_step", *CELL]
    _, cpu, output, errors = clock_process(command, project)
    try:
        return float(output) - began, cpu, errors
    except ValueError:
        sys.exit(f"the small cell failed:\n{errors[-2000:]}")


def third_party_seconds(importtime: str) -> float:
    """Seconds spent in modules that are not the project's, from what ``-X importtime`` prints."""
    found = IMPORT_LINE.findall(importtime)
    return sum(int(microseconds) for microseconds, name in found if name.split(".")[0] not in OWN) / 1e6


def clock_process(command: Sequence[str], folder: Path) -> tuple[float, float, str, str]:
    """Wall seconds, CPU seconds, stdout and stderr of a process."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "DVC_"))}
    environment |= {"PYTHONPATH": str(ROOT), "DVC_NO_ANALYTICS": "1"}
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as output,
        tempfile.TemporaryFile("w+", encoding="utf-8") as errors,
    ):
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=errors)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        texts = []
        for stream in (output, errors):
            stream.seek(0)
            texts.append(stream.read())
    if process.returncode:
        sys.exit(f"{' '.join(command)} exited {process.returncode}:\n{texts[1][-2000:]}{texts[0][-2000:]}")
    return wall, used.ru_utime + used.ru_stime, *texts


def dvc_cells(project: Path, cells: int) -> list[Row]:
    """``dvc repro`` of so many cells with the dependencies and outputs of a real one, and again with nothing to do."""
    project.mkdir()
    dependencies = ["clips.csv", "splits.csv", "inputs.npy", "base.safetensors", "code.json"]
    for name in dependencies:
        (project / name).write_text(name, encoding="utf-8")
    train = {
        "matrix": {"seed": "${seeds}"},
        "cmd": STUB.format("${item.seed}"),
        "deps": dependencies,
        "params": ["models", "freezing", "train"],
        "outs": ["runs/${item.seed}"],
    }
    (project / "dvc.yaml").write_text(yaml.safe_dump({"stages": {"train": train}}), encoding="utf-8")
    parameters = {"models": {"lr": 1}, "freezing": {"freeze": 1}, "train": {"device": "cpu"}}
    (project / "params.yaml").write_text(yaml.safe_dump(parameters | {"seeds": list(range(cells))}), encoding="utf-8")
    dvc = [sys.executable, "-m", "dvc"]
    for command in (["git", "init", "-q"], [*dvc, "init", "-q"]):
        clock_process(command, project)
    stub = clock_process(["sh", "-c", STUB.format("stub")], project)
    worked = clock_process([*dvc, "repro", "-q"], project)
    idle = clock_process([*dvc, "repro", "-q"], project)
    return [
        {"what": f"dvc repro, {cells} stub cells", "wall, s": worked[0], "CPU, s": worked[1]},
        {"what": "  a cell, without the stub", "wall, s": worked[0] / cells - stub[0]},
        {"what": f"dvc repro, {cells} cells, nothing to do", "wall, s": idle[0], "CPU, s": idle[1]},
    ]


def study_without_work() -> list[Row]:
    """``dvc repro`` of the project itself where nothing is left to do."""
    what = "dvc repro of the project's study, nothing to do"
    # --dry never starts a stage, whatever the state of the working tree.
    dry = [sys.executable, "-m", "dvc", "repro", "--dry"]
    if not (ROOT / "metrics/details.json").exists():
        return [{"what": what, "wanted": "not measured: no results here"}]
    if "Running stage" in clock_process(dry, ROOT)[2]:
        return [{"what": what, "wanted": "not measured: the study is not up to date"}]
    runs = [clock_process([*dry[:-1], "-q"], ROOT)[:2] for _ in range(3)]
    wall, cpu = (float(np.median(part)) for part in zip(*runs, strict=True))
    return [{"what": what, "wall, s": wall, "CPU, s": cpu, "wanted": "at most 2 s"}]


if __name__ == "__main__":
    main()
