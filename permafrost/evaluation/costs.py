"""What a strategy costs for what it scores, and which strategies are worth their cost beyond doubt."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from permafrost.evaluation.statistics.result import Analysis
from permafrost.evaluation.study_results import StudyResults


@dataclass(frozen=True)
class Scored:
    """A strategy's ``name`` (model, strategy), cost, mean score and the limits of its 95 % interval (None: unknown)."""

    name: tuple[str, str]
    cost: float
    score: float
    low: float | None = None
    high: float | None = None


def costs(results: StudyResults) -> pd.DataFrame:
    """One row a model and strategy, controls left out: ``trainable_parameters``, ``seconds`` (mean over seeds of one
    training and of those that it begins with; NaN where no cell says), ``accuracy`` (mean of test) with the limits
    ``low`` and ``high`` of its 95 % interval (None where unknown), ``cheap_parameters`` and ``cheap_seconds``: whether
    it lies on the front of accuracy against that cost, on which a dearer strategy needs a difference that is claimed.
    """
    runs = results.cells.runs[results.cells.runs["model"].isin(results.models)]
    own = runs.set_index(["model", "freeze", "seed"])["seconds_total"].astype(float)
    begun = [
        sum(own.get((run.model, freeze, run.seed), float("nan")) for freeze in run.after) for run in runs.itertuples()
    ]
    sums = {"trainable_parameters": ("trainable_parameters", "max"), "seconds": ("seconds", "mean")}
    table = (
        runs.assign(seconds=own.to_numpy() + begun).groupby(["model", "freeze"], sort=False).agg(**sums).reset_index()
    )
    names = list(zip(table["model"], table["freeze"], strict=True))
    known = [results.scores[model][freeze]["test_accuracy"] for model, freeze in names]
    ends = [(numbers["mean"], numbers["ci_low"], numbers["ci_high"]) for numbers in known]
    table[["accuracy", "low", "high"]] = pd.DataFrame(ends, dtype=object)
    for column, cost in (("cheap_parameters", "trainable_parameters"), ("cheap_seconds", "seconds")):
        rows = [Scored(name, spent, *end) for name, spent, end in zip(names, table[cost], ends, strict=True)]
        table[column] = front(rows, claimed(results.analysis))
    return table


def front(rows: Sequence[Scored], told_apart: Callable[[Scored, Scored], bool]) -> list[bool]:
    """Whether each lies on the Pareto front, seen from the cheapest: a dearer one joins it where it scores more than
    the last one on it and ``told_apart`` says so of the two. A cost of NaN is never on it."""
    order = sorted((row for row in rows if row.cost == row.cost), key=lambda row: (row.cost, -row.score))
    chosen: list[Scored] = []
    for row in order:
        if not chosen or (row.score > chosen[-1].score and told_apart(row, chosen[-1])):
            chosen.append(row)
    return [row in chosen for row in rows]


def claimed(analysis: Analysis) -> Callable[[Scored, Scored], bool]:
    """Whether a difference of two strategies is claimed: as the planned comparison of the two says; where none was
    planned, their 95 % intervals have to lie apart."""
    verdicts = {
        frozenset(((model, item.strategy), (model, item.minus))): item.verdict == "different"
        for model, result in analysis.models.items()
        for item in result.contrasts
    }

    def told_apart(one: Scored, other: Scored) -> bool:
        apart = None not in (one.low, one.high, other.low, other.high) and (
            one.low > other.high or other.low > one.high
        )
        return verdicts.get(frozenset((one.name, other.name)), apart)

    return told_apart
