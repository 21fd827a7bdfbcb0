"""The study in numbers: each strategy, what was planned to be compared, the data. `dvc metrics diff` shows these."""

from collections.abc import Mapping, Sequence
from typing import Any

from permafrost.evaluation.cells import Cells
from permafrost.evaluation.choice import chosen_freeze
from permafrost.evaluation.estimates import Estimate, estimates
from permafrost.evaluation.statistics.contrasts import Contrast
from permafrost.evaluation.statistics.result import Analysis
from permafrost.evaluation.study import BASELINES, NO_STRATEGY
from permafrost.evaluation.study_analysis import tested_per_trained

DIGITS = 6


def summarise(cells: Cells, data: dict[str, Any], analysis: Analysis) -> dict[str, Any]:
    """The contents of summary.json.

    ``model.freeze.score.{mean, sd, ci_low, ci_high, n}``, ``baselines.name.score.{…}`` where the study has any, then
    ``comparisons``, then ``data`` as it is given. Each comparison is of test accuracy, paired by seed and clip:
    ``{difference, ci_low, ci_high, p_corrected}``, the p value corrected over all statements about the model
    (metrics/comparisons.csv has the rest, with neighbours in depth):

    - ``comparisons.versus_none.model.freeze``: minus the strategy ``none``;
    - ``comparisons.transfer_gain.model.freeze``: minus the model's random-weights control (the recipe
      ``<model>_random``) under the same strategy;
    - ``comparisons.versus_baseline.model.baseline.freeze``: minus a model without a freezing dimension;
    - ``comparisons.shape.model``: what is sure about the curve over depth, in a word or two;
    - ``comparisons.chosen_on_validation.model``: the strategy with the highest validation accuracy.
    """
    overlap = tested_per_trained(data)
    strategies = {model: _rounded(estimates(cells, model, overlap)) for model in cells.models}
    if cells.baselines:
        strategies[BASELINES] = baseline_numbers(cells.baselines, overlap)
    return {**strategies, "comparisons": compare(cells, analysis), "data": data}


def baseline_numbers(baselines: Cells, test_per_train: float) -> dict[str, Any]:
    """``baseline → score → {mean, sd, ci_low, ci_high, n}``: no level of strategies, for there are none."""
    return {name: _rounded(estimates(baselines, name, test_per_train)[NO_STRATEGY]) for name in baselines.models}


def baseline_accuracies(summary: Mapping[str, Any]) -> dict[str, Estimate]:
    """Test accuracy of each baseline of summary.json; empty where it has none."""
    return {name: numbers["test_accuracy"] for name, numbers in summary.get(BASELINES, {}).items()}


def compare(cells: Cells, analysis: Analysis) -> dict[str, Any]:
    """The ``comparisons`` block; a kind of comparison for which the study has no reference is left out."""
    models = analysis.models
    blocks = {
        "versus_none": {name: _differences(models[name].contrasts, "reference") for name in cells.models},
        "transfer_gain": {name: _differences(result.gains, "transfer") for name, result in analysis.transfer.items()},
        "versus_baseline": {
            name: {
                other: _differences([item for item in result.contrasts if item.minus == other], "baseline")
                for other in result.baselines
            }
            for name, result in analysis.baselines.items()
        },
        "shape": {name: result.shape.verdict for name, result in models.items() if result.shape},
        "chosen_on_validation": {model: chosen_freeze(cells, model) for model in cells.models},
    }
    return {kind: block for kind, block in blocks.items() if any(block.values())}


def _differences(contrasts: Sequence[Contrast], question: str) -> dict[str, Estimate]:
    return {
        item.strategy: _rounded(
            {"difference": item.gap, "ci_low": item.low, "ci_high": item.high, "p_corrected": item.p_claim}
        )
        for item in contrasts
        if item.question == question
    }


def _rounded(numbers: Any) -> Any:
    """The same with every fraction rounded. Adding zero turns -0.0 into 0.0, which would read as a change."""
    if isinstance(numbers, dict):
        return {key: _rounded(value) for key, value in numbers.items()}
    return round(float(numbers), DIGITS) + 0.0 if isinstance(numbers, float) else numbers
