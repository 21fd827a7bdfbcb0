import struct

import numpy as np
import pytest
import soundfile

from permafrost.audio.decoding import decode
from permafrost.audio.rejection import Rejected

RATE = 8000
SOUND = (9000 * np.sin(np.arange(2 * RATE) ** 1.2)).astype("<i2")
PCM = SOUND.tobytes()
FORMAT = struct.pack("<HHIIHH", 1, 1, RATE, 2 * RATE, 2, 16)


def chunk(name, data, size=None, pad=True):
    padding = b"\0" if pad and len(data) % 2 else b""
    return name + struct.pack("<I", len(data) if size is None else size) + data + padding


def riff(*chunks, size=None):
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body) if size is None else size) + body


FMT, DATA = chunk(b"fmt ", FORMAT), chunk(b"data", PCM)
NOT_A_CHUNK = b"\x01\x02 not a chunk at all"
WELL_FORMED = {
    "plain": riff(FMT, DATA),
    "chunks before and after": riff(chunk(b"LIST", b"odd"), FMT, DATA, chunk(b"id3 ", b"xyz")),
    "a long chunk before": riff(chunk(b"bext", bytes(10_000)), FMT, DATA),
    "unknown length, as written into a pipe": riff(FMT, chunk(b"data", PCM, 0xFFFFFFFF), size=0xFFFFFFFF),
    "size of the whole 0": riff(FMT, DATA, size=0),
    "size of the whole too small": riff(FMT, DATA, size=36),
    "an ID3 tag in front": b"ID3\x03\0\0\0\0\0\x20" + bytes(32) + riff(FMT, DATA),
    "junk behind the whole": riff(FMT, DATA) + b"<html>garbage</html>" * 50,
    "an odd byte more": riff(FMT, chunk(b"data", PCM + b"\x7f", pad=False)),
}
MENDED = {
    "size of the sound 0": (riff(FMT, chunk(b"data", PCM, 0), size=0), "no sound, though there is"),
    "written into a pipe, sound 0": (riff(FMT, chunk(b"data", PCM, 0), size=0xFFFFFFFF), "no sound, though there is"),
    "two data chunks": (riff(FMT, chunk(b"data", PCM[:2000]), chunk(b"data", PCM[2000:])), "several data chunks"),
    "an empty data chunk before the sound": (riff(FMT, chunk(b"data", b""), DATA), "several data chunks"),
    "an empty data chunk behind the sound": (riff(FMT, DATA, chunk(b"data", b"")), "several data chunks"),
    "data chunks of parts of frames": (
        riff(FMT, chunk(b"data", PCM[:2000] + b"\x7f"), chunk(b"data", PCM[2000:])),
        "several data chunks",
    ),
    "format behind the sound": (riff(DATA, FMT), "stands after its sound"),
    "odd chunk without pad byte": (riff(FMT, chunk(b"LIST", b"hello", pad=False), DATA), "lacks its pad byte"),
}


@pytest.fixture
def heard(tmp_path):
    def write_and_decode(content, **options):
        path = tmp_path / "a.wav"
        path.write_bytes(content)
        return decode(path, **options)

    return write_and_decode


@pytest.mark.parametrize("content", WELL_FORMED.values(), ids=WELL_FORMED)
def test_the_sound_is_found_and_nothing_else(heard, content):
    sound = heard(content)
    np.testing.assert_array_equal(sound.samples, SOUND)
    assert sound.remarks == ()


@pytest.mark.parametrize(("content", "fault"), MENDED.values(), ids=MENDED)
def test_sound_that_the_header_hides_is_found_and_said(heard, content, fault):
    sound = heard(content)
    np.testing.assert_array_equal(sound.samples, SOUND)
    assert [remark.startswith("wav header mended: ") and fault in remark for remark in sound.remarks] == [True]
    part = heard(content, clip_seconds=0.5, crop="center")
    np.testing.assert_array_equal(part.samples, SOUND[RATE * 3 // 4 :][: RATE // 2])


def test_a_mended_wav_may_have_any_coding(heard, tmp_path):
    path = tmp_path / "b.wav"
    soundfile.write(path, np.stack([SOUND, SOUND // 2], axis=1) / 32768, RATE, "PCM_24")
    content = bytearray(path.read_bytes())
    content[4:8] = content[40:44] = bytes(4)
    expected = decode(path).samples
    np.testing.assert_array_equal(heard(bytes(content)).samples, expected)


def test_a_header_that_says_less_than_there_is_is_believed_but_not_silently(heard):
    sound = heard(riff(FMT, chunk(b"data", PCM, len(PCM) // 2)))
    np.testing.assert_array_equal(sound.samples, SOUND[:RATE])
    assert sound.remarks == ("bytes after the sound, still within the wav, are no chunk: is the sound longer?",)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (riff(FMT, chunk(b"data", b"")), "empty: no samples"),
        (riff(FMT, chunk(b"data", b""), chunk(b"LIST", b"made by nobody"), size=0), "empty: no samples"),
        (riff(FMT, chunk(b"data", b"") + NOT_A_CHUNK), "empty by its wav header, though 21 bytes follow"),
        (riff(FMT), "unreadable"),
        (riff(DATA), "unreadable"),
        (riff(chunk(b"fmt ", b"\1\0"), chunk(b"data", PCM), chunk(b"data", PCM)), "unreadable"),
    ],
)
def test_where_no_sound_can_be_told_the_reason_is(heard, content, reason):
    with pytest.raises(Rejected, match=f"^{reason}"):
        heard(content)
