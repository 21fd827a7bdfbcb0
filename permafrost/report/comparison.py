"""A comparison of strategies as Markdown: sentences first, then tables; the classical tests come last, as details."""

from collections.abc import Sequence

from permafrost.evaluation.comparison import Comparison
from permafrost.evaluation.statistics.classical import Between, Overall, Paired
from permafrost.evaluation.statistics.contrasts import Contrast
from permafrost.evaluation.statistics.result import ModelResult, TransferResult
from permafrost.evaluation.statistics.selection import Selection
from permafrost.evaluation.statistics.shape import Shape
from permafrost.report.aligned_table import aligned_table
from permafrost.report.names import code_span, one_line, plain
from permafrost.report.wording import equals, limits, percent, points

QUESTIONS = {"reference": "Against {reference}", "neighbours": "Neighbours in depth: each against the one before it"}
CLASSICAL = (
    "p values over runs, two-sided, after Holm's correction over the rows of one question; dz: Cohen's. They hold for "
    "the clips that were tested and decide nothing here."
)


def markdown(comparison: Comparison) -> str:
    """The whole page, its tables aligned so that it reads well in a terminal too."""
    analysis = comparison.analysis
    blocks = ["# Comparison of strategies"]
    for result in analysis.models.values():
        blocks += _model(result, analysis.relevant)
    for gain in analysis.transfer.values():
        blocks += _transfer(gain, analysis.relevant)
    for rows in comparison.tables:
        blocks += _between(rows)
    lines = [*analysis.notes, *comparison.notes]
    blocks += ["## What these numbers rest on", "\n".join(f"- {line}" for line in lines)]
    for model, rows in comparison.classical.items():
        blocks += _classical(model, rows, comparison.overall[model])
    return "\n\n".join(blocks) + "\n"


def p_value(p: float | None) -> str:
    """A p value for a table: four decimals, or an exponent below .0001."""
    return "–" if p is None else f"{p:.4f}" if p >= 0.0001 or p == 0 else f"{p:.1e}"


def _model(result: ModelResult, relevant: float) -> list[str]:
    blocks = [f"## {plain(result.model)}", one_line(result.answer), one_line(result.shape_words), _strategies(result)]
    for question, title in QUESTIONS.items():
        rows = [item for item in result.contrasts if item.question == question]
        if rows:
            blocks += [f"### {title.format(reference=code_span(rows[0].minus))}", _contrasts(rows, relevant)]
    if tested := [item for item in result.contrasts if item.p is not None]:
        blocks.append(
            f"p: {tested[0].method}; corrected over all {tested[0].claims} statements about this model, as is the "
            "difference that is excluded."
        )
    if result.shape:
        blocks.append(_shape(result.shape))
    if result.selection:
        blocks.append(_selection(result.selection))
    return blocks


def _strategies(result: ModelResult) -> str:
    shares = any(item.variance for item in result.strategies)
    rows = [
        [
            code_span(item.strategy),
            str(item.n),
            f"{100 * item.mean:.2f}",
            "–" if item.sd is None else f"{100 * item.sd:.2f}",
            "–" if item.low is None else f"{percent(item.low)} to {percent(item.high)}",
        ]
        + ([", ".join(f"{name} {100 * part:.0f} %" for name, part in (item.variance or {}).items())] if shares else [])
        for item in result.strategies
    ]
    header = ["strategy", "runs", "mean (%)", "sd", "95 % interval"] + ["share of the mean's variance"] * shares
    return aligned_table(header, rows, text_columns=1)


def _contrasts(rows: Sequence[Contrast], relevant: float) -> str:
    header = ["strategy", "minus", "points", "95 % interval", "p", "corrected p", "excluded", "difference"]
    cells = [
        [
            code_span(item.strategy),
            code_span(item.minus),
            points(item.gap),
            limits(item.low, item.high, signed=True),
            p_value(item.p),
            p_value(item.p_claim),
            "–" if item.excluded is None else f"≥ {percent(item.excluded)}",
            f"equivalent within {100 * relevant:g}" if item.verdict == "equivalent" else item.verdict,
        ]
        for item in rows
    ]
    return aligned_table(header, cells, text_columns=2)


def _shape(result: Shape) -> str:
    rows = [
        [item.name, points(item.value), limits(item.low, item.high, signed=True), p_value(item.p), item.verdict]
        for item in (result.dip, result.trend, result.flat)
    ]
    return aligned_table(["shape over depth", "points", "95 % interval", "corrected p", "verdict"], rows, 1)


def _selection(result: Selection) -> str:
    unseen = "" if result.with_clips else " as far as seeds tell (validation clips would add to it)"
    return (
        f"Chosen on validation: {code_span(result.strategy)}. Its validation score {percent(result.valid)} % flatters "
        f"by {percent(result.optimism)} points through the choice{unseen}; its test score is {percent(result.test)} %. "
        f"Choosing on the test set would flatter by {percent(result.peeking_optimism)} points."
    )


def _transfer(result: TransferResult, relevant: float) -> list[str]:
    return [
        f"## Transfer gain: {plain(result.model)} against {plain(result.control)}",
        one_line(result.answer),
        _contrasts(result.gains, relevant),
    ]


def _between(rows: Sequence[Between]) -> list[str]:
    cells = [
        [
            code_span(row.strategy),
            f"{row.n_first} and {row.n_second}",
            points(row.gap),
            limits(row.low, row.high, signed=True),
            p_value(row.p),
            p_value(row.p_claim),
            row.verdict,
        ]
        for row in rows
    ]
    header = ["strategy", "runs", "points", "95 % interval", "Welch's t p", "corrected p", "difference"]
    return [
        f"## {plain(rows[0].second)} against {plain(rows[0].first)}",
        "Runs of different tables are not paired. p is corrected over this table by Holm; all holds for the clips that "
        "each table tested.",
        aligned_table(header, cells, text_columns=1),
    ]


def _classical(model: str, rows: Sequence[Paired], overall: Overall | None) -> list[str]:
    if not rows:
        return []
    cells = [
        [
            code_span(row.strategy),
            code_span(row.minus),
            *(p_value(p) for p in (row.t, row.wilcoxon, row.flips)),
            "–" if row.dz is None else f"{row.dz:+.2f}".replace("-", "−"),
        ]
        for row in rows
    ]
    said = []
    if overall is not None:
        said.append(
            f"Any difference at all (Friedman): χ² = {overall.chi2:.2f}, p {equals(overall.friedman)}. The curve "
            f"{overall.direction} with depth (Page): p {equals(overall.page)}."
        )
    header = ["strategy", "minus", "paired t", "Wilcoxon", "sign flips", "dz"]
    return [f"## Details: classical tests of {plain(model)}", CLASSICAL, aligned_table(header, cells, 2), *said]
