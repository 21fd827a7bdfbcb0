import pandas as pd
import pytest

from permafrost.errors import PermafrostError
from permafrost.report.sweep import scored, sweep_table, varied
from permafrost.report.sweep_figure import sweep_figure

NAN = float("nan")
SECTIONS = ["models", "baselines", "train"]
ROWS = [
    {"Experiment": "b", "models.vit.lr": 0.01, "baselines.cnn.lr": 0.001, "train.threads": NAN,
     "vit.none.test_accuracy.mean": 0.5, "vit.none.test_accuracy.sd": 0.02, "cnn.baseline.test_accuracy.mean": 0.4,
     "cnn.baseline.test_accuracy.sd": NAN, "vit.none.loss.mean": 3.0},
    {"Experiment": "a", "models.vit.lr": 0.002, "baselines.cnn.lr": 0.001, "train.threads": NAN,
     "vit.none.test_accuracy.mean": 0.75, "vit.none.test_accuracy.sd": 0.01},
]  # fmt: skip


def test_the_table_has_what_differs_and_what_came_of_it():
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in sweep_table(ROWS, SECTIONS).split("\n")]
    assert lines[0] == ["experiment", "models.vit.lr", "vit none", "cnn baseline"]
    assert lines[2:] == [["a", "0.002", "75.0 ± 1.0", ""], ["b", "0.01", "50.0 ± 2.0", "40.0"]]


def test_what_is_the_same_everywhere_was_not_varied():
    assert varied(ROWS, SECTIONS) == ["models.vit.lr"] and varied(ROWS[:1], SECTIONS) == []
    assert scored(ROWS, "test_accuracy") == [("vit", "none"), ("cnn", "baseline")]


def test_nothing_to_show_is_said():
    with pytest.raises(PermafrostError, match="no finished experiment"):
        sweep_table([], SECTIONS)
    with pytest.raises(PermafrostError, match="no experiment has 'accurcy'"):
        sweep_table(ROWS, SECTIONS, "accurcy")


def test_curves_are_drawn_an_experiment_a_line():
    def table(epochs):
        return pd.DataFrame(
            {"epoch": range(1, epochs + 1), "valid_accuracy": 0.5, "valid_loss": 1.0, "train_loss": 0.9}
        )

    figure = sweep_figure({"a": table(4), "b": table(1)}, "vit (none): models.vit.lr", ["lr 0.002", "lr 0.01"])
    assert [len(panel.lines) for panel in figure.axes] == [2, 2, 2]
    legend = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert legend == ["lr 0.002", "lr 0.01"]
    assert figure.axes[0].lines[1].get_marker() == "o", "a single epoch is seen"


def test_scores_that_no_experiment_has_make_no_column():
    row = {"vit.none.test_accuracy.mean": 0.5, "vit.head.test_accuracy.mean": None}
    row |= {"baselines.svm.test_accuracy.mean": 0.8}
    gone = row | {"vit.head.test_accuracy.mean": NAN}
    assert scored([row, gone], "test_accuracy") == [("vit", "none"), ("baselines", "svm")]
