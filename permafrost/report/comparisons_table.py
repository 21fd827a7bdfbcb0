"""metrics/comparisons.csv: every comparison of a study in full, one row each, for whoever counts further."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from permafrost.evaluation.statistics.contrasts import Contrast
from permafrost.evaluation.statistics.result import Analysis, ModelResult

COLUMNS = (
    *("question", "model", "strategy", "minus", "quantity", "value", "ci_low", "ci_high"),
    *("p", "p_corrected", "statements", "excluded", "verdict", "method"),
)


def comparisons_table(analysis: Analysis) -> pd.DataFrame:
    """All that the statistics say, in ``COLUMNS``; what does not apply to a row is empty.

    ``question`` is reference (against ``none``), neighbours, transfer or baseline (against a model without a freezing
    dimension), with ``value`` the difference of test accuracy, a fraction; shape; selection; variance (shares in the
    variance of a strategy's mean). ``p`` and the limits are a row's own (``method``); ``p_corrected`` is corrected over
    all ``statements`` about the model, and so is ``excluded``: a difference of that size or more is excluded.
    """
    rows = [row for model, result in analysis.models.items() for row in _rows(model, result)]
    for family in (analysis.transfer, analysis.baselines):
        rows += [_contrast(model, item) for model, found in family.items() for item in found.contrasts]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _contrast(model: str, item: Contrast) -> dict[str, Any]:
    known = {name: getattr(item, name) for name in ("question", "strategy", "minus", "p", "excluded", "verdict")}
    numbers = {"value": item.gap, "ci_low": item.low, "ci_high": item.high, "p_corrected": item.p_claim}
    more = {"model": model, "quantity": "difference of test accuracy", "statements": item.claims or None}
    return {**known, **numbers, **more, "method": item.method}


def _rows(model: str, result: ModelResult) -> Iterator[dict[str, Any]]:
    """Contrasts, shape, choice, and where the uncertainty of the means comes from."""
    yield from (_contrast(model, item) for item in result.contrasts)
    if shape := result.shape:
        dip, ends = shape.dip, {"strategy": shape.order[-1], "minus": shape.order[0]}
        for item in (dip, shape.trend, shape.flat):
            own = {"strategy": dip.bottom, "minus": f"{dip.before} and {dip.after}"} if item is dip else ends
            numbers = {"value": item.value, "ci_low": item.low, "ci_high": item.high, "p_corrected": item.p}
            more = {"quantity": item.name, "verdict": item.verdict, "method": "simultaneous intervals"}
            yield {"question": "shape", "model": model, **own, **numbers, **more}
    if chosen := result.selection:
        about = {"question": "selection", "model": model, "strategy": chosen.strategy}
        for quantity, value in (
            ("test accuracy of the strategy chosen on validation", chosen.test),
            ("how much its validation accuracy flatters", chosen.optimism),
            ("how much choosing on the test set would flatter", chosen.peeking_optimism),
        ):
            yield {**about, "quantity": quantity, "value": value, "method": "bootstrap that chooses anew"}
    for item in result.strategies:
        for source, share in (item.variance or {}).items():
            quantity = f"share of the mean's variance that is due to {source}"
            about = {"question": "variance", "model": model, "strategy": item.strategy}
            yield {**about, "quantity": quantity, "value": share}
