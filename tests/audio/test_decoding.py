import os
from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile

from permafrost.audio.decoding import decode
from permafrost.audio.rejection import Rejected
from permafrost.audio.samples import as_float32, as_int16

REAL = Path(__file__).resolve().parents[2].parent / "shared/data"
RATE = 22050


def tone(seconds=1.0, rate=RATE, channels=1, level=0.5):
    time = np.arange(int(seconds * rate)) / rate
    chirp = level * np.sin(2 * np.pi * (200 + 300 * time) * time)
    return chirp if channels == 1 else np.stack([chirp * (1 - 0.3 * channel) for channel in range(channels)], axis=1)


def write(path, samples=None, rate=RATE, **options):
    soundfile.write(path, tone() if samples is None else samples, rate, **options)
    return path


@pytest.mark.parametrize("extension", ["wav", "flac", "ogg", "mp3", "au", "aiff"])
@pytest.mark.parametrize("channels", [1, 2])
def test_each_format_decodes_to_what_librosa_gives(tmp_path, extension, channels):
    path = write(tmp_path / f"a.{extension}", tone(channels=channels), format="MP3" if extension == "mp3" else None)
    sound = decode(path)
    expected, rate = librosa.load(path, sr=None)
    assert (sound.sample_rate, sound.seconds) == (rate, len(expected) / rate)
    np.testing.assert_allclose(as_float32(sound.samples), expected, atol=1e-6)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "MS_ADPCM"])
def test_wav_of_every_coding_decodes(tmp_path, subtype):
    path = write(tmp_path / "a.wav", subtype=subtype)
    np.testing.assert_array_equal(decode(path).samples, soundfile.read(path, dtype="float32")[0])


def test_plain_wav_keeps_the_files_own_numbers(tmp_path):
    path = write(tmp_path / "a.wav")
    sound = decode(path)
    assert sound.samples.dtype == np.int16
    np.testing.assert_array_equal(sound.samples, soundfile.read(path, dtype="int16")[0])


def test_extensible_wav_decodes(tmp_path):
    path = write(tmp_path / "a.wav", tone(channels=2), format="WAVEX")
    np.testing.assert_allclose(decode(path).samples, soundfile.read(path)[0].mean(axis=1), atol=1e-6)


def test_wav_that_is_cut_off_gives_what_there_is(tmp_path):
    path = write(tmp_path / "a.wav")
    path.write_bytes(path.read_bytes()[: 44 + 2 * 8000])
    sound = decode(path)
    assert len(sound.samples) == 8000
    assert sound.seconds == 8000 / RATE


@pytest.mark.parametrize("extension", ["wav", "flac", "ogg", "mp3"])
@pytest.mark.parametrize("crop", ["start", "center"])
def test_only_the_wanted_part_is_decoded(tmp_path, extension, crop):
    path = write(tmp_path / f"a.{extension}", tone(seconds=3.0, channels=2))
    whole, part = decode(path), decode(path, clip_seconds=1.0, crop=crop)
    first = RATE if crop == "center" else 0
    assert len(part.samples) == RATE
    assert part.seconds == whole.seconds
    # A lossy decoder that starts in the middle differs by its own rounding.
    np.testing.assert_allclose(part.samples, whole.samples[first : first + RATE], atol=1e-4)


def test_mp3_that_is_cut_off_counts_what_there_is(tmp_path):
    path = write(tmp_path / "a.mp3", tone(seconds=4.0), format="MP3")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    part = decode(path, clip_seconds=3.0, crop="center")
    assert 1.5 < part.seconds < 2.5
    assert len(part.samples) == round(part.seconds * RATE)


def bad_files():
    silence, broken = np.zeros(RATE), tone()
    infinite = tone()
    broken[100], infinite[100] = np.nan, np.inf
    return {
        "no-bytes.wav": (None, b"", "empty"),
        "text.mp3": (None, b"this is no sound " * 100, "unreadable: a text, not a recording"),
        "zeros.ogg": (None, bytes(5000), "unreadable: zero bytes where its header should be"),
        "headless.raw": (None, bytes(5000), "unreadable"),
        "noise.wav": (None, bytes(range(128, 256)) * 40, "unreadable: Format not recognised"),
        "silent.flac": (silence, {}, "silent: digital silence"),
        "silent.wav": (silence, {}, "silent: digital silence"),
        "faint.wav": (tone(level=3e-5), {}, "silent: -90 dBFS"),
        "nan.wav": (broken, {"subtype": "FLOAT"}, "not finite"),
        "infinite.wav": (infinite, {"subtype": "FLOAT"}, "not finite"),
        "short.wav": (tone(seconds=0.2), {}, "too short: 0.2 s, less than preprocess.min_seconds 0.25"),
    }


@pytest.mark.parametrize("name", bad_files())
def test_bad_files_are_rejected_with_the_reason(tmp_path, name):
    samples, content, reason = bad_files()[name]
    path = tmp_path / name
    if samples is None:
        path.write_bytes(content)
    else:
        write(path, samples, **content)
    with pytest.raises(Rejected, match=f"^{reason}"):
        decode(path, min_seconds=0.25)


def test_files_that_are_not_there_or_no_files_are_rejected(tmp_path):
    with pytest.raises(Rejected, match="unreadable: No such file"):
        decode(tmp_path / "none.wav")
    with pytest.raises(Rejected, match="unreadable: Is a directory"):
        decode(tmp_path)


@pytest.mark.parametrize("extension", ["flac", "ogg", "mp3", "aiff", "au", "wav"])
def test_damaged_files_decode_or_are_rejected(tmp_path, extension):
    path = write(tmp_path / f"a.{extension}", format="MP3" if extension == "mp3" else None)
    whole = path.read_bytes()
    draw = np.random.default_rng(0)
    for cut in (10, 50, 200, len(whole) // 2):
        path.write_bytes(whole[:cut])
        _decodes_or_is_rejected(path)
    for _ in range(10):
        damaged = bytearray(whole)
        for place in draw.integers(0, len(whole), 20):
            damaged[place] = draw.integers(256)
        path.write_bytes(damaged)
        _decodes_or_is_rejected(path)


def _decodes_or_is_rejected(path):
    try:
        sound = decode(path, clip_seconds=2.0)
    except Rejected as rejected:
        assert str(rejected).split(":")[0].split(" ")[0] in (
            "unreadable",
            "empty",
            "silent",
            "not",
            "too",
            "float",
            "zero",
        )
    else:
        assert 0 < len(sound.samples) <= 2 * sound.sample_rate


def test_reading_leaves_a_file_as_it_was(tmp_path):
    path = write(tmp_path / "a.wav")
    path.chmod(0o440)
    os.utime(path, ns=(10**18, 10**18))
    before = path.read_bytes()
    decode(path)
    assert (path.stat().st_mode & 0o777, path.stat().st_mtime_ns, path.read_bytes()) == (0o440, 10**18, before)


def test_int16_and_float32_fit_together():
    every = np.arange(-32768, 32768).astype(np.int16)
    np.testing.assert_array_equal(as_int16(as_float32(every)), every)
    np.testing.assert_array_equal(as_int16(np.float32([1.5, -1.5])), [32767, -32768])


@pytest.mark.parametrize("pattern", ["esc10/*/*.ogg", "fsdd/recordings/*.wav"])
def test_real_recordings_decode(pattern):
    found = sorted(REAL.glob(pattern))
    if not found:
        pytest.skip(f"no recordings at {REAL / pattern}")
    for path in found[:: len(found) // 3]:
        expected, rate = librosa.load(path, sr=None)
        sound = decode(path)
        assert sound.sample_rate == rate
        np.testing.assert_allclose(as_float32(sound.samples), expected, atol=1e-6)
