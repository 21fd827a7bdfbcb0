"""Mean, spread and 95 % interval of every score of every strategy: the interval counts seeds and test clips.

Seeds that share their clips: the hierarchical bootstrap over both (statistics/bootstrap.py), with the same draws for
all strategies. Seeds with a fold or split each: the corrected resampled t over splits.
"""

import math

import numpy as np
import pandas as pd

from permafrost.evaluation.cells import Cells
from permafrost.evaluation.clip_scores import Answers, answers, drawn_f1
from permafrost.evaluation.statistics import bootstrap
from permafrost.evaluation.statistics.bootstrap import Interval
from permafrost.evaluation.statistics.sample import Sample

Estimate = dict[str, float | int | None]
# What `dvc metrics diff` shows of a strategy. Timings differ on every run and would drown the rest: runs.csv has them.
SCORES = {"test_accuracy": "test", "valid_accuracy": "valid", "macro_f1": "test", "test_loss": "test"}
ROUNDING = 1e-3  # a score that differs by more from the mean over its clips is not that mean


def estimates(cells: Cells, model: str, test_per_train: float) -> dict[str, dict[str, Estimate]]:
    """``freeze → score → {mean, sd, ci_low, ci_high, n}`` for the strategies of ``model``.

    ``sd`` (n - 1) and the 95 % interval are None with a single seed: one number has no spread. ``test_per_train`` is
    the number of test clips by that of training clips; it counts where seeds have splits of their own.
    """
    given = {subset: answers(cells, model, subset) for subset in ("valid", "test")}
    found: dict[str, dict[str, Estimate]] = {freeze: {} for freeze in cells.freezes}
    for score, subset in SCORES.items():
        values = np.array([by_seed(cells, (model, freeze), score) for freeze in cells.freezes])
        intervals = _intervals(values, score, given[subset], len(cells.classes), test_per_train)
        for freeze, row, interval in zip(cells.freezes, values.tolist(), intervals, strict=True):
            found[freeze][score] = _numbers(row, interval, highest=math.inf if score.endswith("loss") else 1.0)
    return found


def by_seed(cells: Cells, strategy: tuple[str, str], score: str) -> pd.Series:
    """``score`` of one strategy (model, freeze): [seeds], indexed by seed in the study's order."""
    model, freeze = strategy
    rows = cells.runs[(cells.runs["model"] == model) & (cells.runs["freeze"] == freeze)]
    return rows.set_index("seed")[score].reindex(cells.seeds)


def _intervals(
    values: np.ndarray, score: str, given: Answers, classes: int, test_per_train: float
) -> list[Interval | None]:
    """The interval of each strategy's mean of ``values`` [strategies, seeds]."""
    strategies, seeds = values.shape
    if seeds < 2:
        return [None] * strategies
    by_clip = None if score == "macro_f1" else given.loss if score.endswith("loss") else given.correct
    if by_clip is not None and np.abs(by_clip.mean(2) - values).max() > ROUNDING:
        by_clip = None
    names = tuple(map(str, range(strategies)))
    sample = Sample(names, tuple(range(seeds)), values, given.splits, correct=by_clip)
    draws = np.empty((0, strategies))
    if score == "macro_f1" and given.predicted is not None:
        drawn = bootstrap.weights(Sample(names, sample.seeds, values, given.splits, correct=given.correct))
        draws = drawn_f1(given, drawn.seeds, drawn.clips, classes)
        return [bootstrap.percentile(draws[:, arm]) for arm in range(strategies)]
    if by_clip is not None:
        draws = bootstrap.means(sample, bootstrap.weights(sample))
    return [bootstrap.interval(sample, arm, draws[:, arm], test_per_train) for arm in range(strategies)]


def _numbers(values: list[float], interval: Interval | None, highest: float) -> Estimate:
    """The interval ends where the score does: a t interval of two folds knows nothing of 0 and ``highest``."""
    mean = math.fsum(values) / len(values)
    squares = math.fsum((value - mean) ** 2 for value in values)
    return {
        "mean": mean,
        "sd": math.sqrt(squares / (len(values) - 1)) if len(values) > 1 else None,
        "ci_low": None if interval is None else max(interval.low, 0.0),
        "ci_high": None if interval is None else min(interval.high, highest),
        "n": len(values),
    }
