"""Baselines in the figure, in report.md, in runs.csv and in the page; names that do not cover each other."""

import itertools
import re

import pytest

from permafrost.errors import PermafrostError
from permafrost.evaluation.cells import read_study
from permafrost.evaluation.study_results import study_results
from permafrost.report.comparisons_table import comparisons_table
from permafrost.report.explained import Picture, read_pictures, write_pictures
from permafrost.report.html.series_chart import spread
from permafrost.report.html.strategy_chart import strategy_chart
from permafrost.report.markdown import report
from permafrost.report.tables import all_curves, runs_table
from tests.report.test_report import DATA, FREEZES

MODELS, BASELINES, SEEDS = ["vit", "vit_random"], ["svm", "boosting"], [0, 1, 2]


@pytest.fixture
def told(fake_study):
    folder = fake_study(MODELS, FREEZES, SEEDS, baselines=BASELINES)
    cells = read_study(folder, MODELS, FREEZES, SEEDS, BASELINES)
    return study_results("demo", cells, DATA, {}, {})


def test_the_chart_draws_each_baseline_at_its_mean_with_its_interval_and_name(told):
    chart = strategy_chart(told, "vit")
    rows = [row for layer in chart.spec["layer"] for row in layer.get("data", {}).get("values", [])]
    for name in BASELINES:
        numbers = told.baselines[name]["test_accuracy"]
        drawn = {(row["value"], row["low"], row["high"]) for row in rows if row.get("line") == name}
        assert drawn == {tuple(round(100 * numbers[end], 4) for end in ("mean", "ci_low", "ci_high"))}
        assert f"{name} {100 * numbers['mean']:.1f}" in {row.get("text") for row in rows}
    assert "baseline" in {mark.label for mark in chart.legend}


def test_the_report_has_a_row_for_each_baseline_and_every_contrast(told):
    text = re.sub(" +", " ", report(told))
    table = text.split("## Strategies")[1].split("\n\n")[3]
    assert "| `svm` (baseline) |" in table and "| `boosting` (baseline) |" in table
    assert {line.count("|") for line in table.splitlines()} == {table.splitlines()[0].count("|")}
    against = text.split("### `vit` against the baselines")[1].split("## Learning")[0]
    for freeze in FREEZES:
        for name in BASELINES:
            assert f"| `{freeze}` | `{name}` |" in against


def test_the_tables_have_them_too(told):
    rows = comparisons_table(told.analysis).query("question == 'baseline'")
    assert len(rows) == len(FREEZES) * len(BASELINES) and set(rows["model"]) == {"vit"}
    runs = runs_table(told.cells)
    assert (runs["depth"] == -1).sum() == len(BASELINES) * len(SEEDS)
    assert list(runs["model"].iloc[-3:]) == ["boosting"] * 3


def test_baselines_that_train_by_epochs_have_curves(fake_study):
    folder = fake_study(MODELS, FREEZES, SEEDS, baselines=["cnn"])
    fake_study([], [], SEEDS, folder=folder, baselines=["svm"], epochs=1)
    both = all_curves(read_study(folder, MODELS, FREEZES, SEEDS, ["cnn", "svm"]))
    own = both[both["depth"] == -1]
    assert set(own["model"]) == {"cnn"} and set(own["freeze"]) == {"baseline"}
    assert list(own["epoch"]) == [1, 2, 3, 4, 5] and set(own["n"]) == {3}
    alone = all_curves(read_study(folder, MODELS, FREEZES, SEEDS, ["svm"]))
    assert alone.equals(both[both["depth"] >= 0].reset_index(drop=True))


def test_names_are_moved_apart_no_more_than_needed():
    assert spread([10, 50, 90], 5, 0, 100) == [10, 50, 90]
    assert spread([50, 51, 52], 5, 0, 100) == [46, 51, 56]
    assert spread([10, 50, 51], 5, 0, 100) == [10, 48, 53]
    assert spread([97, 98, 99], 5, 0, 100) == [90, 95, 100]
    crowded = spread([1, 1, 1], 5, 0, 6)
    assert [second - first for first, second in itertools.pairwise(crowded)] == [5, 5]


def test_pictures_are_listed_and_found_again(tmp_path):
    pictures = [Picture("svm", "svm/beeswarm.png", 'Why, "said" she, in one, line')]
    (tmp_path / "svm").mkdir()
    (tmp_path / "svm/beeswarm.png").write_bytes(b"png")
    write_pictures(tmp_path, pictures)
    assert read_pictures(tmp_path) == pictures
    other = Picture("svm", "svm/beeswarm.png", "again")
    more = Picture("cnn", "svm/beeswarm.png", "another model")
    write_pictures(tmp_path, [more], keep=True)
    write_pictures(tmp_path, [other], keep=True)
    assert read_pictures(tmp_path) == [more, other]
    write_pictures(tmp_path, [])
    assert read_pictures(tmp_path) == []


def test_a_broken_list_of_pictures_is_named(tmp_path):
    with pytest.raises(PermafrostError, match=r"pictures\.csv does not exist; run `dvc repro explain`"):
        read_pictures(tmp_path)
    write_pictures(tmp_path, [Picture("svm", "svm/gone.png", "")])
    with pytest.raises(PermafrostError, match=r"lists svm/gone\.png, which is not there"):
        read_pictures(tmp_path)
    (tmp_path / "pictures.csv").write_text("name,path\n")
    with pytest.raises(PermafrostError, match="expected the columns name, path, words"):
        read_pictures(tmp_path)
