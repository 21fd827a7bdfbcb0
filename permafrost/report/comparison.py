"""A comparison of strategies as Markdown: sentences first, then tables; the classical tests come last, as details."""

from collections.abc import Sequence

from permafrost.evaluation.comparison import Comparison
from permafrost.evaluation.statistics.classical import Between, Overall, Paired
from permafrost.evaluation.statistics.contrasts import Contrast
from permafrost.evaluation.statistics.result import Against, ModelResult
from permafrost.evaluation.wording import MINUS, equals, limits, percent, points, probability
from permafrost.report.findings import contrast_table, findings
from permafrost.report.names import code_span, one_line, plain
from permafrost.report.table import aligned_table

QUESTIONS = {"reference": "Against {}", "neighbours": "Neighbours in depth: each against the one before it"}
CLASSICAL = (
    "p values over runs, two-sided, after Holm's correction over the rows of one question; dz: Cohen's. They hold for "
    "the clips that were tested and decide nothing here."
)


def markdown(comparison: Comparison) -> str:
    """The whole page, its tables aligned so that it reads well in a terminal too."""
    analysis = comparison.analysis
    blocks = ["# Comparison of strategies"]
    for result in analysis.models.values():
        blocks += _model(result)
    for gain in analysis.transfer.values():
        blocks += _transfer(gain)
    for rows in comparison.tables:
        blocks += _between(rows)
    lines = [*analysis.notes, *comparison.notes]
    blocks += ["## What these numbers rest on", "\n".join(f"- {line}" for line in lines)]
    for model, rows in comparison.classical.items():
        blocks += _classical(model, rows, comparison.overall[model]) if rows else []
    return "\n\n".join(blocks) + "\n"


def _model(result: ModelResult) -> list[str]:
    said = findings(result, result.selection.strategy if result.selection else "")
    bullets = "\n".join(f"- {one_line(line)}" for line in said)
    blocks = [f"## {plain(result.model)}", one_line(result.answer), bullets, _strategies(result)]
    for question, title in QUESTIONS.items():
        if rows := [item for item in result.contrasts if item.question == question]:
            blocks += [f"### {title.format(code_span(rows[0].minus))}", *_contrasts(rows)]
    if shape := result.shape:
        header = ["shape over depth", "points", "95 % interval", "p corrected", "verdict"]
        rows = [
            [item.name, points(item.value), limits(item.low, item.high, signed=True), probability(item.p), item.verdict]
            for item in (shape.dip, shape.trend, shape.flat)
        ]
        blocks.append(aligned_table(header, rows, 1))
    return blocks


def _strategies(result: ModelResult) -> str:
    rows = [
        [
            *(code_span(item.strategy), str(item.n), percent(item.mean, 2)),
            *("–" if item.sd is None else percent(item.sd, 2), limits(item.low, item.high)),
        ]
        for item in result.strategies
    ]
    return aligned_table(["strategy", "runs", "mean (%)", "sd", "95 % interval"], rows, text_columns=1)


def _contrasts(rows: Sequence[Contrast]) -> list[str]:
    table = contrast_table(rows, "", excluded=True)
    return [table.markdown(), table.caption]


def _transfer(result: Against) -> list[str]:
    title = f"## Transfer gain: {plain(result.model)} against {plain(result.others[0])}"
    return [title, one_line(result.answers[0]), *_contrasts(result.contrasts)]


def _between(rows: Sequence[Between]) -> list[str]:
    runs = dict.fromkeys(f"{row.n_first} and {row.n_second}" for row in rows)
    return [
        f"## {plain(rows[0].second)} against {plain(rows[0].minus)}",
        f"Runs of different tables ({', '.join(runs)} a strategy) are not paired. p is corrected over this table by "
        "Holm; all holds for the clips that each table tested.",
        *_contrasts(rows),
    ]


def _classical(model: str, rows: Sequence[Paired], overall: Overall | None) -> list[str]:
    cells = [
        [
            *(code_span(row.strategy), code_span(row.minus)),
            *(probability(p) for p in (row.t, row.wilcoxon, row.flips)),
            "–" if row.dz is None else f"{row.dz:+.2f}".replace("-", MINUS),
        ]
        for row in rows
    ]
    header = ["strategy", "minus", "paired t", "Wilcoxon", "sign flips", "dz"]
    blocks = [f"## Details: classical tests of {plain(model)}", CLASSICAL, aligned_table(header, cells, 2)]
    if overall is not None:
        blocks.append(
            f"Any difference at all (Friedman): χ² = {overall.chi2:.2f}, p {equals(overall.friedman)}. The curve "
            f"{overall.direction} with depth (Page): p {equals(overall.page)}."
        )
    return blocks
