"""metrics/comparisons.csv holds every comparison, each p value beside an effect and an interval."""

import pytest

from permafrost.evaluation.cells import read_study
from permafrost.evaluation.study_analysis import analyse_study
from permafrost.report.comparisons_table import COLUMNS, comparisons_table
from permafrost.report.tables import write_csv

FREEZES = ["none", "half", "head"]


def analysed(fake_study, models, freezes=FREEZES, seeds=(0, 1, 2)):
    cells = read_study(fake_study(models, freezes, seeds), models, freezes, list(seeds))
    return analyse_study(cells, {"train_clips": 120, "test_clips": 40})


def test_every_comparison_is_a_row(fake_study):
    analysis = analysed(fake_study, ["vit", "vit_random"])
    rows = comparisons_table(analysis)
    assert tuple(rows.columns) == COLUMNS
    mine = rows[rows["model"] == "vit"].groupby("question", sort=False).size().to_dict()
    expected = {"reference": 2, "neighbours": 2, "shape": 3, "selection": 3, "variance": 9}
    assert mine == {**expected, "transfer": 3}
    last = rows[rows["question"] == "transfer"].iloc[-1]
    gain = analysis.transfer["vit"].contrasts[-1]
    assert (last["model"], last["strategy"], last["minus"]) == ("vit", "head", "vit_random")
    assert (last["value"], last["p_corrected"], last["excluded"]) == (gain.gap, gain.p_claim, gain.excluded)


def test_each_p_stands_beside_a_value_and_an_interval(fake_study):
    rows = comparisons_table(analysed(fake_study, ["vit"]))
    tested = rows[rows["p"].notna() | rows["p_corrected"].notna()]
    assert len(tested) == 5
    assert tested[["value", "ci_low", "ci_high"]].notna().all(axis=None)


def test_shares_of_variance_sum_to_one(fake_study):
    rows = comparisons_table(analysed(fake_study, ["vit"]))
    assert rows[rows["question"] == "variance"].groupby("strategy")["value"].sum().tolist() == pytest.approx([1] * 3)


def test_a_study_without_comparisons_still_writes_the_header(fake_study, tmp_path):
    write_csv(tmp_path / "comparisons.csv", comparisons_table(analysed(fake_study, ["cnn"], ["half"], [0])))
    assert (tmp_path / "comparisons.csv").read_text() == ",".join(COLUMNS) + "\n"
