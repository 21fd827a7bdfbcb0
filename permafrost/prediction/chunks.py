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
    rate = preprocess.sample_rate
    whole = sound.samples
    if sound.sample_rate != rate:
        whole = soxr.resample(as_float32(whole), sound.sample_rate, rate)
    whole = as_int16(whole)
    padded = np.pad(whole, (0, max(0, samples - len(whole))))
    starts = list(range(0, len(padded) - samples + 1, samples))
    # Less than a hundredth of a chunk is what resampling rounds, not sound that nobody has heard yet.
    if len(padded) - (starts[-1] + samples) > samples // 100:
        starts.append(len(padded) - samples)
    waveforms = np.stack([padded[start : start + samples] for start in starts])
    return Chunks(waveforms, tuple(start / rate for start in starts), sound.seconds, whole, rate)
