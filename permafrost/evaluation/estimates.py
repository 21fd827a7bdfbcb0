"""Mean, spread and interval of a strategy's score, and of the paired difference between two strategies.

Everything that reports a number goes through ``estimate`` and ``paired_difference``; both get the cells with their
predictions, so that an interval over seeds and clips can take the place of the interval over seeds.
"""

import math
from collections.abc import Sequence

import pandas as pd
from scipy import special

from permafrost.evaluation.cells import Cells

Strategy = tuple[str, str]
Estimate = dict[str, float | int | None]


def estimate(cells: Cells, strategy: Strategy, score: str) -> Estimate:
    """``mean``, ``sd`` (n - 1), ``ci_low``, ``ci_high`` (95 %) and ``n`` of ``score`` over the seeds of one strategy.

    Args:
        cells: the study's cells.
        strategy: (model, freeze).
        score: a column of ``cells.runs``.

    ``sd`` and the interval are None with a single seed: one number has no spread.
    """
    return _over_seeds(by_seed(cells, strategy, score).tolist())


def paired_difference(cells: Cells, strategy: Strategy, reference: Strategy, score: str) -> Estimate:
    """As ``estimate``, for ``strategy`` minus ``reference`` at the same seed: same split, same head, same batches."""
    difference = by_seed(cells, strategy, score) - by_seed(cells, reference, score)
    return _over_seeds(difference.tolist())


def by_seed(cells: Cells, strategy: Strategy, score: str) -> pd.Series:
    """``score`` of one strategy [seeds], indexed by seed in the study's order."""
    model, freeze = strategy
    rows = cells.runs[(cells.runs["model"] == model) & (cells.runs["freeze"] == freeze)]
    return rows.set_index("seed")[score].reindex(cells.seeds)


def seed_t_interval(values: Sequence[float], level: float = 0.95) -> tuple[float, float] | None:
    """Student's t interval of the mean over seeds: given the split and the test clips, which it takes as fixed.

    None where there are fewer than two values.
    """
    n = len(values)
    if n < 2:
        return None
    mean, sd = _mean_and_sd(values)
    # scipy.special alone: scipy.stats takes half a second to import.
    half = float(special.stdtrit(n - 1, 0.5 + level / 2)) * sd / math.sqrt(n)
    return mean - half, mean + half


def _over_seeds(values: Sequence[float]) -> Estimate:
    mean, sd = _mean_and_sd(values)
    low, high = seed_t_interval(values) or (None, None)
    return {"mean": mean, "sd": sd if len(values) > 1 else None, "ci_low": low, "ci_high": high, "n": len(values)}


def _mean_and_sd(values: Sequence[float]) -> tuple[float, float]:
    mean = math.fsum(values) / len(values)
    squares = math.fsum((value - mean) ** 2 for value in values)
    return mean, math.sqrt(squares / (len(values) - 1)) if len(values) > 1 else 0.0
