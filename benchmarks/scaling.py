"""Time and peak memory of the stages as the number of clips grows.

    python -m benchmarks.scaling [--clips 1000,10000,100000] [--decoded 10000] [--json FILE]

Clips of half a second at 8 kHz, noise. Up to ``--decoded`` clips are written as wav files and decoded by stage
preprocess; beyond that the array that it would write is put there directly. Then the stages split, render and train
(one epoch of the strip transformer), each a process of its own as DVC starts it. Peak memory is that of the largest
process; pages of memory-mapped arrays count in it, though the system takes them back when it needs to: the last column
leaves them out.
"""

import os
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import yaml

from benchmarks.table import Row, numbers, parser, publish
from permafrost.data.tables import ClipRow, write_clips, write_rejected, write_remarks
from permafrost.models.weights import save_base

ROOT = Path(__file__).resolve().parents[1]
RATE, SAMPLES, CLASSES = 8000, 4000, 10
CELL = ("--model", "x", "--freeze", "y", "--seed", "0")


def main(argv: Sequence[str] | None = None) -> None:
    """Run everything and print the table."""
    options = parser(__doc__)
    options.add_argument("--clips", type=numbers, default=[1000, 10_000, 100_000], metavar="N,N")
    options.add_argument("--decoded", type=int, default=10_000, help="most clips that are written as files")
    arguments = options.parse_args(argv)
    rows: list[Row] = []
    for clips in arguments.clips:
        with tempfile.TemporaryDirectory(prefix="permafrost-") as folder:
            rows += measure(Path(folder), clips, decoded=clips <= arguments.decoded)
    publish("Stages by number of clips (0.5 s at 8 kHz)", rows, arguments.json)


def measure(project: Path, clips: int, decoded: bool) -> list[Row]:
    """All stages on so many clips."""
    write_parameters(project)
    (project / "data/code").mkdir(parents=True)
    (project / "data/code/train-x.y.json").write_text("{}\n", encoding="utf-8")
    save_base(project / "weights/base/x.safetensors", {}, {"backbone": "strip_vit", "source": "random"})
    names = [f"{clip % CLASSES}/{clip:06d}" for clip in range(clips)]
    stages = [("split",), ("render", "--model", "x"), ("train", *CELL)]
    if decoded:
        write_wavs(project / "clips", names)
        stages.insert(0, ("preprocess",))
    else:
        (project / "clips").mkdir()
        write_decoded(project / "data", names)
    rows = []
    for name, *options in stages:
        wall, cpu, peak, anonymous = stage(project, name, *options)
        row = {"clips": clips, "stage": name, "wall, s": wall, "CPU, s": cpu, "CPU, ms a clip": 1e3 * cpu / clips}
        rows.append(row | {"peak, MB": round(peak), "without mapped files, MB": round(anonymous)})
    return rows


def write_parameters(project: Path) -> None:
    """What the stages read of params.yaml."""
    labels = {"kind": "pattern", "pattern": r"(?P<label>[^/]+)/.*"}
    recipe = {"backbone": "strip_vit", "weights": "random", "lr": 1e-3, "epochs": 1, "batch_size": 128}
    recipe["input"] = {"kind": "logmel", "n_mels": 64, "n_fft": 512, "hop_length": 128}
    parameters = {
        "dataset": {"name": "noise", "path": "clips", "source": {"kind": "path"}, "labels": labels},
        "preprocess": {"reader": "audio", "sample_rate": RATE, "clip_seconds": SAMPLES / RATE},
        "split": {"kind": "stratified"},
        "models": {"x": recipe},
        "freezing": {"y": {"freeze": 0}},
        "train": {},
        "machine": {"device": "cpu"},
        "study": {"name": "scaling", "models": ["x"], "freezes": ["y"], "seeds": [0]},
    }
    (project / "params.yaml").write_text(yaml.safe_dump(parameters), encoding="utf-8")


def noise(clips: int, clips_a_block: int = 1000) -> Iterator[np.ndarray]:
    """Blocks of int16 noise [clips of the block, samples], one after another; a class is a loudness."""
    draw = np.random.default_rng(0)
    for start in range(0, clips, clips_a_block):
        count = min(clips_a_block, clips - start)
        loudness = 500 * (1 + (start + np.arange(count)) % CLASSES)
        yield (draw.standard_normal((count, SAMPLES), np.float32) * loudness[:, None]).astype(np.int16)


def write_wavs(folder: Path, names: list[str]) -> None:
    """A file for each name."""
    for label in range(CLASSES):
        (folder / f"{label}").mkdir(parents=True)
    samples = (row for block in noise(len(names)) for row in block)
    for name, row in zip(names, samples, strict=True):
        with wave.open(str(folder / f"{name}.wav"), "wb") as file:
            file.setparams((1, 2, RATE, 0, "NONE", ""))
            file.writeframes(row.tobytes())


def write_decoded(folder: Path, names: list[str]) -> None:
    """What stage preprocess would have written."""
    array = np.lib.format.open_memmap(folder / "waveforms.npy", "w+", np.int16, (len(names), SAMPLES))
    for number, block in enumerate(noise(len(names))):
        array[number * 1000 : number * 1000 + len(block)] = block
    array.flush()
    rows = sorted((ClipRow(n, f"{n}.wav", n.split("/")[0], "", "", SAMPLES / RATE, RATE) for n in names), key=path_of)
    write_clips(folder / "clips.csv", rows)
    write_rejected(folder / "rejected.csv", [])
    write_remarks(folder / "remarks.csv", [])


def path_of(row: ClipRow) -> str:
    """The order of clips.csv."""
    return row.path


def stage(project: Path, name: str, *options: str) -> tuple[float, float, float, float]:
    """Run a stage; wall seconds, CPU seconds of all its processes, and megabytes of the largest of them: its peak, and
    its peak without mapped files. Zeros for memory where there is no /proc."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    peak = anonymous = 0.0
    with tempfile.TemporaryFile("w+", encoding="utf-8") as log:
        command = [sys.executable, "-m", f"stages.{name}", *options]
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=project, env=environment, stdout=log, stderr=log)
        while True:
            found, status, used = os.wait4(process.pid, os.WNOHANG)
            if found:
                break
            for one in (process.pid, *children(process.pid)):
                memory = megabytes(one)
                peak, anonymous = max(peak, memory.get("VmHWM", 0.0)), max(anonymous, memory.get("RssAnon", 0.0))
            time.sleep(0.02)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            log.seek(0)
            sys.exit(f"stage {name} failed:\n{log.read()[-3000:]}")
    return wall, used.ru_utime + used.ru_stime, peak, anonymous


# Not ru_maxrss: a process inherits that from the one that started it, and this one has torch loaded.
def megabytes(process: int) -> dict[str, float]:
    """The memory lines of a process's status; none when it is gone."""
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    fields = (line.split() for line in lines if line.endswith(" kB"))
    return {field[0].rstrip(":"): int(field[1]) / 1e3 for field in fields}


def children(process: int) -> list[int]:
    """Processes that ``process`` has started."""
    try:
        return [
            int(one) for one in Path(f"/proc/{process}/task/{process}/children").read_text(encoding="utf-8").split()
        ]
    except OSError:
        return []


if __name__ == "__main__":
    main()
