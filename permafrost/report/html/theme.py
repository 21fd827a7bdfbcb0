"""The look of all charts. Colours are CSS variables, so light and dark need no second drawing."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.colors import to_hex

from permafrost.report.html.parts import Mark

# On a light and on a dark ground. Contrast of text: at least 4.5 to 1.
SHADES = {
    "ground": ("#f6f8fa", "#0f141a"),
    "surface": ("#ffffff", "#161d25"),
    "ink": ("#1b2530", "#e4eaf0"),
    "faint": ("#566372", "#9dabb9"),
    "line": ("#dde3e9", "#2a3541"),
    "own": ("#0068a8", "#61b4f2"),
    "control": ("#b84a00", "#ff9d5e"),
    "reference": ("#00664a", "#5fd0a8"),
    "band": ("#e9f0f6", "#1f2a36"),
    "focus": ("#0068a8", "#8ecbff"),
    "good": ("#12653a", "#7fd6a2"),
    "good-ground": ("#e3f3e9", "#153024"),
    "open-ground": ("#eef1f4", "#202b36"),
}
NAMES = ("own", "control", "reference", "ink", "faint", "line", "band")
OWN, CONTROL, REFERENCE, INK, FAINT, LINE, BAND = (f"var(--{name})" for name in NAMES)
FONT = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
TURNED = 21  # pixels between two names that are turned by 40 degrees, so that they do not touch
LETTER = 5.8  # pixels of an axis' label, on average, with room between labels
VIRIDIS = colormaps["viridis"]
# Strategies that are no depth: no shade of viridis; on both grounds a contrast of at least 3 to 1.
WARM = ("#d62728", "#b07d00", "#ae3ec9", "#8f6a4f", "#e8590c", "#7a828a", "#e64980", "#a8324e", "#9a6fb0", "#d2695c",
        "#6b7f3f")  # fmt: skip
CONFIG: dict[str, Any] = {
    "background": "transparent",
    "font": FONT,
    "padding": {"left": 2, "right": 6, "top": 6, "bottom": 2},
    "view": {"stroke": None},
    "axis": {
        "labelColor": FAINT,
        "titleColor": FAINT,
        "titleFontWeight": "normal",
        "titleFontSize": 12,
        "labelFontSize": 11,
        "labelLimit": 220,
        "gridColor": LINE,
        "domainColor": LINE,
        "tickColor": LINE,
        "ticks": False,
        "labelPadding": 6,
        "titlePadding": 8,
        "domain": False,
    },
    "axisX": {"grid": False},
    "text": {"font": FONT, "fontSize": 11, "color": INK},
    "rule": {"color": FAINT},
    "line": {"strokeCap": "round", "strokeJoin": "round"},
}


def series(freezes: list[str], beside: Sequence[str] = ()) -> alt.Color:
    """Colours of strategies by depth, and of those ``beside`` them."""
    colours = [mark.colour for mark in series_marks(freezes, beside)]
    return alt.Color("strategy:N", scale=alt.Scale(domain=[*freezes, *beside], range=colours), legend=None)


def series_marks(freezes: list[str], beside: Sequence[str] = ()) -> list[Mark]:
    """A legend's entry for each strategy, in order of depth; then those that are no depth."""
    marks = [Mark("line", f"var(--depth-{rank})", freeze) for rank, freeze in enumerate(freezes)]
    return marks + [Mark("line", WARM[rank % len(WARM)], freeze) for rank, freeze in enumerate(beside)]


def palette(count: int) -> dict[str, dict[str, str]]:
    """All colours by name, for a light and for a dark ground; those of ``count`` strategies by depth are of viridis
    (Smith & van der Walt 2015): even steps of lightness, told apart with every colour blindness."""
    found = {}
    for place, (ground, ends) in enumerate({"light": (0.0, 0.7), "dark": (0.42, 1.0)}.items()):
        depths = {f"depth-{rank}": to_hex(shade) for rank, shade in enumerate(VIRIDIS(np.linspace(*ends, count)))}
        found[ground] = {**{name: shades[place] for name, shades in SHADES.items()}, **depths}
    return found


def values(rows: list[dict[str, Any]] | pd.DataFrame) -> alt.Data:
    """Rows as the data of a layer, numbers rounded so that equal studies give equal bytes."""
    if isinstance(rows, pd.DataFrame):
        rows = rows.astype(object).where(rows.notna(), None).to_dict("records")
    return alt.Data(
        values=[
            {key: round(value, 4) if isinstance(value, float) else value for key, value in row.items()} for row in rows
        ]
    )


def strategies_axis(freezes: list[str], beneath: Mapping[str, str] | None = None, title: str | None = None) -> alt.X:
    """Strategies side by side in order of depth; names are broken at underscores, and turned where they do not fit.

    ``beneath``: for each strategy, what stands below its name.
    """
    below = f" + ({json.dumps(beneath)}[datum.label] || '')" if beneath else ""
    needed = round(LETTER * len(freezes) * max(len(part) for name in freezes for part in name.split("_")))
    narrow, upright = f"width < {needed}", f"width < {TURNED * len(freezes)}"
    axis = alt.Axis(
        labelAngle=alt.ExprRef(f"{narrow} ? ({upright} ? -90 : -40) : 0"),
        labelAlign=alt.ExprRef(f"{narrow} ? 'right' : 'center'"),
        labelBaseline=alt.ExprRef(f"{narrow} && {upright} ? 'middle' : 'top'"),
        labelExpr=f"{narrow} ? datum.label{below} : split(datum.label{below}, /_| (?=[0-9])/)",
        labelLimit=alt.ExprRef(f"{narrow} ? 150 : 220"),
        labelFontSize=alt.ExprRef(f"min(11, width / {len(freezes)})"),  # upright names do not touch on a phone
        labelOverlap=False,
        labelLineHeight=13,
    )
    return alt.X("strategy:O", sort=freezes, title=title, axis=axis, scale=alt.Scale(type="band", paddingOuter=0.1))


def accuracy_axis(shown: list[float], title: str = "test accuracy (%)", field: str = "value") -> alt.Y:
    """Percent, from a little below the least value ``shown`` to a little above the largest."""
    low, high = min(shown), max(shown)
    room = max(high - low, 5.0) * 0.06
    domain = [round(max(0.0, low - room), 2), round(min(100.0, high + room), 2)]
    return alt.Y(f"{field}:Q", title=title, scale=alt.Scale(domain=domain, nice=False), axis=alt.Axis(tickCount=6))


def intervals(rows: list[dict[str, Any]], **encoding: Any) -> list[alt.Chart]:
    """A layer of lines from ``low`` to ``high``; none where no row has them: Vega warns of a layer without rows."""
    known = [row for row in rows if row["low"] is not None]
    return [alt.Chart(values(known)).mark_rule(strokeWidth=2.5, strokeCap="round").encode(**encoding)] if known else []


def finished(chart: alt.LayerChart | alt.Chart, height: int) -> dict[str, Any]:
    """The Vega-Lite specification of ``chart``, as wide as its place in the page."""
    fit = alt.AutoSizeParams(type="fit-x", contains="padding")
    return chart.properties(width="container", height=height, autosize=fit).to_dict()
