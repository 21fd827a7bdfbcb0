"""Accuracy against what a strategy costs, trained parameters and seconds of training, with the Pareto front."""

import math

import altair as alt
import pandas as pd

from permafrost.evaluation.cells import Cells
from permafrost.evaluation.costs import costs
from permafrost.evaluation.statistics.result import Analysis
from permafrost.evaluation.study import is_control
from permafrost.report.html.label_layout import Side, sides
from permafrost.report.html.parts import Chart, Mark, Table, code
from permafrost.report.html.theme import FAINT, INK, OWN, accuracy_axis, finished, values, with_interval
from permafrost.report.wording import count, duration, limits, percent

HEIGHT = 300
COST = "datum.value < 1000 ? format(datum.value, '~g') : format(datum.value, '~s')"  # 0.5, not 500m
RULE = (
    "From the cheapest on, a dearer strategy joins the front only where it is better and the difference is claimed "
    "(planned comparison; where none was planned, 95 % intervals that lie apart). Of strategies that cannot be told "
    "apart, the cheapest stays."
)
WIDE = 5.0  # costs that differ by more than this factor are drawn on a logarithmic axis
SHAPES = {"circle": "○", "square": "□", "triangle-up": "△", "diamond": "◇", "triangle-down": "▽", "cross": "✚"}


def cost_charts(cells: Cells, analysis: Analysis) -> list[Chart]:
    """One chart for parameters and, where the cells were timed, one for seconds; models by shape."""
    table = costs(cells, analysis)
    charts = [_chart(table, "trainable_parameters", "cheap_parameters", "trained parameters")]
    if table["seconds"].notna().all():
        charts.append(_chart(table, "seconds", "cheap_seconds", "seconds of training, mean of a run"))
    return charts


def cost_legend(cells: Cells) -> list[Mark]:
    """What filled and hollow marks mean and, with several models, which model has which."""
    marks = [Mark("dot", OWN, "on the Pareto front"), Mark("hollow", FAINT, "not on it")]
    marks += [Mark("interval", FAINT, "95 % interval")] if len(cells.seeds) > 1 else []
    models = [model for model in cells.models if not is_control(model, cells.models)]
    return marks + [
        Mark("glyph", FAINT, model, glyph) for model, glyph in zip(models, SHAPES.values(), strict=False) if models[1:]
    ]


def cost_table(cells: Cells, analysis: Analysis) -> Table:
    """Both costs of every strategy."""
    rows = [
        [
            code(row.model),
            code(row.freeze),
            percent(row.accuracy),
            limits(row.low, row.high),
            count(row.trainable_parameters),
            "–" if row.seconds != row.seconds else duration(row.seconds),
            _front(row.cheap_parameters, row.cheap_seconds),
        ]
        for row in costs(cells, analysis).itertuples()
    ]
    header = [
        "model",
        "strategy",
        "test accuracy (%)",
        "95 % interval",
        "trained parameters",
        "training",
        "on the front of",
    ]
    return Table("What each strategy costs and scores", header, rows, heads=2, text_columns=(6,))


def _chart(table: pd.DataFrame, cost: str, cheap: str, title: str) -> Chart:
    several = table["model"].nunique() > 1
    rows = [
        {
            "model": row["model"],
            "strategy": row["freeze"],
            "label": f"{row['model']} {row['freeze']}" if several else row["freeze"],
            "cost": float(row[cost]),
            "value": 100 * row["accuracy"],
            "low": None if row["low"] is None else 100 * row["low"],
            "high": None if row["high"] is None else 100 * row["high"],
            "front": bool(row[cheap]),
        }
        for _, row in table.iterrows()
    ]
    x = _axis(title, min(row["cost"] for row in rows), max(row["cost"] for row in rows))
    extent = [row[key] for row in rows for key in ("value", "low", "high") if row[key] is not None]
    y = accuracy_axis(extent)
    names = list(dict.fromkeys(table["model"]))
    shape = alt.Shape("model:N", scale=alt.Scale(domain=names, range=list(SHAPES)[: len(names)]), legend=None)
    front = alt.Chart(values([row for row in rows if row["front"]]))
    tooltip = [
        *(alt.Tooltip("model:N"), alt.Tooltip("strategy:N")),
        *(alt.Tooltip("value:Q", format=".1f", title="%"), alt.Tooltip("cost:Q", format=".3~s", title=title)),
    ]
    # What is on the front is drawn last, above the rest.
    dots = alt.Chart(values(sorted(rows, key=lambda row: row["front"]))).mark_point(size=80, strokeWidth=2, opacity=1)
    layers = [
        front.mark_line(interpolate="step-after", color=OWN, opacity=0.4, strokeWidth=2).encode(
            x=x, y=y, order="cost:Q"
        ),
        dots.encode(
            x=x,
            y=y,
            shape=shape,
            tooltip=tooltip,
            stroke=alt.condition("datum.front", alt.value(OWN), alt.value(FAINT)),
            fill=alt.condition("datum.front", alt.value(OWN), alt.value("var(--surface)")),
        ),
    ]
    if ranges := with_interval(rows):
        rules = alt.Chart(values(ranges)).mark_rule(strokeWidth=1.5, opacity=0.6)
        colour = alt.condition("datum.front", alt.value(OWN), alt.value(FAINT))
        layers.insert(0, rules.encode(x=x, y=accuracy_axis(extent, field="low"), y2="high:Q", color=colour))
    layers += _names(rows, extent, x, y)
    best = [
        f"{row['label']} ({row['value']:.1f} %)" for row in sorted(rows, key=lambda row: row["cost"]) if row["front"]
    ]
    words = f"Test accuracy against {title}. On the front, from the cheapest: {', '.join(best)}."
    return Chart(
        f"cost-{cost.replace('_', '-')}",
        f"Accuracy against {title}, with the Pareto front",
        words,
        finished(alt.layer(*layers), HEIGHT),
        note=RULE,
    )


def _names(rows: list[dict[str, object]], extent: list[float], x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """Names beside the dots, those on the front first; where there is no room the table has to do."""
    ordered = sorted(rows, key=lambda row: not row["front"])
    costs = [row["cost"] for row in rows]
    if max(costs) > WIDE * min(costs):
        across = [math.log(row["cost"] / min(costs)) for row in ordered]
    else:
        across = [row["cost"] - min(costs) for row in ordered]
    up = [row["value"] - min(extent) for row in ordered]
    # Dots keep away from the edges by the axis' padding.
    scaled = [
        (
            0.09 + 0.82 * right / (max(across) or 1),
            0.05 + 0.9 * above / ((max(extent) - min(extent)) or 1),
            row["label"],
        )
        for right, above, row in zip(across, up, ordered, strict=True)
    ]
    groups: dict[tuple[Side, bool], list[dict[str, object]]] = {}
    for row, side in zip(ordered, sides(scaled), strict=True):
        if side is not None:
            groups.setdefault((side, row["front"]), []).append(row)
    return [
        alt.Chart(values(named))
        .mark_text(dx=side.dx, dy=side.dy, align=side.align, color=INK if front else FAINT)
        .encode(x=x, y=y, text="label:N")
        for (side, front), named in groups.items()
    ]


def _axis(title: str, low: float, high: float) -> alt.X:
    """Costs from ``low`` to ``high``; where they differ much, on a logarithmic axis with ticks at 1, 2, 5, 10 …"""
    if high <= WIDE * low:
        return alt.X(
            "cost:Q", title=title, scale=alt.Scale(zero=False, padding=24), axis=alt.Axis(labelExpr=COST, tickCount=4)
        )
    steps = (1, 10) if high > 100 * low else (1, 2, 5)
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    ticks = [step * 10.0**power for power in range(first, last + 1) for step in steps]
    shown = [tick for tick in dict.fromkeys(ticks) if low / 2 <= tick <= high * 2]
    scale = alt.Scale(type="log", nice=False, padding=24)
    return alt.X("cost:Q", title=f"{title} (log scale)", scale=scale, axis=alt.Axis(labelExpr=COST, values=shown))


def _front(parameters: bool, seconds: bool) -> str:
    return {
        (True, True): "both",
        (True, False): "parameters",
        (False, True): "training time",
        (False, False): "–",
    }[bool(parameters), bool(seconds)]
