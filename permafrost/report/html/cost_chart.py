"""Accuracy against what a strategy costs, trained parameters and seconds of training, with the Pareto front."""

import math

import altair as alt
import pandas as pd

from permafrost.evaluation.costs import costs
from permafrost.evaluation.study_results import StudyResults
from permafrost.evaluation.wording import percent
from permafrost.report.html.parts import Chart, Mark
from permafrost.report.html.theme import FAINT, accuracy_axis, finished, intervals, series, series_marks, values

HEIGHT = 300
COST = "datum.value < 1000 ? format(datum.value, '~g') : format(datum.value, '~s')"  # 0.5, not 500m
RULE = (
    "From the cheapest on, a dearer strategy joins the front only where it is better and the difference is claimed "
    "(planned comparison; where none was planned, 95 % intervals that lie apart). Of strategies that cannot be told "
    "apart, the cheapest stays."
)
WIDE = 5.0  # costs that differ by more than this factor are drawn on a logarithmic axis
SHAPES = {"circle": "○", "square": "□", "triangle-up": "△", "diamond": "◇", "triangle-down": "▽", "cross": "✚"}


def cost_charts(results: StudyResults) -> list[Chart]:
    """One chart for parameters and, where the cells were timed, one for seconds; strategies by colour, models by
    shape."""
    table = costs(results)
    charts = [_chart(results, table, "trainable_parameters", "cheap_parameters", "trained parameters")]
    if table["seconds"].notna().all():
        charts.append(_chart(results, table, "seconds", "cheap_seconds", "seconds of training, mean of a run"))
    return charts


def cost_legend(results: StudyResults) -> list[Mark]:
    """What colours and filled and hollow marks mean and, with several models, which model has which shape."""
    shapes = zip(results.models, SHAPES.values(), strict=False)
    return [
        *series_marks(results.cells.by_depth, results.cells.beside),
        Mark("dot", FAINT, "on the Pareto front"),
        Mark("hollow", FAINT, "not on it"),
        *[Mark("interval", FAINT, "95 % interval")] * (len(results.cells.seeds) > 1),
        *(Mark("glyph", FAINT, model, glyph) for model, glyph in shapes if len(results.models) > 1),
    ]


def _chart(results: StudyResults, table: pd.DataFrame, cost: str, cheap: str, title: str) -> Chart:
    names = results.models
    # What is on the front is drawn last, above the rest.
    table = table.sort_values(cheap, kind="stable")
    known = table[["accuracy", "low", "high"]].astype(float) * 100
    frame = known.rename(columns={"accuracy": "value"}).assign(
        model=table["model"], strategy=table["freeze"], cost=table[cost].astype(float), front=table[cheap]
    )
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    extent = [row[key] for row in rows for key in ("value", "low", "high") if row[key] is not None]
    x, y = _axis(title, min(row["cost"] for row in rows), max(row["cost"] for row in rows)), accuracy_axis(extent)
    shape = alt.Shape("model:N", scale=alt.Scale(domain=names, range=list(SHAPES)[: len(names)]), legend=None)
    colour = series(results.cells.by_depth, results.cells.beside)
    fill = alt.condition("datum.front", colour, alt.value("var(--surface)"))
    tooltip = [
        *(alt.Tooltip("model:N"), alt.Tooltip("strategy:N")),
        *(alt.Tooltip("value:Q", format=".1f", title="%"), alt.Tooltip("cost:Q", format=".3~s", title=title)),
    ]
    front = sorted((row for row in rows if row["front"]), key=lambda row: row["cost"])
    stroke = alt.Stroke(**colour.to_dict())
    layers = [
        *intervals(rows, x=x, y=accuracy_axis(extent, field="low"), y2="high:Q", color=colour),
        alt.Chart(values(front))
        .mark_line(interpolate="step-after", color=FAINT, opacity=0.4, strokeWidth=2)
        .encode(x=x, y=y, order="cost:Q"),
        alt.Chart(values(rows))
        .mark_point(size=90, strokeWidth=2, opacity=1)
        .encode(x=x, y=y, shape=shape, tooltip=tooltip, stroke=stroke, fill=fill),
    ]
    told = [f"{row['model']} {row['strategy']} ({percent(row['value'] / 100)} %)" for row in front]
    return Chart(
        f"cost-{cost.replace('_', '-')}",
        f"Accuracy against {title}, with the Pareto front",
        f"Test accuracy against {title}. On the front, from the cheapest: {', '.join(told)}.",
        finished(alt.layer(*layers), HEIGHT),
    )


def _axis(title: str, low: float, high: float) -> alt.X:
    """Costs from ``low`` to ``high``; where they differ much, on a logarithmic axis with ticks at 1, 2, 5, 10 …"""
    if high <= WIDE * low:
        scale = alt.Scale(zero=False, padding=24)
        return alt.X("cost:Q", title=title, scale=scale, axis=alt.Axis(labelExpr=COST, tickCount=4))
    steps = (1, 10) if high > 100 * low else (1, 2, 5)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    shown = [tick for power in powers for step in steps if low / 2 <= (tick := step * 10.0**power) <= high * 2]
    scale = alt.Scale(type="log", nice=False, padding=24)
    axis = alt.Axis(labelExpr=COST, values=list(dict.fromkeys(shown)))
    return alt.X("cost:Q", title=f"{title} (log scale)", scale=scale, axis=axis)
