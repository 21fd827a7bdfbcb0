"""Mean, spread and 95 % interval of every score of every strategy: the interval counts seeds, clips by their groups
and, where seeds have splits of their own, training sets (statistics/layered.py). That of macro F1, which is no mean
over clips, is a bootstrap over seeds and groups."""

from collections.abc import Mapping
from types import ModuleType

import numpy as np
import pandas as pd

from permafrost.evaluation.cells import Cells
from permafrost.evaluation.clip_scores import Answers, answers, drawn_f1
from permafrost.evaluation.statistics.intervals import limits, share_limits
from permafrost.evaluation.statistics.layered import Layered
from permafrost.evaluation.statistics.noise import Overlap, noise_of
from permafrost.evaluation.statistics.sample import Sample
from permafrost.evaluation.statistics.selection import drawn_weights
from permafrost.metrics import accuracy, log_loss, macro_f1

Estimate = dict[str, float | int | None]
# What every run records, by the names of its results: the subset that it is a score of, and the metric.
RECORDED: Mapping[str, tuple[str, ModuleType]] = {
    "test_accuracy": ("test", accuracy),
    "valid_accuracy": ("valid", accuracy),
    "macro_f1": ("test", macro_f1),
    "test_loss": ("test", log_loss),
}
ROUNDING = 1e-3  # a score that differs by more from the mean over its clips is not that mean


def estimates(
    cells: Cells, model: str, test_per_train: float, metrics: Mapping[str, ModuleType] | None = None
) -> dict[str, dict[str, Estimate]]:
    """``freeze → score → {mean, sd, ci_low, ci_high, n}`` for the strategies of ``model``.

    The mean is that over splits of the splits' means; ``sd`` (n - 1) and the 95 % interval are None with a single seed:
    one number has no spread. ``test_per_train`` is the number of test clips by that of training clips; it counts where
    seeds have splits of their own. ``metrics``: those of the test clips beside the recorded ones, whose columns
    ``cells.runs`` has.
    """
    wanted = {**RECORDED, **{name: ("test", metric) for name, metric in (metrics or {}).items()}}
    given = {
        subset: answers(cells, model, subset, {key: metric for key, (of, metric) in wanted.items() if of == subset})
        for subset in ("valid", "test")
    }
    found: dict[str, dict[str, Estimate]] = {freeze: {} for freeze in cells.freezes}
    for score, (subset, metric) in wanted.items():
        values = np.array([by_seed(cells, (model, freeze), score) for freeze in cells.freezes])
        sample = _sample(values, given[subset], score, metric)
        ends = _limits(sample, metric, given[subset], len(cells.classes), Overlap(test_per_train))
        for place, (freeze, row) in enumerate(zip(cells.freezes, values, strict=True)):
            found[freeze][score] = {
                "mean": float(sample.means[place]),
                "sd": float(np.std(row, ddof=1)) if len(row) > 1 else None,
                "ci_low": ends[place][0],
                "ci_high": ends[place][1],
                "n": len(row),
            }
    return found


def mean_of(cells: Cells, strategy: tuple[str, str], score: str) -> float:
    """The mean of ``score`` of one strategy, as ``estimates`` has it: over splits of the splits' means."""
    splits = cells.runs.drop_duplicates("seed").set_index("seed")["repeat"]
    return float(by_seed(cells, strategy, score).groupby(splits).mean().mean())


def by_seed(cells: Cells, strategy: tuple[str, str], score: str) -> pd.Series:
    """``score`` of one strategy (model, freeze): [seeds], indexed by seed in the study's order."""
    model, freeze = strategy
    rows = cells.runs[(cells.runs["model"] == model) & (cells.runs["freeze"] == freeze)]
    return rows.set_index("seed")[score].reindex(cells.seeds)


def _sample(values: np.ndarray, given: Answers, score: str, metric: ModuleType) -> Sample:
    """``values`` [strategies, seeds] with the score of each clip, where they are its means."""
    # Answers as the run gave them: rounded probabilities can have ties. Macro F1 is drawn from them too.
    blocks = given.correct if metric in (accuracy, macro_f1) else given.shares[score]
    if metric is not macro_f1 and blocks is not None:
        apart = [np.abs(block.values.mean(2) - values[:, block.runs]).max() for block in blocks]
        blocks = blocks if max(apart) <= ROUNDING else None
    names, seeds = tuple(map(str, range(len(values)))), tuple(range(values.shape[1]))
    return Sample(names, seeds, values, given.splits, blocks=blocks)


def _limits(
    sample: Sample, metric: ModuleType, given: Answers, classes: int, overlap: Overlap
) -> list[tuple[float | None, float | None]]:
    """The limits of each strategy's mean."""
    noise = noise_of(sample, overlap)
    if noise is None:
        return [(None, None)] * len(sample.arms)
    if metric is macro_f1 and isinstance(noise, Layered):
        draws = drawn_f1(given, *drawn_weights(given.splits, given.labels), classes)
        return [tuple(float(end) for end in np.quantile(column, [0.025, 0.975])) for column in draws.T]
    return share_limits(noise) if metric.RANGE == (0, 1) else limits(noise, *metric.RANGE)
