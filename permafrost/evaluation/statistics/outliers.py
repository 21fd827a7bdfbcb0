"""Runs that lie far from the others of their strategy: diverged, most likely. Named, never left out."""

import numpy as np

from permafrost.evaluation.statistics.sample import Sample

FAR = 6.0  # robust standard deviations
LEAST = 0.05  # and five points: luck alone spreads many strategies less than their median spread says
APART = 0.2  # a run at chance is apart where another of its strategy lies so far above chance


def outliers(sample: Sample, chance: float | None = None) -> list[tuple[str, object, float, float]]:
    """(arm, seed, score, the strategy's median) of each such run, and of those at ``chance`` where others are not.

    By the median and the median deviation, which one run in three cannot move; scores of one split are compared, and
    the spread is that over all strategies.
    """
    scores = sample.scores
    usual = np.median(scores, axis=1, keepdims=True)
    # What a split does to all strategies is no run's fault.
    apart = scores - usual
    for number in range(sample.count):
        apart[:, sample.splits == number] -= np.median(apart[:, sample.splits == number])
    varied = np.abs(apart[np.abs(apart) > 1e-12])
    spread = 1.4826 * np.median(varied) if len(varied) else 0.0
    far = (np.abs(apart) > max(FAR * spread, LEAST)) & (len(sample.seeds) > 2)
    if chance is not None:
        guessed = chance + 2 * (chance * (1 - chance) / (sample.clips or 100)) ** 0.5
        far |= (scores <= guessed) & (scores.max(1, keepdims=True) > chance + APART)
    return [
        (sample.arms[arm], sample.seeds[seed], float(scores[arm, seed]), float(usual[arm, 0]))
        for arm, seed in np.argwhere(far)
    ]
