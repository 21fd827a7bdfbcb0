"""review.html: two revisions on one page."""

from collections.abc import Mapping, Sequence
from typing import Any

from permafrost.evaluation.revisions import IDENTICAL, Move, Review, Revision
from permafrost.evaluation.study import cell_of
from permafrost.report.html.gap_chart import gap_chart
from permafrost.report.html.page import render
from permafrost.report.html.parts import Chart, Mark, Table, chip, code, inline
from permafrost.report.html.series_chart import mean_row, places, seed_rows, series_spec
from permafrost.report.html.theme import FAINT, OWN
from permafrost.report.review import change_lines, lead, models_of, notes, strategies_of, strategy_rows
from permafrost.report.review_changes import Changes
from permafrost.report.wording import limits, percent, points, probability


def review_page(result: Review, changes: Changes, metrics: Mapping[str, Mapping[str, Any]]) -> str:
    """The page as text; ``metrics`` is what `dvc metrics diff --json` gives for summary.json."""
    models = list(dict.fromkeys([*result.after.runs["model"], *result.before.runs["model"]]))
    moves = {model: [move for move in result.moves if move.model == model] for model in models}
    moved = [
        gap_chart(f"moves-{model}", f"{model}: {result.after.name} minus {result.before.name}", items, result.relevant)
        for model, items in moves.items()
        if any(move.verdict != IDENTICAL for move in items)
    ]
    within = [chart for model in models_of(result) if (chart := revisions_chart(result, model))]
    return render(
        "review.html",
        [*moved, *within],
        1,
        before=result.before.name,
        after=result.after.name,
        lead=lead(result, changes),
        changes=change_lines(changes),
        moved=moved,
        moves=moves_table([move for move in result.moves if move.verdict != IDENTICAL]),
        notes=notes(result),
        within=within,
        metrics=metrics_table(metrics, result) if metrics else None,
    )


def moves_table(moves: Sequence[Move]) -> Table | None:
    """One row a strategy; None where there are none."""
    if not moves:
        return None
    rows = [
        [
            code(move.model),
            code(move.strategy),
            percent(move.before),
            percent(move.after),
            points(move.gap),
            limits(move.low, move.high, signed=True),
            probability(move.p),
            probability(move.p_corrected),
            chip(move.verdict),
        ]
        for move in moves
    ]
    header = ["model", "strategy", "before (%)", "after (%)", "points", "95 % interval", "p", "p corrected", "move"]
    return Table("Test accuracy over the common seeds", header, rows, heads=2, text_columns=(8,))


def revisions_chart(result: Review, model: str) -> Chart | None:
    """The strategies of ``model`` in both revisions side by side; None where neither has the model."""
    sides = {side.name: side for side in (result.before, result.after) if model in side.summary}
    colours = {name: FAINT if side is result.before else OWN for name, side in sides.items()}
    means, seeds = [], []
    for (name, side), place in zip(sides.items(), places(len(sides)), strict=True):
        for freeze, scores in side.summary[model].items():
            means.append(mean_row(freeze, name, place, scores["test_accuracy"]))
            seeds += seed_rows(freeze, name, place, _by_seed(side, model, freeze))
    if not means:
        return None
    chance = 100 * result.after.summary["data"]["chance"]
    extent = [row[key] for row in means for key in ("value", "low", "high") if row[key] is not None]
    spec = series_spec(
        strategies_of(result, model),
        means,
        seeds,
        colours,
        [*extent, *(row["value"] for row in seeds), chance],
        chance,
    )
    marks = [
        Mark("diamond" if number else "dot", colour, name) for number, (name, colour) in enumerate(colours.items())
    ]
    legend = [*marks, Mark("interval", FAINT, "95 % interval"), Mark("small", FAINT, "one seed")]
    told = [
        f"{name}: " + ", ".join(f"{row['strategy']} {row['value']:.1f} %" for row in means if row["series"] == name)
        for name in sides
    ]
    words = f"Mean test accuracy of {model} by strategy. {'. '.join(told)}."
    return Chart(f"within-{model}", model, words, spec, _within_table(result, model), legend, wide=True)


def metrics_table(metrics: Mapping[str, Mapping[str, Any]], result: Review) -> Table:
    """Every metric that differs, as DVC has it."""
    rows = [
        [code(key), *(_plain(values.get(side)) for side in ("old", "new", "diff"))] for key, values in metrics.items()
    ]
    header = ["metric", result.before.name, result.after.name, "difference"]
    return Table("Metrics that differ (dvc metrics diff)", header, rows)


def _within_table(result: Review, model: str) -> Table:
    sides = (result.before, result.after)
    parts = [strategy_rows(side, model) for side in sides]
    header = ["strategy", *(f"{side.name} {what}" for side in sides for what in ("(%)", "against none"))]
    rows = [
        [code(name), *(inline(cell) for part in parts for cell in part.get(name, ["–", "–"]))]
        for name in strategies_of(result, model)
    ]
    return Table(f"{model}: accuracy with its 95 % interval, and the difference from none in points", header, rows)


def _by_seed(side: Revision, model: str, freeze: str) -> Any:
    model, freeze = cell_of(model, freeze)
    rows = side.runs[(side.runs["model"] == model) & (side.runs["freeze"] == freeze)]
    return rows.set_index("seed")["test_accuracy"]


def _plain(value: Any) -> str:
    return "–" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
