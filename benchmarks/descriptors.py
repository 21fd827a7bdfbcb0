"""Descriptors of a clip: librosa's functions one by one, against sharing what they have in common; one process, two.

    python -m benchmarks.descriptors [--clips 96] [--seconds 30] [--json FILE]

makes music-like clips from a seed. Ratios of the two ways are of CPU time in one process and one thread, taking turns
clip by clip, so that other work on the machine touches both; what a second process gains is wall time.
"""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import librosa
import numpy as np
import threadpoolctl

from benchmarks.table import Row, parser, publish
from permafrost.audio.descriptors import NAMES, describe, extract
from permafrost.audio.samples import as_float32, as_int16

RATE = 22050
COMPARED = 16  # clips of the comparison in one process, at most
DIFFERENCES = {"relative": 1e-5, "absolute": 1e-9}


def main(argv: Sequence[str] | None = None) -> None:
    """Run everything and print the table."""
    options = parser(__doc__)
    options.add_argument("--clips", type=int, default=96)
    options.add_argument("--seconds", type=float, default=30.0)
    arguments = options.parse_args(argv)
    with threadpoolctl.threadpool_limits(1), tempfile.TemporaryDirectory(prefix="permafrost-") as folder:
        clips = [make_clip(number, arguments.seconds) for number in range(arguments.clips)]
        direct, shared, worst = compare([as_float32(clip) for clip in clips[:COMPARED]])
        waveforms = Path(folder) / "waveforms.npy"
        np.save(waveforms, np.stack(clips))
        one, two = (wall_seconds(waveforms, len(clips), workers) for workers in (1, 2))
    rows: list[Row] = [
        {"what": "librosa, one function after another, ms a clip and core", "value": 1000 * direct, "faster": 1.0},
        {"what": "shared transforms, ms a clip and core", "value": 1000 * shared, "faster": direct / shared},
        {"what": "all clips in 1 process, seconds", "value": one, "faster": 1.0},
        {"what": "all clips in 2 processes, seconds", "value": two, "faster": one / two},
    ]
    notes = [f"{len(clips)} clips of {arguments.seconds:g} s; largest relative difference of a descriptor {worst:.1e}"]
    publish("Descriptors of a clip", rows, arguments.json, notes)


def compare(clips: list[np.ndarray]) -> tuple[float, float, float]:
    """CPU seconds a clip of both ways, and the largest relative difference between their descriptors."""
    by_librosa(clips[0]), describe(clips[0], RATE)  # librosa compiles what it uses on first call
    seconds, worst = np.zeros(2), 0.0
    for clip in clips:
        begun = time.process_time()
        direct = by_librosa(clip)
        between = time.process_time()
        shared = describe(clip, RATE)
        seconds += [between - begun, time.process_time() - between]
        difference = np.abs(shared - direct) - DIFFERENCES["absolute"]
        worst = max(worst, float(np.max(difference / np.maximum(np.abs(direct), 1e-30))))
    if worst > DIFFERENCES["relative"]:
        raise AssertionError(f"descriptors differ from librosa's by {worst:.1e}, expected {DIFFERENCES['relative']}")
    direct_seconds, shared_seconds = (seconds / len(clips)).tolist()
    return direct_seconds, shared_seconds, worst


def by_librosa(y: np.ndarray) -> np.ndarray:
    """The descriptors as the table was made: each function is given the waveform."""
    harmonic, percussive = librosa.effects.hpss(y)
    cepstrum = librosa.feature.mfcc(y=y, sr=RATE, n_mfcc=20)
    series = {
        "chroma_stft": librosa.feature.chroma_stft(y=y, sr=RATE),
        "rms": librosa.feature.rms(y=y),
        "spectral_centroid": librosa.feature.spectral_centroid(y=y, sr=RATE),
        "spectral_bandwidth": librosa.feature.spectral_bandwidth(y=y, sr=RATE),
        "rolloff": librosa.feature.spectral_rolloff(y=y, sr=RATE),
        "zero_crossing_rate": librosa.feature.zero_crossing_rate(y),
        "harmony": harmonic,
        "perceptr": percussive,
        **{f"mfcc{number}": cepstrum[number - 1] for number in range(1, 21)},
    }
    onsets = librosa.onset.onset_strength(y=y, sr=RATE, aggregate=np.median)
    values = {"tempo": librosa.feature.tempo(onset_envelope=onsets, sr=RATE)[0]}
    for name, numbers in series.items():
        values |= {f"{name}_mean": np.mean(numbers), f"{name}_var": np.var(numbers)}
    return np.array([values[name] for name in NAMES], np.float64)


def wall_seconds(waveforms: Path, clips: int, workers: int) -> float:
    """Wall time of extracting all clips."""
    begun = time.perf_counter()
    extract(waveforms, RATE, [str(number) for number in range(clips)], workers)
    return time.perf_counter() - begun


def make_clip(number: int, seconds: float) -> np.ndarray:
    """Notes that decay at a tempo, over noise: int16 [samples]."""
    draw = np.random.default_rng([7, number])
    clock = np.arange(int(RATE * seconds), dtype=np.float32) / RATE
    sound = 0.02 * draw.standard_normal(len(clock), np.float32)
    for _ in range(4):
        pitch, tempo = 55 * 2 ** draw.uniform(0, 5), draw.uniform(1, 4)
        sound += np.exp(-draw.uniform(2, 8) * (clock * tempo % 1)) * np.sin(2 * np.pi * pitch * clock)
    return as_int16((0.7 * sound / np.abs(sound).max()).astype(np.float32))


if __name__ == "__main__":
    main()
