"""The classical tests of paired scores: t, Wilcoxon, sign flips; and McNemar on the clips."""

from dataclasses import dataclass
from functools import cache

import numpy as np

EXACT = 12  # sign flips are enumerated up to 2^12, sampled beyond
SAMPLED = 20_000


@dataclass(frozen=True)
class PairedTests:
    """Tests of one series of paired differences over seeds: conditional on the clips that were tested.

    ``low`` and ``high`` are the t interval of the mean difference; ``least_p`` is the smallest p that the sign-flip
    test can give with this many seeds; the ``*_holm`` fields are corrected within the question (see contrasts.py).
    """

    n: int
    low: float
    high: float
    t: float
    t_p: float
    wilcoxon_p: float
    flip_p: float
    flip_exact: bool
    least_p: float
    t_holm: float | None = None
    wilcoxon_holm: float | None = None
    flip_holm: float | None = None


@dataclass(frozen=True)
class McNemar:
    """Clips that only one of two strategies gets right (by the majority of its seeds), and the odds between them."""

    only_strategy: int
    only_reference: int
    p: float
    odds: float | None
    odds_low: float
    odds_high: float | None


def paired_tests(differences: np.ndarray) -> PairedTests:
    """t, Wilcoxon and sign-flip tests of ``differences`` [n >= 2], two-sided."""
    from scipy import stats

    values = np.asarray(differences, dtype=float)
    n, mean, error = len(values), float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))
    if error <= 1e-12:  # scipy divides by zero here; equal differences are certain to the t test
        t, p = (0.0, 1.0) if abs(mean) <= 1e-12 else (float(np.copysign(np.inf, mean)), 0.0)
    else:
        result = stats.ttest_1samp(values, 0.0)
        t, p = float(result.statistic), float(result.pvalue)
    half = float(stats.t.isf(0.025, n - 1)) * error
    flip, exact = sign_flip(values)
    return PairedTests(n, mean - half, mean + half, t, p, wilcoxon(values), flip, exact, least_flip_p(n))


def wilcoxon(differences: np.ndarray) -> float:
    """Two-sided p of Wilcoxon's signed-rank test (1945), as scipy gives it; zeros are left out.

    Accuracies on one test set are often tied. scipy then tries all signs too, but in a loop of half a second.
    """
    from scipy import stats

    kept = differences[np.abs(differences) > 1e-12]
    if len(kept) == 0:
        return 1.0
    ranks = stats.rankdata(np.round(np.abs(kept), 12))
    tied = len(kept) < len(differences) or len(np.unique(ranks)) < len(ranks)
    if not tied or len(kept) > EXACT:
        return float(stats.wilcoxon(differences).pvalue)
    sums = _signs(len(kept)) @ ranks
    observed = np.sign(kept) @ ranks
    tails = (sums >= observed - 1e-9).mean(), (sums <= observed + 1e-9).mean()
    return float(min(2 * min(tails), 1.0))


def sign_flip(differences: np.ndarray) -> tuple[float, bool]:
    """Two-sided permutation p of the mean under random signs, and whether all 2^n signs were tried (n <= 12)."""
    values = np.asarray(differences, dtype=float)
    n = len(values)
    observed = abs(values.sum())
    reached = np.abs(_signs(n) @ values) >= observed - 1e-12 * max(observed, 1.0)
    if n <= EXACT:
        return float(reached.mean()), True
    return float((reached.sum() + 1) / (len(reached) + 1)), False


def least_flip_p(n: int) -> float:
    """The smallest two-sided p of the sign-flip test with ``n`` pairs: 2 / 2^n (.25 for 3, .031 for 6)."""
    return 2.0 / 2**n


def mcnemar(first: np.ndarray, second: np.ndarray) -> McNemar:
    """Exact McNemar test (1947, Psychometrika 12) on the majority vote over seeds of two strategies.

    ``first`` (the reference) and ``second`` are [seeds, clips], 0/1. Clips on which the seeds of either are tied are
    left out. Seeds cannot be pooled clip by clip: their answers on one clip are not independent. The odds (second to
    first) carry Clopper-Pearson limits; None stands for an infinite value.
    """
    from scipy import stats

    shares = np.stack([first.mean(0), second.mean(0)])
    kept = shares[:, (shares != 0.5).all(0)] > 0.5
    only_second, only_first = int((~kept[0] & kept[1]).sum()), int((kept[0] & ~kept[1]).sum())
    total = only_first + only_second
    if total == 0:
        return McNemar(0, 0, 1.0, None, 0.0, None)
    test = stats.binomtest(only_second, total)
    ends = test.proportion_ci()
    return McNemar(only_second, only_first, float(test.pvalue), *(_odds(x) for x in (only_second / total, *ends)))


def _odds(share: float) -> float | None:
    return None if share >= 1 else float(share / (1 - share))


@cache
def _signs(n: int) -> np.ndarray:
    if n <= EXACT:
        return 1.0 - 2.0 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
    return np.random.default_rng(n).choice([-1.0, 1.0], size=(SAMPLED, n))
