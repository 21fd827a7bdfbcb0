import os
import subprocess
import sys
from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile
import soxr

from permafrost.audio.preprocessing import Kept, Recording, Rejection, preprocess, stop_if_too_many_rejected
from permafrost.audio.samples import as_int16
from permafrost.audio.settings import Preprocess
from permafrost.errors import PermafrostError
from permafrost.settings import validate

REAL = Path(__file__).resolve().parents[2].parent / "shared/data"
RATE = 8000
SECOND = Preprocess(sample_rate=RATE, clip_seconds=1.0)


def tone(seconds=1.0, rate=RATE, pitch=440.0):
    return 0.5 * np.sin(2 * np.pi * pitch * np.arange(int(seconds * rate)) / rate)


@pytest.fixture
def recordings(tmp_path):
    """``recordings({path: (samples, rate)})`` writes them and returns their folder."""

    def write(files):
        for name, content in files.items():
            path = tmp_path / "clips" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content) if isinstance(content, bytes) else soundfile.write(path, *content)
        return tmp_path / "clips"

    return write


@pytest.fixture
def out(tmp_path):
    return tmp_path / "data/waveforms.npy"


@pytest.mark.parametrize("workers", [1, 2])
def test_kept_rows_stand_in_order_without_gaps(recordings, out, workers):
    files = {f"{number:02d}.wav": (tone(pitch=100 + 20 * number), RATE) for number in range(40)}
    bad = ["00.wav", "17.wav", "18.wav", "39.wav"]
    root = recordings(files | dict.fromkeys(bad, b"no sound"))
    outcomes = preprocess(root, [Recording(name) for name in files], SECOND, out, workers)
    assert [isinstance(outcome, Rejection) for outcome in outcomes] == [name in bad for name in files]
    good = [name for name in files if name not in bad]
    expected = [soundfile.read(root / name, dtype="int16")[0] for name in good]
    waveforms = np.load(out)
    assert waveforms.dtype == np.int16
    np.testing.assert_array_equal(waveforms, expected)
    assert list(out.parent.iterdir()) == [out]


def test_the_number_of_processes_changes_nothing(recordings, out):
    draw = np.random.default_rng(0)
    files = {f"{n}.flac": (0.1 * draw.standard_normal((3000 + 500 * n, 2)), 11025) for n in range(20)}
    root = recordings(files)
    contents = []
    for workers in (1, 2, 3):
        outcomes = preprocess(root, [Recording(name) for name in files], SECOND, out, workers)
        contents.append((outcomes, out.read_bytes()))
    assert contents[0] == contents[1] == contents[2]


def test_stereo_of_48_khz_becomes_mono_at_the_wanted_rate(recordings, out):
    stereo = np.stack([tone(2.0, 48000, 440), 0.5 * tone(2.0, 48000, 1000)], axis=1)
    root = recordings({"a.wav": (stereo, 48000)})
    assert preprocess(root, [Recording("a.wav")], Preprocess(sample_rate=22050, clip_seconds=2.0), out) == [
        Kept(2.0, 48000)
    ]
    row = np.load(out)[0]
    expected, _ = librosa.load(root / "a.wav", sr=22050, res_type="soxr_hq")
    assert row.shape == (44100,)
    assert np.abs(row - 32768 * expected).max() <= 1
    spectrum = np.abs(np.fft.rfft(row))
    assert {*np.argsort(spectrum)[-2:]} == {880, 2000}  # bins of half a hertz


@pytest.mark.parametrize(
    ("crop", "first"),
    [("start", 0), ("center", 4000)],
)
def test_longer_recordings_are_cropped_and_shorter_ones_padded(recordings, out, crop, first):
    long, short = tone(2.0), tone(0.25)
    root = recordings({"long.wav": (long, RATE), "short.wav": (short, RATE)})
    settings = Preprocess(sample_rate=RATE, clip_seconds=1.0, crop=crop)
    assert preprocess(root, [Recording("long.wav"), Recording("short.wav")], settings, out) == [
        Kept(2.0, RATE),
        Kept(0.25, RATE),
    ]
    rows = np.load(out)
    whole, part = (soundfile.read(root / name, dtype="int16")[0] for name in ("long.wav", "short.wav"))
    np.testing.assert_array_equal(rows[0], whole[first : first + RATE])
    np.testing.assert_array_equal(rows[1], np.pad(part, (0, RATE - len(part))))


def test_cropping_before_resampling_gives_what_resampling_the_part_gives(recordings, out):
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, 3 * 44100).astype(np.float32)
    root = recordings({"a.flac": (samples, 44100)})
    preprocess(root, [Recording("a.flac")], SECOND, out)
    part = soundfile.read(root / "a.flac", dtype="float32")[0][:44100]
    np.testing.assert_array_equal(np.load(out)[0], as_int16(soxr.resample(part, 44100, RATE)))


def test_samples_beyond_full_scale_are_cut_not_wrapped(recordings, tmp_path, out):
    root = recordings({})
    root.mkdir(parents=True, exist_ok=True)
    soundfile.write(root / "loud.wav", 4 * tone(), RATE, "FLOAT")
    preprocess(root, [Recording("loud.wav")], SECOND, out)
    row = np.load(out)[0]
    assert (row.min(), row.max()) == (-32768, 32767)
    assert (np.sign(row) == np.sign(as_int16(tone().astype(np.float32)))).mean() > 0.999


def test_users_files_stay_as_they_are(recordings, out):
    root = recordings({"a.wav": (tone(), RATE), "b/c.flac": (tone(), RATE)})
    (root / "a.wav").chmod(0o400)
    (root / "b").chmod(0o500)
    for path in (root / "a.wav", root / "b/c.flac"):
        os.utime(path, ns=(10**18, 10**18))

    def state():
        return {
            path: (path.stat().st_mode, path.stat().st_mtime_ns, path.is_file() and path.read_bytes())
            for path in sorted(root.rglob("*"))
        }

    before = state()
    preprocess(root, [Recording("a.wav"), Recording("b/c.flac")], SECOND, out, 2)
    assert state() == before
    (root / "b").chmod(0o700)


def test_no_paths_and_none_kept(recordings, out):
    root = recordings({"a.wav": b"", "b.wav": b""})
    with pytest.raises(PermafrostError, match="no recordings were found"):
        preprocess(root, [], SECOND, out)
    outcomes = preprocess(root, [Recording("a.wav"), Recording("b.wav")], SECOND, out)
    with pytest.raises(PermafrostError, match=r"2 of 2 .*nothing is left.*\n  a\.wav \(empty.*\n  b\.wav"):
        stop_if_too_many_rejected(["a.wav", "b.wav"], outcomes, SECOND.model_copy(update={"max_rejected": 1.0}), out)


def test_too_many_rejected_stop_with_the_first_few_and_the_list(out):
    paths = [f"{number}.wav" for number in range(100)]
    outcomes = [Rejection("empty: no samples") if number < 7 else Kept(1.0, RATE) for number in range(100)]
    with pytest.raises(PermafrostError) as raised:
        stop_if_too_many_rejected(paths, outcomes, SECOND, Path("data/rejected.csv"))
    message = str(raised.value)
    assert "7 of 100 recordings (7.0%) were rejected, more than preprocess.max_rejected 0.05" in message
    assert "4.wav (empty: no samples)" in message and "5.wav" not in message
    assert "and 2 more" in message and "data/rejected.csv" in message


def test_few_rejected_only_warn(caplog):
    paths = [f"{number}.wav" for number in range(100)]
    outcomes = [Rejection("empty: no samples") if number < 5 else Kept(1.0, RATE) for number in range(100)]
    stop_if_too_many_rejected(paths, outcomes, SECOND, Path("data/rejected.csv"))
    assert "5 of 100 recordings (5.0%) were rejected" in caplog.text
    caplog.clear()
    stop_if_too_many_rejected(paths[5:], outcomes[5:], SECOND, Path("data/rejected.csv"))
    assert not caplog.text


def test_an_interrupted_run_leaves_the_file_before_alone(recordings, out, monkeypatch):
    root = recordings({"a.wav": (tone(), RATE)})
    preprocess(root, [Recording("a.wav")], SECOND, out, 1)
    before = out.read_bytes()

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("permafrost.readers.audio.decode", interrupt)
    with pytest.raises(KeyboardInterrupt):
        preprocess(root, [Recording("a.wav")], SECOND, out, 1)
    assert out.read_bytes() == before
    assert list(out.parent.iterdir()) == [out]


def test_memory_does_not_grow_with_the_number_of_clips(recordings, tmp_path):
    root = recordings({"a.wav": (tone(8.0), RATE)})
    script = """
import resource, sys
from pathlib import Path
from permafrost.audio.preprocessing import Recording, preprocess
from permafrost.audio.settings import Preprocess
settings = Preprocess(sample_rate=8000, clip_seconds=8.0)
preprocess(Path(sys.argv[1]), [Recording("a.wav")] * int(sys.argv[3]), settings, Path(sys.argv[2]), 1)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""

    def peak(clips):  # kilobytes; 1,200 clips are 154 MB
        # Started by a small shell: a new process begins with the peak of the one that started it.
        command = [
            "sh",
            "-c",
            '"$@"; exit $?',
            "sh",
            sys.executable,
            "-c",
            script,
            root,
            tmp_path / "w.npy",
            str(clips),
        ]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    assert peak(1200) - peak(20) < 10_000


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"clip_seconds": 0}, "preprocess.clip_seconds"),
        ({"crop": "end"}, "preprocess.crop"),
        ({"max_rejected": 5}, "preprocess.max_rejected"),
        ({"sample_rate": 22050.5}, "preprocess.sample_rate"),
        ({"rate": 22050}, "preprocess.rate: unknown key"),
    ],
)
def test_settings_out_of_range_name_the_key(values, message):
    with pytest.raises(PermafrostError, match=message):
        validate(Preprocess, values, "preprocess")


@pytest.mark.parametrize("folder", ["esc10", "fsdd"])
def test_real_recordings_are_kept(folder, out):
    found = sorted((REAL / folder).rglob("*.ogg" if folder == "esc10" else "*.wav"))
    if not found:
        pytest.skip(f"no recordings at {REAL / folder}")
    paths = [path.relative_to(REAL / folder).as_posix() for path in found[:: len(found) // 20]]
    outcomes = preprocess(REAL / folder, [Recording(path) for path in paths], Preprocess(), out, 2)
    assert all(isinstance(outcome, Kept) for outcome in outcomes)
    expected, _ = librosa.load(REAL / folder / paths[0], sr=22050, duration=5.0, res_type="soxr_hq")
    row = np.load(out, mmap_mode="r")[0][: len(expected)]
    assert np.abs(row / 32768 - np.clip(expected, -1, 1)[: len(row)]).max() < 1e-4
