"""Sizes of differences, each with a 95 % interval: Cohen's dz for pairs, Cliff's delta for order."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Effect:
    """A size with its 95 % interval."""

    value: float
    low: float
    high: float


def cohen_dz(differences: np.ndarray) -> Effect | None:
    """Mean of the paired ``differences`` [n] in units of their sd; None where they do not vary.

    The interval inverts the noncentral t distribution (Cumming & Finch 2001, Educ. Psychol. Meas. 61).
    """
    from scipy import optimize, stats

    n = len(differences)
    if n < 2 or np.std(differences, ddof=1) <= 1e-12:
        return None
    value = float(np.mean(differences) / np.std(differences, ddof=1))
    root, df = np.sqrt(n), n - 1
    t = value * root
    width = 10 + 2 * abs(t)  # far enough on either side that both tails are reached

    def above(shift: float, share: float) -> float:
        chance = stats.nct.cdf(t, df, shift)
        # scipy gives NaN far out in the tails, where the probability is 0 or 1 to every digit.
        return (float(shift < t) if np.isnan(chance) else float(chance)) - share

    low, high = (optimize.brentq(above, t - width, t + width, args=(share,)) / root for share in (0.975, 0.025))
    return Effect(value, float(low), float(high))


def cliff_delta(first: np.ndarray, second: np.ndarray) -> Effect:
    """P(second > first) - P(second < first) over all pairs of scores (Cliff 1993, Psychol. Bull. 114).

    The interval is Newcombe's score type for the Mann-Whitney probability (2006, Stat. Med. 25, method 5), which does
    not collapse where the two samples do not overlap. It treats the samples as independent: wide rather than narrow
    for pairs.
    """
    from scipy import optimize

    m, n = len(first), len(second)
    sign = np.sign(np.subtract.outer(second, first))
    value = float(sign.mean())
    above = (value + 1) / 2
    middle = (m + n) / 2 - 1

    def distance(theta: float) -> float:
        variance = theta * (1 - theta) * (1 + middle * ((1 - theta) / (2 - theta) + theta / (1 + theta))) / (m * n)
        return (above - theta) ** 2 - 1.959964**2 * variance

    low = 0.0 if above <= 0 else optimize.brentq(distance, 0.0, min(above, 1 - 1e-9))
    high = 1.0 if above >= 1 else optimize.brentq(distance, max(above, 1e-9), 1.0)
    return Effect(value, 2 * low - 1, 2 * high - 1)
