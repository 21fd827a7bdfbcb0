"""What pages are made of: tables, and charts that each have a text and a table in their place."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup, escape

Cell = str | Markup


@dataclass(frozen=True)
class Table:
    """A table with its caption; the first ``heads`` cells of a row are its headings, numbers are set right."""

    caption: str
    header: Sequence[Cell]
    rows: Sequence[Sequence[Cell]]
    heads: int = 1
    text_columns: Sequence[int] = ()


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
    safe = str(escape(text))
    safe = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", safe)
    safe = re.sub(r"`(.+?)`", r"<code>\1</code>", safe)
    return Markup(re.sub(r"\[([^\]]+)\]\((https?://[^)\s]+)\)", r'<a href="\2">\1</a>', safe))


def chip(verdict: str) -> Markup:
    """A verdict as a small label: told apart by its words and its form, not by colour alone."""
    return Markup('<span class="chip {}">{}</span>').format(verdict.replace(" ", "-"), verdict)


def code(name: str) -> Markup:
    """A name as it stands in params.yaml."""
    return Markup("<code>{}</code>").format(name)
