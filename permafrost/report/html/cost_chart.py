"""Accuracy against what a strategy costs: trained parameters, seconds of training; the Pareto front is marked."""

import math

import altair as alt
import pandas as pd

from permafrost.evaluation.cells import Cells
from permafrost.evaluation.costs import costs
from permafrost.evaluation.study import is_control
from permafrost.report.html.label_layout import Side, sides
from permafrost.report.html.parts import Chart, Mark, Table, code
from permafrost.report.html.theme import FAINT, INK, OWN, accuracy_axis, finished, values
from permafrost.report.wording import count, duration, percent

HEIGHT = 300
COST = "datum.value < 1000 ? format(datum.value, '~g') : format(datum.value, '~s')"  # 0.5, not 500m
WIDE = 5.0  # costs that differ by more than this factor are drawn on a logarithmic axis
SHAPES = {"circle": "○", "square": "□", "triangle-up": "△", "diamond": "◇", "triangle-down": "▽", "cross": "✚"}


def cost_charts(cells: Cells) -> list[Chart]:
    """One chart for parameters and, where the cells were timed, one for seconds; models by shape."""
    table = costs(cells)
    charts = [_chart(table, "trainable_parameters", "cheap_parameters", "trained parameters", cells)]
    if table["seconds"].notna().all():
        charts.append(_chart(table, "seconds", "cheap_seconds", "seconds of training, mean of a cell", cells))
    return charts


def cost_legend(cells: Cells) -> list[Mark]:
    """What filled and hollow marks mean and, with several models, which model has which."""
    marks = [Mark("dot", OWN, "on the front: nothing is both cheaper and better"), Mark("hollow", FAINT, "not on it")]
    models = [model for model in cells.models if not is_control(model, cells.models)]
    return marks + [
        Mark("glyph", FAINT, model, glyph) for model, glyph in zip(models, SHAPES.values(), strict=False) if models[1:]
    ]


def cost_table(cells: Cells) -> Table:
    """Both costs of every strategy."""
    rows = [
        [
            code(row.model),
            code(row.freeze),
            percent(row.accuracy),
            count(row.trainable_parameters),
            "–" if row.seconds != row.seconds else duration(row.seconds),
            _front(row.cheap_parameters, row.cheap_seconds),
        ]
        for row in costs(cells).itertuples()
    ]
    header = ["model", "strategy", "test accuracy (%)", "trained parameters", "training", "on the front of"]
    return Table("What each strategy costs and scores", header, rows, heads=2, text_columns=(5,))


def _chart(table: pd.DataFrame, cost: str, cheap: str, title: str, cells: Cells) -> Chart:
    several = table["model"].nunique() > 1
    rows = [
        {
            "model": row["model"],
            "strategy": row["freeze"],
            "label": f"{row['model']} {row['freeze']}" if several else row["freeze"],
            "cost": float(row[cost]),
            "value": 100 * row["accuracy"],
            "front": bool(row[cheap]),
        }
        for _, row in table.iterrows()
    ]
    x = _axis(title, min(row["cost"] for row in rows), max(row["cost"] for row in rows))
    y = accuracy_axis([row["value"] for row in rows])
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
    layers += _names(rows, x, y)
    best = [
        f"{row['label']} ({row['value']:.1f} %)" for row in sorted(rows, key=lambda row: row["cost"]) if row["front"]
    ]
    words = f"Test accuracy against {title}. On the front, from the cheapest: {', '.join(best)}."
    return Chart(
        f"cost-{cost.replace('_', '-')}", f"Accuracy against {title}", words, finished(alt.layer(*layers), HEIGHT)
    )


def _names(rows: list[dict[str, object]], x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """Names beside the dots, those on the front first; where there is no room the table has to do."""
    ordered = sorted(rows, key=lambda row: not row["front"])
    costs, scores = ([row[key] for row in rows] for key in ("cost", "value"))
    if max(costs) > WIDE * min(costs):
        across = [math.log(row["cost"] / min(costs)) for row in ordered]
    else:
        across = [row["cost"] - min(costs) for row in ordered]
    up = [row["value"] - min(scores) for row in ordered]
    # Dots keep away from the edges by the axis' padding.
    scaled = [
        (0.09 + 0.82 * right / (max(across) or 1), 0.05 + 0.9 * above / (max(up) or 1), row["label"])
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
