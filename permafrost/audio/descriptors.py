"""The hand-made descriptors of the published GTZAN table, by librosa: means and variances over a clip.

Each is what librosa's own function gives for the waveform alone; they only share what those functions would each
compute anew (one short-time Fourier transform, one mel spectrogram). Nearly all of the time would go into the two
running medians of the harmonic-percussive separation: as one line of samples they are the same numbers in a tenth.
"""

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import librosa
import numpy as np
import scipy.ndimage
from numpy.typing import NDArray

from permafrost.audio.librosa_compiled import compile_once
from permafrost.audio.pool import spread
from permafrost.audio.rows import RowFile
from permafrost.audio.samples import as_float32
from permafrost.errors import PermafrostError

Floats = NDArray[np.float32]

COEFFICIENTS = 20  # MFCCs
MEDIAN = 31  # frames, and bins: librosa.decompose.hpss's kernel
NAMED_IN_ERROR = 5

_PAIRS = ("chroma_stft", "rms", "spectral_centroid", "spectral_bandwidth", "rolloff", "zero_crossing_rate", "harmony",
          "perceptr")  # fmt: skip
# In the order of the published table, under its names (`perceptr` is its word for the percussive part).
NAMES: tuple[str, ...] = (
    *(f"{name}_{moment}" for name in _PAIRS for moment in ("mean", "var")),
    "tempo",
    *(f"mfcc{number}_{moment}" for number in range(1, COEFFICIENTS + 1) for moment in ("mean", "var")),
)


def describe(waveform: Floats, sample_rate: int) -> NDArray[np.float64]:
    """The descriptors of one clip, in the order of ``NAMES``.

    Args:
        waveform: [samples], in -1 … 1.
        sample_rate: Hz.

    Returns:
        float64 [57]; means, variances, and the tempo in beats a minute.
    """
    compile_once(_describe_a_tone)
    return _describe(waveform, sample_rate)


def _describe(waveform: Floats, sample_rate: int) -> NDArray[np.float64]:
    with warnings.catch_warnings():
        # Of clips shorter than a window, and of clips without a pitch: they have descriptors all the same.
        warnings.filterwarnings("ignore", message="n_fft=.* is too large for input signal")
        warnings.filterwarnings("ignore", message="Trying to estimate tuning from empty frequency set")
        spectrum = librosa.stft(waveform)
        magnitude, phase = librosa.magphase(spectrum)
        power = magnitude**2
        centroid = librosa.feature.spectral_centroid(S=magnitude, sr=sample_rate)
        series = [
            librosa.feature.chroma_stft(S=power, sr=sample_rate),
            librosa.feature.rms(y=waveform),
            centroid,
            librosa.feature.spectral_bandwidth(S=magnitude, sr=sample_rate, centroid=centroid),
            librosa.feature.spectral_rolloff(S=magnitude, sr=sample_rate),
            librosa.feature.zero_crossing_rate(waveform),
            *_harmonic_and_percussive(magnitude, phase, len(waveform)),
        ]
        decibels = librosa.power_to_db(librosa.feature.melspectrogram(S=power, sr=sample_rate))
        tempo = _tempo(decibels, sample_rate)
        cepstrum = librosa.feature.mfcc(S=decibels, n_mfcc=COEFFICIENTS)
    values = [moment for values in series for moment in (np.mean(values), np.var(values))]
    values += [tempo, *np.stack([cepstrum.mean(axis=1), cepstrum.var(axis=1)], axis=1).ravel()]
    return np.array(values, np.float64)


def extract(
    waveforms: Path, sample_rate: int, clip_ids: Sequence[str], workers: int | None = None
) -> NDArray[np.float64]:
    """The descriptors of every row of ``waveforms``: float64 [clips, 57], in the order of ``NAMES``.

    Args:
        waveforms: .npy, int16 [clips, samples].
        sample_rate: of the waveforms, Hz.
        clip_ids: of the rows, for errors.
        workers: processes, by default one a core.

    Raises:
        PermafrostError: the waveforms are missing or of another number than the ids, or a clip's descriptor is not a
            finite number: all such clips are counted, the first few named.
    """
    rows = RowFile(waveforms)
    rows.close()
    if rows.rows != len(clip_ids):
        raise PermafrostError(
            f"{waveforms} has {rows.rows} rows and data/clips.csv {len(clip_ids)}; run `dvc repro preprocess`"
        )
    compile_once(_describe_a_tone)  # here, so that the pool's processes have it from their parent
    values = np.stack(spread(_describer, (waveforms, sample_rate), rows.rows, "descriptors", workers))
    bad = np.flatnonzero(~np.isfinite(values).all(axis=1))
    if len(bad):
        named = "\n  ".join(
            f"{clip_ids[row]} ({', '.join(np.array(NAMES)[~np.isfinite(values[row])][:3])})"
            for row in bad[:NAMED_IN_ERROR]
        )
        raise PermafrostError(
            f"{len(bad)} of {len(values)} clips have descriptors that are not finite numbers:\n  {named}\n"
            "remove these recordings, or raise preprocess.silence_dbfs so that they are rejected"
        )
    return values


def _describe_a_tone() -> None:
    """Descriptors of half a second with a pitch, and with an onset: every function of librosa is called."""
    time = np.arange(11025, dtype=np.float32) / 22050
    _describe(np.where(time > 0.2, np.sin(2 * np.pi * 440 * time), 0).astype(np.float32), 22050)


def running_median(rows: Floats, size: int) -> Floats:
    """Median of ``size`` (odd) values around each value of each row, rows continued by their reflection.

    The same numbers as ``scipy.ndimage.median_filter(rows, (1, size), mode="reflect")``. SciPy keeps its fast running
    median for arrays of one dimension, so all rows, each with its reflections, are put into one.
    """
    half = size // 2
    padded = np.pad(rows, ((0, 0), (half, half)), mode="symmetric")
    medians = scipy.ndimage.median_filter(padded.ravel(), size=size, mode="nearest")
    return medians.reshape(padded.shape)[:, half:-half]


def _harmonic_and_percussive(magnitude: Floats, phase: NDArray[np.complex64], samples: int) -> list[Floats]:
    """The two waveforms of ``librosa.effects.hpss`` (Fitzgerald, DAFx 2010): sounds that last, sounds that strike."""
    harmonic = running_median(magnitude, MEDIAN)
    percussive = running_median(np.ascontiguousarray(magnitude.T), MEDIAN).T
    masks = (
        librosa.util.softmask(harmonic, percussive, power=2.0, split_zeros=True),
        librosa.util.softmask(percussive, harmonic, power=2.0, split_zeros=True),
    )
    return [librosa.istft((magnitude * mask) * phase, dtype=np.float32, length=samples) for mask in masks]


def _tempo(decibels: Floats, sample_rate: int) -> float:
    """Beats a minute: what ``librosa.beat.beat_track`` gives first, without placing the beats; 0 where none begins."""
    onsets = librosa.onset.onset_strength(S=decibels, sr=sample_rate, aggregate=np.median)
    return float(librosa.feature.tempo(onset_envelope=onsets, sr=sample_rate)[0]) if onsets.any() else 0.0


def _describer(waveforms: Path, sample_rate: int) -> Callable[[int], NDArray[np.float64]]:
    """A process's own function from a row's number to its descriptors."""
    source = RowFile(waveforms)
    waveform = np.empty(source.row_shape, np.int16)

    def describe_row(number: int) -> NDArray[np.float64]:
        source.read(number, waveform)
        return describe(as_float32(waveform), sample_rate)

    return describe_row
