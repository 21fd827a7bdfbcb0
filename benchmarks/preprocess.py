"""Sound to images: the plain way (librosa, a resize, a file a clip) against decoding once and rendering what is read.

    python -m benchmarks.preprocess [--clips 1000] [--json FILE]

makes 30 s wav clips of 22.05 kHz from a seed in a temporary folder (2.9 MB a clip in all). Ratios are of CPU time in
one process and one thread, the two ways taking turns every ten clips, so that other work on the machine touches both;
only what several processes gain is wall time, on both sides the best of their rounds. Each begins when the disk has
taken what was written before, the recordings are in memory, and memory is at hand: a virtual machine that must fetch
each page from its host takes seconds for a gigabyte, whoever asks. The plain way's start-up is never counted.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import librosa
import numpy as np
import soundfile
import threadpoolctl
import torch
import yaml

from permafrost.audio.inputs import LogMel
from permafrost.audio.pool import default_workers
from permafrost.audio.preprocessing import Recording, preprocess, row_decoder
from permafrost.audio.rendering import render, row_renderer
from permafrost.audio.rows import RowFile
from permafrost.audio.settings import Preprocess

ROOT = Path(__file__).resolve().parents[1]
RATE, SECONDS, SIZE, OTHER_SIZE = 22050, 30.0, (224, 224), (128, 512)
STEMS, STEMS_PER_CLIP = 24, 4
COMPARED, TURN = 200, 10  # clips of the comparison in one process, and how many a way does before the other's turn
ROUNDS = 4
AT_HAND = 3 << 30  # bytes
WATCH = """
import json, os, sys, time
begun = time.perf_counter()
_, status, used = os.wait4(os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ), 0)
print(json.dumps([time.perf_counter() - begun, used.ru_utime + used.ru_stime, used.ru_maxrss]))
sys.exit(os.waitstatus_to_exitcode(status))
"""


def main() -> None:
    """Run everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=1000)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    threadpoolctl.threadpool_limits(1)
    with tempfile.TemporaryDirectory(prefix="permafrost-") as folder:
        project = Path(folder)
        paths = make_clips(project / "clips", arguments.clips)
        rows = measure(project, paths)
    width = max(len(row["what"]) for row in rows)
    for row in rows:
        print(f"{row['what']:{width}}  {row['value']:>10}  {row['ratio']:>7}  {row['floor']}".rstrip())
    if arguments.json:
        arguments.json.write_text(
            json.dumps({"clips": arguments.clips, "rows": rows}, indent=2) + "\n", encoding="utf-8"
        )


def make_clips(folder: Path, clips: int) -> list[str]:
    """Music-like wav files in two classes: notes that decay at a tempo, over noise."""
    draw = np.random.default_rng(0)
    seconds = np.arange(int(RATE * SECONDS), dtype=np.float32) / RATE
    stems = []
    for _ in range(STEMS):
        pitch, tempo = 55 * 2 ** draw.uniform(0, 5), draw.uniform(1, 6)
        decay = np.exp(-draw.uniform(2, 8) * (seconds * tempo % 1))
        tone = sum(np.sin(2 * np.pi * pitch * k * seconds) / k for k in range(1, 6))
        stems.append(decay * (tone + 0.3 * draw.standard_normal(len(seconds), np.float32)))
    paths = [f"{'ab'[number % 2]}/{number:05d}.wav" for number in range(clips)]
    for path in paths:
        chosen = draw.choice(STEMS, STEMS_PER_CLIP, replace=False)
        mixed = sum(np.roll(stems[stem], draw.integers(len(seconds))) * draw.uniform(0.2, 1) for stem in chosen)
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / path, mixed * (draw.uniform(0.1, 0.9) / np.abs(mixed).max()), RATE, "PCM_16")
    return paths


def plain(path: Path, out: Path) -> None:
    """What published code does for each clip."""
    waveform, _ = librosa.load(path, sr=RATE)
    mel = np.log1p(librosa.feature.melspectrogram(y=waveform, sr=RATE, n_mels=128))
    image = torch.nn.functional.interpolate(torch.from_numpy(mel)[None, None], size=SIZE, mode="bilinear")[0, 0]
    torch.save((image - image.min()) / (image.max() - image.min()), out)


def measure(project: Path, paths: list[str]) -> list[dict[str, str]]:
    """All rows of the table."""
    clips, images = project / "clips", project / "images"
    images.mkdir()
    plain(clips / paths[0], images / "warm.pt")  # librosa loads most of itself at the first call
    count, cores = len(paths), default_workers()
    compared = paths[:COMPARED]
    cpu, wall, difference = take_turns(project, compared)
    both = cpu["decode"] + cpu["render"]
    rows = [
        row("plain: librosa, resize, a file a clip", f"{cpu['plain']:.2f} ms"),
        row("decode, one process", f"{cpu['decode']:.2f} ms"),
        row("render, one process", f"{cpu['render']:.2f} ms", cpu["plain"] / cpu["render"], 8),
        row("decode and render, one process", f"{both:.2f} ms", cpu["plain"] / both, 5),
    ]
    pools = sorted({1, 2, cores})
    rounds = [[clock(lambda n=workers: whole(project, paths, n), clips) for workers in pools] for _ in range(ROUNDS)]
    for workers, spent in zip(pools, np.min(rounds, axis=0) * 1e3 / count, strict=True):
        floor = 9 if workers == 2 else None
        rows.append(row(f"decode and render, wall, {workers} processes", f"{spent:.2f} ms", wall / spent, floor))
    rows += measure_stages(project, paths, cpu["plain"] * count / 1e3, wall * count / 1e3)
    rows.append(row("largest difference of values", f"{difference:.1e}", floor="at most 1e-06"))
    return rows


def take_turns(project: Path, paths: list[str]) -> tuple[dict[str, float], float, float]:
    """Median CPU milliseconds a clip, the plain way's best wall milliseconds a clip, and the largest difference."""
    settings = Preprocess(sample_rate=RATE, clip_seconds=SECONDS)
    recordings = [Recording(path) for path in paths]
    waveforms, inputs = project / "turns.npy", project / "turns-inputs.npy"
    RowFile.create(waveforms, np.int16, (len(paths), settings.samples)).close()
    RowFile.create(inputs, np.float32, (len(paths), *SIZE)).close()
    decode_row = row_decoder(project / "clips", recordings, settings, waveforms)
    render_row = row_renderer(waveforms, RATE, LogMel(size=SIZE), inputs)
    saved = [project / "images" / f"{number}.pt" for number in range(len(paths))]
    ways: dict[str, Callable[[int], object]] = {
        "plain": lambda number: plain(project / "clips" / paths[number], saved[number]),
        "decode": decode_row,
        "render": render_row,
    }
    spent: dict[str, list[float]] = {name: [] for name in ways}
    walls = []
    for first in range(0, len(paths), TURN):
        numbers = range(first, min(first + TURN, len(paths)))
        for name, way in ways.items():
            begun, started = time.perf_counter(), time.process_time()
            for number in numbers:
                way(number)
            spent[name].append((time.process_time() - started) / len(numbers))
            if name == "plain":
                walls.append((time.perf_counter() - begun) / len(numbers))
    ours = np.load(inputs, mmap_mode="r")
    difference = max(
        float(np.abs(torch.load(file).numpy() - image).max()) for file, image in zip(saved, ours, strict=True)
    )
    waveforms.unlink()
    inputs.unlink()
    return {name: 1e3 * float(np.median(times)) for name, times in spent.items()}, 1e3 * min(walls), difference


def whole(project: Path, paths: list[str], workers: int) -> None:
    """Both steps for all clips, in a pool."""
    waveforms = project / "waveforms.npy"
    settings = Preprocess(sample_rate=RATE, clip_seconds=SECONDS)
    preprocess(project / "clips", [Recording(path) for path in paths], settings, waveforms, workers)
    render(waveforms, RATE, LogMel(size=SIZE), project / "inputs.npy", workers)


def measure_stages(project: Path, paths: list[str], plain_cpu: float, plain_wall: float) -> list[dict[str, str]]:
    """The two stages as DVC runs them, for a quarter of the clips and for all; then another size."""
    rows = []
    memory = {}
    for count in (len(paths) // 4, len(paths)):
        folder = project / f"stages-{count}"
        for path in paths[:count]:
            place = folder / "clips" / path
            place.parent.mkdir(parents=True, exist_ok=True)
            os.link(project / "clips" / path, place)
        write_parameters(folder, SIZE)
        spent = [[stage(folder, "preprocess"), stage(folder, "render", "--model", "x")] for _ in range(ROUNDS)]
        memory[count] = max(peak for pair in spent for _, _, peak in pair)
    wall, cpu = (sum(min(one[part] for one in runs) for runs in zip(*spent, strict=True)) for part in (0, 1))
    rows.append(row(f"both stages with start-up, wall, {len(paths)} clips", f"{wall:.2f} s", plain_wall / wall, 6))
    rows.append(row("both stages with start-up, CPU of all processes", f"{cpu:.2f} s", plain_cpu / cpu))
    for count, peak in memory.items():
        rows.append(row(f"largest process of both stages, {count} clips", f"{peak:.0f} MB"))
    (folder / "clips").rename(folder / "away")  # a stage that decoded would fail
    write_parameters(folder, OTHER_SIZE)
    again = stage(folder, "render", "--model", "x")
    rows.append(row(f"another size {OTHER_SIZE[0]} x {OTHER_SIZE[1]}, no recordings", f"{again[0]:.2f} s"))
    return rows


def write_parameters(folder: Path, size: tuple[int, int]) -> None:
    """What the two stages read of params.yaml."""
    labels = {"kind": "pattern", "pattern": "(?P<label>[ab])/.*"}
    dataset = {"name": "clips", "path": "clips", "source": {"kind": "path"}, "labels": labels}
    parameters = {
        "dataset": dataset,
        "preprocess": {"sample_rate": RATE, "clip_seconds": SECONDS},
        "models": {"x": {"input": {"kind": "logmel", "size": list(size)}}},
    }
    (folder / "params.yaml").write_text(yaml.safe_dump(parameters), encoding="utf-8")


def stage(folder: Path, name: str, *arguments: str) -> tuple[float, float, float]:
    """Run a stage; wall seconds, CPU seconds of all its processes, and megabytes of the largest."""
    command = [sys.executable, "-m", f"stages.{name}", *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    # Not started from here: a new process begins with its parent's peak memory, and this one holds torch and librosa.
    settle(folder / "clips", keep=None if name == "preprocess" else "waveforms.npy")
    watched = [sys.executable, "-S", "-c", WATCH, *command]
    found = subprocess.run(watched, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    if found.returncode:
        sys.exit(f"stage {name} failed")
    wall, cpu, peak = json.loads(found.stdout)
    return wall, cpu, peak / (1e6 if sys.platform == "darwin" else 1e3)  # macOS counts bytes, Linux kilobytes


def settle(clips: Path, keep: str | None = None) -> None:
    """Remove outputs but ``keep``, as DVC does before a stage; wait for the disk; have memory for what will be written;
    read the recordings, where they are still there."""
    for output in clips.parent.rglob("*.npy"):
        if output.name != keep:
            output.unlink()
    os.sync()
    np.ones(AT_HAND, np.uint8)
    for path in clips.rglob("*.wav"):
        path.read_bytes()


def clock(work: Callable[[], object], clips: Path) -> float:
    """Wall seconds."""
    settle(clips)
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def row(what: str, value: str, ratio: float | None = None, floor: int | str | None = None) -> dict[str, str]:
    """One line of the table; ``floor`` is what the ratio should reach."""
    wanted = f"at least {floor}x" if isinstance(floor, int) else floor or ""
    return {"what": what, "value": value, "ratio": f"{ratio:.1f}x" if ratio else "", "floor": wanted}


if __name__ == "__main__":
    main()
