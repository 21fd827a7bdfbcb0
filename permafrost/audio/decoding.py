"""Sound files to mono samples, or the reason why a file is not fit to learn from.

soundfile (libsndfile) reads wav, flac, ogg, mp3, au and aiff. The commonest file of all, 16-bit PCM wav, is read
directly: its samples are the array already.
"""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import soundfile

from permafrost.audio.samples import FULL_SCALE, Samples

Crop = Literal["start", "center"]

PCM = 1
HEAD_BYTES = 4096  # where a plain wav's chunks stand; a file with more before its samples is left to soundfile
LOWEST_RATE, HIGHEST_RATE = 1_000, 768_000
PREROLL = 9216  # eight frames of an mp3, whose decoder needs some frames after a jump before its output is right
LONGEST = 2**40  # frames; libsndfile gives a greater number where it does not know


class Rejected(ValueError):  # noqa: N818  it says what became of the file, not what broke
    """A file that must not become a training example; the message is the reason, as rejected.csv has it."""


@dataclass(frozen=True)
class Sound:
    """What was decoded: mono ``samples`` [frames], int16 or float32 in -1 … 1 (float files may exceed it), at
    ``sample_rate`` Hz; ``seconds`` is the length of the whole file, whatever part was decoded."""

    samples: Samples
    sample_rate: int
    seconds: float


def decode(
    path: Path,
    clip_seconds: float | None = None,
    crop: Crop = "start",
    min_seconds: float = 0.0,
    silence_dbfs: float = -80.0,
) -> Sound:
    """Decode a file, or the ``clip_seconds`` of it that are wanted, and mix its channels to one (their mean).

    Args:
        path: the file; it is only read.
        clip_seconds: decode no more than this, from the start or the middle (``crop``); None for all.
        crop: where the part is taken from.
        min_seconds: shorter files are rejected.
        silence_dbfs: a part whose peak is not above this is rejected, dB relative to full scale.

    Raises:
        Rejected: unreadable, empty, too short, not finite, or silent.
    """
    sound = _plain_wav(path, clip_seconds, crop) or _by_soundfile(path, clip_seconds, crop)
    if not len(sound.samples):
        raise Rejected("empty: no samples")
    if not LOWEST_RATE <= sound.sample_rate <= HIGHEST_RATE:
        raise Rejected(f"unreadable: a sample rate of {sound.sample_rate} Hz")
    if sound.seconds < min_seconds:
        raise Rejected(f"too short: {sound.seconds:.3g} s, less than preprocess.min_seconds {min_seconds:g}")
    peak = _peak(sound.samples)
    if not np.isfinite(peak):
        raise Rejected("not finite: NaN or infinite samples")
    if peak <= 10 ** (silence_dbfs / 20):
        level = f"{20 * np.log10(peak):.0f} dBFS" if peak else "digital silence"
        raise Rejected(f"silent: {level}, not above preprocess.silence_dbfs {silence_dbfs:g}")
    return sound


def _part(frames: int, rate: int, clip_seconds: float | None, crop: Crop) -> tuple[int, int]:
    """First frame and number of frames of the part that is wanted."""
    wanted = frames if clip_seconds is None else min(frames, int(np.ceil(clip_seconds * rate)))
    return (frames - wanted) // 2 if crop == "center" else 0, wanted


def _peak(samples: Samples) -> float:
    # In Python's numbers: -(-32768) does not fit into int16.
    peak = max(float(samples.max()), -float(samples.min()))  # NaN, where there is one, is both minimum and maximum
    return peak / FULL_SCALE if samples.dtype == np.int16 else peak


def _mono(samples: Samples, channels: int) -> Samples:
    """Mean of interleaved channels: [frames * channels] to [frames]."""
    if channels == 1:
        return samples
    by_frame = samples.reshape(-1, channels)
    mixed = by_frame[:, 0].astype(np.float32)
    for channel in range(1, channels):
        mixed += by_frame[:, channel]
    return mixed * np.float32(1 / channels / (FULL_SCALE if samples.dtype == np.int16 else 1))


def _plain_wav(path: Path, clip_seconds: float | None, crop: Crop) -> Sound | None:
    """The sound of a 16-bit PCM wav; None for anything else, and for anything unusual about it."""
    try:
        with path.open("rb", buffering=0) as file:
            head = file.read(HEAD_BYTES)
            if not head:
                raise Rejected("empty: a file of no bytes")
            found = _find_samples(head)
            if found is None:
                return None
            rate, channels, place, size = found
            if place + size > file.seek(0, 2):  # cut off
                return None
            frames = size // (2 * channels)
            start, wanted = _part(frames, rate, clip_seconds, crop)
            samples = np.empty(wanted * channels, "<i2")
            file.seek(place + start * 2 * channels)
            if file.readinto(samples.data.cast("B")) != samples.nbytes:
                return None
    except OSError as error:
        raise Rejected(f"unreadable: {error.strerror}") from None
    return Sound(_mono(samples, channels), rate, frames / rate)


def _find_samples(head: bytes) -> tuple[int, int, int, int] | None:
    """Sample rate, channels, and place and size in bytes of the samples, from the head of a RIFF file."""
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        return None
    place, rate, channels = 12, 0, 0
    while place + 8 <= len(head):
        name, size = struct.unpack_from("<4sI", head, place)
        place += 8
        if name == b"fmt " and place + 16 <= len(head):
            coding, channels, rate, _, frame_bytes, bits = struct.unpack_from("<HHIIHH", head, place)
            if coding != PCM or bits != 16 or not channels or frame_bytes != 2 * channels or not rate:
                return None
        elif name == b"data":
            plain = rate and size and size % (2 * channels) == 0
            return (rate, channels, place, size) if plain else None
        place += size + size % 2
    return None


def _by_soundfile(path: Path, clip_seconds: float | None, crop: Crop) -> Sound:
    try:
        with soundfile.SoundFile(path) as file:
            frames, rate = file.frames, file.samplerate
            if frames > LONGEST:
                raise Rejected("unreadable: the file does not say how long it is")
            start, wanted = _part(frames, rate, clip_seconds, crop)
            before = min(start, PREROLL)
            if start:
                file.seek(start - before)
            samples = file.read(before + wanted, dtype="float32", always_2d=True)[before:]
            if len(samples) < wanted:
                # Cut off, or a header that guesses (mp3): what there is counts, and the middle is the middle of that.
                file.seek(0)
                samples = file.read(dtype="float32", always_2d=True)
                frames = len(samples)
                start, wanted = _part(frames, rate, clip_seconds, crop)
                samples = np.ascontiguousarray(samples[start : start + wanted])
            return Sound(_mono(samples.reshape(-1), file.channels), rate, frames / rate)
    except (soundfile.SoundFileError, OSError, TypeError) as error:
        reason = getattr(error, "error_string", str(error))
        # libsndfile says so of an mp3 without a single frame; that the file is there has been seen by now.
        reason = "Format not recognised." if reason.startswith("File does not exist") else reason
        raise Rejected(f"unreadable: {reason}") from None
