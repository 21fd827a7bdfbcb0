"""Kaldi's filter banks: logarithms of power in mel bands, as AST and the wav2vec2-BERT family were trained on.

What ``torchaudio.compliance.kaldi.fbank(htk_compat=True, use_energy=False, window_type="hanning", dither=0)`` gives for
samples in -1 … 1, without torch: whole windows of 25 ms every 10 ms, each without its mean and with pre-emphasis, a
symmetric Hann window, and triangles on the mel scale 1127 ln(1 + f / 700).
"""

import numpy as np
import scipy.fft

from permafrost.audio.inputs import FilterBank
from permafrost.audio.pictures import Floats, finished, shape_of
from permafrost.audio.samples import as_float32
from permafrost.errors import PermafrostError

WINDOW, HOP = 0.025, 0.010  # seconds
PRE_EMPHASIS = 0.97
FLOOR = np.finfo(np.float32).eps  # of power
PADDING = 0.0  # AST's: what follows a short clip is a 0 among logarithms


class FilterBankTransform:
    """Turns clips of one length into pictures, as ``LogMelTransform`` does.

    Raises:
        PermafrostError: the clips are shorter than a window, or the frequency range does not fit the sample rate.
    """

    def __init__(self, settings: FilterBank, sample_rate: int, samples: int) -> None:
        self.settings = settings
        window, self._hop = int(sample_rate * WINDOW), int(sample_rate * HOP)
        if samples < window:
            raise PermafrostError(
                f"input.kind filterbank: clips of {samples} samples are shorter than a window of {window} "
                f"({WINDOW * 1000:g} ms); raise preprocess.clip_seconds"
            )
        self.waveform = np.zeros(samples, np.int16)
        self._window = np.hanning(window).astype(np.float32)
        self._size = 1 << (window - 1).bit_length()
        self._filters = kaldi_filters(settings, sample_rate, self._size)
        self.shape = shape_of(settings.n_mels, 1 + (samples - window) // self._hop, settings)

    def __call__(self) -> Floats:
        """The picture of the clip that stands in ``waveform``: float32 ``shape``, as ``finished`` leaves it."""
        clip = as_float32(self.waveform)
        frames = np.lib.stride_tricks.sliding_window_view(clip, len(self._window))[:: self._hop]
        frames = frames - frames.mean(axis=1, keepdims=True)
        before = np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
        spectrum = scipy.fft.rfft((frames - np.float32(PRE_EMPHASIS) * before) * self._window, self._size, axis=1)
        power = spectrum.real**2 + spectrum.imag**2
        image = np.log(np.maximum(self._filters @ power[:, : self._size // 2].T, FLOOR))
        return finished(image, self.settings, silence=PADDING)


def kaldi_filters(settings: FilterBank, sample_rate: int, n_fft: int) -> Floats:
    """Triangles of height one, even in mel: float32 [n_mels, n_fft / 2], without the bin of half the sample rate.

    Raises:
        PermafrostError: the frequency range does not fit the sample rate.
    """
    fmax = sample_rate / 2 if settings.fmax is None else settings.fmax
    if not settings.fmin < fmax <= sample_rate / 2:
        raise PermafrostError(
            f"input.fmin {settings.fmin:g}, input.fmax {fmax:g}: expected fmin < fmax <= {sample_rate / 2:g} Hz, "
            "half of the sample rate; change one of the three"
        )
    low, high = _mel(settings.fmin), _mel(fmax)
    corners = low + (high - low) / (settings.n_mels + 1) * np.arange(settings.n_mels + 2)[:, None]
    bins = _mel(np.arange(n_fft // 2) * sample_rate / n_fft)
    left, centre, right = corners[:-2], corners[1:-1], corners[2:]
    return np.maximum(0, np.minimum((bins - left) / (centre - left), (right - bins) / (right - centre))).astype("f4")


def _mel(hertz):  # noqa: ANN001, ANN202
    return 1127 * np.log1p(np.asarray(hertz) / 700)
