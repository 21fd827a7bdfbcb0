"""What ffmpeg decodes: files of the kinds that libsndfile does not know, where ffmpeg is on the PATH."""

import functools
import re
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import IO

from permafrost.audio.formats import Container, ffmpeg_program
from permafrost.audio.rejection import Rejected

MOST_SECONDS = 300.0  # for one file
MOST_BYTES = 2**32 - 2**16  # what a wav can hold: six hours of stereo at 48 kHz
BLOCK = 2**20
MESSAGE = 1000  # bytes of a line of ffmpeg's that are read
SPEAKER = re.compile(
    r"\[[^]]* @ 0x[0-9a-f]+\]\s*"
)  # a part of ffmpeg and where it lies in memory: never twice the same


def decoded_by_ffmpeg(path: Path, container: Container) -> IO[bytes]:
    """The first sound track of a file as a wav of 32-bit floats, at its own rate and with its own channels.

    The kind of file is given, only this file may be opened, and nothing passes through a shell: a playlist in the guise
    of a recording reaches neither the network nor other files. The file decoded last is kept, because ffmpeg's jumps
    into the middle are not exact and a file of many segments must not be decoded once for each.

    Raises:
        Rejected: no ffmpeg, nothing that it can decode, or more time or sound than one file may take.
    """
    program = ffmpeg_program()
    if program is None:
        ending = path.suffix.lower() if path.suffix.lower() in container.endings else container.endings[0]
        raise Rejected(
            f"{ending[1:]}: needs ffmpeg, which is not on the PATH: install it or convert the file (once it is "
            "installed: `dvc repro --force --single-item preprocess`)"
        )
    now = path.stat()
    wav = _decoded(program, path.absolute(), container.demuxer, (now.st_ino, now.st_size, now.st_mtime_ns))
    wav.seek(0)
    return wav


@functools.lru_cache(maxsize=1)
def _decoded(program: str, path: Path, demuxer: str, _: tuple[int, ...]) -> IO[bytes]:
    command = [program, "-nostdin", "-hide_banner", "-v", "error", "-threads", "1", "-protocol_whitelist", "file"]
    command += ["-f", demuxer, "-i", f"file:{path}", "-map", "0:a:0", "-map_metadata", "-1"]
    command += ["-c:a", "pcm_f32le", "-f", "wav", "pipe:1"]
    wav = tempfile.TemporaryFile()  # noqa: SIM115  closed when the next file takes its place
    said: list[str] = []
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        listener = threading.Thread(target=_keep_first, args=(process.stderr, said), daemon=True)
        late = threading.Event()
        limit = threading.Timer(MOST_SECONDS, lambda: (late.set(), process.kill()))
        listener.start()
        limit.start()
        try:
            while wav.tell() <= MOST_BYTES and (block := process.stdout.read(BLOCK)):  # type: ignore[union-attr]
                wav.write(block)
        finally:
            limit.cancel()
            process.kill()  # nothing more is wanted of it, whether it is done or not
            listener.join()
    if late.is_set():
        raise Rejected(f"unreadable: ffmpeg was not done after {MOST_SECONDS:g} s")
    if wav.tell() > MOST_BYTES:
        raise Rejected(f"unreadable: more than {MOST_BYTES / 1e9:.1f} GB of sound; cut it into parts")
    if not wav.tell():
        raise Rejected(f"unreadable: ffmpeg: {said[0] if said else 'it holds no sound'}")
    return wav


def _keep_first(stderr: IO[bytes], said: list[str]) -> None:
    """Read all, so that ffmpeg never waits for a reader, and keep the first line: it names the cause."""
    while line := stderr.readline(MESSAGE):
        if not said:
            said.append(SPEAKER.sub("", line.decode("utf-8", "replace").strip()))
