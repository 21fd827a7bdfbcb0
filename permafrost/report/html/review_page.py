"""review.html: two revisions on one page."""

from typing import Any

from permafrost.evaluation.revisions import IDENTICAL, Review, Revision
from permafrost.evaluation.study import cell_of
from permafrost.evaluation.wording import percent
from permafrost.report.html.gap_chart import gap_chart
from permafrost.report.html.page import render
from permafrost.report.html.parts import Chart, Mark
from permafrost.report.html.series_chart import Series, series_spec
from permafrost.report.html.theme import FAINT, OWN
from permafrost.report.review import (
    lead,
    models_of,
    moves_table,
    notes,
    strategies_of,
    within_table,
)
from permafrost.report.review_changes import Changes, change_lines


def review_page(result: Review, changes: Changes) -> str:
    """The page as text."""
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
        moves=moves_table(result),
        notes=notes(result),
        within=within,
    )


def revisions_chart(result: Review, model: str) -> Chart | None:
    """The strategies of ``model`` in both revisions side by side; None where neither has the model."""
    sides = {side.name: side for side in (result.before, result.after) if side.summary.get(model)}
    if not sides:
        return None
    series = [
        Series(
            name,
            FAINT if side is result.before else OWN,
            {freeze: scores["test_accuracy"] for freeze, scores in side.summary[model].items()},
            {freeze: _by_seed(side, model, freeze) for freeze in side.summary[model]},
        )
        for name, side in sides.items()
    ]
    depths, beside = strategies_of(result, model)
    spec = series_spec(depths, series, beside, chance=result.after.summary["data"]["chance"])
    marks = [Mark("diamond" if place else "dot", it.colour, it.name) for place, it in enumerate(series)]
    legend = [*marks, Mark("interval", FAINT, "95 % interval"), Mark("small", FAINT, "one seed")]
    means = {it.name: [f"{name} {percent(row['mean'])} %" for name, row in it.means.items()] for it in series}
    told = [f"{name}: {', '.join(row)}" for name, row in means.items()]
    words = f"Mean test accuracy of {model} by strategy. {'. '.join(told)}."
    return Chart(f"within-{model}", model, words, spec, within_table(result, model), legend, wide=True)


def _by_seed(side: Revision, model: str, freeze: str) -> Any:
    model, freeze = cell_of(model, freeze)
    rows = side.runs[(side.runs["model"] == model) & (side.runs["freeze"] == freeze)]
    return rows.set_index("seed")["test_accuracy"]
