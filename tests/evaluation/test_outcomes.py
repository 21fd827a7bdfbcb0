"""metrics/outcomes.csv: written and read again without loss, small, and refused when it is something else."""

import pytest

from permafrost.errors import PermafrostError
from permafrost.evaluation.cells import read_study, with_groups
from permafrost.evaluation.outcomes import outcome_table, read_outcomes
from permafrost.evaluation.study_analysis import outcomes_of
from permafrost.report.tables import write_csv

MODELS, FREEZES, SEEDS = ["vit", "vit_random"], ["none", "half"], [0, 1]


@pytest.fixture
def cells(fake_study):
    return read_study(fake_study(MODELS, FREEZES, SEEDS, clips=12), MODELS, FREEZES, SEEDS)


def test_what_is_read_is_what_the_cells_got_right(cells, tmp_path):
    write_csv(tmp_path / "outcomes.csv", outcome_table(cells))
    text = (tmp_path / "outcomes.csv").read_text()
    assert text.splitlines()[0].startswith("clip_id,label,group,vit/none/0,vit/none/1,vit/half/0,")
    assert len(text.splitlines()) == 1 + 12
    keys = ["model", "strategy", "seed", "clip_id"]
    got, want = (
        table.set_index(keys)["correct"].sort_index() for table in (read_outcomes(text, ""), outcomes_of(cells))
    )
    assert got.to_dict() == want.to_dict()


def test_groups_are_written_and_read_and_older_files_have_none(cells, tmp_path):
    named = with_groups(cells, {clip: f"artist {clip[-1]}" for clip in cells.predictions["clip_id"].unique()[1:]})
    write_csv(tmp_path / "outcomes.csv", outcome_table(named))
    read = read_outcomes((tmp_path / "outcomes.csv").read_text(), "").drop_duplicates("clip_id").set_index("clip_id")
    want = named.predictions.drop_duplicates("clip_id").set_index("clip_id")["group"]
    assert read["group"].to_dict() == {clip: want[clip] for clip in read.index}
    assert (read["group"] == "").sum() <= 1
    assert set(read_outcomes("clip_id,label,vit/none/0\na,b,1\n", "")["group"]) == {""}


def test_clips_that_a_seed_was_not_tested_on_stay_empty(cells, tmp_path):
    second = cells.predictions["seed"] == 1
    cells.predictions.loc[second, "clip_id"] = "other/" + cells.predictions.loc[second, "clip_id"]
    write_csv(tmp_path / "outcomes.csv", outcome_table(cells))
    read = read_outcomes((tmp_path / "outcomes.csv").read_text(), "")
    assert len(read) == 2 * 2 * 2 * 12
    assert read[read["seed"] == 1]["clip_id"].str.startswith("other/").all()


def test_a_clip_called_na_is_a_clip(tmp_path):
    read = read_outcomes("clip_id,label,vit/none/0\nNA,nan,1\nx,y,\n", "")
    assert read[["clip_id", "correct"]].to_numpy().tolist() == [["NA", 1.0]]


@pytest.mark.parametrize("text", ["", "clip_id,vit/none/0\na,1\n", "clip_id,label,vit-none-0\na,b,1\n"])
def test_another_table_is_refused_by_name(text):
    with pytest.raises(PermafrostError, match=r"outcomes\.csv of main: the columns are .*dvc repro aggregate"):
        read_outcomes(text, "outcomes.csv of main")


def test_a_word_in_place_of_a_number_is_refused():
    with pytest.raises(PermafrostError, match="outcomes of main"):
        read_outcomes("clip_id,label,vit/none/0\na,b,yes\n", "outcomes of main")


def test_baselines_are_kept_clip_by_clip_too(fake_study, tmp_path):
    cells = read_study(fake_study(MODELS, FREEZES, SEEDS, clips=12, baselines=["svm"]), MODELS, FREEZES, SEEDS, ["svm"])
    write_csv(tmp_path / "outcomes.csv", outcome_table(cells))
    read = read_outcomes((tmp_path / "outcomes.csv").read_text(), "")
    svm = read[read["model"] == "svm"]
    assert set(svm["strategy"]) == {"baseline"} and len(svm) == 2 * 12
    want = cells.baselines.runs.set_index("seed")["test_accuracy"]
    assert svm.groupby("seed")["correct"].mean().to_dict() == pytest.approx(want.to_dict())
