"""A new recording in chunks of the length that a model was trained on."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from permafrost.audio.decoding import decode
from permafrost.audio.samples import as_float32, as_int16
from permafrost.audio.settings import Preprocess


@dataclass(frozen=True)
class Chunks:
    """A recording, cut up.

    Attributes:
        waveforms: int16 [chunks, samples], mono.
        starts: where each begins, in seconds.
        seconds: length of the recording.
        whole: int16 [samples of the recording].
        sample_rate: Hz.
    """

    waveforms: NDArray[np.int16]
    starts: tuple[float, ...]
    seconds: float
    whole: NDArray[np.int16]
    sample_rate: int

    @property
    def chunk_seconds(self) -> float:
        """Length of a chunk."""
        return self.waveforms.shape[1] / self.sample_rate


def read_chunks(path: Path, preprocess: Preprocess, samples: int) -> Chunks:
    """Decode a file as stage preprocess would, all of it, and cut it into chunks of ``samples``.

    Chunks follow each other; the last one ends where the recording ends, over a part of the one before it where the
    length is no multiple of theirs. A recording that is shorter than a chunk is followed by zeros, however short.

    Raises:
        Rejected: unreadable, empty, not finite or silent; the message is the reason.
    """
    sound = decode(path, silence_dbfs=preprocess.silence_dbfs)
    return cut(sound.samples, sound.sample_rate, preprocess.sample_rate, samples, sound.seconds)


def cut(
    whole: NDArray[np.int16] | NDArray[np.float32],
    sample_rate: int,
    rate: int,
    samples: int,
    seconds: float | None = None,
) -> Chunks:
    """Chunks of ``samples`` at ``rate`` Hz of a mono waveform at ``sample_rate`` Hz; ``seconds`` is its own length."""
    seconds = len(whole) / sample_rate if seconds is None else seconds
    if sample_rate != rate:
        whole = soxr.resample(as_float32(whole), sample_rate, rate)
    whole = as_int16(whole)
    padded = np.pad(whole, (0, max(0, samples - len(whole))))
    starts = list(range(0, len(padded) - samples + 1, samples))
    # Less than a hundredth of a chunk is what resampling rounds, not sound that nobody has heard yet.
    if len(padded) - (starts[-1] + samples) > samples // 100:
        starts.append(len(padded) - samples)
    waveforms = np.stack([padded[start : start + samples] for start in starts])
    return Chunks(waveforms, tuple(start / rate for start in starts), seconds, whole, rate)
