"""The study in numbers: each strategy, the comparisons that were planned, the data."""

from typing import Any

from permafrost.evaluation.cells import Cells
from permafrost.evaluation.choice import chosen_freeze
from permafrost.evaluation.estimates import Estimate, estimate, paired_difference
from permafrost.evaluation.study import control_of

# What `dvc metrics diff` shows of a strategy. Timings differ on every run and would drown the rest: runs.csv has them.
SCORES = ("test_accuracy", "valid_accuracy", "macro_f1", "test_loss")
BASELINE = "none"
DIGITS = 6


def summarise(cells: Cells, data: dict[str, Any]) -> dict[str, Any]:
    """The contents of summary.json.

    ``model.freeze.score.{mean, sd, ci_low, ci_high, n}``, then ``comparisons``, then ``data`` as it is given:

    - ``comparisons.versus_none.model.freeze``: test accuracy minus that of ``none``, paired by seed;
    - ``comparisons.transfer_gain.model.freeze``: test accuracy minus that of the model's random-weights control
      (the recipe ``<model>_random``) under the same strategy, paired by seed;
    - ``comparisons.chosen_on_validation.model``: the strategy with the highest validation accuracy.
    """
    strategies = {
        model: {
            freeze: {score: _rounded(estimate(cells, (model, freeze), score)) for score in SCORES}
            for freeze in cells.freezes
        }
        for model in cells.models
    }
    return {**strategies, "comparisons": compare(cells), "data": data}


def compare(cells: Cells) -> dict[str, Any]:
    """The ``comparisons`` block; a kind of comparison for which the study has no reference is left out."""
    versus_none, gain = {}, {}
    for model in cells.models:
        if BASELINE in cells.freezes:
            others = [freeze for freeze in cells.freezes if freeze != BASELINE]
            versus_none[model] = {freeze: _difference(cells, model, freeze, model, BASELINE) for freeze in others}
        if control := control_of(model, cells.models):
            gain[model] = {freeze: _difference(cells, model, freeze, control, freeze) for freeze in cells.freezes}
    chosen = {model: chosen_freeze(cells, model) for model in cells.models}
    blocks = {"versus_none": versus_none, "transfer_gain": gain, "chosen_on_validation": chosen}
    return {kind: block for kind, block in blocks.items() if any(block.values())}


def _difference(cells: Cells, model: str, freeze: str, reference_model: str, reference_freeze: str) -> Estimate:
    return _rounded(paired_difference(cells, (model, freeze), (reference_model, reference_freeze), "test_accuracy"))


def _rounded(numbers: Estimate) -> Estimate:
    # Adding zero turns -0.0 into 0.0, which would read as a change.
    return {key: round(value, DIGITS) + 0.0 if isinstance(value, float) else value for key, value in numbers.items()}
