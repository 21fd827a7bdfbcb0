"""A study in numbers, for files: the few that DVC shows as metrics, and all others."""

from collections.abc import Sequence
from typing import Any

from permafrost.evaluation.cells import groups
from permafrost.evaluation.estimates import mean_of
from permafrost.evaluation.statistics.contrasts import Contrast
from permafrost.evaluation.study_results import StudyResults

SHOWN, DIGITS = 4, 6


def summary(results: StudyResults) -> dict[str, float]:
    """The contents of summary.json, what a reviewer must see at once.

    ``chosen``: test accuracy of the strategy that validation chose; ``different``: how many of the planned
    differences are claimed; recordings ``rejected``; ``copies``: sets of (nearly) equal clips, and groups, on both
    sides of a split. Few, for DVC prints them as columns beside those of ``accuracies``.
    """
    analysis, data = results.analysis, results.data
    families = (*analysis.models.values(), *analysis.baselines.values(), *analysis.transfer.values())
    found = [item for family in families for item in family.contrasts]
    return {
        "chosen": accuracies(results)[results.freeze][results.model],
        "different": sum(item.verdict == "different" for item in found),
        "rejected": data["rejected"],
        "copies": data["groups_across_subsets"] + data["duplicates_across_subsets"],
    }


def accuracies(results: StudyResults) -> dict[str, dict[str, float]]:
    """The contents of metrics/test: for each strategy the mean test accuracy of each model.

    DVC prints a row a file and a column a key: a strategy a row, a model a column. The baselines are one more row.
    """
    return {
        freeze: {model: round(mean_of(group, (model, freeze), "test_accuracy"), SHOWN) for model in group.models}
        for group in groups(results.cells)
        for freeze in group.freezes
    }


def details(results: StudyResults) -> dict[str, Any]:
    """The contents of details.json.

    ``model.freeze.score.{mean, sd, ci_low, ci_high, n}``, ``baselines.name.score.{…}`` where the study has any, then
    ``comparisons``, then ``data``. Each comparison is of test accuracy, paired by seed and clip:
    ``{difference, ci_low, ci_high, p_corrected}``, the p value corrected over all statements about the model
    (metrics/comparisons.csv has the rest, with neighbours in depth):

    - ``comparisons.versus_none.model.freeze``: minus the strategy ``none``;
    - ``comparisons.transfer_gain.model.freeze``: minus the model's random-weights control (the recipe
      ``<model>_random``) under the same strategy;
    - ``comparisons.versus_baseline.model.baseline.freeze``: minus a model without a freezing dimension;
    - ``comparisons.shape.model``: what is sure about the curve over depth, in a word or two;
    - ``comparisons.chosen_on_validation.model``: the strategy with the highest validation accuracy.

    A kind of comparison for which the study has no reference is left out.
    """
    analysis = results.analysis
    blocks = {
        "versus_none": {name: _differences(it.contrasts, question="reference") for name, it in analysis.models.items()},
        "transfer_gain": {name: _differences(it.contrasts) for name, it in analysis.transfer.items()},
        "versus_baseline": {
            name: {other: _differences(it.contrasts, minus=other) for other in it.others}
            for name, it in analysis.baselines.items()
        },
        "shape": {name: it.shape.verdict for name, it in analysis.models.items() if it.shape},
        "chosen_on_validation": results.chosen,
    }
    comparisons = {kind: block for kind, block in blocks.items() if any(block.values())}
    return _rounded({**results.scores, "comparisons": comparisons, "data": results.data})


def _differences(contrasts: Sequence[Contrast], **only: str) -> dict[str, dict[str, float | None]]:
    """Those contrasts whose fields are as ``only`` has them."""
    return {
        item.strategy: {"difference": item.gap, "ci_low": item.low, "ci_high": item.high, "p_corrected": item.p_claim}
        for item in contrasts
        if all(getattr(item, name) == value for name, value in only.items())
    }


def _rounded(numbers: Any) -> Any:
    """The same with every fraction rounded. Adding zero turns -0.0 into 0.0, which would read as a change."""
    if isinstance(numbers, dict):
        return {key: _rounded(value) for key, value in numbers.items()}
    return round(float(numbers), DIGITS) + 0.0 if isinstance(numbers, float) else numbers
