"""The curve over depth: does it fall, does it dip and recover, is it flat? Shown, excluded, or inconclusive.

All statements follow from one set of simultaneous 95 % intervals over all pairs of strategies (max-t as in Hothorn,
Bretz & Westfall 2008, or Bonferroni), so that together they are wrong in at most 5 % of studies. A dip
is an interior minimum: some earlier and some later strategy both lie above it, an intersection-union statement (Berger
1982) that is as strong as the weaker of the two. The trend is corrected together with the contrasts.
"""

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
    weights = np.zeros((len(first), len(noise.means)))
    pair = np.arange(len(first))
    weights[pair, np.asarray(rows)[first]] = 1
    weights[pair, np.asarray(rows)[second]] = -1
    estimates = noise.contrasts(weights)
    known = estimates.correlation if noise.known_correlation else None
    half = estimates.half(simultaneous(known, len(first), LEVEL))

    def square(values: np.ndarray, mirrored: np.ndarray) -> np.ndarray:
        matrix = np.zeros((count, count))
        matrix[first, second], matrix[second, first] = values, mirrored
        return matrix

    # Shares differ by no more than one, whatever intervals of few runs say.
    low, high = np.clip(estimates.value - half, -1, 1), np.clip(estimates.value + half, -1, 1)
    return Pairs(square(estimates.value, -estimates.value), square(low, -high), square(high, -low))


def assess(noise: Noise, known: Family, arms: Sequence[str], order: Sequence[str], relevant: float) -> Shape:
    """The shape over ``order`` (at least three of ``arms``); ``relevant`` is the least gap worth a statement."""
    pairs = all_pairs(noise, [arms.index(arm) for arm in order])
    dip = find_dip(pairs, tuple(order), relevant)
    trend = _trend(pairs, known, order, relevant)
    flat = _flat(pairs, relevant)
    return Shape(tuple(order), _verdict(trend, dip, flat), trend, dip, flat)


def find_dip(pairs: Pairs, order: tuple[str, ...], relevant: float) -> Dip:
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
    verdict = SHOWN if low > 0 else EXCLUDED if high < relevant else INCONCLUSIVE
    return Dip(
        "dip and recover", verdict, float(depth), float(low), float(high), None,
        bottom=order[bottom], before=order[before], after=order[after],
    )  # fmt: skip


def deciding(shape: Shape, noise: Noise, known: Family, arms: Sequence[str], relevant: float) -> Needed | None:
    """What would decide the dip, or else the trend, where it is inconclusive."""
    if shape.dip.verdict == INCONCLUSIVE:
        sides = np.zeros((2, len(arms)))
        sides[[0, 1], [arms.index(shape.dip.before), arms.index(shape.dip.after)]] = 1
        sides[:, arms.index(shape.dip.bottom)] = -1
        pairs = len(shape.order) * (len(shape.order) - 1) // 2
        return needed(noise, "dip", sides, LEVEL / pairs, relevant)
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
    value, largest = float(np.ptp(pairs.gap[0])), float(pairs.high.max())
    sure = float(pairs.low.max())  # the largest difference that the intervals guarantee
    verdict = SHOWN if largest < relevant else EXCLUDED if sure > 0 else INCONCLUSIVE
    return Statement("flat", verdict, value, max(sure, 0.0), largest, None)


def _verdict(trend: Statement, dip: Statement, flat: Statement) -> str:
    for statement in (dip, trend, flat):
        if statement.verdict == SHOWN:
            return statement.name
    if trend.verdict == dip.verdict == EXCLUDED:
        return "neither a trend nor a dip" if trend.against is None else "neither monotone nor a dip"
    return INCONCLUSIVE
