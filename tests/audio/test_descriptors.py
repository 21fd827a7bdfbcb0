import os
import subprocess
import sys

import librosa
import numpy as np
import pytest
import scipy.ndimage
import threadpoolctl

from permafrost.audio.descriptors import NAMES, describe, extract, running_median
from permafrost.errors import PermafrostError

RATE = 22050


pytestmark = pytest.mark.filterwarnings("ignore:n_fft")  # librosa's own, of the shortest clip


def by_librosa(y, rate):
    """Each descriptor by librosa's own function from the waveform, as the published table was made."""
    harmonic, percussive = librosa.effects.hpss(y)
    cepstrum = librosa.feature.mfcc(y=y, sr=rate, n_mfcc=20)
    values = {"tempo": float(np.atleast_1d(librosa.beat.beat_track(y=y, sr=rate)[0])[0])}
    for name, series in {
        "chroma_stft": librosa.feature.chroma_stft(y=y, sr=rate),
        "rms": librosa.feature.rms(y=y),
        "spectral_centroid": librosa.feature.spectral_centroid(y=y, sr=rate),
        "spectral_bandwidth": librosa.feature.spectral_bandwidth(y=y, sr=rate),
        "rolloff": librosa.feature.spectral_rolloff(y=y, sr=rate),
        "zero_crossing_rate": librosa.feature.zero_crossing_rate(y),
        "harmony": harmonic,
        "perceptr": percussive,
        **{f"mfcc{number}": cepstrum[number - 1] for number in range(1, 21)},
    }.items():
        values |= {f"{name}_mean": np.mean(series), f"{name}_var": np.var(series)}
    return values


def clip(kind, seconds=2.0, rate=RATE):
    draw = np.random.default_rng(4)
    time = np.arange(int(seconds * rate)) / rate
    if kind == "noise":
        return (0.1 * draw.standard_normal(len(time))).astype(np.float32)
    if kind == "silent end":
        return np.where(time < seconds / 2, np.sin(2 * np.pi * 440 * time), 0).astype(np.float32)
    beats = np.exp(-8 * (time * 2 % 1)) * np.sin(2 * np.pi * 196 * time)
    return (0.4 * beats + 0.01 * draw.standard_normal(len(time))).astype(np.float32)


@pytest.mark.parametrize(("kind", "seconds", "rate"), [
    ("beats", 2.0, RATE), ("noise", 1.3, RATE), ("silent end", 2.0, RATE), ("beats", 0.4, 8000), ("noise", 0.05, 8000),
])  # fmt: skip
def test_each_descriptor_is_what_librosa_gives_for_the_waveform(kind, seconds, rate):
    y = clip(kind, seconds, rate)
    ours = dict(zip(NAMES, describe(y, rate), strict=True))
    direct = by_librosa(y, rate)
    assert set(ours) == set(direct) and len(NAMES) == 57
    for name in NAMES:
        assert ours[name] == pytest.approx(direct[name], rel=1e-5, abs=1e-9), name


@pytest.mark.parametrize("shape", [(5, 40), (3, 31), (4, 9), (2, 1)])
def test_the_running_median_is_scipys(shape):
    rows = np.random.default_rng(0).random(shape, dtype=np.float32)
    expected = scipy.ndimage.median_filter(rows, size=(1, 31), mode="reflect")
    assert np.array_equal(running_median(rows, 31), expected)


def save(path, rows):
    np.save(path, (np.stack(rows) * 32767).astype(np.int16))
    return path


def test_rows_are_described_in_order_by_any_number_of_processes(tmp_path):
    clips = [clip("beats", 0.5), clip("noise", 0.5), clip("silent end", 0.5)] * 6
    waveforms = save(tmp_path / "waveforms.npy", clips)
    ids = [str(number) for number in range(len(clips))]
    one, two = extract(waveforms, RATE, ids, workers=1), extract(waveforms, RATE, ids, workers=2)
    assert one.shape == (18, 57) and np.array_equal(one, two)
    stored = np.load(waveforms)[1].astype(np.float32) / 32768
    with threadpoolctl.threadpool_limits(1):  # as in the pool
        assert np.array_equal(one[1], describe(stored, RATE))
    assert np.array_equal(one[0], one[3]) and not np.array_equal(one[0], one[1])


def test_processes_that_compile_librosa_at_once_spoil_nothing(tmp_path):
    """Without a lock, nearly always one of them or every later one dies of a segmentation fault."""
    code = """if True:
        import sys, numba, numpy as np
        for _ in range(int(sys.argv[1])):
            numba.njit(lambda: 0)()  # Numba counts what it compiles, and names functions by the count
        from permafrost.audio.descriptors import describe
        print(describe(np.sin(np.arange(9000, dtype=np.float32) / 9), 22050).sum())
    """

    def start(compiled_before):
        environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
        command = [sys.executable, "-c", code, str(compiled_before)]
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)

    def finish(process):
        return process.communicate()[0], process.returncode

    at_once = [finish(process) for process in [start(0), start(3)]]
    assert any(tmp_path.rglob("*localmax*.nbc")), "nothing was compiled here: the test tests nothing"
    assert [*at_once, finish(start(0))] == [(at_once[0][0], 0)] * 3


def test_a_digitally_silent_clip_has_finite_descriptors():
    values = dict(zip(NAMES, describe(np.zeros(RATE, np.float32), RATE), strict=True))
    assert all(np.isfinite(value) for value in values.values())
    assert values["rms_mean"] == 0 and values["tempo"] == 0


def test_clips_that_cannot_be_described_are_named(tmp_path, monkeypatch):
    waveforms = save(tmp_path / "waveforms.npy", [clip("noise", 0.2)] * 3)
    broken = np.full(57, 1.0)
    broken[2] = np.nan
    monkeypatch.setattr("permafrost.audio.descriptors.describe", lambda y, rate: broken)
    with pytest.raises(PermafrostError, match=r"3 of 3 clips .*not finite(.|\n)*rock/b \(rms_mean\)"):
        extract(waveforms, RATE, ["rock/a", "rock/b", "rock/c"], workers=1)


def test_waveforms_of_another_data_set_are_refused(tmp_path):
    waveforms = save(tmp_path / "waveforms.npy", [clip("noise", 0.2)] * 3)
    with pytest.raises(PermafrostError, match=r"3 rows and data/clips\.csv 2"):
        extract(waveforms, RATE, ["a", "b"])
    with pytest.raises(PermafrostError, match="does not exist"):
        extract(tmp_path / "none.npy", RATE, ["a"])
