"""Mean, spread and 95 % interval of every score of every strategy: the interval counts seeds, clips by their groups
and, where seeds have splits of their own, training sets (statistics/layered.py). That of macro F1, which is no mean
over clips, is a bootstrap over seeds and groups."""

import math

import numpy as np
import pandas as pd

from permafrost.evaluation.cells import Cells
from permafrost.evaluation.clip_scores import Answers, answers, drawn_f1
from permafrost.evaluation.statistics.intervals import limits, share_limits
from permafrost.evaluation.statistics.layered import Layered
from permafrost.evaluation.statistics.noise import Overlap, noise_of
from permafrost.evaluation.statistics.sample import Sample
from permafrost.evaluation.statistics.selection import drawn_weights

Estimate = dict[str, float | int | None]
# What `dvc metrics diff` shows of a strategy. Timings differ on every run and would drown the rest: runs.csv has them.
SCORES = {"test_accuracy": "test", "valid_accuracy": "valid", "macro_f1": "test", "test_loss": "test"}
ROUNDING = 1e-3  # a score that differs by more from the mean over its clips is not that mean


def estimates(cells: Cells, model: str, test_per_train: float) -> dict[str, dict[str, Estimate]]:
    """``freeze → score → {mean, sd, ci_low, ci_high, n}`` for the strategies of ``model``.

    The mean is that over splits of the splits' means; ``sd`` (n - 1) and the 95 % interval are None with a single seed:
    one number has no spread. ``test_per_train`` is the number of test clips by that of training clips; it counts where
    seeds have splits of their own.
    """
    given = {subset: answers(cells, model, subset) for subset in ("valid", "test")}
    found: dict[str, dict[str, Estimate]] = {freeze: {} for freeze in cells.freezes}
    for score, subset in SCORES.items():
        values = np.array([by_seed(cells, (model, freeze), score) for freeze in cells.freezes])
        sample = _sample(values, score, given[subset])
        ends = _limits(sample, score, given[subset], len(cells.classes), Overlap(test_per_train))
        for place, (freeze, row) in enumerate(zip(cells.freezes, values.tolist(), strict=True)):
            found[freeze][score] = _numbers(row, float(sample.means[place]), *ends[place])
    return found


def by_seed(cells: Cells, strategy: tuple[str, str], score: str) -> pd.Series:
    """``score`` of one strategy (model, freeze): [seeds], indexed by seed in the study's order."""
    model, freeze = strategy
    rows = cells.runs[(cells.runs["model"] == model) & (cells.runs["freeze"] == freeze)]
    return rows.set_index("seed")[score].reindex(cells.seeds)


def _sample(values: np.ndarray, score: str, given: Answers) -> Sample:
    """``values`` [strategies, seeds] with the score of each clip, where they are its means."""
    blocks = given.loss if score.endswith("loss") else given.correct
    names, seeds = tuple(map(str, range(len(values)))), tuple(range(values.shape[1]))
    told = np.empty_like(values)
    for block in blocks:
        told[:, block.runs] = block.values.mean(2)
    mean_of_clips = score == "macro_f1" or np.abs(told - values).max() <= ROUNDING
    return Sample(names, seeds, values, given.splits, blocks=blocks if mean_of_clips else None)


def _limits(
    sample: Sample, score: str, given: Answers, classes: int, overlap: Overlap
) -> list[tuple[float | None, float | None]]:
    """The limits of each strategy's mean."""
    noise = noise_of(sample, overlap)
    if noise is None:
        return [(None, None)] * len(sample.arms)
    if score == "macro_f1" and isinstance(noise, Layered):
        draws = drawn_f1(given, *drawn_weights(given.splits, given.labels), classes)
        return [tuple(float(end) for end in np.quantile(column, [0.025, 0.975])) for column in draws.T]
    return limits(noise, math.inf) if score.endswith("loss") else share_limits(noise)


def _numbers(values: list[float], mean: float, low: float | None, high: float | None) -> Estimate:
    squares = math.fsum((value - math.fsum(values) / len(values)) ** 2 for value in values)
    return {
        "mean": mean,
        "sd": math.sqrt(squares / (len(values) - 1)) if len(values) > 1 else None,
        "ci_low": low,
        "ci_high": high,
        "n": len(values),
    }
