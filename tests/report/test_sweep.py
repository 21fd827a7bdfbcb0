import re

import pandas as pd
import pytest

from permafrost.errors import PermafrostError
from permafrost.report.html import figure
from permafrost.report.html.sweep_figure import draw_sweep
from permafrost.report.sweep import Experiment, scored, sweep_table, varied

BASELINES = {"baselines.cnn.lr": 0.001, "train.threads": None}
A = Experiment(
    "a", {"models.vit.lr": 0.002, **BASELINES}, {"vit": {"none": {"test_accuracy": {"mean": 0.75, "sd": 0.01}}}}
)
B = Experiment(
    "b",
    {"models.vit.lr": 0.01, **BASELINES},
    {
        "vit": {"none": {"test_accuracy": {"mean": 0.5, "sd": 0.02}, "loss": {"mean": 3.0}}},
        "baselines": {"cnn": {"test_accuracy": {"mean": 0.4, "sd": None}}},
        "comparisons": {"versus_none": {"vit": {"half": {"difference": 0.1}}}, "shape": {"vit": "flat"}},
    },
)


def test_the_table_has_what_differs_and_what_came_of_it():
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in sweep_table([B, A]).split("\n")]
    assert lines[0] == ["experiment", "models.vit.lr", "vit none", "baselines cnn"]
    assert lines[2:] == [["a", "0.002", "75.0 ± 1.0", ""], ["b", "0.01", "50.0 ± 2.0", "40.0"]]


def test_results_are_no_parameters_though_they_stand_under_a_name_that_these_have_too():
    """`baselines` is a section of params.yaml and of details.json."""
    other = Experiment("c", {"models.cnn.lr": 0.1, "models.vit.lr": 0.01}, {})
    assert varied([B, A]) == varied([A, B, other]) == ["models.vit.lr"] and varied([A]) == []
    assert scored([A, B], "test_accuracy") == [("vit", "none"), ("baselines", "cnn")]


def test_nothing_to_show_is_said():
    with pytest.raises(PermafrostError, match="no finished experiment"):
        sweep_table([])
    with pytest.raises(PermafrostError, match="no experiment has 'accurcy'"):
        sweep_table([A, B], "accurcy")


def test_curves_are_drawn_an_experiment_a_line(tmp_path, monkeypatch):
    def table(epochs):
        return pd.DataFrame(
            {"epoch": range(1, epochs + 1), "valid_accuracy": 0.5, "valid_loss": 1.0, "train_loss": 0.9}
        )

    pages, drawn = [], figure.vl_convert.svg_to_png
    monkeypatch.setattr(figure.vl_convert, "svg_to_png", lambda svg, scale: pages.append(svg) or drawn(svg, scale))
    curves = {"a": table(4), "b": table(1)}
    draw_sweep(tmp_path / "a.png", curves, "vit (none): models.vit.lr", ["_lr 0.002", "lr 0.01"])
    shown = re.findall(r">([^<>]+)</text>", pages[0])
    assert {"vit (none): models.vit.lr", "_lr 0.002", "lr 0.01", "validation accuracy", "training loss"} <= set(shown)
    colours = set(re.findall(r'aria-roledescription="point"[^>]* fill="(#\w+)"', pages[0]))
    assert len(colours) == 2, "a single epoch is seen"
