"""Differences with their intervals: against the baseline, pretrained against random, after against before."""

from collections.abc import Sequence
from typing import Protocol

import altair as alt

from permafrost.evaluation.statistics.contrasts import Contrast
from permafrost.evaluation.statistics.result import ModelResult, TransferResult
from permafrost.report.findings import effect
from permafrost.report.html.parts import Chart, Mark, Table, chip, code
from permafrost.report.html.theme import BAND, FAINT, OWN, finished, strategies_axis, values, with_interval
from permafrost.report.wording import limits, points, probability

HEIGHT = 280
STEP = 34
VERDICTS = ("different", "equivalent", "inconclusive", "identical")


class Gap(Protocol):
    """What a row of the chart needs: a contrast within a study, or a move between revisions. Fractions."""

    strategy: str
    gap: float
    low: float | None
    high: float | None
    verdict: str


def baseline_chart(result: ModelResult, relevant: float) -> Chart | None:
    """Each strategy of a model against its baseline; None where there is none. ``relevant``: the least gap that counts
    (fraction), shaded."""
    items = [item for item in result.contrasts if item.question == "reference"]
    if not items:
        return None
    title = f"{result.model}: difference from {result.reference}"
    return gap_chart(f"gaps-{result.model}", title, items, relevant)


def gap_chart(name: str, title: str, items: Sequence[Gap], relevant: float) -> Chart:
    """A row a contrast: the difference in points, its interval, filled where it survives correction. Its table is left
    to the page."""
    band = alt.Chart(values([{"low": -100 * relevant, "high": 100 * relevant}]))
    rows = _rows(items)
    y = alt.Y("strategy:N", sort=[row["strategy"] for row in rows], title=None, axis=alt.Axis(labelLimit=150))
    x = alt.X("gap:Q", title="points", axis=alt.Axis(grid=True, tickCount=6))
    drawn = alt.Chart(values(rows))
    layers = [
        band.mark_rect(color=BAND).encode(x=alt.X("low:Q", title="points"), x2="high:Q"),
        alt.Chart(values([{"gap": 0}])).mark_rule(color=FAINT).encode(x=x),
    ]
    if ranges := with_interval(rows):
        rules = alt.Chart(values(ranges)).mark_rule(strokeWidth=2.5, strokeCap="round")
        layers.append(rules.encode(y=y, x=alt.X("low:Q", title="points"), x2="high:Q", color=_colour()))
    layers += [
        _dots(drawn).encode(y=y, x=x),
        drawn.mark_text(dy=-11, fontSize=11).encode(y=y, x=x, text="text:N"),
    ]
    note = f"Shaded: differences of less than {100 * relevant:g} points."
    spec = finished(alt.layer(*layers), STEP * len(rows))
    return Chart(name, title, _words(title, items), spec, legend=_legend(items), note=note)


def gain_chart(result: TransferResult, freezes: list[str]) -> Chart:
    """What pretraining is worth at each depth."""
    rows = _rows(result.gains)
    x = strategies_axis(freezes)
    y = alt.Y("gap:Q", title="transfer gain (points)", axis=alt.Axis(tickCount=6))
    drawn = alt.Chart(values(rows))
    layers = [
        alt.Chart(values([{"gap": 0}])).mark_rule(color=FAINT).encode(y=y),
        drawn.mark_line(color=OWN, opacity=0.35, strokeWidth=2).encode(x=x, y=y),
    ]
    if ranges := with_interval(rows):
        rules = alt.Chart(values(ranges)).mark_rule(strokeWidth=2.5, strokeCap="round")
        layers.append(rules.encode(x=x, y=alt.Y("low:Q", title="transfer gain (points)"), y2="high:Q", color=_colour()))
    layers.append(_dots(drawn).encode(x=x, y=y))
    title = f"Transfer gain by depth: {result.model} minus {result.control}"
    table = contrast_table(result.gains, f"{result.model} minus {result.control}, strategy by strategy")
    spec = finished(alt.layer(*layers), HEIGHT)
    return Chart(f"gain-{result.model}", title, _words(title, result.gains), spec, table, _legend(result.gains))


def contrast_table(items: Sequence[Contrast], caption: str) -> Table:
    """One row a contrast: effect, interval, p, and what it amounts to."""
    rows = [
        [
            code(item.strategy),
            code(item.minus),
            points(item.gap),
            limits(item.low, item.high, signed=True),
            effect(item.dz),
            probability(item.p),
            probability(item.p_claim),
            chip(item.verdict),
        ]
        for item in items
    ]
    header = ["strategy", "minus", "points", "95 % interval", "dz", "p", "p corrected", "difference"]
    return Table(caption, header, rows, text_columns=(1, 7))


def classical_table(items: Sequence[Contrast], caption: str) -> Table:
    """The classical tests beside each other: over seeds alone, and McNemar's over clips alone."""
    rows = []
    for item in items:
        tests, clips = item.seeds, item.clips
        row = [code(item.strategy), code(item.minus)]
        for p, corrected in (
            ((tests.t_p, tests.t_holm), (tests.wilcoxon_p, tests.wilcoxon_holm), (tests.flip_p, tests.flip_holm))
            if tests
            else ((None, None),) * 3
        ):
            row.append(f"{probability(p)} ({probability(corrected)})" if p is not None else "–")
        row += [effect(item.cliff), f"{clips.only_strategy} : {clips.only_reference}" if clips else "–"]
        rows.append([*row, probability(clips.p if clips else None)])
    header = ["strategy", "minus", "paired t", "Wilcoxon", "sign flips", "Cliff's δ", "clips won : lost", "McNemar"]
    return Table(caption, header, rows, text_columns=(1,))


def _rows(items: Sequence[Gap]) -> list[dict[str, object]]:
    return [
        {
            "strategy": item.strategy,
            "gap": 100 * item.gap,
            "low": None if item.low is None else 100 * item.low,
            "high": None if item.high is None else 100 * item.high,
            "verdict": item.verdict,
            "text": points(item.gap),
        }
        for item in items
    ]


def _legend(items: Sequence[Gap]) -> list[Mark]:
    others = [verdict for verdict in VERDICTS[1:] if any(item.verdict == verdict for item in items)]
    marks = [Mark("dot", OWN, "different")] + ([Mark("hollow", FAINT, " or ".join(others))] if others else [])
    return [*marks, Mark("interval", FAINT, "95 % interval")]


def _scale(different: str, other: str) -> alt.Scale:
    return alt.Scale(domain=list(VERDICTS), range=[different, other, other, other])


def _colour() -> alt.Color:
    return alt.Color("verdict:N", scale=_scale(OWN, FAINT), legend=None)


def _dots(drawn: alt.Chart) -> alt.Chart:
    fill = alt.Fill("verdict:N", scale=_scale(OWN, "var(--surface)"), legend=None)
    stroke = alt.Stroke("verdict:N", scale=_scale(OWN, FAINT), legend=None)
    tooltip = [
        alt.Tooltip("strategy:N"),
        alt.Tooltip("gap:Q", format="+.1f", title="points"),
        alt.Tooltip("low:Q", format="+.1f", title="from"),
        alt.Tooltip("high:Q", format="+.1f", title="to"),
        alt.Tooltip("verdict:N"),
    ]
    return drawn.mark_point(size=75, strokeWidth=2, opacity=1).encode(fill=fill, stroke=stroke, tooltip=tooltip)


def _words(title: str, items: Sequence[Gap]) -> str:
    parts = [
        f"{item.strategy} {points(item.gap)} ({limits(item.low, item.high, signed=True)}; {item.verdict})"
        for item in items
    ]
    return f"{title}, in points with 95 % intervals: {', '.join(parts)}."
