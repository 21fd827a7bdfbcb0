"""metrics/comparisons.csv: every comparison of a study in full, one row each, for whoever counts further."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from permafrost.evaluation.statistics.contrasts import Contrast
from permafrost.evaluation.statistics.effects import Effect
from permafrost.evaluation.statistics.omnibus import Omnibus
from permafrost.evaluation.statistics.paired import McNemar, PairedTests
from permafrost.evaluation.statistics.result import Analysis, ModelResult
from permafrost.evaluation.statistics.selection import Selection
from permafrost.evaluation.statistics.shape import Shape

COLUMNS = (
    *("question", "model", "strategy", "minus", "quantity", "value", "ci_low", "ci_high"),
    *("df", "p", "p_corrected", "statements", "verdict", "method"),
    *("t_p", "t_p_holm", "wilcoxon_p", "wilcoxon_p_holm", "sign_flip_p", "sign_flip_p_holm", "sign_flip_least_p"),
    *("dz", "dz_low", "dz_high", "cliff_delta", "cliff_delta_low", "cliff_delta_high"),
    *("clips_only_strategy", "clips_only_minus", "mcnemar_p", "odds", "odds_low", "odds_high"),
)
Row = dict[str, Any]


def comparisons_table(analysis: Analysis) -> pd.DataFrame:
    """All that the statistics say, in ``COLUMNS``; what does not apply to a row is empty.

    ``question`` is reference (against ``none``), neighbours, transfer or baseline (against a model without a freezing
    dimension), with ``value`` the difference of test accuracy, a fraction; omnibus; ranks (Nemenyi, every pair); shape;
    selection; variance (shares in the variance of a strategy's mean). ``p`` is the design's own (``method``),
    ``p_corrected`` that over all ``statements`` about the model; the ``*_holm`` values are corrected within the
    question, see the luck of seeds alone, and decide nothing.
    """
    rows: list[Row] = []
    for model, result in analysis.models.items():
        rows += [_contrast(model, item) for item in result.contrasts]
        rows += _omnibus(model, result.omnibus) if result.omnibus else []
        rows += _shape(model, result.shape) if result.shape else []
        rows += _selection(model, result.selection) if result.selection else []
        rows += _variance(model, result)
    for model, transfer in analysis.transfer.items():
        rows += [_contrast(model, item) for item in transfer.gains]
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
        "df": item.df,
        "p": item.p,
        "p_corrected": item.p_claim,
        "statements": item.claims or None,
        "verdict": item.verdict,
        "method": item.method,
        **(_tests(item.seeds) if item.seeds else {}),
        **(_effect("dz", item.dz) if item.dz else {}),
        **(_effect("cliff_delta", item.cliff) if item.cliff else {}),
        **(_mcnemar(item.clips) if item.clips else {}),
    }


def _tests(tests: PairedTests) -> Row:
    return {
        "t_p": tests.t_p,
        "t_p_holm": tests.t_holm,
        "wilcoxon_p": tests.wilcoxon_p,
        "wilcoxon_p_holm": tests.wilcoxon_holm,
        "sign_flip_p": tests.flip_p,
        "sign_flip_p_holm": tests.flip_holm,
        "sign_flip_least_p": tests.least_p,
    }


def _effect(name: str, effect: Effect) -> Row:
    return {name: effect.value, f"{name}_low": effect.low, f"{name}_high": effect.high}


def _mcnemar(clips: McNemar) -> Row:
    return {
        "clips_only_strategy": clips.only_strategy,
        "clips_only_minus": clips.only_reference,
        "mcnemar_p": clips.p,
        "odds": clips.odds,
        "odds_low": clips.odds_low,
        "odds_high": clips.odds_high,
    }


def _omnibus(model: str, result: Omnibus) -> Iterator[Row]:
    yield {
        "question": "omnibus",
        "model": model,
        "quantity": "Kendall's W",
        "value": result.w,
        "ci_low": result.w_low,
        "ci_high": result.w_high,
        "p": result.p,
        "method": f"Friedman over {result.blocks} blocks",
    }
    for pair, gap in result.rank_gap.items():
        strategy, _, reference = pair.partition(" / ")
        yield {
            "question": "ranks",
            "model": model,
            "strategy": strategy,
            "minus": reference,
            "quantity": "how many mean ranks the strategy is better",
            "value": gap,
            "ci_low": gap - result.critical_difference,
            "ci_high": gap + result.critical_difference,
            "p_corrected": result.nemenyi_p[pair],
            "method": "Nemenyi",
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
    if shape.page and shape.page.rho:
        rho = shape.page.rho
        yield {
            "question": "shape",
            "model": model,
            "quantity": "rank correlation of score and depth",
            "value": rho.value,
            "ci_low": rho.low,
            "ci_high": rho.high,
            "p": shape.page.p,
            "method": "Page",
        }


def _selection(model: str, chosen: Selection) -> Iterator[Row]:
    for quantity, value, limits in (
        ("test accuracy of the strategy chosen on validation", chosen.test, (chosen.test_low, chosen.test_high)),
        ("how much its validation accuracy flatters", chosen.optimism, (None, None)),
        ("how much choosing on the test set would flatter", chosen.peeking_optimism, (None, None)),
    ):
        yield {
            "question": "selection",
            "model": model,
            "strategy": chosen.strategy,
            "quantity": quantity,
            "value": value,
            "ci_low": limits[0],
            "ci_high": limits[1],
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
