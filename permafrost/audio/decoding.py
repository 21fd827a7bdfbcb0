"""Sound files to mono samples, or the reason why a file is not fit to learn from."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import soundfile

from permafrost.audio.float_range import DIVIDED, full_scale
from permafrost.audio.mixing import mixed
from permafrost.audio.opening import opened
from permafrost.audio.rejection import Rejected
from permafrost.audio.samples import FULL_SCALE, Samples

Crop = Literal["start", "center"]

LOWEST_RATE, HIGHEST_RATE = 1_000, 768_000
PREROLL = 9216  # eight frames of an mp3, whose decoder needs some frames after a jump before its output is right
LONGEST = 2**40  # frames; libsndfile gives a greater number where it does not know
BLOCK = 2**22  # samples read at a time: what a header says must not decide how much memory is asked for
PAST_END = 0.05  # seconds that a segment may end after its file: tables round


@dataclass(frozen=True)
class Sound:
    """What was decoded: mono ``samples`` [frames], int16 or float32 in -1 … 1 (float files may exceed it), at
    ``sample_rate`` Hz; ``seconds`` is the length of the whole file or segment, whatever part of it was decoded;
    ``remarks`` say what was done that the file does not say."""

    samples: Samples
    sample_rate: int
    seconds: float
    remarks: tuple[str, ...] = ()


def decode(
    path: Path,
    clip_seconds: float | None = None,
    crop: Crop = "start",
    min_seconds: float = 0.0,
    silence_dbfs: float = -80.0,
    start: float = 0.0,
    end: float | None = None,
) -> Sound:
    """Decode a file or a segment of it, or the ``clip_seconds`` of that that are wanted, and mix its channels to one.

    The mix is the mean of the channels, without those that are silent; where they cancel each other it is the loudest
    of them (``mixing``). Float samples that are 16-bit integers are divided (``float_range``), headers that lie about
    the sound are mended (``wav``). What was done so is in the sound's ``remarks``.

    Args:
        path: the file; it is only read.
        clip_seconds: decode no more than this, from the start or the middle (``crop``); None for all.
        crop: where the part is taken from.
        min_seconds: what is shorter is rejected.
        silence_dbfs: a part whose peak is not above this is rejected, dB relative to full scale.
        start: where the segment begins, seconds.
        end: where it ends, seconds; None for the end of the file.

    Raises:
        Rejected: unreadable, empty, too short, not finite, silent, of unknown full scale; or no such segment.
    """
    if not 0 <= start < (np.inf if end is None else end):
        raise Rejected(f"no such segment: {_segment(start, end)}")
    with opened(path) as (file, remarks):
        rate = file.samplerate
        if not LOWEST_RATE <= rate <= HIGHEST_RATE:
            raise Rejected(f"unreadable: a sample rate of {rate} Hz")
        now = path.stat()
        scale = full_scale(file, (now.st_ino, now.st_size, now.st_mtime_ns))
        samples, frames = _read(file, start, end, clip_seconds, crop)
    if scale != 1:
        samples, remarks = samples / np.float32(scale), (*remarks, DIVIDED)
    mono, remark = mixed(samples)
    if not len(mono):
        raise Rejected("empty: no samples")
    sound = Sound(mono, rate, frames / rate, (*remarks, remark) if remark else remarks)
    if sound.seconds < min_seconds:
        raise Rejected(f"too short: {sound.seconds:.3g} s, less than preprocess.min_seconds {min_seconds:g}")
    peak = _peak(mono)
    if not np.isfinite(peak):
        raise Rejected("not finite: NaN or infinite samples")
    if peak <= 10 ** (silence_dbfs / 20):
        level = f"{20 * np.log10(peak):.0f} dBFS" if peak else "digital silence"
        raise Rejected(f"silent: {level}, not above preprocess.silence_dbfs {silence_dbfs:g}")
    return sound


def _peak(samples: Samples) -> float:
    # In Python's numbers: -(-32768) does not fit into int16.
    peak = max(float(samples.max()), -float(samples.min()))  # NaN, where there is one, is both minimum and maximum
    return peak / FULL_SCALE if samples.dtype == np.int16 else peak


def _read(
    file: soundfile.SoundFile, start: float, end: float | None, clip_seconds: float | None, crop: Crop
) -> tuple[Samples, int]:
    """The wanted part, [frames, channels] in the file's own numbers, and the frames of the whole file or segment."""
    if file.frames > LONGEST:
        raise Rejected("unreadable: the file does not say how long it is")
    first, wanted, frames = _part(file.frames, file.samplerate, start, end, clip_seconds, crop)
    before = min(first, PREROLL)
    if first:
        file.seek(first - before)
    samples = _frames(file, before + wanted)[before:]
    if len(samples) < wanted:
        # Cut off, or a header that guesses (mp3): what there is counts, and the middle is the middle of that.
        file.seek(0)
        samples = _frames(file, LONGEST)
        first, wanted, frames = _part(len(samples), file.samplerate, start, end, clip_seconds, crop)
        samples = samples[first : first + wanted]
    return samples, frames


def _part(
    frames: int, rate: int, start: float, end: float | None, clip_seconds: float | None, crop: Crop
) -> tuple[int, int, int]:
    """First frame and number of frames of the part that is wanted, and number of frames that it is taken from."""
    if max(start, end or 0.0) > frames / rate + PAST_END:
        raise Rejected(f"no such segment: {_segment(start, end)}, in a file of {frames / rate:.6g} s")
    first, last = round(start * rate), frames if end is None else round(end * rate)
    whole = max(0, min(last, frames) - first)
    wanted = whole if clip_seconds is None else min(whole, int(np.ceil(clip_seconds * rate)))
    return first + ((whole - wanted) // 2 if crop == "center" else 0), wanted, whole


def _segment(start: float, end: float | None) -> str:
    return f"from {start:g} s to {'the end' if end is None else f'{end:g} s'}"


def _frames(file: soundfile.SoundFile, wanted: int) -> Samples:
    """The next ``wanted`` frames, or as many as there are: [frames, channels]."""
    dtype = "int16" if file.subtype == "PCM_16" else "float32"
    at_once = max(1, BLOCK // file.channels)
    blocks: list[Samples] = []
    read = 0
    while not blocks or (len(blocks[-1]) == at_once and read < wanted):
        blocks.append(file.read(min(at_once, wanted - read), dtype=dtype, always_2d=True))
        read += len(blocks[-1])
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)
