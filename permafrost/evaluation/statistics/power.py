"""How many seeds or clips would decide what is inconclusive: power by simulation from the noise that was measured."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from permafrost.evaluation.statistics.estimates import correlation_of
from permafrost.evaluation.statistics.layered import Layered
from permafrost.evaluation.statistics.multiplicity import simultaneous
from permafrost.evaluation.statistics.noise import Noise

ENOUGH_POWER = 0.8
SIMULATIONS = 1000
SEEDS = (2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 75, 100, 150, 200)
MORE = (1.25, 1.5, 2, 3, 4, 5, 7.5, 10, 15, 20, 30, 50, 100)  # times the clips that were tested
VISIBLE = 0.01  # a dip or change below one point is not planned for as seen: the relevant gap is

# (estimates [simulations, rows], their covariance [rows, rows], factor on errors [simulations], t threshold) -> bool
Rule = Callable[[np.ndarray, np.ndarray, np.ndarray, float], np.ndarray]


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


def needed_for_dip(noise: Noise, rows: Sequence[int], depth: float, relevant: float) -> Needed:
    """What would establish a dip as deep as seen, or of the relevant gap where none is seen."""
    means = noise.means[list(rows)]
    seen = depth >= VISIBLE
    if not seen:
        means = np.zeros(len(rows))
        means[len(rows) // 2] = -relevant
    return _search("dip", noise, rows, means, dips, depth if seen else relevant, seen)


def needed_for_trend(noise: Noise, rows: Sequence[int], change: float, relevant: float) -> Needed:
    """What would establish a straight change over depth as large as seen, or as the relevant gap."""
    seen = abs(change) >= VISIBLE
    size = abs(change) if seen else relevant
    means = np.linspace(0, -size if change < 0 else size, len(rows))
    return _search("trend", noise, rows, means, changes, size, seen)


def power(noise: Noise, rows: Sequence[int], means: np.ndarray, rule: Rule, seeds: int, more: float = 1.0) -> float:
    """Share of simulated studies with ``seeds`` (a split) and ``more`` times the clips in which ``rule`` establishes
    its statement.

    The estimates are normal about ``means`` [rows] with the covariance that the measured layers imply; their standard
    errors vary as chi over the design's degrees of freedom; thresholds are the simultaneous ones.
    """
    covariance, df = noise.planned(seeds, more)
    covariance = covariance[np.ix_(rows, rows)]
    first, second = np.triu_indices(len(rows), 1)
    pairs = np.zeros((len(first), len(rows)))
    pairs[np.arange(len(first)), first], pairs[np.arange(len(first)), second] = 1, -1
    known = correlation_of(pairs @ covariance @ pairs.T) if noise.known_correlation else None
    threshold = float(stats.t.isf(simultaneous(known, len(pairs), 0.05) / 2, df))
    random = np.random.default_rng(0)
    values = random.multivariate_normal(means, covariance, SIMULATIONS, method="eigh")
    wobble = np.sqrt(random.chisquare(df, SIMULATIONS) / df)
    return float(rule(values, covariance, wobble, threshold).mean())


def dips(values: np.ndarray, covariance: np.ndarray, wobble: np.ndarray, threshold: float) -> np.ndarray:
    """Whether each simulated curve [simulations, rows] has an interior minimum beyond the threshold on both sides."""
    variance = np.diag(covariance)
    errors = np.sqrt(np.maximum(variance[:, None] + variance - 2 * covariance, 1e-12))
    found = np.zeros(len(values), dtype=bool)
    for bottom in range(1, values.shape[1] - 1):
        size = (values - values[:, [bottom]]) / (errors[bottom] * wobble[:, None])
        found |= (size[:, :bottom].max(1) > threshold) & (size[:, bottom + 1 :].max(1) > threshold)
    return found


def changes(values: np.ndarray, covariance: np.ndarray, wobble: np.ndarray, threshold: float) -> np.ndarray:
    """Whether the straight-line change of each simulated curve [simulations, rows] lies beyond the threshold."""
    place = np.linspace(-0.5, 0.5, values.shape[1])
    line = place / (place**2).sum()
    error = np.sqrt(max(float(line @ covariance @ line), 1e-12))
    return np.abs(values @ line) / (error * wobble) > threshold


def _search(
    statement: str, noise: Noise, rows: Sequence[int], means: np.ndarray, rule: Rule, size: float, seen: bool
) -> Needed:
    unit = noise.unit
    counts = [count for count in SEEDS if count > noise.seeds_now]
    seeds = _first(counts, lambda count: power(noise, rows, means, rule, count))
    if seeds is not None:
        return Needed(statement, size, seen, unit, seeds=seeds)
    if isinstance(noise, Layered):
        for at in dict.fromkeys(max(noise.seeds_now, count) for count in (10, 30)):
            more = _first(MORE, lambda times, at=at: power(noise, rows, means, rule, at, times))
            if more is not None:
                return Needed(statement, size, seen, unit, more=more, at_seeds=at)
    return Needed(statement, size, seen, unit)


def _first(counts: Sequence[float], found: Callable[[float], float]) -> float | None:
    """The least of the rising ``counts`` with enough power, by halving: power rises with the count."""
    low, high = 0, len(counts)
    while low < high:
        middle = (low + high) // 2
        if found(counts[middle]) >= ENOUGH_POWER:
            high = middle
        else:
            low = middle + 1
    return counts[low] if low < len(counts) else None
