"""From a stored clip to what one network reads: a picture of its kind, or a waveform, at the network's own rate."""

import numpy as np
import soxr
from numpy.typing import NDArray

from permafrost.audio.filterbank import FilterBankTransform
from permafrost.audio.inputs import FilterBank, LogMel
from permafrost.audio.logmel import LogMelTransform
from permafrost.audio.pictures import Floats
from permafrost.audio.samples import as_float32, as_int16


class PictureMaker:
    """A call turns a clip, int16 [samples] at ``sample_rate`` Hz, into a picture, float32 ``shape``.

    Raises:
        PermafrostError: the settings do not fit the clips' length or the picture's rate.
    """

    def __init__(self, settings: LogMel | FilterBank, sample_rate: int, samples: int) -> None:
        self._rates = sample_rate, settings.sample_rate or sample_rate
        own = samples_at(self._rates[1], sample_rate, samples)
        transform = LogMelTransform if isinstance(settings, LogMel) else FilterBankTransform
        self._transform = transform(settings, self._rates[1], own)
        self.shape = self._transform.shape

    def __call__(self, waveform: NDArray[np.int16]) -> Floats:
        """The picture of one clip."""
        heard = self._transform.waveform
        heard[:] = resampled(waveform, *self._rates, len(heard))
        return self._transform()


def samples_at(rate: int, sample_rate: int, samples: int) -> int:
    """How many samples at ``rate`` Hz a clip of ``samples`` at ``sample_rate`` has."""
    return round(samples * rate / sample_rate)


def resampled(waveform: NDArray[np.int16], sample_rate: int, rate: int, samples: int) -> NDArray[np.int16]:
    """A clip at ``rate`` Hz, cut or followed by zeros so that it has ``samples``."""
    heard = waveform if rate == sample_rate else as_int16(soxr.resample(as_float32(waveform), sample_rate, rate))
    return np.pad(heard[:samples], (0, max(0, samples - len(heard))))
