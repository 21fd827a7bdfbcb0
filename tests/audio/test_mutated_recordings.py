"""300 damaged recordings through preprocess: whatever they are, it ends, and twice the same."""

import io
import logging

import numpy as np
import soundfile

from permafrost.audio.preprocessing import Kept, Recording, preprocess
from permafrost.audio.settings import Preprocess

RATE = 8000
WRITTEN = {
    "pcm16.wav": ("WAV", "PCM_16"),
    "pcm24.wav": ("WAV", "PCM_24"),
    "float.wav": ("WAV", "FLOAT"),
    "adpcm.wav": ("WAV", "IMA_ADPCM"),
    "extended.wav": ("WAVEX", "PCM_16"),
    "a.flac": ("FLAC", "PCM_16"),
    "a.ogg": ("OGG", "VORBIS"),
    "a.opus": ("OGG", "OPUS"),
    "a.mp3": ("MP3", None),
    "a.aiff": ("AIFF", "PCM_16"),
    "a.au": ("AU", "PCM_16"),
    "a.caf": ("CAF", "PCM_24"),
}
MUTATIONS = 25  # of each: 300
REASONS = ("unreadable: ", "empty", "silent: ", "not finite: ", "too short: ", "float samples reach ")


def valid(form, subtype):
    time = np.arange(RATE * 6 // 5) / RATE
    stereo = 0.5 * np.stack([np.sin(2500 * time**2), np.sin(1000 * time)], axis=1)
    file = io.BytesIO()
    soundfile.write(file, stereo, RATE, subtype, format=form)
    return file.getvalue()


def mutated(content, other, draw):
    """One of: bytes overwritten anywhere or in the header, cut off, spliced with another format, a part twice, a part
    gone, a run of zeros, or the four bytes of a size set to an extreme."""
    data = bytearray(content)
    first, second = sorted(draw.integers(0, len(data), 2))
    match draw.integers(8):
        case 0:
            data[:] = (value if draw.random() > 0.003 else draw.integers(256) for value in data)
        case 1:
            for place in draw.integers(0, min(100, len(data)), draw.integers(1, 8)):
                data[place] = draw.integers(256)
        case 2:
            del data[first:]
        case 3:
            data[first:] = other[first:]
        case 4:
            data[second:second] = data[first:second]
        case 5:
            del data[first:second]
        case 6:
            data[first:second] = bytes(second - first)
        case 7:
            place = 4 * draw.integers(1, 12)
            data[place : place + 4] = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f")[draw.integers(3)]
    return bytes(data)


def test_300_mutated_recordings_have_the_same_outcome_twice(tmp_path, caplog):
    draw = np.random.default_rng(9)
    contents = {name: valid(*how) for name, how in WRITTEN.items()}
    others = list(contents.values())
    names = []
    for number in range(MUTATIONS):
        for name, content in contents.items():
            names.append(f"{number:02d}-{name}")
            (tmp_path / names[-1]).write_bytes(mutated(content, others[draw.integers(len(others))], draw))
    recordings = [Recording(name) for name in names]
    settings = Preprocess(sample_rate=16000, clip_seconds=1.0, crop="center")
    with caplog.at_level(logging.WARNING):
        one, two = (preprocess(tmp_path, recordings, settings, tmp_path / f"{n}.npy", n) for n in (1, 2))
    assert len(names) == 300 and one == two
    assert (tmp_path / "1.npy").read_bytes() == (tmp_path / "2.npy").read_bytes()
    assert not caplog.records
    reasons = [outcome.reason for outcome in one if not isinstance(outcome, Kept)]
    assert 50 < len(reasons) < 250
    assert [reason for reason in reasons if not reason.startswith(REASONS)] == []
    assert np.load(tmp_path / "1.npy").shape == (300 - len(reasons), 16000)
