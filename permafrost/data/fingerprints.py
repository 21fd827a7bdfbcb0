"""Coarse fingerprints of clips, to find pairs that sound alike although their samples differ (gain, codec, noise)."""

import numpy as np

NEAR = 0.95
# Comparing all pairs grows with the square of the clips; 20,000 take some seconds.
MOST_CLIPS = 20_000
FRAMES, BANDS, WINDOW = 32, 24, 1024
BLOCK = 512


def near_duplicates(waveforms: np.ndarray) -> list[tuple[int, int, float]] | None:
    """Pairs (i, j, likeness) with i < j whose fingerprints correlate above ``NEAR`` but whose samples differ.

    Args:
        waveforms: int16 [clips, samples].

    Returns:
        The pairs in order, or None for more than ``MOST_CLIPS`` clips. Memory grows with the clips, not their square.
    """
    if len(waveforms) > MOST_CLIPS:
        return None
    prints = fingerprints(waveforms)
    pairs = []
    for start in range(0, len(prints), BLOCK):
        alike = prints[start : start + BLOCK] @ prints[start:].T
        for row, column in np.argwhere(alike > NEAR):
            first, second = start + int(row), start + int(column)
            if first < second and not np.array_equal(waveforms[first], waveforms[second]):
                pairs.append((first, second, float(alike[row, column])))
    return pairs


def fingerprints(waveforms: np.ndarray) -> np.ndarray:
    """Log band energies at evenly spaced moments, less the data set's mean, of unit length: float32 [clips, n]."""
    samples = waveforms.shape[1]
    window = min(WINDOW, samples)
    starts = np.linspace(0, samples - window, FRAMES).astype(int)
    edges = np.unique(np.geomspace(1, window // 2 + 1, BANDS + 1).astype(int))
    taken = starts[:, None] + np.arange(window)
    prints = np.empty((len(waveforms), FRAMES * (len(edges) - 1)), np.float32)
    taper = np.hanning(window).astype(np.float32)
    for index in range(len(waveforms)):
        power = np.abs(np.fft.rfft(waveforms[index][taken].astype(np.float32) * taper)) ** 2
        bands = np.log(np.add.reduceat(power, edges[:-1], axis=1) + power.sum() * 1e-6 + 1.0)
        prints[index] = (bands - bands.mean()).ravel()
    prints -= prints.mean(axis=0)
    return prints / np.maximum(np.linalg.norm(prints, axis=1, keepdims=True), 1e-6)
