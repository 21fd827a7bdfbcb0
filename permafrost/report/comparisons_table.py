"""metrics/comparisons.csv: every comparison of a study in full, one row each, for whoever counts further."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from permafrost.evaluation.statistics.contrasts import Contrast
from permafrost.evaluation.statistics.result import Analysis, ModelResult
from permafrost.evaluation.statistics.selection import Selection
from permafrost.evaluation.statistics.shape import Shape

COLUMNS = (
    *("question", "model", "strategy", "minus", "quantity", "value", "ci_low", "ci_high"),
    *("p", "p_corrected", "statements", "excluded", "verdict", "method"),
)
Row = dict[str, Any]


def comparisons_table(analysis: Analysis) -> pd.DataFrame:
    """All that the statistics say, in ``COLUMNS``; what does not apply to a row is empty.

    ``question`` is reference (against ``none``), neighbours, transfer or baseline (against a model without a freezing
    dimension), with ``value`` the difference of test accuracy, a fraction; shape; selection; variance (shares in the
    variance of a strategy's mean). ``p`` and the limits are a row's own (``method``); ``p_corrected`` is corrected over
    all ``statements`` about the model, and so is ``excluded``: a difference of that size or more is excluded.
    """
    rows: list[Row] = []
    for model, result in analysis.models.items():
        rows += [_contrast(model, item) for item in result.contrasts]
        rows += _shape(model, result.shape) if result.shape else []
        rows += _selection(model, result.selection) if result.selection else []
        rows += _variance(model, result)
    for model, transfer in analysis.transfer.items():
        rows += [_contrast(model, item) for item in transfer.contrasts]
    for model, against in analysis.baselines.items():
        rows += [_contrast(model, item) for item in against.contrasts]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _contrast(model: str, item: Contrast) -> Row:
    return {
        "question": item.question,
        "model": model,
        "strategy": item.strategy,
        "minus": item.minus,
        "quantity": "difference of test accuracy",
        "value": item.gap,
        "ci_low": item.low,
        "ci_high": item.high,
        "p": item.p,
        "p_corrected": item.p_claim,
        "statements": item.claims or None,
        "excluded": item.excluded,
        "verdict": item.verdict,
        "method": item.method,
    }


def _shape(model: str, shape: Shape) -> Iterator[Row]:
    for item in (shape.dip, shape.trend, shape.flat):
        dip = item is shape.dip
        yield {
            "question": "shape",
            "model": model,
            "strategy": shape.dip.bottom if dip else shape.order[-1],
            "minus": f"{shape.dip.before} and {shape.dip.after}" if dip else shape.order[0],
            "quantity": item.name,
            "value": item.value,
            "ci_low": item.low,
            "ci_high": item.high,
            "p_corrected": item.p,
            "verdict": item.verdict,
            "method": "simultaneous intervals",
        }


def _selection(model: str, chosen: Selection) -> Iterator[Row]:
    for quantity, value in (
        ("test accuracy of the strategy chosen on validation", chosen.test),
        ("how much its validation accuracy flatters", chosen.optimism),
        ("how much choosing on the test set would flatter", chosen.peeking_optimism),
    ):
        yield {
            "question": "selection",
            "model": model,
            "strategy": chosen.strategy,
            "quantity": quantity,
            "value": value,
            "method": "bootstrap that chooses anew",
        }


def _variance(model: str, result: ModelResult) -> Iterator[Row]:
    for item in result.strategies:
        for source, share in (item.variance or {}).items():
            yield {
                "question": "variance",
                "model": model,
                "strategy": item.strategy,
                "quantity": f"share of the mean's variance that is due to {source}",
                "value": share,
            }
