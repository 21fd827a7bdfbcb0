"""A sweep as one table: the parameters that differ between experiments, and what came of each."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from permafrost.errors import PermafrostError
from permafrost.evaluation.wording import mean_and_sd
from permafrost.report.names import plain
from permafrost.report.table import aligned_table

Strategy = tuple[str, str]  # model and strategy; of a baseline, ``baselines`` and its name, as in details.json


@dataclass(frozen=True)
class Experiment:
    """``parameters``: dotted key of params.yaml to value; ``details``: the contents of details.json."""

    name: str
    parameters: Mapping[str, Any]
    details: Mapping[str, Any]

    def scores(self, score: str) -> dict[Strategy, Mapping[str, float]]:
        """Mean and sd of ``score`` for all that have it, in their order."""
        return {
            (model, strategy): numbers[score]
            for model, strategies in self.details.items()
            if isinstance(strategies, Mapping)
            for strategy, numbers in strategies.items()
            if isinstance(numbers, Mapping) and isinstance(numbers.get(score), Mapping)
        }

    def value(self, name: str) -> Any:
        """That of a parameter, empty where the experiment has none."""
        value = self.parameters.get(name)
        return "" if value is None else value


def varied(experiments: Sequence[Experiment]) -> list[str]:
    """The parameters that are not the same in all experiments that have them, sorted: a recipe that only some have
    varied nothing."""
    values = defaultdict(set)
    for experiment in experiments:
        for name, value in experiment.parameters.items():
            values[name].add(str(value))
    return sorted(name for name, found in values.items() if len(found) > 1)


def scored(experiments: Sequence[Experiment], score: str) -> list[Strategy]:
    """All that have ``score`` in any experiment, in the order in which they come."""
    return list(dict.fromkeys(place for experiment in experiments for place in experiment.scores(score)))


def in_order(experiments: Sequence[Experiment]) -> list[Experiment]:
    """By the parameters that were varied: numbers by size, before everything else by its letters."""
    names = varied(experiments)

    def rank(value: Any) -> tuple[bool, float, str]:
        number = isinstance(value, int | float)
        return not number, float(value) if number else 0.0, str(value)

    return sorted(experiments, key=lambda experiment: [rank(experiment.value(name)) for name in names])


def sweep_table(experiments: Sequence[Experiment], score: str = "test_accuracy") -> str:
    """A Markdown table: experiment, each varied parameter, then mean ± sd of ``score``, a share, in percent, for each
    model and strategy.

    Raises:
        PermafrostError: there are no experiments, or none has the score.
    """
    if not experiments:
        raise PermafrostError(
            "there is no finished experiment of this commit; sweep first: dvc exp run --queue -S … && dvc exp run "
            "--run-all"
        )
    parameters, models = varied(experiments), scored(experiments, score)
    if not models:
        raise PermafrostError(f"--score: no experiment has {score!r}; expected a score of metrics/details.json")
    rows = []
    for experiment in in_order(experiments):
        values, scores = [plain(str(experiment.value(name))) for name in parameters], experiment.scores(score)
        rows.append([experiment.name, *values, *(mean_and_sd(scores.get(place, {})) for place in models)])
    header = ["experiment", *parameters, *map(" ".join, models)]
    return aligned_table(header, rows, text_columns=1 + len(parameters))
