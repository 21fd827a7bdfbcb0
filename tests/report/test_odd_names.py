"""Names as users give them: drawn and written as they are, shortened where room lacks, never misread as markup."""

import re
from html import unescape

import numpy as np
import pytest
from markupsafe import escape
from PIL import Image

from permafrost.evaluation.cells import read_study
from permafrost.evaluation.study_results import study_results
from permafrost.report import fonts
from permafrost.report.html import figure
from permafrost.report.html.class_charts import confusion_chart, recall_chart
from permafrost.report.html.figure import LABEL
from permafrost.report.html.parts import inline
from permafrost.report.html.study_figures import DATA_NAME, draw_study
from permafrost.report.names import code_span, one_line, plain, shortened
from permafrost.report.table import aligned_table

NAMES = [
    "Ke$ha or A$AP",
    "R&B | soul",
    "<b>rock'n'roll</b>",
    "_background_noise_",
    '日本語 "q", x',
    "$5_$10",
    "below $5",
    "`code`",
    "**bold**",
    "a\nb",
    "a\\|b",
    "\\",
    "\\frac{",
    "[link](http://x)",
    "</script>",
    "{{ 1 }}",
    "100 %",
    "~x~",
    "#1",
    "- item",
    "é",
    "Ω|",
    "very " * 20,
    "``",
    "x^{2",
    "a*b*c",
    "_",
    "%s",
    "tab\tbed",
    "&amp;",
]
DATA = {"name": NAMES[0] + " | `x`\n" + "y" * 90, "classes": 30, "train_clips": 9, "test_clips": 60, "split": "grouped",
        "chance": 0.03}  # fmt: skip
MODEL, FREEZES = "_m" * 32, ["_none", "q" * 64, "_three_quarters_"]


@pytest.fixture
def cells(fake_study):
    order = [NAMES[number] for number in np.random.default_rng(0).permutation(len(NAMES)) if "\n" not in NAMES[number]]
    return read_study(fake_study([MODEL], FREEZES, [0, 1], classes=order, clips=60), [MODEL], FREEZES, [0, 1])


def test_figures_hold_every_name_and_nothing_leaves_them(cells, tmp_path, monkeypatch):
    pages, drawn = [], figure.vl_convert.svg_to_png
    monkeypatch.setattr(figure.vl_convert, "svg_to_png", lambda svg, scale: pages.append(svg) or drawn(svg, scale))
    draw_study(study_results("demo", cells, DATA, {}, {}), tmp_path)
    for path in tmp_path.glob("*.png"):
        with Image.open(path) as image:
            edges = image.convert("L")
            assert edges.crop((image.width - 4, 0, image.width, image.height)).getextrema() == (255, 255), path
    shown = [[unescape(text) for text in re.findall(r">([^<>]+)</t(?:ext|span)>", page)] for page in pages]
    for page in shown:
        assert any(text.startswith(shortened(DATA["name"], DATA_NAME)) for text in page)
    assert {name for name in map(one_line, cells.classes) if len(name) < 20} <= set(map(one_line, shown[2]))
    assert {"_none", "_three_quarters_", shortened("q" * 64, LABEL)} <= set(shown[1])


def test_tables_keep_their_cells_whatever_the_names():
    for write in (code_span, plain, str):
        rows = aligned_table(["class", "n"], [[write(name), "1"] for name in NAMES], text_columns=1).split("\n")
        assert len(rows) == len(NAMES) + 2
        assert {len(re.sub(r"\\.", "", row).split("|")) for row in rows} == {4}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_as_code_is_code_alone(name):
    for text in (code_span(name), f"**{code_span(name)}**"):
        page = inline(text)
        assert page.striptags() and page.count("<code>") == 1 and "<strong><strong>" not in page
        assert page.split("<code>")[1].split("</code>")[0] == str(escape(one_line(name)))


def test_charts_and_their_tables_escape_names(cells):
    results = study_results("demo", cells, DATA, {}, {})
    charts = [recall_chart(results, MODEL), confusion_chart(results, MODEL)]
    shown = {str(inline(row[0]).striptags()) for row in charts[0].table.rows}
    assert shown == {" ".join(one_line(name).split()) for name in cells.classes}
    assert "<b>" not in str(inline(NAMES[2]))


def test_characters_that_no_font_has_are_said_once(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(fonts, "_told", set())
    figure.save_figure(tmp_path / "a.png", "日本語 é \U00012000", "", [])
    figure.save_figure(tmp_path / "b.png", "日本語 é \U00012000", "", [])
    said = capsys.readouterr().err
    assert said.count("warning: these characters cannot be drawn: \U00012000; install") == 1
