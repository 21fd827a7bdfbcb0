"""What a strategy costs for what it scores, and which strategies no other one beats at both."""

from collections.abc import Sequence

import pandas as pd

from permafrost.evaluation.cells import Cells
from permafrost.evaluation.study import is_control


def costs(cells: Cells) -> pd.DataFrame:
    """One row a model and strategy, controls left out: ``trainable_parameters``, ``seconds`` (mean over seeds of one
    training; NaN where no cell says) and ``accuracy`` (mean test accuracy), with ``cheap_parameters`` and
    ``cheap_seconds``: whether it lies on the front of accuracy against that cost."""
    runs = cells.runs[~cells.runs["model"].map(lambda model: is_control(model, cells.models))]
    # Cells of earlier versions did not time the whole training.
    timed = runs["seconds_total"].astype(float).fillna(runs["seconds_per_epoch"].astype(float) * runs["epochs"])
    table = (
        runs.assign(seconds=timed)
        .groupby(["model", "freeze"], sort=False)
        .agg(
            trainable_parameters=("trainable_parameters", "max"),
            seconds=("seconds", "mean"),
            accuracy=("test_accuracy", "mean"),
        )
        .reset_index()
    )
    table["cheap_parameters"] = front(table["trainable_parameters"].tolist(), table["accuracy"].tolist())
    table["cheap_seconds"] = front(table["seconds"].tolist(), table["accuracy"].tolist())
    return table


def front(costs: Sequence[float], scores: Sequence[float]) -> list[bool]:
    """Whether each point lies on the Pareto front: no other point costs at most as much and scores at least as much,
    with one of the two strictly better. A cost of NaN is never on it."""
    points = list(zip(costs, scores, strict=True))
    return [
        cost == cost
        and not any(other <= cost and better >= score and (other < cost or better > score) for other, better in points)
        for cost, score in points
    ]
