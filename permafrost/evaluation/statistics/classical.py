"""The tests that papers print beside each other, from scores alone: they see the luck of runs for one set of test
clips, and decide nothing here. All are scipy's, two-sided."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from permafrost.evaluation.statistics.contrasts import Contrast, verdict
from permafrost.evaluation.statistics.multiplicity import holm
from permafrost.evaluation.statistics.result import ModelResult

WELCH = "Welch's t, runs not paired"
EXACT = 10_000  # as many signs or more are sampled, not enumerated


@dataclass(frozen=True)
class Paired:
    """``strategy`` less ``minus`` over common runs: p of t, Wilcoxon's and sign-flip tests, each corrected by Holm over
    the contrasts of its question, and Cohen's dz; None where the differences do not vary."""

    question: str
    strategy: str
    minus: str
    t: float
    wilcoxon: float
    flips: float
    dz: float | None


@dataclass(frozen=True)
class Overall:
    """Is there any difference at all: Friedman's test; and does the score follow depth: Page's, in the ``direction``
    seen. Runs are the blocks."""

    chi2: float
    friedman: float
    direction: str
    page: float


@dataclass(frozen=True, kw_only=True)
class Between(Contrast):
    """One strategy in two tables whose runs are not paired: ``second`` minus the first by Welch's t, for the clips that
    each tested; ``excluded`` and ``p_claim`` corrected over the strategies. No limits: a side has one run."""

    second: str
    n_first: int
    n_second: int


def paired(result: ModelResult) -> list[Paired]:
    """The classical tests of each contrast of a model; none with one run."""
    scores = {item.strategy: np.array(list(item.scores.values())) for item in result.strategies}
    found: list[Paired] = []
    for question in dict.fromkeys(item.question for item in result.contrasts):
        items = [item for item in result.contrasts if item.question == question and item.p is not None]
        differences = [np.round(scores[item.strategy] - scores[item.minus], 12) for item in items]
        corrected = np.apply_along_axis(holm, 0, np.array([*map(_tests, differences)]).reshape(-1, 3))
        for item, values, p in zip(items, differences, corrected.tolist(), strict=True):
            dz = None if np.ptp(values) == 0 else float(values.mean() / values.std(ddof=1))
            found.append(Paired(question, item.strategy, item.minus, *p, dz))
    return found


def overall(result: ModelResult) -> Overall | None:
    """Friedman's and Page's tests; None below three strategies or two runs, or where no score differs."""
    names = {item.strategy: list(item.scores.values()) for item in result.strategies}
    scores = np.array([names[name] for name in result.order])
    if len(scores) < 3 or scores.shape[1] < 2 or np.allclose(scores, scores[:1]):
        return None
    friedman = stats.friedmanchisquare(*scores)
    rises = np.corrcoef(np.arange(len(scores)), scores.mean(1))[0, 1] >= 0
    page = min(2 * float(stats.page_trend_test((scores if rises else scores[::-1]).T).pvalue), 1.0)
    return Overall(float(friedman.statistic), float(friedman.pvalue), "rises" if rises else "falls", page)


def between(
    first: str, second: str, scores: Mapping[str, tuple[np.ndarray, np.ndarray]], relevant: float
) -> list[Between]:
    """Compare ``scores`` {strategy: (runs of ``first``, runs of ``second``)}, fractions."""
    found, tests = {}, {}
    for strategy, (a, b) in scores.items():
        numbers = {"second": second, "n_first": len(a), "n_second": len(b)}
        found[strategy] = Between("between", strategy, first, float(b.mean() - a.mean()), WELCH, **numbers)
        if min(len(a), len(b)) > 1 and max(a.std(), b.std()) > 1e-12:
            tests[strategy] = stats.ttest_ind(b, a, equal_var=False)
    corrected = holm(np.array([test.pvalue for test in tests.values()]))
    for (strategy, test), p in zip(tests.items(), corrected.tolist(), strict=True):
        low, high = np.clip(test.confidence_interval(), -1, 1).tolist()
        # Two one-sided tests at 5 %, Bonferroni.
        excluded = float(np.abs(test.confidence_interval(1 - 0.1 / len(tests))).max())
        found[strategy] = replace(
            found[strategy],
            low=low,
            high=high,
            p=float(test.pvalue),
            p_claim=p,
            claims=len(tests),
            excluded=excluded,
            verdict=verdict(p, excluded, relevant),
        )
    return list(found.values())


def _tests(differences: np.ndarray) -> Sequence[float]:
    if np.ptp(differences) == 0:  # scipy divides by zero here; equal differences are certain to the t test
        certain = 1.0 if differences[0] == 0 else 0.0
        least = 1.0 if differences[0] == 0 else 2.0 / 2 ** len(differences)
        return certain, least, least
    flips = stats.permutation_test((differences,), np.mean, permutation_type="samples", n_resamples=EXACT, rng=0)
    return stats.ttest_1samp(differences, 0.0).pvalue, stats.wilcoxon(differences).pvalue, flips.pvalue
