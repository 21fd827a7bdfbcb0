"""From parts to a clip: the artist's equaliser, room, noise, soft clipper and level, then 16 bits."""

from functools import lru_cache

import numpy as np
from scipy import fft

from permafrost.audio.synthetic.piece import Sound

BANDS = (60.0, 150.0, 400.0, 1000.0, 2500.0, 5000.0, 9000.0)  # Hz; between them the gain is interpolated over log f


def gain(level: float) -> float:
    """Amplitude of a level in dB."""
    return 10 ** (level / 20)


def add(track: np.ndarray, sound: np.ndarray, start: int, level: float) -> None:
    """Mix ``sound`` into ``track`` [samples] from sample ``start``; what lies outside is cut."""
    first = max(-start, 0)
    last = min(sound.size, track.size - start)
    if first < last:
        track[start + first : start + last] += level * sound[first:last]


def finish(track: np.ndarray, sound: Sound, sample_rate: int, random: np.random.Generator) -> np.ndarray:
    """A finished clip as int16 [samples] from a mixed track, float64 [samples]."""
    track = track / max(float(np.abs(track).max()), 1e-9)
    track = np.tanh(sound.drive * track)
    track = track + gain(sound.noise) * random.standard_normal(track.size)
    size = _padded(track.size, sample_rate)
    spectrum = fft.rfft(track, size) * _response(sound, size, sample_rate)
    track = fft.irfft(spectrum, size)[: track.size]
    track *= gain(sound.level) / max(float(np.abs(track).max()), 1e-9)
    return np.round(track * 32767).astype(np.int16)


def _padded(samples: int, sample_rate: int) -> int:
    """A quick transform length with half a second to spare, so that the room's tail does not wrap to the start."""
    return fft.next_fast_len(samples + sample_rate // 2, real=True)


@lru_cache(maxsize=2)
def _response(sound: Sound, size: int, sample_rate: int) -> np.ndarray:
    """Equaliser and room in one: complex [size // 2 + 1]. Kept, because an artist's clips are made in a row."""
    frequencies = np.arange(size // 2 + 1) * (sample_rate / size)
    bands = np.interp(np.log(np.maximum(frequencies, 1.0)), np.log(BANDS), sound.equaliser)
    samples = int(min(sound.room, 0.5) * sample_rate)
    tail = np.random.default_rng(sound.room_seed).standard_normal(samples)
    tail *= np.exp(-6.9 / (sound.room * sample_rate) * np.arange(samples))  # -60 dB at the decay time
    tail *= sound.wet / np.sqrt(np.sum(tail**2))
    return 10 ** (bands / 20) * (1 + fft.rfft(tail, size))
