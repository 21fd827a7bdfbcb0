"""A comparison of strategies as Markdown: sentences first, then tables in which each p stands beside its effect."""

from collections.abc import Sequence

from permafrost.evaluation.comparison import Comparison
from permafrost.evaluation.statistics.contrasts import Contrast
from permafrost.evaluation.statistics.effects import Effect
from permafrost.evaluation.statistics.independent import Between
from permafrost.evaluation.statistics.omnibus import Omnibus
from permafrost.evaluation.statistics.result import ModelResult, TransferResult
from permafrost.evaluation.statistics.selection import Selection
from permafrost.evaluation.statistics.shape import Shape, Statement
from permafrost.evaluation.statistics.words import points, probability
from permafrost.report.aligned_table import aligned_table
from permafrost.report.names import code_span, one_line, plain

QUESTIONS = {"reference": "Against {reference}", "neighbours": "Neighbours in depth: each against the one before it"}
CLASSICAL = (
    "t, Wilcoxon and sign flip: paired over seeds, two-sided, p and in brackets p after Holm's correction over this "
    "table; they see the seeds' luck only. dz: Cohen's, δ: Cliff's. p of the claim: by the {method}, corrected over "
    "all {claims} statements about this model; it alone decides."
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
    return "\n\n".join(blocks) + "\n"


def p_value(p: float | None) -> str:
    """A p value for a table: four decimals, or an exponent below .0001."""
    return "–" if p is None else f"{p:.4f}" if p >= 0.0001 or p == 0 else f"{p:.1e}"


def _model(result: ModelResult) -> list[str]:
    blocks = [f"## {plain(result.model)}", one_line(result.answer), one_line(result.shape_words), _strategies(result)]
    for question, title in QUESTIONS.items():
        rows = [item for item in result.contrasts if item.question == question]
        if rows:
            blocks += [f"### {title.format(reference=code_span(rows[0].minus))}", _contrasts(rows)]
    tested = [item for item in result.contrasts if item.seeds]
    if tested:
        blocks.append(CLASSICAL.format(method=tested[0].method, claims=tested[0].claims))
    if result.omnibus:
        blocks.append(_omnibus(result.omnibus))
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
            "–" if item.low is None else f"{100 * item.low:.1f} to {100 * item.high:.1f}",
        ]
        + ([", ".join(f"{name} {100 * part:.0f} %" for name, part in (item.variance or {}).items())] if shares else [])
        for item in result.strategies
    ]
    header = ["strategy", "seeds", "mean (%)", "sd", "95 % interval"] + ["share of the mean's variance"] * shares
    return aligned_table(header, rows, text_columns=1)


def _contrasts(rows: Sequence[Contrast]) -> str:
    header = ["strategy", "minus", "points", "95 % interval", "t p", "Wilcoxon p", "sign flip p"]
    header += ["dz", "δ", "claim p", "difference"]
    cells = []
    for item in rows:
        tests = item.seeds
        cells.append(
            [
                code_span(item.strategy),
                code_span(item.minus),
                points(item.gap, True),
                _limits(item),
                *(
                    ["–"] * 3
                    if tests is None
                    else (
                        f"{p_value(tests.t_p)} ({p_value(tests.t_holm)})",
                        f"{p_value(tests.wilcoxon_p)} ({p_value(tests.wilcoxon_holm)})",
                        f"{p_value(tests.flip_p)} ({p_value(tests.flip_holm)})",
                    )
                ),
                _effect(item.dz),
                _effect(item.cliff),
                p_value(item.p_claim),
                item.verdict,
            ]
        )
    return aligned_table(header, cells, text_columns=2)


def _limits(item: Contrast | Statement | Between) -> str:
    return "–" if item.low is None else f"{points(item.low, True)} to {points(item.high, True)}"


def _effect(effect: Effect | None) -> str:
    if effect is None:
        return "–"
    # Adding zero turns -0.0 into 0.0.
    value, low, high = (
        f"{round(number, 2) + 0.0:+.2f}".replace("-", "−") for number in (effect.value, effect.low, effect.high)
    )
    return f"{value} [{low}, {high}]"


def _omnibus(result: Omnibus) -> str:
    apart = [pair for pair, p in result.nemenyi_p.items() if p <= 0.05]
    pairs = f"pairs further apart: {'; '.join(apart)}" if apart else "no pair is further apart"
    ranks = ", ".join(f"{name} {rank:.2f}" for name, rank in result.mean_ranks.items())
    return (
        f"Any difference at all (Friedman over {result.blocks} blocks): χ² = {result.chi2:.2f}, "
        f"p {_equals(result.p)}, Kendall's W = {result.w:.2f} [{result.w_low:.2f}, {result.w_high:.2f}]. "
        f"Mean ranks (1 = best): {ranks}; Nemenyi's critical difference {result.critical_difference:.2f}: {pairs}."
    )


def _shape(result: Shape) -> str:
    rows = [
        [
            item.name,
            points(item.value, True),
            _limits(item),
            p_value(item.p),
            item.verdict,
        ]
        for item in (result.dip, result.trend, result.flat)
    ]
    text = aligned_table(["shape over depth", "points", "95 % interval", "claim p", "verdict"], rows, text_columns=1)
    if result.page is None or result.page.rho is None:
        return text
    rho = result.page.rho
    return (
        f"{text}\n\nPage's trend test (the curve {result.page.direction}): L = {result.page.statistic:.0f}, "
        f"p {_equals(result.page.p)}, mean rank correlation of score and depth {_effect(rho)}; it sees the seeds' luck "
        "only."
    )


def _selection(result: Selection) -> str:
    share = result.chosen_share[result.strategy]
    return (
        f"Chosen on validation: {code_span(result.strategy)} ({100 * share:.0f} % of the resampled studies choose "
        f"it). Its validation score {100 * result.valid:.1f} % flatters by {points(result.optimism)} points through "
        f"the choice; its test score is {100 * result.test:.1f} % (95 % interval with the choice in it "
        f"{100 * result.test_low:.1f} to {100 * result.test_high:.1f}). Choosing on the test set would flatter by "
        f"{points(result.peeking_optimism)} points."
    )


def _transfer(result: TransferResult) -> list[str]:
    return [
        f"## Transfer gain: {plain(result.model)} against {plain(result.control)}",
        one_line(result.answer),
        _contrasts(result.gains),
    ]


def _between(rows: Sequence[Between]) -> list[str]:
    cells = [
        [
            code_span(row.strategy),
            f"{row.n_first} and {row.n_second}",
            points(row.gap, True),
            _limits(row),
            "–" if row.p is None else f"{p_value(row.p)} ({p_value(row.p_holm)})",
            _effect(row.cliff),
            row.verdict,
        ]
        for row in rows
    ]
    header = ["strategy", "runs", "points", "95 % interval", "Welch's t p", "δ", "difference"]
    return [
        f"## {plain(rows[0].second)} against {plain(rows[0].first)}",
        "Runs of different tables are not paired. p and in brackets p after Holm's correction over this table; "
        "conditional on the clips that each table tested.",
        aligned_table(header, cells, text_columns=1),
    ]


def _equals(p: float) -> str:
    text = probability(p)
    return text if text.startswith("<") else f"= {text}"
