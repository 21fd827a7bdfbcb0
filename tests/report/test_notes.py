"""Notes on how a study was trained: rates, the random control, unfinished training."""

from dataclasses import replace

import pytest

from permafrost.evaluation.cells import read_study
from permafrost.report.notes import notes
from tests.report.test_report import told

MODELS, FREEZES, SEEDS = ["vit", "vit_random"], ["none", "half", "head"], [0, 1, 2]


@pytest.fixture
def results(fake_study):
    return told(read_study(fake_study(MODELS, FREEZES, SEEDS), MODELS, FREEZES, SEEDS, []))


def given(results, **columns):
    """The results with columns of the runs replaced: a value, or a function of the runs."""
    runs = results.cells.runs
    values = {name: value(runs) if callable(value) else value for name, value in columns.items()}
    return replace(results, cells=replace(results.cells, runs=runs.assign(**values)))


def line_with(results, words):
    found = [line for line in notes(results) if words in line]
    assert len(found) < 2
    return found[0] if found else None


def test_where_rates_came_from_or_that_nothing_says_or_that_one_serves_all(results):
    own = {"lr": lambda runs: runs["freeze"].map({"none": 0.001, "half": 0.01, "head": 0.1}), "epochs": 8}
    chosen = line_with(given(results, **own, rates_from="validation, seeds 0 1"), "were chosen")
    assert chosen == "Rate and epochs of each strategy were chosen: validation, seeds 0 1 (`vit`, `vit_random`)."
    assert line_with(given(results, **own, rates_from=None), "nothing says where these came from")
    one = line_with(given(results, lr=0.001, epochs=8, rates_from=None), "one rate and number of epochs")
    assert one.endswith("which may suit one of them better than others (`vit`, `vit_random`).")


def test_rates_of_a_grid_are_said_to_be_tried_and_a_best_rate_at_its_end_is_warned_of(results):
    def lowest_of_head(runs):
        return runs["freeze"].map({"none": 0.01, "half": 0.01, "head": 0.001})

    grids = [[0.001, 0.01, 0.1]] * len(results.cells.runs)
    tried = given(results, lr=lowest_of_head, grid=grids)
    said = line_with(tried, "at every rate of a grid")
    assert said == (
        "Each run trained at every rate of a grid and kept the one that was best on validation (`vit`, `vit_random`)."
    )
    assert line_with(tried, "an end of the grid") == (
        "The best rate stands at an end of the grid with most seeds for `head` of `vit`; for `head` of `vit_random`: "
        "a wider grid may change what these score."
    )
    assert line_with(given(results, lr=0.01, grid=grids), "an end of the grid") is None
    one = [
        [0.01] if freeze == "none" else grid for freeze, grid in zip(results.cells.runs["freeze"], grids, strict=True)
    ]
    assert line_with(given(results, lr=0.01, grid=one), "(`half` and `head`) trained at every rate of a grid")


@pytest.mark.parametrize(
    ("kind", "words"),
    [("estimated", "estimated once on the training clips"), ("as_drawn", "as drawn"), ("drift", "updated in training")],
)
def test_which_random_control_it_was(results, kind, words):
    of_control = given(results, batchnorm=lambda runs: runs["model"].map({"vit": "pretrained", "vit_random": kind}))
    assert words in line_with(of_control, "The BatchNorm statistics of the random control `vit_random`")
    assert line_with(given(results, batchnorm=None), "BatchNorm") is None


def test_a_strategy_whose_best_epoch_is_its_last_with_most_seeds_is_not_done(results):
    def late(runs):
        return 3 + 5 * ((runs["freeze"] == "head") & (runs["seed"] < 2))

    said = line_with(given(results, epochs=8, best_epoch=late), "Training is unfinished")
    assert "with most seeds for `head` of `vit`; for `head` of `vit_random`." in said
    assert line_with(given(results, epochs=8, best_epoch=3), "Training is unfinished") is None
