"""Instruments: wavetables with envelopes, and the tones they play."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

TABLE = 8192  # samples in a wavetable: read without interpolation, the error lies 70 dB below the tone


@dataclass(frozen=True)
class Instrument:
    """A tone of harmonics that fall off as 1/n^``rolloff``, under an envelope; times in s."""

    rolloff: float
    attack: float
    decay: float  # time constant; 0 holds the tone
    odd: bool = False  # odd harmonics only, as in a stopped pipe
    fade: float = 0.0  # time constant in which a plucked string loses its brightness; 0 keeps it
    spread: float = 0.0  # cents between two voices in unison; 0 is one voice
    vibrato: float = 0.0  # depth, cents
    partials: tuple[float, ...] = (1.0,)  # frequencies of the voices, as multiples of the pitch


INSTRUMENTS = {
    "piano": Instrument(1.8, 0.004, 0.45, fade=0.15),
    "guitar": Instrument(1.1, 0.002, 0.25, fade=0.08),
    "organ": Instrument(2.2, 0.010, 0.0, partials=(1.0, 2.0, 4.0)),
    "strings": Instrument(1.2, 0.120, 0.0, spread=14.0, vibrato=8.0),
    "brass": Instrument(0.8, 0.040, 0.0, vibrato=4.0),
    "flute": Instrument(2.8, 0.060, 0.0, vibrato=18.0),
    "bell": Instrument(4.0, 0.001, 0.60, partials=(1.0, 2.76, 5.40)),
    "reed": Instrument(1.3, 0.020, 0.0, odd=True),
    "bass": Instrument(1.7, 0.006, 0.5, fade=0.2),
}
VIBRATO_RATE = 5.5  # Hz


def tone(instrument: Instrument, pitch: float, seconds: float, brightness: float, sample_rate: int) -> np.ndarray:
    """A tone of ``pitch`` (Hz) held for ``seconds``, as float64 [samples]; RMS about 0.3 at the start."""
    samples = max(int(seconds * sample_rate), 16)
    rolloff = max(instrument.rolloff + brightness, 0.4)
    sound = np.zeros(samples)
    for ratio in instrument.partials:
        for voice in (-0.5, 0.5) if instrument.spread else (0.0,):
            frequency = pitch * ratio * 2 ** (voice * instrument.spread / 1200)
            if frequency < 0.45 * sample_rate:
                sound += _voice(instrument, frequency, rolloff, samples, sample_rate) / ratio**0.5
    return sound * _envelope(instrument, samples, sample_rate)


def _voice(instrument: Instrument, frequency: float, rolloff: float, samples: int, sample_rate: int) -> np.ndarray:
    harmonics = _harmonics(frequency, sample_rate)
    phase = _ramp(samples) * (frequency * TABLE / sample_rate)
    if instrument.vibrato:
        phase += _vibrato(samples, sample_rate) * (frequency * TABLE * instrument.vibrato)
    index = phase.astype(np.int64) & (TABLE - 1)
    table = _table(rolloff, instrument.odd, harmonics)[index]
    if not instrument.fade:
        return table
    # what is plucked starts bright and ends dull: two tables, one fading out of the other
    bright = _decay(instrument.fade, samples, sample_rate)
    dull = _table(rolloff + 1.5, instrument.odd, harmonics)[index]
    return dull + bright * (table - dull)


def _harmonics(frequency: float, sample_rate: int) -> int:
    """How many harmonics fit below Nyquist, rounded down to a power of two so that few tables serve all pitches."""
    fitting = int(0.45 * sample_rate / frequency)
    return min(1 << (fitting.bit_length() - 1), 32)


@lru_cache(maxsize=256)
def _table(rolloff: float, odd: bool, harmonics: int) -> np.ndarray:
    number = np.arange(1, harmonics + 1)
    amplitude = number**-rolloff * (number % 2 if odd else 1)
    spectrum = np.zeros(TABLE // 2 + 1, dtype=complex)
    spectrum[1 : harmonics + 1] = -1j * amplitude / np.sqrt(2 * np.sum(amplitude**2))
    return np.fft.irfft(spectrum, TABLE) * TABLE * 0.3


@lru_cache(maxsize=64)
def _ramp(samples: int) -> np.ndarray:
    return np.arange(samples, dtype=np.float64)


@lru_cache(maxsize=64)
def _vibrato(samples: int, sample_rate: int) -> np.ndarray:
    """Phase of a vibrato one cent deep, in cycles of a tone of 1 Hz."""
    angle = _ramp(samples) * (2 * np.pi * VIBRATO_RATE / sample_rate)
    return (np.log(2) / 1200 / (2 * np.pi * VIBRATO_RATE)) * (1 - np.cos(angle))


@lru_cache(maxsize=64)
def _decay(constant: float, samples: int, sample_rate: int) -> np.ndarray:
    return np.exp(_ramp(samples) * (-1 / (constant * sample_rate)))


@lru_cache(maxsize=64)
def _envelope(instrument: Instrument, samples: int, sample_rate: int) -> np.ndarray:
    envelope = _decay(instrument.decay, samples, sample_rate).copy() if instrument.decay else np.ones(samples)
    attack = min(int(instrument.attack * sample_rate) + 1, samples // 2)
    release = min(int(0.02 * sample_rate) + 1, samples // 2)
    envelope[:attack] *= np.arange(attack) / attack
    envelope[samples - release :] *= np.arange(release, 0, -1) / release
    return envelope
