"""The metrics that a study shows, computed from the predictions that its runs stored: another one trains nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import ModuleType

import pandas as pd

from permafrost import catalogue
from permafrost.errors import PermafrostError
from permafrost.evaluation.cell_files import PROBABILITY
from permafrost.evaluation.cells import Cells

KEYS = {"accuracy": "test_accuracy", "log_loss": "test_loss"}  # of what runs record; other metrics have their name


def shown_metrics(names: Iterable[str]) -> dict[str, ModuleType]:
    """Key in the results to metric, in the order of ``names``.

    Raises:
        PermafrostError: there is no such metric.
    """
    return {KEYS.get(name, name): catalogue.load("metrics", name, "study.metrics") for name in names}


def scored(cells: Cells, metrics: Mapping[str, ModuleType]) -> Cells:
    """The same runs with a column for each of ``metrics``: the score of their test clips.

    Raises:
        PermafrostError: a metric has the name of another column.
    """
    if not metrics:
        return cells
    number = {name: place for place, name in enumerate(cells.classes)}
    test = cells.predictions[cells.predictions["subset"] == "test"]
    tables = dict(list(test.groupby(["model", "freeze", "seed"], sort=False)))
    wanted = list(cells.runs[["model", "freeze", "seed"]].itertuples(index=False, name=None))
    runs = cells.runs.copy()
    for key, metric in metrics.items():
        if key in runs:
            raise PermafrostError(
                f"study.metrics: {key!r} is another column of plots/runs.csv; rename the metric's file"
            )
        runs[key] = [_score(metric, tables[run], number) for run in wanted]
    return replace(cells, runs=runs, baselines=cells.baselines and scored(cells.baselines, metrics))


def _score(metric: ModuleType, table: pd.DataFrame, number: Mapping[str, int]) -> float:
    probabilities = table[[PROBABILITY + name for name in number]].to_numpy(float)
    return metric.score(table["label"].map(number).to_numpy(), probabilities)
