"""Planned contrasts: each strategy against the reference, neighbours in depth, pretrained against random control.

A *question* is one of these; a *claim* is a statement that the report makes. Classical p values are Holm-corrected
within their question, as one would by hand. Claims are corrected once over everything that is said about a model (all
its contrasts and the trend over depth), so that the chance of any false one among them stays at 5 %.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from permafrost.evaluation.statistics.effects import Effect, cliff_delta, cohen_dz
from permafrost.evaluation.statistics.multiplicity import holm, step_down
from permafrost.evaluation.statistics.noise import ENOUGH_SEEDS, Estimates, Noise, TwoWay
from permafrost.evaluation.statistics.paired import McNemar, PairedTests, mcnemar, paired_tests
from permafrost.evaluation.statistics.sample import Sample

LEVEL = 0.05


@dataclass(frozen=True)
class Planned:
    """One contrast: the mean of ``strategy`` less that of ``minus``, asked by ``question``."""

    question: str
    strategy: str
    minus: str


@dataclass(frozen=True)
class Contrast:
    """What is known about one planned contrast; gaps in fractions, strategy minus reference.

    ``low``, ``high``, ``p`` and ``df`` come from the design's own method (``method``); ``p_claim`` is corrected over
    all ``claims`` statements about the model. ``verdict`` is ``different`` (a difference is there), ``equivalent``
    (a difference as large as the relevant gap is excluded) or ``inconclusive``. None: too few runs to say.
    """

    question: str
    strategy: str
    minus: str
    gap: float
    method: str
    low: float | None
    high: float | None
    df: float | None
    p: float | None
    p_claim: float | None
    claims: int
    verdict: str
    seeds: PairedTests | None
    dz: Effect | None
    cliff: Effect | None
    clips: McNemar | None


@dataclass(frozen=True)
class Family:
    """All statements about a model that are corrected together; the last row is the trend where there is one."""

    weights: np.ndarray
    estimates: Estimates
    adjusted: np.ndarray
    row: dict[tuple[str, str], int]
    trend: int | None


def plan(arms: Sequence[str], order: Sequence[str], reference: str | None) -> list[Planned]:
    """Each arm against ``reference`` (where it exists), then each neighbour in ``order`` against the one before it."""
    against = [Planned("reference", arm, reference) for arm in arms if reference in arms and arm != reference]
    steps = [Planned("neighbours", deeper, nearer) for nearer, deeper in itertools.pairwise(order)]
    return against + steps


def family(sample: Sample, noise: Noise, planned: Sequence[Planned], order: Sequence[str] = ()) -> Family:
    """Estimates and corrected p values of all ``planned`` contrasts, each pair once, and of the trend over ``order``.

    The trend is the change from first to last in depth by a straight line through the means.
    """
    row: dict[tuple[str, str], int] = {}
    rows: list[np.ndarray] = []
    for item in planned:
        pair = (item.strategy, item.minus)
        if pair in row or pair[::-1] in row:
            continue
        row[pair] = len(rows)
        rows.append(_difference(sample, *pair))
    trend = None
    if len(order) >= 3:
        place = np.linspace(-0.5, 0.5, len(order))
        line = np.zeros(len(sample.arms))
        line[[sample.arms.index(arm) for arm in order]] = place / (place**2).sum()
        trend = len(rows)
        rows.append(line)
    weights = np.array(rows).reshape(len(rows), len(sample.arms))
    estimates = noise.contrasts(weights)
    return Family(weights, estimates, adjust(estimates, noise), row, trend)


def adjust(estimates: Estimates, noise: Noise) -> np.ndarray:
    """Corrected p values: step-down max-t where the design knows how its contrasts correlate, else Holm."""
    p = estimates.p()
    return step_down(p, estimates.correlation) if noise.known_correlation else holm(p)


def evaluate(
    sample: Sample, noise: Noise | None, planned: Sequence[Planned], known: Family | None, relevant: float
) -> list[Contrast]:
    """The contrasts in full, in the order planned; ``relevant`` is the least gap worth a statement (fraction)."""
    results = [_evaluate(sample, noise, item, known, relevant) for item in planned]
    return _holm_by_question(results)


def trustworthy(sample: Sample, noise: Noise | None) -> bool:
    """Whether a difference may be claimed at all: with scores alone, only where six seeds stand behind it."""
    return noise is not None and (isinstance(noise, TwoWay) or len(sample.seeds) >= ENOUGH_SEEDS)


def method_of(sample: Sample, noise: Noise | None) -> str:
    """The name of the design's own test."""
    if noise is None:
        return "none: one seed"
    if isinstance(noise, TwoWay):
        return "two-way random effects over seeds and clips"
    return "corrected resampled t over splits" if sample.redrawn else "paired t over seeds"


def _evaluate(sample: Sample, noise: Noise | None, item: Planned, known: Family | None, relevant: float) -> Contrast:
    first, second = sample.arms.index(item.minus), sample.arms.index(item.strategy)
    reference, strategy = sample.scores[first], sample.scores[second]
    differences = strategy - reference
    clips = None
    if sample.correct is not None:
        clips = mcnemar(sample.correct[first], sample.correct[second])
    if noise is None or known is None:
        gap = float(differences.mean())
        method = method_of(sample, None)
        return Contrast(
            item.question, item.strategy, item.minus, gap, method, None, None, None, None, None, 0,
            "inconclusive", None, None, None, clips,
        )  # fmt: skip
    pair = (item.strategy, item.minus)
    index, sign = (known.row[pair], 1.0) if pair in known.row else (known.row[pair[::-1]], -1.0)
    lows, highs = known.estimates.interval()
    # A t interval of two seeds knows nothing of what is possible: shares differ by no more than one.
    low, high = sorted(float(np.clip(sign * end, -1.0, 1.0)) for end in (lows[index], highs[index]))
    p_claim = float(known.adjusted[index])
    if p_claim <= LEVEL and trustworthy(sample, noise):
        verdict = "different"
    elif trustworthy(sample, noise) and -relevant < low and high < relevant:
        verdict = "equivalent"
    else:
        verdict = "inconclusive"
    return Contrast(
        item.question,
        item.strategy,
        item.minus,
        sign * float(known.estimates.value[index]),
        method_of(sample, noise),
        low,
        high,
        float(known.estimates.df[index]),
        float(known.estimates.p()[index]),
        p_claim,
        len(known.adjusted),
        verdict,
        paired_tests(differences),
        cohen_dz(differences),
        cliff_delta(reference, strategy),
        clips,
    )


def _holm_by_question(results: list[Contrast]) -> list[Contrast]:
    corrected = list(results)
    for question in dict.fromkeys(result.question for result in results):
        rows = [i for i, result in enumerate(results) if result.question == question and result.seeds]
        tests = [results[i].seeds for i in rows]
        columns = zip(
            rows,
            holm(np.array([test.t_p for test in tests])),
            holm(np.array([test.wilcoxon_p for test in tests])),
            holm(np.array([test.flip_p for test in tests])),
            strict=True,
        )
        for i, t, wilcoxon, flip in columns:
            tests_of_row = replace(
                results[i].seeds, t_holm=float(t), wilcoxon_holm=float(wilcoxon), flip_holm=float(flip)
            )
            corrected[i] = replace(results[i], seeds=tests_of_row)
    return corrected


def _difference(sample: Sample, strategy: str, reference: str) -> np.ndarray:
    weights = np.zeros(len(sample.arms))
    weights[sample.arms.index(strategy)] += 1
    weights[sample.arms.index(reference)] -= 1
    return weights
