"""The sentence, the notes and the tables of a report."""

import pytest

from permafrost.evaluation.cells import read_study
from permafrost.evaluation.summary import summarise
from permafrost.report.answer import answer, notes
from permafrost.report.markdown import report, table
from permafrost.report.tables import comparisons_table, confusion_rows, learning_curves, write_csv

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
        cells = read_study(fake_study(models, freezes, seeds, **options), models, freezes, list(seeds))
        return cells, summarise(cells, DATA)

    return read


def favour(cells, freeze, gain):
    """Let ``freeze`` be chosen on validation, with ``gain`` on the test clips at each seed."""
    for column, values in (("valid_accuracy", [0.9] * 3), ("test_accuracy", [0.6 + part for part in gain])):
        cells.runs[column] = 0.6
        cells.runs.loc[(cells.runs["freeze"] == freeze) & (cells.runs["model"] == "vit"), column] = values
    return summarise(cells, DATA)


def test_the_answer_names_strategy_score_and_what_is_gained(study):
    cells, _ = study(["vit", "vit_random"])
    text = answer(cells, favour(cells, "half", gain=[0.1, 0.11, 0.12]))
    assert text.startswith("On `birds`, `vit` does best with strategy **`half`** (chosen on validation): **71.0 %**")
    assert "(mean of 3 seeds, sd 1.0)" in text
    assert "+11.0 points [+8.5, +13.5] against `none`, beyond the noise of the seeds" in text
    assert "+11.0 points [+8.5, +13.5] against the same strategy from random weights" in text
    assert text.endswith(".")


def test_a_difference_within_noise_is_said_to_be(study):
    cells, _ = study(["vit"])
    text = answer(cells, favour(cells, "half", gain=[0.1, -0.05, 0.0]))
    assert "against `none`, which 3 seeds cannot tell from zero" in text
    assert "random" not in text


def test_when_nothing_frozen_is_best_the_next_strategy_is_named(study):
    cells, _ = study(["vit"])
    text = answer(cells, favour(cells, "none", gain=[0.1, 0.11, 0.12]))
    assert "strategy **`none`**" in text
    assert "no strategy that freezes anything does better" in text
    assert "−11.0 points [−13.5, −8.5] against it, beyond the noise" in text


def test_a_single_seed_claims_nothing(study):
    cells, summary = study(["vit", "vit_random"], seeds=[3])
    assert "(one seed)" in answer(cells, summary)
    assert "sd" not in answer(cells, summary)
    assert "[" not in answer(cells, summary)
    assert "beyond" not in answer(cells, summary)
    assert notes(cells, summary)[0].startswith("One seed was run")


def test_a_control_is_never_the_answer(study):
    cells, _ = study(["vit", "vit_random"], aim=lambda model, freeze: 0.9 if model == "vit_random" else 0.4)
    assert "`vit` does best" in answer(cells, summarise(cells, DATA))


def test_notes_say_what_the_numbers_hang_on(study):
    cells, summary = study(["vit", "vit_random", "cnn"])
    text = " ".join(notes(cells, summary))
    assert "conditional on this split" in text
    assert "`cnn` ran without a random-weights control" in text
    assert "both sides" not in text
    leaking = {**summary, "data": {**DATA, "splits": 5, "groups_across_subsets": 3, "duplicates_across_subsets": 1}}
    text = " ".join(notes(cells, leaking))
    assert "conditional on this split" not in text
    assert "3 groups of 10 stand on both sides" in text
    assert "1 set of (nearly) equal clips" in text


def test_the_report_opens_with_the_answer_and_has_a_row_for_each_strategy(study):
    cells, summary = study(["vit", "vit_random"])
    text = report("demo", cells, summary)
    assert text.split("\n\n")[:2] == ["# Study `demo`", answer(cells, summary)]
    rows = [line for line in text.splitlines() if line.startswith(("| `", "| **`"))]
    assert len(rows) == len(FREEZES)
    assert sum(row.startswith("| **`") for row in rows) == 1
    assert "| `none` | 0 of 13 | 100 k (100 %) |" in text
    assert "| 40 / 20 / 20.5 |" in text
    widths = {line.count("|") for line in text.splitlines() if line.startswith("| ") and "strategy" in text}
    assert widths == {rows[0].count("|"), 3}


def test_what_a_study_lacks_has_no_column(study):
    cells, summary = study(["cnn"], freezes=["half", "head"], seeds=[0])
    text = report("small", cells, summary)
    header = next(line for line in text.splitlines() if line.startswith("| strategy"))
    assert "interval" not in header
    assert "against" not in header
    assert "random" not in header


def test_a_bar_in_a_name_does_not_break_a_table():
    assert table(["a"], [["x|y"]], text_columns=1).splitlines()[-1] == "| x\\|y |"


def test_comparisons_are_a_row_each(study):
    _, summary = study(["vit", "vit_random"])
    rows = comparisons_table(summary)
    assert list(rows["comparison"]) == ["versus_none"] * 4 + ["transfer_gain"] * 3
    last = rows.iloc[-1]
    assert (last["model"], last["freeze"], last["reference_model"], last["reference_freeze"]) == (
        "vit",
        "head",
        "vit_random",
        "head",
    )
    assert last["mean"] == summary["comparisons"]["transfer_gain"]["vit"]["head"]["mean"]


def test_a_study_without_comparisons_still_writes_the_header(study, tmp_path):
    _, summary = study(["cnn"], freezes=["half"])
    write_csv(tmp_path / "comparisons.csv", comparisons_table(summary))
    assert (tmp_path / "comparisons.csv").read_text().startswith("comparison,model,freeze,reference_model")


def test_learning_curves_are_means_over_the_seeds_that_still_train(study, fake_study):
    cells, _ = study(["vit"], seeds=[0, 1])
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
    cells, _ = study(["vit", "vit_random"], seeds=[0, 1])
    rows = confusion_rows(cells, "vit", "half")
    assert len(rows) == 2 * 40
    right = (rows["label"] == rows["predicted"]).groupby(rows["seed"]).mean()
    told = cells.runs.query("model == 'vit' and freeze == 'half'").set_index("seed")["test_accuracy"]
    assert right.to_dict() == pytest.approx(told.to_dict())
