"""The sentence, the notes and the tables of a report."""

import re
from dataclasses import replace

import pytest

from permafrost.evaluation.cells import read_study
from permafrost.evaluation.study_results import study_results
from permafrost.report.answer import answer, verdict
from permafrost.report.data_section import beware
from permafrost.report.markdown import report
from permafrost.report.notes import notes
from permafrost.report.table import aligned_table
from permafrost.report.tables import confusion_rows, learning_curves

DATA = {
    "name": "birds",
    "clips": 80,
    "classes": 4,
    "groups": 10,
    "rejected": 2,
    "split": "grouped",
    "splits": 1,
    "train_clips": 40,
    "valid_clips": 20,
    "test_clips": 20.5,
    "chance": 0.25,
    "majority": 0.3,
    "groups_across_subsets": 0,
    "duplicates_across_subsets": 0,
}
FREEZES = ["none", "half", "head"]


@pytest.fixture
def study(fake_study):
    def read(models, freezes=FREEZES, seeds=(0, 1, 2), **options):
        return read_study(fake_study(models, freezes, seeds, **options), models, freezes, list(seeds))

    return read


def told(cells, data=DATA, audit=None):
    """What answer, notes and report are made from."""
    return study_results("demo", cells, data, audit or {}, {})


def choose(cells, freeze):
    """Let ``freeze`` be the best on validation."""
    cells.runs["valid_accuracy"] = (cells.runs["freeze"] == freeze) & (cells.runs["model"] == "vit")
    cells.runs["valid_accuracy"] = cells.runs["valid_accuracy"].astype(float)
    return cells


def steps(model, freeze):
    """Test accuracy that leaves no doubt about the order of the strategies."""
    return {"none": 0.5, "half": 0.9, "head": 0.5}[freeze] - 0.3 * model.endswith("_random")


def test_a_difference_within_noise_is_said_to_be(study):
    text = answer(told(choose(study(["vit"], aim=lambda model, freeze: 0.7), "half")))
    assert text.startswith(
        "On `birds`, no strategy of `vit` can be told from full fine-tuning (`none`) with 3 seeds and 40"
    )
    assert (
        "; the cheapest that cannot be told from it is linear probing (`head`) (" in text and "equivalent" not in text
    )
    assert "against `none`, which 3 seeds and 40 test clips cannot tell from zero" in text
    assert "random" not in text


def test_a_difference_that_falls_to_correction_is_inconclusive(study):
    analysis = told(study(["vit"])).analysis
    item = replace(
        analysis.models["vit"].contrasts[0], low=0.01, high=0.2, verdict="inconclusive", claims=9, p_claim=0.2
    )
    assert verdict(item, analysis) == "which is inconclusive: it does not survive correction over 9 statements"
    few = replace(item, p_claim=0.02)  # five splits, say: below .05, but too few to claim by
    assert (
        verdict(few, analysis) == "which is inconclusive: 3 seeds and 40 test clips are too few to claim a difference"
    )
    item = replace(item, low=-0.01, high=0.02, verdict="equivalent")
    assert verdict(item, analysis) == "so that a difference of 4 points or more is excluded"


def test_notes_say_what_the_numbers_hang_on(study):
    results = told(study(["vit", "vit_random", "cnn"]))
    text = " ".join(notes(results))
    assert text.count("share one split") == 1
    assert "conditional on it" in text
    assert "`cnn` ran without a random-weights control" in text
    assert not beware(results)
    leaking = replace(results, data={**DATA, "groups_across_subsets": 3, "duplicates_across_subsets": 1})
    text = " ".join(beware(leaking))
    assert f"- Beware: {beware(leaking)[0]}." in report(leaking)
    assert "3 groups of 10 stand on both sides" in text
    assert "1 set of (nearly) equal clips" in text


def test_seeds_on_splits_of_their_own_are_not_conditional_on_one(study):
    results = told(study(["vit"], seeds=[0, 1, 2, 3], repeats=4))
    assert "conditional on it" not in " ".join(notes(results))
    assert "4 seeds over 4 splits" in answer(results)
    assert "layered variance over splits, clips and seeds" in report(results)


def test_the_report_opens_with_the_answer_and_has_a_row_for_each_strategy(study):
    given = told(study(["vit", "vit_random"]))
    text = re.sub(" +", " ", report(given))
    assert text.split("\n\n")[:2] == ["# Study `demo`", answer(given)]
    table = text.split("## Strategies")[1].split("## What")[0]
    rows = [line for line in table.splitlines() if line.startswith(("| `", "| **`"))]
    assert len(rows) == len(FREEZES)
    assert sum(row.startswith("| **`") for row in rows) == 1
    assert "| `none` | 0 of 13 | 100 k (100 %) |" in text
    assert "| 40 / 20 / 20.5 |" in text
    assert len({line.count("|") for line in table.splitlines() if line.startswith("|")}) == 1


def test_what_is_sure_is_said_with_effect_interval_and_p(study):
    text = report(told(study(["vit", "vit_random"], aim=steps)))
    sure = text.split("## What is sure")[1].split("## Learning")[0]
    rows = [line for line in sure.splitlines() if line.startswith("| `")]
    # half and head against none, head against half (half against none is asked once), then three gains.
    assert [row.split(" | ")[0].strip("| `") for row in rows] == ["half", "head", "head", "none", "half", "head"]
    assert "| **different** |" in rows[0]
    assert "The choice alone makes that score" in sure
    assert "which clips were tested" in sure
    assert "Pretraining (vit against vit_random) helps at" in sure


def test_what_a_study_lacks_has_no_column(study):
    text = report(told(study(["cnn"], freezes=["half", "head"], seeds=[0])))
    header = next(line for line in text.splitlines() if line.startswith("| strategy"))
    assert "interval" not in header
    assert "random" not in header


def test_a_bar_in_a_name_does_not_break_a_table():
    assert aligned_table(["a"], [["x|y"]], text_columns=1).splitlines()[-1] == "| x\\|y |"


def test_learning_curves_are_means_over_the_seeds_that_still_train(study, fake_study):
    cells = study(["vit"], seeds=[0, 1])
    stopped = (cells.histories["seed"] == 1) & (cells.histories["epoch"] > 3)
    cells.histories.drop(cells.histories.index[stopped], inplace=True)
    curves = learning_curves(cells)
    assert list(curves["freeze"].unique()) == FREEZES
    none = curves[curves["freeze"] == "none"]
    assert list(none["epoch"]) == [1, 2, 3, 4, 5]
    assert list(none["n"]) == [2, 2, 2, 1, 1]
    first = cells.histories[(cells.histories["freeze"] == "none") & (cells.histories["epoch"] == 1)]
    assert none["valid_accuracy"].iloc[0] == pytest.approx(first["valid_accuracy"].mean())


def test_confusion_rows_are_the_test_clips_of_one_strategy(study):
    cells = study(["vit", "vit_random"], seeds=[0, 1])
    rows = confusion_rows(told(choose(cells, "half")))
    assert len(rows) == 2 * 40
    right = (rows["label"] == rows["predicted"]).groupby(rows["seed"]).mean()
    scores = cells.runs.query("model == 'vit' and freeze == 'half'").set_index("seed")["test_accuracy"]
    assert right.to_dict() == pytest.approx(scores.to_dict())
