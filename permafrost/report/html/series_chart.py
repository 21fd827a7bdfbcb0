"""Accuracies over strategies, one or two series side by side: a model and its control, or two revisions."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
from scipy.optimize import isotonic_regression

from permafrost.evaluation.wording import percent
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

HEIGHT = 320
ROW = 14  # pixels between two names of baselines
NUMBER = 34  # pixels that a mean needs beside another
SIDE = 0.42  # how far left or right of a strategy's middle two series stand (1: the edge)
SEED = 0.5  # room of six seeds beside their mean
ENDS = [
    alt.Tooltip(f"{field}:Q", format=".1f", title=title)
    for field, title in (("value", "%"), ("low", "from"), ("high", "to"))
]
Numbers = Mapping[str, Any]


@dataclass(frozen=True)
class Series:
    """What is drawn in one colour: for each strategy its ``means`` with their intervals, as details.json has them
    (fractions), and its score by seed."""

    name: str
    colour: str
    means: Mapping[str, Numbers]
    seeds: Mapping[str, Mapping[Any, float]]


def series_spec(
    freezes: Sequence[str],
    series: Sequence[Series],
    beside: Sequence[str] = (),
    extent: Sequence[float] = (),
    chance: float | None = None,
    chosen: str | None = None,
    references: Mapping[str, Numbers] | None = None,
    beneath: Mapping[str, str] | None = None,
    titles: tuple[str | None, str] = (None, "test accuracy (%)"),
) -> dict[str, Any]:
    """The Vega-Lite specification of one or two ``series``.

    Args:
        freezes: strategies in order of depth, joined by a line.
        series: one, or two side by side.
        beside: strategies that are no depth, right of the others and of a thin rule, without a line.
        extent: more that the vertical axis is to cover, percent.
        chance: a fraction, drawn as a dotted line.
        chosen: the strategy to set off by a band, if any.
        references: baselines, by name their numbers of details.json: dashed lines with their names, and intervals.
        beneath: what stands below a strategy's name.
        titles: of the axes.
    """
    sides = [0.0] if len(series) == 1 else [-SIDE, SIDE]
    means, seeds = [], []
    for it, side in zip(series, sides, strict=True):
        for strategy, numbers in it.means.items():
            row = {"strategy": strategy, "series": it.name, "side": side, **_percent(numbers)}
            scores = {seed: 100 * score for seed, score in it.seeds[strategy].items()}
            means.append({**row, "top": max(row["value"], row["high"] or 0, *scores.values())})
            # A single seed is its own mean. Several stand in their order: the same picture every time.
            step = SEED / max(len(scores), 6)
            seeds += [
                {**row, "side": side + 0.14 + step * place, "seed": seed, "value": score}
                for place, (seed, score) in enumerate(scores.items())
                if len(scores) > 1
            ]
    lines = [{"value": 100 * chance, "text": f"chance {100 * chance:.0f}", "line": "chance"}] if chance else []
    for name, numbers in (references or {}).items():
        lines.append({"text": f"{name} {percent(numbers['mean'])}", "line": name, **_percent(numbers)})
    covered = [row[end] for row in (*means, *seeds, *lines) for end in ("value", "low", "high") if row.get(end)]
    x, y = strategies_axis([*freezes, *beside], beneath, titles[0]), accuracy_axis([*extent, *covered], titles[1])
    where = {"x": x, "xOffset": alt.XOffset("side:Q", scale=alt.Scale(domain=[-1, 1]))}
    names = [it.name for it in series]
    scale = alt.Scale(domain=names, range=[it.colour for it in series])
    colour = alt.Color("series:N", scale=scale, legend=None)
    shape = alt.Shape("series:N", scale=alt.Scale(domain=names, range=["circle", "diamond"][: len(names)]), legend=None)
    tooltip = [alt.Tooltip("series:N"), alt.Tooltip("strategy:N"), *ENDS[:1]]
    layers = [_band(chosen)] if chosen else []
    layers += [_rule(beside[0])] if freezes and beside else []
    layers += _lines(lines, y) if lines else []
    if seeds:
        single = alt.Chart(values(seeds)).mark_point(filled=True, size=22, opacity=0.6)
        layers.append(single.encode(**where, y=y, color=colour, shape=shape, tooltip=[*tooltip, alt.Tooltip("seed:N")]))
    drawn = alt.Chart(values(means))
    room = f"(datum.series == {json.dumps(names[0])} ? {len(series[0].means)} : {len(means)})"
    # A diamond of the same area looks smaller than a disc.
    size = alt.condition(f"datum.series == {json.dumps(names[0])}", alt.value(85), alt.value(120))
    layers += intervals(means, **where, y=_at("low", y), y2="high:Q", color=colour)
    if curve := [row for row in means if row["strategy"] in freezes]:
        line = alt.Chart(values(curve)).mark_line(strokeWidth=1.2, opacity=0.4)
        layers.append(line.encode(**where, y=y, color=colour, detail="series:N"))
    layers += [
        drawn.mark_point(filled=True, opacity=1, stroke="var(--surface)", strokeWidth=1).encode(
            **where, y=y, color=colour, shape=shape, size=size, tooltip=[*tooltip, *ENDS[1:]]
        ),
        # Above all marks of its strategy; of the first series alone where two have no room, and on a phone of none: the
        # table has them.
        drawn.mark_text(dy=-9, opacity=alt.ExprRef(f"width > {NUMBER} * {room} ? 1 : 0")).encode(
            **where, y=_at("top", y), color=colour, text=alt.Text("value:Q", format=".1f")
        ),
    ]
    return finished(alt.layer(*layers), HEIGHT)


def _percent(numbers: Numbers) -> dict[str, float | None]:
    ends = {"value": numbers["mean"], "low": numbers["ci_low"], "high": numbers["ci_high"]}
    return {name: None if end is None else 100 * end for name, end in ends.items()}


def _lines(rows: list[dict[str, Any]], y: alt.Y) -> list[alt.Chart]:
    """Dashed lines, that of chance dotted, with their names and intervals right of the plot."""
    rows = sorted(rows, key=lambda row: row["value"])
    low, high = y.to_dict()["scale"]["domain"]
    heights = spread([row["value"] for row in rows], ROW * (high - low) / HEIGHT, low, high)
    baselines = [row for row in rows if "low" in row]
    layers = []
    for row, height in zip(rows, heights, strict=True):
        own, drawn = row in baselines, alt.Chart(values([{**row, "height": height}]))
        colour, tooltip = (REFERENCE, ENDS) if own else (FAINT, ENDS[:1])
        line = drawn.mark_rule(strokeDash=[6, 3] if own else [2, 4], strokeWidth=1.5, color=colour, opacity=0.8)
        name = drawn.mark_text(align="left", dx=6 + 8 * len(baselines), color=colour)
        layers += [
            line.encode(y=y, tooltip=[alt.Tooltip("line:N"), *tooltip]),
            name.encode(y=_at("height", y), x=alt.value(alt.expr("width")), text="text:N"),
        ]
        if own and row["low"] is not None:
            beside = alt.value(alt.expr(f"width + {6 + 8 * baselines.index(row)}"))
            layers += intervals([row], x=beside, y=_at("low", y), y2="high:Q", color=alt.value(colour))
            layers.append(drawn.mark_square(size=45, opacity=1, color=colour).encode(x=beside, y=y))
    return layers


def _at(field: str, y: alt.Y) -> alt.Y:
    """The axis ``y`` for another field."""
    moved = y.copy()
    moved.shorthand = f"{field}:Q"
    return moved


def _band(strategy: str) -> alt.Chart:
    left, right = (alt.ExprRef(f"scale('x', '{strategy}') + {end} * bandwidth('x')") for end in (0, 1))
    return alt.Chart(values([{}])).mark_rect(color=BAND).encode(x=alt.value(left), x2=alt.value(right))


def _rule(strategy: str) -> alt.Chart:
    """A thin upright line left of ``strategy``."""
    left = alt.ExprRef(f"scale('x', '{strategy}') - 2")
    return alt.Chart(values([{}])).mark_rule(color=FAINT, opacity=0.6).encode(x=alt.value(left))


def spread(heights: list[float], distance: float, low: float, high: float) -> list[float]:
    """Ascending ``heights`` moved apart to at least ``distance``, so that no name covers another, by the least sum of
    squared moves, within limits.

    Where ``low`` to ``high`` has no room for all, they keep their distance and go beyond ``high``.
    """
    # Heights less their places times the distance need only not fall.
    places = distance * np.arange(len(heights))
    moved = isotonic_regression(np.asarray(heights) - places).x
    return (np.clip(moved, low, max(low, high - places[-1])) + places).tolist()
