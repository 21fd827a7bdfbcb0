"""How many seeds or clips would decide what is inconclusive: the power of t tests with the noise that was measured."""

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy import stats

from permafrost.evaluation.statistics.layered import Layered
from permafrost.evaluation.statistics.noise import Noise

ENOUGH_POWER = 0.8
SEEDS = (2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 75, 100, 150, 200)
MORE = (1.25, 1.5, 2, 3, 4, 5, 7.5, 10, 15, 20, 30, 50, 100)  # times the clips that were tested
VISIBLE = 0.01  # a dip or change below one point is not planned for as seen: the relevant gap is


@dataclass(frozen=True)
class Needed:
    """What would decide ``statement`` (dip or trend) with 80 % power if the true size were ``size`` (fraction).

    ``seen`` tells whether that is the size seen here or the relevant gap. Exactly one of ``seeds`` (``unit``, at the
    present clips) and ``more`` (times the present clips, in more groups, at ``at_seeds``) is set, or neither: no number
    tried would do.
    """

    statement: str
    size: float
    seen: bool
    unit: str
    seeds: int | None = None
    more: float | None = None
    at_seeds: int | None = None


def needed(noise: Noise, statement: str, weights: np.ndarray, miss: float, relevant: float) -> Needed:
    """What would show that every contrast of ``weights`` [rows, strategies] is above zero, if all are as large as seen,
    or as ``relevant`` where none is seen; ``miss``: with which probability each one's interval may miss."""
    sizes = weights @ noise.means
    size = float(sizes.min())
    if not (seen := size >= VISIBLE):
        size, sizes = relevant, np.full(len(sizes), relevant)

    def enough(seeds: int, more: float = 1.0) -> bool:
        return power(noise, weights, sizes, miss, seeds, more) >= ENOUGH_POWER

    for seeds in (count for count in SEEDS if count > noise.seeds_now):
        if enough(seeds):
            return Needed(statement, size, seen, noise.unit, seeds=seeds)
    if isinstance(noise, Layered):
        for at, more in product(dict.fromkeys(max(noise.seeds_now, count) for count in (10, 30)), MORE):
            if enough(at, more):
                return Needed(statement, size, seen, noise.unit, more=more, at_seeds=at)
    return Needed(statement, size, seen, noise.unit)


def power(noise: Noise, weights: np.ndarray, sizes: np.ndarray, miss: float, seeds: int, more: float = 1.0) -> float:
    """Chance, at least, that all contrasts of true ``sizes`` are shown with ``seeds`` (a split), ``more`` times the
    clips."""
    covariance, df = noise.planned(seeds, more)
    errors = np.sqrt(np.maximum(np.einsum("mk,kl,ml->m", weights, covariance, weights), 1e-12))
    missed = stats.nct.cdf(stats.t.isf(miss / 2, df), df, np.minimum(sizes / errors, 30))  # nct gives NaN far out
    return float(1 - missed.sum())
