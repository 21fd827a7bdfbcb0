"""Accuracies over strategies, one or two series side by side: a model and its control, or two revisions."""

import json
from collections.abc import Mapping
from typing import Any

import altair as alt
import pandas as pd

from permafrost.report.html.theme import (
    BAND,
    FAINT,
    REFERENCE,
    accuracy_axis,
    finished,
    intervals,
    strategies_axis,
    values,
)
from permafrost.report.spreading import spread
from permafrost.report.wording import percent

HEIGHT = 320
LINE = 14  # pixels between two names of baselines
SIDE = 0.42  # how far left or right of a strategy's middle two series stand (1: the edge)
Row = dict[str, Any]


def places(count: int) -> list[float]:
    """Where one or two series stand beside the middle of a strategy."""
    return [0.0] if count == 1 else [-SIDE, SIDE]


def mean_row(strategy: str, series: str, side: float, numbers: Mapping[str, Any]) -> Row:
    """A mean with its interval, from ``numbers`` of summary.json (fractions)."""
    return {
        "strategy": strategy,
        "series": series,
        "side": side,
        "value": 100 * numbers["mean"],
        "low": None if numbers["ci_low"] is None else 100 * numbers["ci_low"],
        "high": None if numbers["ci_high"] is None else 100 * numbers["ci_high"],
    }


def seed_rows(strategy: str, series: str, side: float, scores: pd.Series) -> list[Row]:
    """The single seeds beside their mean, in their own order; none for a single seed, which is its own mean.

    ``scores`` are fractions, indexed by seed.
    """
    step = 0.5 / max(len(scores), 6)
    return [
        {"strategy": strategy, "series": series, "side": side + 0.14 + step * place, "seed": seed, "value": 100 * score}
        for place, (seed, score) in enumerate(scores.items())
        if len(scores) > 1
    ]


def series_spec(
    freezes: list[str],
    means: list[Row],
    seeds: list[Row],
    colours: dict[str, str],
    extent: list[float],
    chance: float,
    chosen: str | None = None,
    references: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """The Vega-Lite specification.

    Args:
        freezes: strategies in order of depth.
        means: rows by ``mean_row``.
        seeds: rows by ``seed_rows``.
        colours: series to colour; the first one's means are written beside its dots.
        extent: values that the vertical axis is to cover, percent.
        chance: percent, drawn as a dotted line.
        chosen: the strategy to set off by a band, if any.
        references: baselines, by name their numbers of details.json: dashed lines with their names.
    """
    names = list(colours)
    x, y = strategies_axis(freezes), accuracy_axis(extent)
    where = {"x": x, "xOffset": alt.XOffset("side:Q", scale=alt.Scale(domain=[-1, 1]))}
    colour = alt.Color("series:N", scale=alt.Scale(domain=names, range=list(colours.values())), legend=None)
    shape = alt.Shape("series:N", scale=alt.Scale(domain=names, range=["circle", "diamond"][: len(names)]), legend=None)
    tooltip = [alt.Tooltip("series:N"), alt.Tooltip("strategy:N"), alt.Tooltip("value:Q", format=".1f", title="%")]
    ends = [alt.Tooltip(f"{end}:Q", format=".1f", title=title) for end, title in (("low", "from"), ("high", "to"))]
    layers = [_band(chosen)] if chosen else []
    layers += _reference_lines(references or {}, chance, y)
    if seeds:
        single = alt.Chart(values(seeds)).mark_point(filled=True, size=22, opacity=0.6)
        layers.append(single.encode(**where, y=y, color=colour, shape=shape, tooltip=[*tooltip, alt.Tooltip("seed:N")]))
    for row in means:
        own = [
            item["value"] for item in seeds if (item["strategy"], item["series"]) == (row["strategy"], row["series"])
        ]
        row["top"] = max(row["value"], row["high"] or 0, *own)
    drawn = alt.Chart(values(means))
    first = f"datum.series == {json.dumps(names[0])}"
    # A diamond of the same area looks smaller than a disc.
    size = alt.condition(first, alt.value(85), alt.value(120))
    layers += intervals(means, **where, y=accuracy_axis(extent, field="low"), y2="high:Q", color=colour)
    layers += [
        drawn.mark_point(filled=True, opacity=1, stroke="var(--surface)", strokeWidth=1).encode(
            **where, y=y, color=colour, shape=shape, size=size, tooltip=[*tooltip, *ends]
        ),
        # Above all marks of its strategy. On a phone there is no room, nor for the second series: the table has them.
        drawn.transform_filter(first)
        .mark_text(dy=-9, opacity=alt.ExprRef("width > 560 ? 1 : 0"))
        .encode(**where, y=_at("top", y), color=colour, text=alt.Text("value:Q", format=".1f")),
    ]
    return finished(alt.layer(*layers), HEIGHT)


def _reference_lines(references: Mapping[str, Mapping[str, Any]], chance: float, y: alt.Y) -> list[alt.Chart]:
    """Layers of dashed lines, that of chance among them, with their names right of the plot."""
    rows = [{"value": chance, "text": f"chance {chance:.0f}", "line": "chance", "baseline": False}]
    for name, numbers in references.items():
        low, high = (None if numbers[end] is None else 100 * numbers[end] for end in ("ci_low", "ci_high"))
        mean = 100 * numbers["mean"]
        text = f"{name} {percent(numbers['mean'])}"
        rows.append({"value": mean, "text": text, "line": name, "low": low, "high": high, "baseline": True})
    rows.sort(key=lambda row: row["value"])
    low, high = y.to_dict()["scale"]["domain"]
    heights = spread([row["value"] for row in rows], LINE * (high - low) / HEIGHT, low, high)
    tooltip = [alt.Tooltip("line:N"), alt.Tooltip("value:Q", format=".1f", title="%")]
    tooltip += [alt.Tooltip(f"{end}:Q", format=".1f", title=title) for end, title in (("low", "from"), ("high", "to"))]
    drawn = alt.Chart(values([{**row, "height": height} for row, height in zip(rows, heights, strict=True)]))
    layers = []
    for test, colour, dash, shown in (
        ("!datum.baseline", FAINT, [2, 4], tooltip[:2]),
        ("datum.baseline", REFERENCE, [6, 3], tooltip),
    ):
        part = drawn.transform_filter(test)
        layers += [
            part.mark_rule(strokeDash=dash, strokeWidth=1.5, color=colour, opacity=0.8).encode(y=y, tooltip=shown),
            part.mark_text(align="left", dx=4, color=colour).encode(
                y=_at("height", y), x=alt.value(alt.expr("width")), text="text:N"
            ),
        ]
    return layers


def _at(field: str, y: alt.Y) -> alt.Y:
    """The axis ``y`` for another field."""
    moved = y.copy()
    moved.shorthand = f"{field}:Q"
    return moved


def _band(strategy: str) -> alt.Chart:
    left, right = (alt.ExprRef(f"scale('x', '{strategy}') + {end} * bandwidth('x')") for end in (0, 1))
    return alt.Chart(values([{}])).mark_rect(color=BAND).encode(x=alt.value(left), x2=alt.value(right))
