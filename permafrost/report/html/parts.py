"""What pages are made of: charts that each have a text and a table in their place, legends, Markdown as HTML."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup, escape

from permafrost.report.table import Table

VERDICTS = ("different", "equivalent", "inconclusive", "identical")
# Code comes first: nothing within it is markup, not even the end of what is bold.
MARKUP = re.compile(
    r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)"
    r"|\*\*((?:(?<!`)(`+)(?!`).+?(?<!`)\4(?!`)|.)+?)\*\*"
    r"|\[([^\]]+)\]\((https?://[^)\s]+)\)"
)


@dataclass(frozen=True)
class Mark:
    """An entry of a legend: ``shape`` (dot, small, hollow, diamond, line, dashed, interval, square, or glyph with the
    sign itself) and a CSS colour."""

    shape: str
    colour: str
    label: str
    glyph: str = ""


@dataclass(frozen=True)
class Chart:
    """A Vega-Lite chart: ``name`` is unique in its page, ``alt`` says in words what the chart shows.

    ``choices`` are values that the chart's parameter ``shown`` may take, to be chosen from; the first is shown.
    """

    name: str
    title: str
    alt: str
    spec: dict[str, Any]
    table: Table | None = None
    legend: Sequence[Mark] = ()
    note: str = ""
    choices: Sequence[str] = ()
    choice_label: str = ""
    wide: bool = field(default=False)


def inline(text: str) -> Markup:
    """One line of our own Markdown as HTML: ```code```, ``**bold**`` and ``[text](address)``; the rest is escaped."""
    html, end = Markup(""), 0
    for found in MARKUP.finditer(text):
        html += escape(text[end : found.start()])
        fence, within, bold, _, words, address = found.groups()
        if fence:
            padded = within[0] == within[-1] == " " and within.strip()
            html += code(within[1:-1] if padded else within)
        elif bold:
            html += Markup("<strong>{}</strong>").format(inline(bold))
        else:
            html += Markup('<a href="{}">{}</a>').format(address, inline(words))
        end = found.end()
    return html + escape(text[end:])


def cell(text: str) -> Markup:
    """A table's cell; a verdict is a small label, told apart by its words and its form, not by colour alone."""
    verdict = text.strip("*")
    if verdict not in VERDICTS:
        return inline(text)
    return Markup('<span class="chip {}">{}</span>').format(verdict.replace(" ", "-"), verdict)


def code(name: str) -> Markup:
    """A name as it stands in params.yaml."""
    return Markup("<code>{}</code>").format(name)
