"""Recordings of sound: decoded, mixed to one channel and resampled, stored as int16 samples."""

from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from permafrost.audio.decoding import decode
from permafrost.audio.formats import SOUND
from permafrost.audio.media import Shown, picture, sound
from permafrost.audio.preprocessing import Kept
from permafrost.audio.samples import as_float32, as_int16
from permafrost.audio.settings import Preprocess
from permafrost.data.fingerprints import band_energies

ENDINGS, DTYPE = SOUND, np.int16


def shape(settings: Preprocess) -> tuple[int, ...]:
    """Of a row: (samples,)."""
    return (settings.samples,)


def read(
    path: Path, settings: Preprocess, start: float = 0.0, end: float | None = None
) -> tuple[NDArray[np.int16], Kept]:
    """The row of a file, or of its segment from ``start`` to ``end`` seconds, and what is known of it.

    Raises:
        Rejected: it is not fit to learn from; the error says why.
    """
    heard = decode(path, settings.clip_seconds, settings.crop, settings.min_seconds, settings.silence_dbfs, start, end)
    samples = heard.samples
    if heard.sample_rate != settings.sample_rate:
        samples = soxr.resample(as_float32(samples), heard.sample_rate, settings.sample_rate)
    row = np.zeros(settings.samples, np.int16)
    length = min(len(samples), len(row))
    row[:length] = as_int16(samples[:length])
    return row, Kept(heard.seconds, heard.sample_rate, heard.remarks)


def fingerprint(row: NDArray[np.int16]) -> NDArray[np.float32]:
    """What stays nearly the same through another gain, codec, cut or added noise: [n]."""
    return band_energies(row)


def show(row: NDArray[np.int16], sample_rate: int) -> Shown:
    """To see and to hear; ``sample_rate`` in Hz."""
    return Shown(picture(row, sample_rate), sound(row, sample_rate), "Log-mel spectrogram of {}, low notes below")
