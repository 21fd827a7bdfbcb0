"""Strategies that are no depth: beside the curve in figures, marked in the one table, named in the answer."""

import re

import pytest

from permafrost.evaluation.cells import read_study
from permafrost.evaluation.choice import chosen_freeze
from permafrost.evaluation.costs import costs
from permafrost.evaluation.statistics.words import TERMS
from permafrost.report.answer import answer, strategies
from permafrost.report.html.curve_chart import curve_charts, curve_legend
from permafrost.report.html.strategy_chart import strategy_chart
from permafrost.report.html.theme import WARM, palette, series_marks
from permafrost.report.strategies_table import strategies_table
from permafrost.report.tables import runs_table
from tests.conftest import BESIDE
from tests.report.test_figures import rows_of
from tests.report.test_report import choose, told

MODELS, SEEDS = ["vit", "vit_random"], [0, 1, 2]
DEPTHS, OTHERS = ["none", "half", "head"], ["lora", "lp_ft", "wise_ft"]


@pytest.fixture
def cells(fake_study):
    freezes = ["none", "lora", "half", "head", "lp_ft", "wise_ft"]
    return read_study(fake_study(MODELS, freezes, SEEDS, baselines=["svm"]), MODELS, freezes, SEEDS, ["svm"])


@pytest.fixture
def results(cells):
    return told(cells)


def test_the_curve_joins_depths_alone_and_the_rest_stands_right_of_a_rule(results):
    spec = strategy_chart(results, "vit").spec
    layers = [(layer["mark"]["type"], layer) for layer in spec["layer"]]
    (line,) = [layer for kind, layer in layers if kind == "line"]
    assert {row["strategy"] for row in line["data"]["values"]} == set(DEPTHS)
    assert line["encoding"]["x"]["sort"] == [*DEPTHS, *OTHERS]
    assert {row["strategy"] for row in rows_of(spec) if "series" in row} == {*DEPTHS, *OTHERS}
    assert [layer["encoding"]["x"]["value"]["expr"] for kind, layer in layers if kind == "rule" and "x" in
            layer["encoding"] and "value" in layer["encoding"]["x"] and "lora" in str(layer)]  # fmt: skip
    assert [mark.label for mark in strategy_chart(results, "vit").legend][-1] == "right of it: no depth"


def test_a_study_of_depths_alone_has_no_rule(fake_study):
    results = told(read_study(fake_study(MODELS, DEPTHS, SEEDS), MODELS, DEPTHS, SEEDS, []))
    assert "no depth" not in str(strategy_chart(results, "vit").legend) and "No depth" not in strategies(results.cells)
    assert "(no depth)" not in strategies_table(results, "vit").markdown()


def test_no_colour_of_depth_is_given_to_what_is_none():
    marks = series_marks(DEPTHS, list(BESIDE))
    assert [mark.colour for mark in marks[:3]] == ["var(--depth-0)", "var(--depth-1)", "var(--depth-2)"]
    assert [mark.colour for mark in marks[3:]] == list(WARM[: len(BESIDE)])
    assert len(set(WARM)) == len(WARM) == len(TERMS) - 2 and not set(WARM) & set(palette(6)["light"].values())


def test_the_table_marks_them_and_has_what_each_took_for_its_rate(results):
    table = strategies_table(results, "vit", timed=True)
    rows = {re.sub("[*`]", "", row[0]): dict(zip(table.header, row, strict=True)) for row in table.rows}
    assert list(rows) == [*DEPTHS, *(f"{name} (no depth)" for name in OTHERS), "svm (baseline)"]
    assert rows["lora (no depth)"]["learning rate"] == "0.005 to 0.05"
    assert rows["wise_ft (no depth)"]["learning rate"] == "α 0.3 to 0.5" and rows["none"]["learning rate"] == ""
    assert rows["lora (no depth)"]["trained parameters"] == "2 k (2.00 %)"
    assert rows["half"]["frozen units"] == "4 of 13" and rows["none"]["training"].endswith(" s")
    assert "parameters" in rows["lora (no depth)"]["on the front of"]
    assert "training" not in strategies_table(results, "vit").header, "no seconds in what is in Git"


def test_what_begins_with_other_runs_costs_their_time_as_well(results):
    runs = results.cells.runs.query("model == 'vit'").groupby("freeze")["seconds_total"].mean()
    seconds = costs(results).query("model == 'vit'").set_index("freeze")["seconds"]
    assert seconds["wise_ft"] == pytest.approx(runs["wise_ft"] + runs["head"] + runs["none"])
    assert seconds["half"] == pytest.approx(runs["half"])
    assert {"after", "seconds_total"}.isdisjoint(runs_table(results.cells))


def test_what_trains_nothing_has_no_curve(results):
    for chart in curve_charts(results):
        assert "wise_ft" not in chart.table.header and "lora" in chart.table.header and "wise_ft" not in chart.alt
    assert [mark.label for mark in curve_legend(results)][:5] == [*DEPTHS, "lora", "lp_ft"]


def test_the_order_is_said_and_the_answer_names_strategies_by_the_field_s_terms(cells):
    assert strategies(cells) == (
        "By depth, more and more of the network is frozen: `none`, `half` and `head`. No depth: `lora`, `lp_ft` and "
        "`wise_ft`."
    )
    text = answer(told(choose(cells, "wise_ft")))
    assert "with strategy **weight interpolation (`wise_ft`)**" in text or "weight interpolation (`wise_ft`)" in text
    assert "the cheapest that cannot be told from it is low-rank adapters (`lora`) (" in text


def test_of_many_that_differ_the_answer_names_the_furthest(fake_study):
    freezes = ["none", "stem", "quarter", "half", "three_quarters", "head", "lora", "bias"]
    folder = fake_study(["vit"], freezes, SEEDS, aim=lambda model, freeze: 0.95 if freeze == "none" else 0.3)
    first = answer(told(choose(read_study(folder, ["vit"], freezes, SEEDS, []), "none"))).split("; ")[0]
    assert " and 2 others are worse than full fine-tuning (`none`) for `vit`" in first and first.count("points [") == 5


def test_a_tie_on_validation_goes_to_what_trains_least(cells):
    runs = cells.runs.assign(valid_accuracy=0.8, valid_loss=0.5)
    cells.runs[["valid_accuracy", "valid_loss"]] = runs[["valid_accuracy", "valid_loss"]]
    assert chosen_freeze(cells, "vit") == "lora"
