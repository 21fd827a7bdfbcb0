"""The curve over depth: does it fall, does it dip and recover, is it flat? Shown, excluded, or inconclusive.

All statements follow from one set of simultaneous 95 % intervals over all pairs of strategies (max-t as in Hothorn,
Bretz & Westfall 2008, or Bonferroni), so that together they are wrong in at most 5 % of studies. A dip
is an interior minimum: some earlier and some later strategy both lie above it, an intersection-union statement (Berger
1982) that is as strong as the weaker of the two. The trend is corrected together with the contrasts.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from permafrost.evaluation.statistics.contrasts import LEVEL, Family
from permafrost.evaluation.statistics.multiplicity import simultaneous
from permafrost.evaluation.statistics.noise import Noise
from permafrost.evaluation.statistics.power import Needed, needed

SHOWN, EXCLUDED, INCONCLUSIVE = "shown", "excluded", "inconclusive"


@dataclass(frozen=True)
class Pairs:
    """All differences "row minus column" of the ordered means [strategies, strategies] with simultaneous limits."""

    gap: np.ndarray
    low: np.ndarray
    high: np.ndarray


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


def all_pairs(noise: Noise, rows: Sequence[int]) -> Pairs:
    """Simultaneous 95 % intervals of all differences between the strategies at ``rows``."""
    count = len(rows)
    first, second = np.triu_indices(count, 1)
    each = np.eye(len(noise.means))[list(rows)]
    estimates = noise.contrasts(each[first] - each[second])
    half = np.zeros((count, count))
    half[first, second] = half[second, first] = estimates.half(
        simultaneous(estimates.known_correlation, len(first), LEVEL)
    )
    means = noise.means[list(rows)]
    gap = means[:, None] - means
    # Shares differ by no more than one, whatever intervals of few runs say.
    return Pairs(gap, np.clip(gap - half, -1, 1), np.clip(gap + half, -1, 1))


def assess(noise: Noise, known: Family, arms: Sequence[str], order: Sequence[str], relevant: float) -> Shape:
    """The shape over ``order`` (at least three of ``arms``); ``relevant`` is the least gap worth a statement."""
    pairs = all_pairs(noise, [arms.index(arm) for arm in order])
    dip, trend, flat = (
        find_dip(pairs, tuple(order), relevant),
        _trend(pairs, known, order, relevant),
        _flat(pairs, relevant),
    )
    shown = [item.name for item in (dip, trend, flat) if item.verdict == SHOWN]
    if not shown and trend.verdict == dip.verdict == EXCLUDED:
        shown = [f"neither {'a trend' if trend.against is None else 'monotone'} nor a dip"]
    return Shape(tuple(order), shown[0] if shown else INCONCLUSIVE, trend, dip, flat)


def find_dip(pairs: Pairs, order: tuple[str, ...], relevant: float) -> Dip:
    """The clearest interior minimum. Its depth is the lesser of its two sides; the limits are those of the depth of
    the deepest dip anywhere in the curve."""
    gap, inner = pairs.gap, range(1, len(order) - 1)
    sides = [(j, int(np.argmax(gap[:j, j])), j + 1 + int(np.argmax(gap[j + 1 :, j]))) for j in inner]
    depth, bottom, before, after = max((min(gap[i, j], gap[k, j]), j, i, k) for j, i, k in sides)
    low, high = (max(_sides(limit, j) for j in inner) for limit in (pairs.low, pairs.high))
    verdict = SHOWN if low > 0 else EXCLUDED if high < relevant else INCONCLUSIVE
    return Dip(
        "dip and recover", verdict, float(depth), float(low), float(high), None,
        bottom=order[bottom], before=order[before], after=order[after],
    )  # fmt: skip


def deciding(shape: Shape, noise: Noise, known: Family, arms: Sequence[str], relevant: float) -> Needed | None:
    """What would decide the dip, or else the trend, where it is inconclusive."""
    dip, each = shape.dip, dict(zip(arms, np.eye(len(arms)), strict=True))
    if dip.verdict == INCONCLUSIVE:
        sides = np.array([each[dip.before], each[dip.after]]) - each[dip.bottom]
        return needed(noise, "dip", sides, LEVEL / math.comb(len(shape.order), 2), relevant)
    if shape.trend.verdict == INCONCLUSIVE:
        line = known.weights[[known.trend]] * (1 if shape.trend.value > 0 else -1)
        return needed(noise, "trend", line, known.miss / 2, relevant)
    return None


def _sides(matrix: np.ndarray, bottom: int) -> float:
    return min(matrix[:bottom, bottom].max(), matrix[bottom + 1 :, bottom].max())


def _trend(pairs: Pairs, known: Family, order: Sequence[str], relevant: float) -> Statement:
    row = known.trend
    value, p = float(known.estimates.value[row]), float(known.adjusted[row])
    low, high = (float(np.clip(ends[row], -1, 1)) for ends in known.estimates.interval())
    # Row deeper than column: how surely some deeper strategy moves against the trend.
    opposed = np.tril(pairs.low if value < 0 else -pairs.high, -1)
    deeper, nearer = np.unravel_index(np.argmax(opposed), opposed.shape)
    against = None
    if opposed[deeper, nearer] > 0:
        against = f"{order[deeper]} lies {'above' if value < 0 else 'below'} {order[nearer]}"
    if p <= LEVEL and against is None:
        verdict = SHOWN
    else:
        verdict = EXCLUDED if against or known.excluded[row] < relevant else INCONCLUSIVE
    return Statement("falls with depth" if value < 0 else "rises with depth", verdict, value, low, high, p, against)


def _flat(pairs: Pairs, relevant: float) -> Statement:
    # ``sure``: the largest difference that the intervals guarantee.
    largest, sure = float(pairs.high.max()), float(pairs.low.max())
    verdict = SHOWN if largest < relevant else EXCLUDED if sure > 0 else INCONCLUSIVE
    return Statement("flat", verdict, float(pairs.gap.max()), max(sure, 0.0), largest, None)
