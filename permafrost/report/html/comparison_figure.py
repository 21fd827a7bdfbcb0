"""A comparison as a picture: scores by strategy with every seed, and each gap to the reference with its interval."""

from pathlib import Path

from permafrost.evaluation.comparison import Comparison
from permafrost.evaluation.statistics.contrasts import Contrast
from permafrost.evaluation.statistics.result import ModelResult
from permafrost.evaluation.wording import plural
from permafrost.report.html.figure import save_figure
from permafrost.report.html.gap_chart import gap_chart
from permafrost.report.html.parts import Mark
from permafrost.report.html.series_chart import Series, series_spec
from permafrost.report.html.theme import FAINT, OWN

LEGEND = (
    *(Mark("dot", OWN, "mean, different"), Mark("hollow", FAINT, "equivalent or inconclusive")),
    *(Mark("interval", OWN, "95 % interval"), Mark("small", OWN, "one seed")),
)


def draw_comparison(path: Path, comparison: Comparison) -> None:
    """One row a model: left the scores, right the gaps to the reference (or to the neighbour in depth)."""
    rows, relevant, results = [], comparison.analysis.relevant, list(comparison.analysis.models.values())
    shown = [gap for result in results for gap in _gaps(result)]
    reach = [100 * end for item in shown for end in (item.gap, item.low, item.high) if end is not None]
    found = [item for result in results for item in result.strategies]
    extent = [100 * score for item in found for score in (*item.scores.values(), item.low, item.high) if score]
    for result in results:
        means = {it.strategy: {"mean": it.mean, "ci_low": it.low, "ci_high": it.high} for it in result.strategies}
        scores = Series(result.model, OWN, means, {it.strategy: it.scores for it in result.strategies})
        beside = [name for name in means if name not in result.order]
        drawn = series_spec(result.order, [scores], beside, extent, titles=(None, "score (%)"))
        rows.append([(f"{result.model}, {plural(result.strategies[0].n, 'seed')}", drawn)])
        if gaps := _gaps(result):
            minus = result.reference or "the strategy before it in depth"
            rows[-1].append((f"minus {minus}", gap_chart("", "", gaps, relevant, extent=reach).spec))
    shaded = f"shaded: gaps of less than {100 * relevant:g} points"
    save_figure(path, "Scores by strategy, and what is sure about their differences", shaded, rows, LEGEND)


def _gaps(result: ModelResult) -> list[Contrast]:
    question = "neighbours" if result.reference is None else "reference"
    return [item for item in result.contrasts if item.question == question]
