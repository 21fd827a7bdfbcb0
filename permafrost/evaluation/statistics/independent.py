"""Two tables whose runs are not paired: one's own results against published ones, strategy by strategy."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from permafrost.evaluation.statistics.contrasts import LEVEL
from permafrost.evaluation.statistics.effects import Effect, cliff_delta
from permafrost.evaluation.statistics.multiplicity import holm
from permafrost.evaluation.statistics.noise import ENOUGH_SEEDS


@dataclass(frozen=True)
class Between:
    """One strategy in two tables: ``gap`` (second minus first, fraction) by Welch's t, Holm-corrected over strategies.

    Conditional on the clips that each table tested. None: fewer than two runs on a side.
    """

    strategy: str
    first: str
    second: str
    n_first: int
    n_second: int
    gap: float
    low: float | None
    high: float | None
    df: float | None
    p: float | None
    p_holm: float | None
    cliff: Effect | None
    verdict: str


def between(
    first: str, second: str, scores: Mapping[str, tuple[np.ndarray, np.ndarray]], relevant: float
) -> list[Between]:
    """Compare ``scores`` {strategy: (runs of ``first``, runs of ``second``)}, fractions, by Welch's t test (1947)."""
    results = [_one(strategy, first, second, *pair) for strategy, pair in scores.items()]
    tested = [i for i, result in enumerate(results) if result.p is not None]
    for i, p in zip(tested, holm(np.array([results[i].p for i in tested])), strict=True):
        result = results[i]
        enough = min(result.n_first, result.n_second) >= ENOUGH_SEEDS
        verdict = "inconclusive"
        if enough and p <= LEVEL:
            verdict = "different"
        elif enough and -relevant < result.low and result.high < relevant:
            verdict = "equivalent"
        results[i] = replace(result, p_holm=float(p), verdict=verdict)
    return results


def _one(strategy: str, first: str, second: str, a: np.ndarray, b: np.ndarray) -> Between:
    from scipy import stats

    gap = float(b.mean() - a.mean())
    if min(len(a), len(b)) < 2 or max(a.std(), b.std()) <= 1e-12:
        return Between(
            strategy, first, second, len(a), len(b), gap, None, None, None, None, None, None, "inconclusive"
        )  # fmt: skip
    test = stats.ttest_ind(b, a, equal_var=False)
    ends = test.confidence_interval()
    return Between(
        strategy, first, second, len(a), len(b), gap, float(ends.low), float(ends.high), float(test.df),
        float(test.pvalue), None, cliff_delta(a, b), "inconclusive",
    )  # fmt: skip
