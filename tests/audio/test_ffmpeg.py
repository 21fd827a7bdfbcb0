import shutil
import sys

import numpy as np
import pytest
import soundfile

from permafrost.audio import ffmpeg
from permafrost.audio.decoding import decode
from permafrost.audio.formats import LIBSNDFILE, SOUND, decodable_extensions
from permafrost.audio.rejection import Rejected

RATE = 8000
HEADS = {
    ".m4a": b"\0\0\0\x1cftypM4A ",
    ".aac": b"\xff\xf1\x6c\x40",
    ".wma": b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",
    ".webm": b"\x1a\x45\xdf\xa3",
    ".amr": b"#!AMR\n",
    ".ape": b"MAC \x96\x0f",
    ".wv": b"wvpk",
}


def tone(seconds=2.0):
    return (0.5 * np.sin(2 * np.pi * 440 * np.arange(int(seconds * RATE)) / RATE)).astype(np.float32)


@pytest.fixture
def stub(tmp_path, monkeypatch):
    """``stub(body)`` puts a Python program called ffmpeg on the PATH; by default it answers with a stereo wav, as
    ffmpeg does to a pipe, and notes how it was called."""
    answer, calls = tmp_path / "answer.wav", tmp_path / "calls"
    soundfile.write(answer, np.stack([tone(), tone()], axis=1), RATE, "FLOAT")
    content = bytearray(answer.read_bytes())
    place = content.index(b"data") + 4
    content[4:8] = content[place : place + 4] = b"\xff\xff\xff\xff"
    answer.write_bytes(content)
    default = (
        f"open({str(calls)!r}, 'a').write(' '.join(sys.argv[1:]) + '\\n')\nout(open({str(answer)!r}, 'rb').read())"
    )

    def install(body=default):
        folder = tmp_path / "bin"
        folder.mkdir()
        (folder / "ffmpeg").write_text(f"#!{sys.executable}\nimport sys\nout = sys.stdout.buffer.write\n{body}\n")
        (folder / "ffmpeg").chmod(0o755)
        monkeypatch.setenv("PATH", str(folder))
        return calls

    return install


@pytest.fixture
def recording(tmp_path):
    def write(name="a.m4a", head=HEADS[".m4a"]):
        path = tmp_path / name
        path.write_bytes(head + bytes(3000))
        return path

    return write


@pytest.mark.parametrize(("ending", "head"), HEADS.items())
def test_without_ffmpeg_its_files_are_rejected_for_that(recording, monkeypatch, ending, head):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Rejected, match=rf"^{ending[1:]}: needs ffmpeg, .* not on the PATH: install it or convert the"):
        decode(recording(f"a{ending}", head))


def test_what_can_be_decoded_depends_on_the_machine_and_what_is_sound_does_not(stub, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert decodable_extensions() == LIBSNDFILE
    stub()
    assert decodable_extensions() == SOUND
    assert {".wav", ".flac", ".ogg", ".opus", ".mp3", ".m4a", ".wma", ".aac", ".webm", ".amr"} < {*SOUND}
    assert len({*SOUND}) == len(SOUND) and set(HEADS).isdisjoint(LIBSNDFILE)


@pytest.mark.parametrize("name", ["a.m4a", "phone.wav", "-i concat:x.m4a"])
def test_content_decides_which_decoder_reads_a_file(stub, recording, name):
    calls = stub()
    path = recording(name)
    sound = decode(path)
    assert (sound.sample_rate, sound.seconds) == (RATE, 2.0)
    assert [remark.split(" (")[0] for remark in sound.remarks] == ["decoded by ffmpeg"]
    np.testing.assert_array_equal(sound.samples, tone())
    assert (
        f"-nostdin -hide_banner -v error -threads 1 -protocol_whitelist file -f mov -i file:{path}" in calls.read_text()
    )


def test_segments_of_one_file_decode_it_once(stub, recording):
    calls = stub()
    path = recording()
    for start in (0.0, 0.5, 1.25):
        sound = decode(path, start=start, end=start + 0.5)
        np.testing.assert_array_equal(sound.samples, tone()[int(start * RATE) :][: RATE // 2])
    assert len(calls.read_text().splitlines()) == 1


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (
            "print('[in#0 @ 0x55d6] [dec:mov @ 0x7f] moov atom not found', file=sys.stderr)",
            "unreadable: ffmpeg: moov atom not found$",
        ),
        ("", "unreadable: ffmpeg: it holds no sound"),
        ("out(b'no wav' * 1000)", "unreadable: Format not recognised"),
        ("print('x' * 10**6, file=sys.stderr)\nwhile True: out(bytes(10**6))", "unreadable: more than .* of sound"),
        ("import time\ntime.sleep(60)", "unreadable: ffmpeg was not done after"),
    ],
)
def test_an_ffmpeg_that_fails_never_ends_or_never_stops_is_a_reason(stub, recording, monkeypatch, body, reason):
    monkeypatch.setattr(ffmpeg, "MOST_BYTES", 5 * 10**6)
    monkeypatch.setattr(ffmpeg, "MOST_SECONDS", 0.3 if "sleep" in body else 60)
    stub(body)
    with pytest.raises(Rejected, match=f"^{reason}"):
        decode(recording())


@pytest.mark.parametrize("ending", ["m4a", "aac", "wma", "wv", "mka"])
def test_the_real_one(tmp_path, ending):
    program = shutil.which("ffmpeg")
    if program is None:
        pytest.skip("no ffmpeg on the PATH")
    source, path = tmp_path / "a.wav", tmp_path / f"a.{ending}"
    soundfile.write(source, tone(), RATE)
    ffmpeg.subprocess.run([program, "-v", "error", "-nostdin", "-i", source, path], check=True)
    sound = decode(path)
    assert sound.sample_rate == RATE and sound.seconds == pytest.approx(2.0, abs=0.4)
    assert np.abs(np.fft.rfft(sound.samples[: 8 * RATE // 8])).argmax() == 440
