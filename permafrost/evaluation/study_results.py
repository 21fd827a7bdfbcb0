"""A study's results as one object, made once: what summary, tables, figures and pages read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pandas as pd

from permafrost.evaluation.cells import Cells
from permafrost.evaluation.choice import chosen_freeze, chosen_model
from permafrost.evaluation.estimates import RECORDED, Estimate, estimates
from permafrost.evaluation.shown_metrics import scored, shown_metrics
from permafrost.evaluation.statistics.result import Analysis
from permafrost.evaluation.study import BASELINES, NO_STRATEGY, control_of, is_control
from permafrost.evaluation.study_analysis import analyse_study, tested_per_trained
from permafrost.metrics import DEFAULT

Scores = Mapping[str, Estimate]


@dataclass(frozen=True)
class StudyResults:
    """What a study found.

    Attributes:
        name: the study's.
        cells: its runs.
        data: what the scores are scores of (data_facts).
        audit: the contents of audit.json.
        rejected: path and reason of each recording that was left out.
        analysis: differences with their verdicts.
        scores: model → strategy → score → mean, sd, interval; the baselines as strategies of ``BASELINES``.
        chosen: for each model the strategy that validation chose.
        model: the model that validation chose.
        metrics: what the study shows, in its order: key of a score to the metric.
    """

    name: str
    cells: Cells
    data: Mapping[str, Any]
    audit: Mapping[str, Any]
    rejected: Mapping[str, str]
    analysis: Analysis
    scores: Mapping[str, Mapping[str, Scores]]
    chosen: Mapping[str, str]
    model: str
    metrics: Mapping[str, ModuleType]

    @property
    def freeze(self) -> str:
        """The strategy that validation chose, of the model that it chose."""
        return self.chosen[self.model]

    @property
    def models(self) -> list[str]:
        """The models that are nobody's random control."""
        return [model for model in self.cells.models if not is_control(model, self.cells.models)]

    @property
    def baselines(self) -> Mapping[str, Scores]:
        """Scores of each baseline; empty where the study has none."""
        return self.scores.get(BASELINES, {})

    def control(self, model: str) -> str | None:
        """The random-weights control of ``model``, where the study has it."""
        return control_of(model, self.cells.models)

    def accuracy(self, model: str) -> dict[str, Estimate]:
        """Test accuracy of each strategy of ``model``, or of each baseline."""
        return {name: numbers["test_accuracy"] for name, numbers in self.scores.get(model, {}).items()}

    def extent(self) -> list[float]:
        """Every accuracy that a figure of the strategies shows, in percent: those of all models share one scale."""
        numbers = [item for model in self.scores for item in self.accuracy(model).values()]
        drawn = [item[key] for item in numbers for key in ("mean", "ci_low", "ci_high") if item[key] is not None]
        return [100 * value for value in (*drawn, *self.cells.runs["test_accuracy"], self.data["chance"])]

    def size(self, model: str, freeze: str) -> pd.Series:
        """A run of the strategy: how much it freezes and trains, which is the same for all seeds."""
        runs = self.cells.runs
        return runs[(runs["model"] == model) & (runs["freeze"] == freeze)].iloc[0]


def study_results(
    name: str,
    cells: Cells,
    data: Mapping[str, Any],
    audit: Mapping[str, Any],
    rejected: Mapping[str, str],
    metrics: Sequence[str] = DEFAULT,
) -> StudyResults:
    """The results of study ``name``: scores with intervals, differences with verdicts, the choice; scored by
    ``metrics`` too, modules of permafrost/metrics.

    Raises:
        PermafrostError: there is no such metric.
    """
    shown = shown_metrics(metrics)
    further = {key: metric for key, metric in shown.items() if key not in RECORDED}
    cells = scored(cells, further)
    overlap = tested_per_trained(data)
    scores = {model: estimates(cells, model, overlap, further) for model in cells.models}
    if others := cells.baselines:
        scores[BASELINES] = {name: estimates(others, name, overlap, further)[NO_STRATEGY] for name in others.models}
    chosen = {model: chosen_freeze(cells, model) for model in cells.models}
    return StudyResults(
        name, cells, data, audit, rejected, analyse_study(cells, data), scores, chosen, chosen_model(cells), shown
    )
