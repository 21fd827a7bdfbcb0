"""Is there any difference at all? Friedman's test over seeds, with Nemenyi's critical difference of ranks."""

from dataclasses import dataclass

import numpy as np

from permafrost.evaluation.statistics.bootstrap import percentile
from permafrost.evaluation.statistics.sample import Sample


@dataclass(frozen=True)
class Omnibus:
    """Friedman's test and Nemenyi's comparison of mean ranks (rank 1 = best).

    ``w`` is Kendall's concordance with a bootstrap interval over seeds; ``critical_difference`` is the distance of mean
    ranks beyond which two strategies differ at .05; ``nemenyi_p`` holds p for each pair "a / b", beside
    ``rank_gap`` (mean rank of b minus that of a; its simultaneous interval is this plus or minus the critical
    difference). Conditional on the clips that were tested.
    """

    blocks: int
    chi2: float
    p: float
    w: float
    w_low: float
    w_high: float
    mean_ranks: dict[str, float]
    critical_difference: float
    rank_gap: dict[str, float]
    nemenyi_p: dict[str, float]


def friedman(sample: Sample, draws: int = 1000) -> Omnibus | None:
    """The omnibus test (Friedman 1937; Nemenyi 1963; Demsar 2006, JMLR 7) over seeds as blocks.

    Splits that are redrawn are the blocks, as they are the units then. None below three strategies or two blocks, or
    where no score differs from another.
    """
    from scipy import stats

    scores = sample.by_split(sample.scores) if sample.redrawn else sample.scores
    arms, blocks = scores.shape
    if arms < 3 or blocks < 2 or np.allclose(scores, scores[:1]):
        return None
    import scikit_posthocs  # pulls in matplotlib and seaborn: only where it is used

    chi2, p = stats.friedmanchisquare(*scores)
    ranks = stats.rankdata(-scores, axis=0)
    pairs = np.asarray(scikit_posthocs.posthoc_nemenyi_friedman(scores.T))
    difference = float(
        stats.studentized_range.isf(0.05, arms, np.inf) / 2**0.5 * (arms * (arms + 1) / (6 * blocks)) ** 0.5
    )
    drawn = np.random.default_rng(0).integers(blocks, size=(draws, blocks))
    concordance = _concordance(ranks, np.vstack([np.arange(blocks), drawn]))
    w, ends = float(concordance[0]), percentile(concordance[1:])
    names = [(i, j, f"{sample.arms[i]} / {sample.arms[j]}") for i in range(arms) for j in range(i + 1, arms)]
    centre = ranks.mean(1)
    return Omnibus(
        blocks,
        float(chi2),
        float(p),
        w,
        min(ends.low, w),
        max(ends.high, w),
        {arm: float(rank) for arm, rank in zip(sample.arms, centre, strict=True)},
        difference,
        {name: float(centre[j] - centre[i]) for i, j, name in names},
        {name: float(pairs[i, j]) for i, j, name in names},
    )


def _concordance(ranks: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Kendall's W of ``ranks`` [arms, blocks] for each row of ``drawn`` [draws, blocks], corrected for ties, so that it
    is Friedman's chi2 / (blocks (arms - 1))."""
    arms, blocks = ranks.shape
    counts = [np.unique(column, return_counts=True)[1] for column in ranks.T]
    ties = np.array([(count**3 - count).sum() for count in counts])
    spread = ((ranks[:, drawn].sum(2) - blocks * (arms + 1) / 2) ** 2).sum(0)
    scale = blocks**2 * (arms**3 - arms) - blocks * ties[drawn].sum(1)
    return np.divide(12 * spread, scale, out=np.zeros(len(drawn)), where=scale > 0)
