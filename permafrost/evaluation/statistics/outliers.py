"""Runs that lie far from the others of their strategy: diverged, most likely. Named, never left out."""

import numpy as np

from permafrost.evaluation.statistics.sample import Sample

FAR = 6.0  # robust standard deviations
LEAST = 0.05  # and five points: luck alone spreads many strategies less than their median spread says


def outliers(sample: Sample) -> list[tuple[str, object, float, float]]:
    """(arm, seed, score, usual score) of each such run, by the median and the median deviation, which one run in three
    cannot move; scores of one split are compared, and the spread is that over all strategies."""
    if len(sample.seeds) < 3:
        return []
    scores = sample.scores
    usual = np.median(scores, axis=1, keepdims=True)
    # What a split does to all strategies is no run's fault.
    split = np.zeros(scores.shape[1])
    for number in range(sample.count):
        split[sample.splits == number] = np.median((scores - usual)[:, sample.splits == number])
    apart = scores - usual - split
    spread = 1.4826 * np.median(np.abs(apart[np.abs(apart) > 1e-12])) if (np.abs(apart) > 1e-12).any() else 0.0
    far = np.abs(apart) > max(FAR * spread, LEAST)
    return [
        (sample.arms[arm], sample.seeds[seed], float(scores[arm, seed]), float(usual[arm, 0]))
        for arm, seed in np.argwhere(far)
    ]
