"""What the rows and columns of a mel picture stand for: Hz and seconds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from permafrost.audio.filterbank import HOP
from permafrost.audio.inputs import FilterBank, Input, Waveform
from permafrost.audio.logmel import hz_to_mel

TICKS = (500, 1000, 2000, 5000, 10000, 20000, 50000)  # Hz


@dataclass(frozen=True)
class MelAxes:
    """The edges of a picture: ``seconds`` wide, from ``low`` to ``high`` Hz in even steps of mel.

    ``htk``: HTK's mels, those of networks on waveforms and of Kaldi's filter banks; else Slaney's, as librosa has them.
    """

    seconds: float
    low: float
    high: float
    htk: bool = False

    def ticks(self, apart: float = 0.15) -> tuple[list[float], list[str]]:
        """Places from 0 (bottom) to 1 of round frequencies at least ``apart``, and how they are written (kHz)."""
        places, names = [], []
        for hertz in TICKS:
            place = (self._mel(hertz) - self._mel(self.low)) / (self._mel(self.high) - self._mel(self.low))
            if 0 <= place <= 1 and (not places or place - places[-1] >= apart):
                places.append(place)
                names.append(f"{hertz / 1000:g}")
        return places, names

    def _mel(self, hertz: float) -> float:
        return float(np.log1p(hertz / 700)) if self.htk else hz_to_mel(hertz)


def mel_axes(settings: Input, preprocess: Mapping[str, Any], shape: tuple[int, ...]) -> MelAxes:
    """The axes of the pictures that a recipe's network reads or makes; chunks of a clip stand side by side.

    Args:
        settings: its input.
        preprocess: that section of the parameters.
        shape: of what the network reads for a clip: (samples,), (mels, frames) or (chunks, mels, frames).
    """
    rate = settings.sample_rate or preprocess["sample_rate"]
    if isinstance(settings, Waveform):
        return MelAxes(shape[0] / rate, 0.0, rate / 2, htk=True)
    seconds = preprocess["clip_seconds"]
    if settings.chunk is not None:
        columns = shape[-1] * (shape[0] if len(shape) == 3 else 1)
        if isinstance(settings, FilterBank):
            seconds = columns * HOP
        else:
            seconds = columns * (seconds / settings.size[1] if settings.size else settings.hop_length / rate)
    return MelAxes(seconds, settings.fmin, settings.fmax or rate / 2, isinstance(settings, FilterBank))
