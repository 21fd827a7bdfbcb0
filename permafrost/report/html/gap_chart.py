"""Differences with their intervals: against the reference, pretrained against random, after against before."""

from collections.abc import Sequence
from typing import Protocol

import altair as alt

from permafrost.evaluation.wording import points
from permafrost.report.html.parts import VERDICTS, Chart, Mark
from permafrost.report.html.theme import BAND, FAINT, OWN, finished, intervals, values
from permafrost.report.table import Table

STEP = 34


class Gap(Protocol):
    """What a row of the chart needs: a contrast within a study, or a move between revisions. Fractions."""

    strategy: str
    gap: float
    low: float | None
    high: float | None
    verdict: str


def gap_chart(
    name: str,
    title: str,
    items: Sequence[Gap],
    relevant: float,
    table: Table | None = None,
    extent: Sequence[float] = (),
) -> Chart:
    """A row a contrast: the difference in points, its interval, filled where it survives correction.

    ``relevant`` is the least gap that counts (fraction), shaded; ``table`` has the numbers, where the page does not;
    ``extent``: points that the axis is to cover, where it is not only that of these contrasts.
    """
    rows = [
        {
            "strategy": item.strategy,
            "value": 100 * item.gap,
            "low": _percent(item.low),
            "high": _percent(item.high),
            "verdict": item.verdict,
            "text": points(item.gap),
        }
        for item in items
    ]
    y = alt.Y("strategy:N", sort=[row["strategy"] for row in rows], title=None, axis=alt.Axis(labelLimit=150))
    x = alt.X("value:Q", title="points", axis=alt.Axis(grid=True, tickCount=6))
    sure = alt.condition(f"datum.verdict == '{VERDICTS[0]}'", alt.value(OWN), alt.value(FAINT))
    fill = alt.condition(f"datum.verdict == '{VERDICTS[0]}'", alt.value(OWN), alt.value("var(--surface)"))
    signed = [alt.Tooltip(f"{key}:Q", format="+.1f", title=it) for key, it in (("low", "from"), ("high", "to"))]
    tooltip = [alt.Tooltip("strategy:N"), alt.Tooltip("value:Q", format="+.1f", title="points"), *signed, "verdict:N"]
    low = alt.X("low:Q", title="points")
    band = alt.Chart(values([{"low": -100 * relevant, "high": 100 * relevant}]))
    covered = alt.Chart(values([{"value": value} for value in (0, *extent)]))
    drawn = alt.Chart(values(rows))
    layers = [
        band.mark_rect(color=BAND).encode(x=low, x2="high:Q"),
        covered.mark_point(opacity=0).encode(x=x),
        alt.Chart(values([{"value": 0}])).mark_rule(color=FAINT).encode(x=x),
        *intervals(rows, y=y, x=low, x2="high:Q", color=sure),
        drawn.mark_point(size=75, strokeWidth=2, opacity=1).encode(y=y, x=x, fill=fill, stroke=sure, tooltip=tooltip),
        drawn.mark_text(dy=-11, fontSize=11).encode(y=y, x=x, text="text:N"),
    ]
    others = [verdict for verdict in VERDICTS[1:] if any(item.verdict == verdict for item in items)]
    legend = [Mark("dot", OWN, VERDICTS[0])] + [Mark("hollow", FAINT, " or ".join(others))] * bool(others)
    told = [f"{item.strategy} {points(item.gap)} ({item.verdict})" for item in items]
    return Chart(
        name,
        title,
        f"{title}, in points with 95 % intervals: {', '.join(told)}.",
        finished(alt.layer(*layers), STEP * len(rows)),
        table,
        [*legend, Mark("interval", FAINT, "95 % interval")],
        note=f"Shaded: differences of less than {100 * relevant:g} points.",
    )


def _percent(limit: float | None) -> float | None:
    return None if limit is None else 100 * limit
