"""The hierarchical bootstrap over splits, seeds and test clips, paired across strategies."""

from dataclasses import dataclass

import numpy as np

from permafrost.evaluation.statistics.sample import Sample

DRAWS = 2000
CHUNK = 250  # draws at a time: clip weights of large test sets must not fill memory


@dataclass(frozen=True)
class Interval:
    """A 95 % interval and the method that gave it."""

    low: float
    high: float
    method: str


@dataclass(frozen=True)
class Weights:
    """How often each seed [draws, seeds] and each clip [draws, clips] counts in each draw; rows sum to one."""

    seeds: np.ndarray
    clips: np.ndarray | None


def weights(sample: Sample, draws: int = DRAWS, seed: int = 0) -> Weights:
    """Resample splits, seeds within splits and, where all seeds share their test clips, clips.

    Every strategy gets the same draw, so that what is shared by the strategies cancels in their differences (the
    "pigeonhole" bootstrap of Owen 2007, Ann. Appl. Stat. 1, for crossed factors).
    """
    random = np.random.default_rng(seed)
    clips = None
    if sample.correct is not None:
        count = sample.correct.shape[2]
        clips = (random.multinomial(count, np.full(count, 1 / count), draws) / count).astype(np.float32)
    numbers = np.unique(sample.splits)
    picked = random.multinomial(len(numbers), np.full(len(numbers), 1 / len(numbers)), draws)
    result = np.zeros((draws, len(sample.seeds)))
    for column, number in enumerate(numbers):
        members = np.flatnonzero(sample.splits == number)
        # A split drawn twice draws its seeds twice, independently: the multinomial of the summed count is the same.
        counts = random.multinomial(picked[:, column] * len(members), np.full(len(members), 1 / len(members)))
        result[:, members] = counts / len(members)
    return Weights(result / len(numbers), clips)


def means(sample: Sample, resampled: Weights) -> np.ndarray:
    """Mean score of each arm in each draw: [draws, arms]."""
    if sample.correct is None or resampled.clips is None:
        return resampled.seeds @ sample.scores.T
    arms, seeds, clips = sample.correct.shape
    flat = sample.correct.transpose(1, 0, 2).reshape(seeds, arms * clips)
    result = np.empty((len(resampled.seeds), arms))
    for start in range(0, len(result), CHUNK):
        part = slice(start, start + CHUNK)
        by_clip = (resampled.seeds[part] @ flat).reshape(-1, arms, clips)
        result[part] = np.einsum("bac,bc->ba", by_clip, resampled.clips[part])
    return result


def percentile(draws: np.ndarray, level: float = 0.95) -> Interval:
    """The middle ``level`` of the draws."""
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high), "percentile bootstrap over seeds and clips")


def bca(draws: np.ndarray, estimate: float, influence: np.ndarray, level: float = 0.95) -> Interval:
    """Bias-corrected and accelerated interval (Efron 1987, JASA 82); percentile where the correction is undefined.

    ``influence`` holds the share that each seed and each clip has in the estimate's deviation, both sources in one
    array (DiCiccio & Efron 1996, Statist. Sci. 11, several samples).
    """
    from scipy import stats

    below = np.mean(draws < estimate) + np.mean(draws == estimate) / 2
    size = (influence**2).sum() ** 1.5
    if size <= 1e-15 or not 0 < below < 1:
        return percentile(draws, level)
    bias, acceleration = stats.norm.ppf(below), (influence**3).sum() / (6 * size)
    ends = bias + stats.norm.ppf([(1 - level) / 2, (1 + level) / 2])
    shares = stats.norm.cdf(bias + ends / (1 - acceleration * ends))
    low, high = np.quantile(draws, shares)
    return Interval(float(low), float(high), "BCa bootstrap over seeds and clips")


def interval(sample: Sample, arm: int, draws: np.ndarray, test_per_train: float) -> Interval | None:
    """The 95 % interval of one arm's mean, by the method that fits what is known; None for a single score.

    Seeds and clips: BCa over both (accuracies near 0 or 1 are skewed). Every answer right or every one wrong: Wilson's
    interval over clips, because then nothing can be resampled. Scores alone: Student's t over seeds, because a
    bootstrap of a handful of seeds is too narrow (its variance is (S - 1)/S of the right one). Redrawn splits: the
    corrected resampled t, because a bootstrap does not see that training sets overlap.
    """
    from scipy import stats

    if sample.correct is not None:
        values = sample.correct[arm]
        total, (seeds, clips) = float(values.mean()), values.shape
        if total in (0.0, 1.0):
            ends = stats.binomtest(round(total * clips), clips).proportion_ci(method="wilson")
            return Interval(float(ends.low), float(ends.high), "Wilson over clips")
        return bca(
            draws,
            total,
            np.concatenate([(values.mean(1) - total) / seeds, (values.mean(0) - total) / clips]),
        )
    values = sample.by_split(sample.scores)[arm] if sample.redrawn else sample.scores[arm]
    if len(values) < 2:
        return None
    factor = 1 / len(values) + (test_per_train if sample.redrawn else 0.0)
    half = stats.t.isf(0.025, len(values) - 1) * values.std(ddof=1) * factor**0.5
    method = "corrected resampled t over splits" if sample.redrawn else "t over seeds"
    return Interval(float(values.mean() - half), float(values.mean() + half), method)
