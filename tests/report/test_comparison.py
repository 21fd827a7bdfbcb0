"""The page of a comparison: aligned tables, no p value without its effect, nothing left unsaid."""

import re

import numpy as np
import pandas as pd

from permafrost.evaluation.comparison import Comparison
from permafrost.evaluation.statistics.analysis import analyse
from permafrost.evaluation.statistics.classical import overall, paired
from permafrost.report.comparison import markdown
from permafrost.report.html import figure
from permafrost.report.html.comparison_figure import draw_comparison
from permafrost.report.table import aligned_table


def comparison(seeds=6, models=("vit", "vit_random")):
    random = np.random.default_rng(0)
    rows = [
        (model, freeze, seed, 0.8 - 0.05 * depth * (1 + (model == "vit_random")) + random.normal(0, 0.02), 0.7)
        for model in models
        for depth, freeze in enumerate(("none", "half", "head"))
        for seed in range(seeds)
    ]
    runs = pd.DataFrame(rows, columns=["model", "strategy", "seed", "score", "valid_score"])
    analysis = analyse(runs)
    classical = {name: paired(result) for name, result in analysis.models.items()}
    over = {name: overall(result) for name, result in analysis.models.items()}
    return Comparison(("a.csv",), analysis, classical, over, (), ("a.csv: read",))


def test_tables_are_aligned():
    text = aligned_table(["a", "bcd"], [["efgh", "1"], ["i|j", "20"]], text_columns=1)
    assert text == "| a    | bcd |\n| :--- | --: |\n| efgh |   1 |\n| i\\|j |  20 |"


def test_every_row_of_a_table_has_as_many_cells_as_its_header():
    tables = [block for block in markdown(comparison()).split("\n\n") if block.startswith("| ")]
    assert len(tables) >= 8
    for block in tables:
        assert len({line.count("|") for line in block.splitlines()}) == 1
        assert len({len(line) for line in block.splitlines()}) == 1


def test_the_page_has_every_part():
    page = markdown(comparison())
    for part in (
        *(
            "## vit\n",
            "### Against `none`",
            "### Neighbours",
            "was chosen on validation",
            "## Transfer gain: vit against vit_random",
        ),
        *("## What these numbers rest on", "## Details: classical tests of vit", "Friedman", "(Page)"),
    ):
        assert part in page


def test_one_seed_leaves_dashes_and_no_test():
    page = markdown(comparison(seeds=1))
    assert "nan" not in page.lower()
    assert "Friedman" not in page
    assert "inconclusive" in page


def test_the_figure_shows_every_strategy_of_every_model(tmp_path, monkeypatch):
    pages, drawn = [], figure.vl_convert.svg_to_png
    monkeypatch.setattr(figure.vl_convert, "svg_to_png", lambda svg, scale: pages.append(svg) or drawn(svg, scale))
    draw_comparison(tmp_path / "a.png", comparison())
    draw_comparison(tmp_path / "a.png", comparison(seeds=1))
    for page in pages:
        shown = re.findall(r">([^<>]+)</text>", page)
        assert [shown.count(name) for name in ("none", "half", "head", "minus none")] == [2, 4, 4, 2]
    assert "vit_random, 6 seeds" in pages[0] and "vit_random, 1 seed<" in pages[1]
