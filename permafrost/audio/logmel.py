"""Log-mel images: what librosa gives, computing only the frames that the image reads.

The transform follows librosa 0.11 (``librosa.feature.melspectrogram`` with its defaults: centred frames, zero padding,
periodic Hann window, power spectrum, Slaney's mel scale and area normalisation), in float32 throughout. What differs is
the cost: a bilinear resize from 1,292 frames to 224 columns reads 448 of them, so only these are transformed; frames go
through in blocks that stay in a core's cache; each mel filter is multiplied with the bins it covers, not with all.
"""

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from permafrost.audio.inputs import LogMel
from permafrost.audio.pictures import Floats, finished, shape_of
from permafrost.audio.resizing import AreaAxis, LinearAxis
from permafrost.audio.samples import FULL_SCALE
from permafrost.errors import PermafrostError

FRAMES_PER_BLOCK = 150  # at most; measured flat from 90 to 150: more leave the core's cache, fewer make more calls
CALL_COST = 300  # of one matrix product, in units of one mel times one bin of a block (measured: about a microsecond)
DB_FLOOR = 1e-10  # librosa.power_to_db's amin
DB_RANGE = 80.0  # and its top_db
WHISPER_RANGE = 8.0  # powers of ten


def mel_filters(sample_rate: int, n_fft: int, n_mels: int, fmin: float, fmax: float) -> Floats:
    """Triangular filters on Slaney's mel scale, each of unit area: ``librosa.filters.mel``'s defaults.

    Slaney, Auditory Toolbox, technical report 1998-010, Interval Research: linear below 1 kHz (3 mels per 200 Hz), then
    27 mels per factor 6.4.

    Returns:
        float32 [n_mels, n_fft // 2 + 1], 1/Hz.
    """
    bins = np.fft.rfftfreq(n_fft, 1.0 / sample_rate)
    corners = _mel_to_hz(np.linspace(hz_to_mel(fmin), hz_to_mel(fmax), n_mels + 2))
    widths = np.diff(corners)
    distances = corners[:, None] - bins[None, :]
    rising = -distances[:-2] / widths[:-1, None]
    falling = distances[2:] / widths[1:, None]
    # Rounded to float32 before the normalisation, as librosa does.
    filters = np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)
    filters *= (2.0 / (corners[2:] - corners[:-2]))[:, None]
    return filters


def hz_to_mel(hertz: float) -> float:
    """Mels of Slaney's scale: linear below 1 kHz, logarithmic above."""
    return hertz * 3 / 200 if hertz < 1000 else 15 + 27 * float(np.log(hertz / 1000) / np.log(6.4))


def _mel_to_hz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(mels < 15, mels * 200 / 3, 1000 * np.exp((mels - 15) * np.log(6.4) / 27))


class LogMelTransform:
    """Turns clips of one length into images of one size.

    ``waveform`` is where a clip is put (int16 [samples], zero padding around it is in place already), a call gives its
    image: reading a file straight into the array spares a copy.

    Args:
        settings: what to compute.
        sample_rate: of the clips, Hz.
        samples: in each clip.

    Raises:
        PermafrostError: the frequency range does not fit the sample rate, or a filter covers no frequency bin.
    """

    def __init__(self, settings: LogMel, sample_rate: int, samples: int) -> None:
        fmax = sample_rate / 2 if settings.fmax is None else settings.fmax
        if not settings.fmin < fmax <= sample_rate / 2:
            raise PermafrostError(
                f"input.fmin {settings.fmin:g}, input.fmax {fmax:g}: expected fmin < fmax <= {sample_rate / 2:g} Hz, "
                "half of the sample rate; change one of the three"
            )
        self.settings = settings
        self.frames = 1 + (samples + 2 * (settings.n_fft // 2) - settings.n_fft) // settings.hop_length
        self.shape = shape_of(*(settings.size or (settings.n_mels, self.frames)), settings)
        self._rows, self._columns = _axes(settings, self.frames)
        # Some are relative to the clip's loudest value, which may stand in any frame: then all are needed.
        reads_all = self._columns is None or settings.scale in ("db", "whisper")
        self._read = np.arange(self.frames) if reads_all else self._columns.read
        if self._columns is not None and not reads_all:
            self._columns = self._columns.on_read_only()
        self._bands = _bands(settings, sample_rate, fmax)
        window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(settings.n_fft) / settings.n_fft)
        self._padded = np.zeros(samples + 2 * (settings.n_fft // 2), np.int16)
        self.waveform = self._padded[settings.n_fft // 2 : settings.n_fft // 2 + samples]
        self._framed = np.lib.stride_tricks.sliding_window_view(self._padded, settings.n_fft)[:: settings.hop_length]
        blocks = -(-len(self._read) // FRAMES_PER_BLOCK)
        self._block = np.empty((-(-len(self._read) // blocks), settings.n_fft), np.float32)
        # Dividing by a power of two adds no rounding. A window for each frame multiplies faster than one for all.
        self._windows = np.tile((window / FULL_SCALE).astype(np.float32), (len(self._block), 1))

    def __call__(self) -> Floats:
        """The image of the clip that stands in ``waveform``: float32 ``shape``, as ``finished`` leaves it."""
        image = self._resize(self._scale(self.mel()))
        reach = {"db": DB_RANGE, "whisper": WHISPER_RANGE}.get(self.settings.scale)
        return finished(image, self.settings, silence=0.0 if reach is None else image.max() - reach)

    def mel(self) -> Floats:
        """Mel power of the frames that are read, float32 [n_mels, frames read]."""
        mel = np.empty((self.settings.n_mels, len(self._read)), np.float32)
        for start in range(0, len(self._read), len(self._block)):
            chosen = self._read[start : start + len(self._block)]
            block = self._block[: len(chosen)]
            block[:] = self._framed[chosen]
            block *= self._windows[: len(chosen)]
            spectrum = scipy.fft.rfft(block, axis=1, overwrite_x=True)
            # Real and imaginary parts are squared where they lie, and each filter holds its weights twice: their sum
            # is then part of the matrix product.
            power = spectrum.view(np.float32)
            np.multiply(power, power, out=power)
            for rows, bins, weights in self._bands:
                np.matmul(weights, power[:, bins].T, out=mel[rows, start : start + len(chosen)])
        return mel

    def _scale(self, mel: Floats) -> Floats:
        if self.settings.scale == "log1p":
            return np.log1p(mel, out=mel)
        if self.settings.scale == "log10":
            mel *= 10_000
            mel += 1
            return np.log10(mel, out=mel)
        if self.settings.scale == "whisper":
            powers = np.log10(np.maximum(mel, DB_FLOOR, out=mel))
            return np.maximum(powers, powers.max() - WHISPER_RANGE, out=powers)
        decibels = 10 * np.log10(np.maximum(mel, DB_FLOOR, out=mel))
        decibels -= decibels.max()
        return np.maximum(decibels, -DB_RANGE, out=decibels)

    def _resize(self, image: Floats) -> Floats:
        if self._columns is None or self._rows is None:
            return image
        return self._rows.along_rows(self._columns.along_columns(image))


def _axes(settings: LogMel, frames: int) -> tuple[LinearAxis | AreaAxis | None, LinearAxis | AreaAxis | None]:
    if settings.size is None:
        return None, None
    axis = LinearAxis if settings.resize == "bilinear" else AreaAxis
    return axis(settings.n_mels, settings.size[0]), axis(frames, settings.size[1])


def _bands(settings: LogMel, sample_rate: int, fmax: float) -> list[tuple[slice, slice, Floats]]:
    filters = mel_filters(sample_rate, settings.n_fft, settings.n_mels, settings.fmin, fmax)
    empty = np.flatnonzero(~filters.any(axis=1))
    if len(empty):
        raise PermafrostError(
            f"input.n_mels {settings.n_mels}: {len(empty)} of the filters cover no frequency bin (the first is number "
            f"{empty[0]}) at input.n_fft {settings.n_fft}; use fewer mels or a longer n_fft"
        )
    return [_band(filters, first, last) for first, last in _partition(filters)]


def _band(filters: Floats, first: int, last: int) -> tuple[slice, slice, Floats]:
    covered = np.flatnonzero(filters[first:last].any(axis=0))
    low, high = covered[0], covered[-1] + 1
    return slice(first, last), slice(2 * low, 2 * high), np.repeat(filters[first:last, low:high], 2, axis=1)


def _partition(filters: Floats) -> list[tuple[int, int]]:
    """Cut the filters into runs that are cheapest to multiply: a wide run multiplies more zeros, a narrow one makes
    more calls (dynamic programming over the last cut)."""
    lows, highs = (filters > 0).argmax(axis=1), filters.shape[1] - (filters > 0)[:, ::-1].argmax(axis=1)
    best, cut = [0.0], [0]
    for last in range(1, len(filters) + 1):
        costs = [
            best[first] + CALL_COST + (last - first) * 2 * (highs[last - 1] - lows[first]) for first in range(last)
        ]
        cut.append(int(np.argmin(costs)))
        best.append(costs[cut[-1]])
    runs, last = [], len(filters)
    while last:
        runs.append((cut[last], last))
        last = cut[last]
    return runs[::-1]
