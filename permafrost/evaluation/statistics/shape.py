"""The curve over depth: does it fall, does it dip and recover, is it flat? Shown, excluded, or inconclusive.

All statements follow from one set of simultaneous 95 % intervals over all pairs of strategies (max-t as in Hothorn,
Bretz & Westfall 2008, or Bonferroni), so that together they are wrong in at most 5 % of studies. A dip
is an interior minimum: some earlier and some later strategy both lie above it, an intersection-union statement (Berger
1982) that is as strong as the weaker of the two. The trend is corrected together with the contrasts. Page's test (1963,
JASA 58) stands beside it; it sees seeds only.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from permafrost.evaluation.statistics.contrasts import LEVEL, Family
from permafrost.evaluation.statistics.effects import Effect
from permafrost.evaluation.statistics.multiplicity import RARE, correlated, simultaneous
from permafrost.evaluation.statistics.noise import ENOUGH_SEEDS, Noise
from permafrost.evaluation.statistics.sample import Sample


@dataclass(frozen=True)
class Pairs:
    """All differences "row minus column" of the ordered means [strategies, strategies] with simultaneous limits."""

    gap: np.ndarray
    low: np.ndarray
    high: np.ndarray
    p: np.ndarray


@dataclass(frozen=True)
class Page:
    """Page's ordered-alternative test over seeds, in the direction seen (two-sided p), with the mean rank correlation
    of score and depth (Spearman, one value a seed, t interval)."""

    direction: str
    statistic: float
    p: float
    rho: Effect | None


@dataclass(frozen=True)
class Statement:
    """One statement about the curve. ``value`` with its 95 % limits is a gap in fractions; ``against`` names a sure
    difference that contradicts the statement."""

    name: str
    verdict: str
    value: float
    low: float
    high: float
    p: float | None
    against: str | None = None


@dataclass(frozen=True, kw_only=True)
class Dip(Statement):
    """The interior minimum ``bottom``, between the strategies ``before`` and ``after``; ``value`` is its depth."""

    bottom: str
    before: str
    after: str


@dataclass(frozen=True)
class Shape:
    """The verdict in one word or two, and what it rests on."""

    order: tuple[str, ...]
    verdict: str
    trend: Statement
    dip: Dip
    flat: Statement
    page: Page | None


def all_pairs(noise: Noise, rows: Sequence[int]) -> Pairs:
    """Simultaneous 95 % intervals of all differences between the strategies at ``rows``."""
    from scipy import stats

    count = len(rows)
    first, second = np.triu_indices(count, 1)
    weights = np.zeros((len(first), len(noise.means)))
    pair = np.arange(len(first))
    weights[pair, np.asarray(rows)[first]] = 1
    weights[pair, np.asarray(rows)[second]] = -1
    estimates = noise.contrasts(weights)
    threshold = simultaneous(estimates.correlation, noise.known_correlation)
    half = stats.t.isf(stats.norm.sf(threshold), estimates.df) * estimates.error
    p = np.minimum(estimates.p() * len(first), 1.0)
    if noise.known_correlation:
        largest = np.sort(np.abs(correlated(estimates.correlation)).max(1))
        size = stats.norm.isf(np.clip(estimates.p(), 1e-300, 1) / 2)
        share = 1 - np.searchsorted(largest, size) / len(largest)
        p = np.where(share < RARE, p, np.minimum(p, share))

    def square(values: np.ndarray, mirrored: np.ndarray) -> np.ndarray:
        matrix = np.zeros((count, count))
        matrix[first, second], matrix[second, first] = values, mirrored
        return matrix

    # Shares differ by no more than one, whatever t intervals of few seeds say.
    low, high = np.clip(estimates.value - half, -1, 1), np.clip(estimates.value + half, -1, 1)
    return Pairs(square(estimates.value, -estimates.value), square(low, -high), square(high, -low), square(p, p))


def assess(sample: Sample, noise: Noise, known: Family, order: Sequence[str], relevant: float) -> Shape:
    """The shape over ``order`` (at least three strategies); ``relevant`` is the least gap worth a statement."""
    pairs = all_pairs(noise, [sample.arms.index(arm) for arm in order])
    enough = len(sample.seeds) >= ENOUGH_SEEDS
    dip = find_dip(pairs, tuple(order), relevant, enough)
    trend = _trend(pairs, known, order, relevant, enough)
    flat = _flat(pairs, relevant, enough)
    return Shape(tuple(order), _verdict(trend, dip, flat), trend, dip, flat, page(sample.pick(order)))


def find_dip(pairs: Pairs, order: tuple[str, ...], relevant: float, enough: bool) -> Dip:
    """The clearest interior minimum. Its depth is the lesser of its two sides; the limits are those of the depth of
    the deepest dip anywhere in the curve."""
    count = len(order)
    candidates = []
    for bottom in range(1, count - 1):
        left, right = np.arange(bottom), np.arange(bottom + 1, count)
        before, after = left[np.argmax(pairs.gap[left, bottom])], right[np.argmax(pairs.gap[right, bottom])]
        candidates.append((min(pairs.gap[before, bottom], pairs.gap[after, bottom]), bottom, before, after))
    depth, bottom, before, after = max(candidates)
    low, high = (max(_sides(limit, j) for j in range(1, count - 1)) for limit in (pairs.low, pairs.high))
    p = min(_sides(np.where(pairs.gap > 0, pairs.p, 1.0), j, weakest=True) for j in range(1, count - 1))
    if not enough:
        verdict = "inconclusive"
    elif low > 0:
        verdict = "shown"
    else:
        verdict = "excluded" if high < relevant else "inconclusive"
    return Dip(
        "dip and recover", verdict, float(depth), float(low), float(high), float(p),
        bottom=order[bottom], before=order[before], after=order[after],
    )  # fmt: skip


def page(sample: Sample) -> Page | None:
    """Page's test of the trend over the arms in their order; None where no score differs from another."""
    from scipy import stats

    scores = sample.by_split(sample.scores) if sample.redrawn else sample.scores
    arms, blocks = scores.shape
    if blocks < 2 or np.allclose(scores, scores[:1]):
        return None
    ranks = stats.rankdata(scores, axis=0)
    depth = np.arange(arms) - (arms - 1) / 2
    spread = np.sqrt(((ranks - ranks.mean(0)) ** 2).sum(0) * (depth**2).sum())
    rho = np.divide(depth @ ranks, spread, out=np.zeros(blocks), where=spread > 0)
    rises = rho.mean() >= 0
    test = stats.page_trend_test(scores.T if rises else scores[::-1].T)
    half = float(stats.t.isf(0.025, blocks - 1) * rho.std(ddof=1) / blocks**0.5)
    effect = Effect(float(rho.mean()), float(max(rho.mean() - half, -1)), float(min(rho.mean() + half, 1)))
    return Page("rises" if rises else "falls", float(test.statistic), min(2 * float(test.pvalue), 1.0), effect)


def _sides(matrix: np.ndarray, bottom: int, weakest: bool = False) -> float:
    before, after = matrix[:bottom, bottom], matrix[bottom + 1 :, bottom]
    # For p values the best of each side is the least, and the pair is as weak as the larger of the two.
    return max(before.min(), after.min()) if weakest else min(before.max(), after.max())


def _trend(pairs: Pairs, known: Family, order: Sequence[str], relevant: float, enough: bool) -> Statement:
    row = known.trend
    value, p = float(known.estimates.value[row]), float(known.adjusted[row])
    low, high = (float(ends[row]) for ends in known.estimates.interval())
    # Row deeper than column: how surely some deeper strategy moves against the trend.
    opposed = np.tril(pairs.low if value < 0 else -pairs.high, -1)
    deeper, nearer = np.unravel_index(np.argmax(opposed), opposed.shape)
    against = None
    if opposed[deeper, nearer] > 0:
        against = f"{order[deeper]} lies {'above' if value < 0 else 'below'} {order[nearer]}"
    if not enough:
        verdict = "inconclusive"
    elif p <= LEVEL and against is None:
        verdict = "shown"
    else:
        verdict = "excluded" if against or (-relevant < low and high < relevant) else "inconclusive"
    return Statement("falls with depth" if value < 0 else "rises with depth", verdict, value, low, high, p, against)


def _flat(pairs: Pairs, relevant: float, enough: bool) -> Statement:
    value = float(np.ptp(pairs.gap[0]))
    reliable = float(pairs.low.max())  # the largest difference that the intervals guarantee
    largest = float(pairs.high.max())
    if not enough:
        verdict = "inconclusive"
    elif largest < relevant:
        verdict = "shown"
    else:
        verdict = "excluded" if reliable > 0 else "inconclusive"
    return Statement("flat", verdict, value, max(reliable, 0.0), largest, None)


def _verdict(trend: Statement, dip: Statement, flat: Statement) -> str:
    for statement in (dip, trend, flat):
        if statement.verdict == "shown":
            return statement.name
    if trend.verdict == dip.verdict == "excluded":
        return "neither a trend nor a dip" if trend.against is None else "neither monotone nor a dip"
    return "inconclusive"
