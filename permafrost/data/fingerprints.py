"""Pairs of clips that hold one recording although their samples differ: another gain, codec, cut or added noise.

A coarse fingerprint finds the pairs that could be; the peak of their cross-correlation decides. Fingerprints alone mix
up takes of one word by one speaker.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np

ALIKE = 0.93  # a copy through MP3, or with noise 30 dB below it, was above this on ESC-10, FSDD and synthetic music
SAME = 0.92  # 119 of 120 copies through MP3 were above this; the most alike two of FSDD's 3,000 takes are at 0.915
# Comparing all pairs grows with the square of the clips; 20,000 take some seconds.
MOST_CLIPS = 20_000
MOST_PAIRS = 2_000
COMPARED_SAMPLES = 1 << 17
FRAMES, BANDS, WINDOW = 32, 24, 1024
BLOCK = 512


def near_duplicates(
    read: Callable[[int], np.ndarray], clips: int, fingerprint: Callable[[np.ndarray], np.ndarray]
) -> list[tuple[int, int, float]] | None:
    """Pairs (i, j, correlation) with i < j of clips that are the same to people but whose rows differ.

    Args:
        read: gives the row for the number of a clip; all of one shape.
        clips: how many there are.
        fingerprint: that of a row, float32 [n]; the reader's.

    Returns:
        The pairs in order, or None for more than ``MOST_CLIPS`` clips. Only the ``MOST_PAIRS`` most alike are compared
        sample by sample. Memory grows with the clips, not with their square.
    """
    if clips > MOST_CLIPS:
        return None
    candidates = _candidates(fingerprints(read, clips, fingerprint))
    pairs = []
    for first, second in sorted(candidates):
        one, other = read(first), read(second)
        if not np.array_equal(one, other) and (correlation := _correlation(one, other)) > SAME:
            pairs.append((first, second, correlation))
    return pairs


def fingerprints(
    read: Callable[[int], np.ndarray], clips: int, fingerprint: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Those of all clips, less the data set's mean, of unit length: float32 [clips, n]."""
    first = fingerprint(read(0))
    prints = np.empty((clips, len(first)), np.float32)
    for index in range(clips):
        prints[index] = fingerprint(read(index))
    prints -= prints.mean(axis=0)
    return prints / np.maximum(np.linalg.norm(prints, axis=1, keepdims=True), 1e-6)


def band_energies(samples: np.ndarray) -> np.ndarray:
    """Log band energies of sound, [samples], at evenly spaced moments, less their mean: float32 [n]."""
    taken, edges, taper = _windows(len(samples))
    power = np.abs(np.fft.rfft(samples[taken].astype(np.float32) * taper)) ** 2
    # What lies 40 dB below the whole does not count: silence is equal to silence with a little noise.
    bands = np.log(np.add.reduceat(power, edges[:-1], axis=1) + power.sum() * 1e-4 + 1.0)
    return (bands - bands.mean()).ravel().astype(np.float32)


@lru_cache(maxsize=1)
def _windows(samples: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where the samples of each moment stand [FRAMES, window], the edges of the bands, the window's shape."""
    window = min(WINDOW, samples)
    starts = np.linspace(0, samples - window, FRAMES).astype(int)
    edges = np.unique(np.geomspace(1, window // 2 + 1, BANDS + 1).astype(int))
    return starts[:, None] + np.arange(window), edges, np.hanning(window).astype(np.float32)


def _candidates(prints: np.ndarray) -> list[tuple[int, int]]:
    """The pairs of rows that are most alike, above ``ALIKE``."""
    found: list[tuple[float, int, int]] = []
    for start in range(0, len(prints), BLOCK):
        alike = prints[start : start + BLOCK] @ prints[start:].T
        rows, columns = np.nonzero(np.triu(alike, k=1) > ALIKE)
        likeness = alike[rows, columns].tolist()
        found += zip(likeness, (rows + start).tolist(), (columns + start).tolist(), strict=True)
        found = sorted(found, reverse=True)[:MOST_PAIRS]
    return [(first, second) for _, first, second in found]


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    """The peak of the normalised cross-correlation over all shifts, of the first ``COMPARED_SAMPLES`` of each."""
    first, second = (clip.ravel()[:COMPARED_SAMPLES].astype(np.float32) for clip in (one, other))
    size = 1 << (2 * len(first) - 1).bit_length()  # room for every shift without wrapping round
    product = np.fft.rfft(first, size) * np.conj(np.fft.rfft(second, size))
    energy = float(np.linalg.norm(first) * np.linalg.norm(second))
    return float(np.abs(np.fft.irfft(product, size)).max()) / max(energy, 1e-9)
