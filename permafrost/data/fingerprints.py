"""Pairs of clips that hold one recording although their samples differ: another gain, codec, cut or added noise.

A coarse fingerprint finds the pairs that could be; the peak of their cross-correlation decides. Fingerprints alone mix
up takes of one word by one speaker.
"""

from collections.abc import Callable

import numpy as np

ALIKE = 0.93  # a copy through MP3, or with noise 30 dB below it, was above this on ESC-10, FSDD and synthetic music
SAME = 0.92  # 119 of 120 copies through MP3 were above this; the most alike two of FSDD's 3,000 takes are at 0.915
# Comparing all pairs grows with the square of the clips; 20,000 take some seconds.
MOST_CLIPS = 20_000
MOST_PAIRS = 2_000
COMPARED_SAMPLES = 1 << 17
FRAMES, BANDS, WINDOW = 32, 24, 1024
BLOCK = 512


def near_duplicates(read: Callable[[int], np.ndarray], clips: int) -> list[tuple[int, int, float]] | None:
    """Pairs (i, j, correlation) with i < j of clips that sound the same but whose samples differ.

    Args:
        read: gives int16 [samples] for the number of a clip; all of one length.
        clips: how many there are.

    Returns:
        The pairs in order, or None for more than ``MOST_CLIPS`` clips. Only the ``MOST_PAIRS`` most alike are compared
        sample by sample. Memory grows with the clips, not with their square.
    """
    if clips > MOST_CLIPS:
        return None
    candidates = _candidates(fingerprints(read, clips))
    pairs = []
    for first, second in sorted(candidates):
        one, other = read(first), read(second)
        if not np.array_equal(one, other) and (correlation := _correlation(one, other)) > SAME:
            pairs.append((first, second, correlation))
    return pairs


def fingerprints(read: Callable[[int], np.ndarray], clips: int) -> np.ndarray:
    """Log band energies at evenly spaced moments, less the data set's mean, of unit length: float32 [clips, n]."""
    samples = len(read(0))
    window = min(WINDOW, samples)
    starts = np.linspace(0, samples - window, FRAMES).astype(int)
    edges = np.unique(np.geomspace(1, window // 2 + 1, BANDS + 1).astype(int))
    taken = starts[:, None] + np.arange(window)
    prints = np.empty((clips, FRAMES * (len(edges) - 1)), np.float32)
    taper = np.hanning(window).astype(np.float32)
    for index in range(clips):
        power = np.abs(np.fft.rfft(read(index)[taken].astype(np.float32) * taper)) ** 2
        # What lies 40 dB below the whole does not count: silence is equal to silence with a little noise.
        bands = np.log(np.add.reduceat(power, edges[:-1], axis=1) + power.sum() * 1e-4 + 1.0)
        prints[index] = (bands - bands.mean()).ravel()
    prints -= prints.mean(axis=0)
    return prints / np.maximum(np.linalg.norm(prints, axis=1, keepdims=True), 1e-6)


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
    first, second = (clip[:COMPARED_SAMPLES].astype(np.float32) for clip in (one, other))
    size = 1 << (2 * len(first) - 1).bit_length()  # room for every shift without wrapping round
    product = np.fft.rfft(first, size) * np.conj(np.fft.rfft(second, size))
    energy = float(np.linalg.norm(first) * np.linalg.norm(second))
    return float(np.abs(np.fft.irfft(product, size)).max()) / max(energy, 1e-9)
