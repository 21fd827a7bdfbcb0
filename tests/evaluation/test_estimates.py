"""Intervals of scores count seeds, clips by group, and splits."""

import json

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import f1_score

from permafrost.evaluation.cells import read_study, with_groups
from permafrost.evaluation.clip_scores import answers, drawn_f1
from permafrost.evaluation.estimates import by_seed, estimates, mean_of
from permafrost.metrics import log_loss

FREEZES, SEEDS = ["none", "half", "head"], [0, 1, 2, 5]


@pytest.fixture
def study(fake_study):
    def read(freezes=FREEZES, seeds=SEEDS, **options):
        return read_study(fake_study(["vit"], freezes, seeds, **options), ["vit"], freezes, list(seeds))

    return read


def test_mean_and_sd_are_over_seeds(study):
    cells = study()
    for score in ("test_accuracy", "valid_accuracy", "macro_f1", "test_loss"):
        values = by_seed(cells, ("vit", "half"), score)
        got = estimates(cells, "vit", 1 / 3)["half"][score]
        assert got["n"] == 4
        assert (got["mean"], got["sd"]) == (pytest.approx(values.mean()), pytest.approx(values.std(ddof=1)))
        assert got["ci_low"] < got["mean"] < got["ci_high"]


def test_the_interval_counts_that_other_clips_would_have_been_drawn(study):
    values = by_seed(study(), ("vit", "half"), "test_accuracy")
    seeds_alone = stats.sem(values)
    got = estimates(study(), "vit", 1 / 3)["half"]["test_accuracy"]
    clips_alone = (got["mean"] * (1 - got["mean"]) / 40) ** 0.5
    assert clips_alone > seeds_alone, "else the fixture could not tell"
    assert 1.5 * clips_alone < (got["ci_high"] - got["ci_low"]) / 2 < 3 * clips_alone


def test_clips_of_a_group_are_one_sample_in_every_score(study):
    cells = study()
    whole = with_groups(cells, {clip: clip[:-1] for clip in cells.predictions["clip_id"]})
    assert whole.predictions["group"].nunique() < 10
    single, grouped = (estimates(each, "vit", 1 / 3)["half"] for each in (cells, whole))
    for score in single:
        assert grouped[score]["mean"] == single[score]["mean"]
        assert grouped[score]["ci_low"] != single[score]["ci_low"]


def test_the_mean_is_that_over_splits_of_the_splits_means(study):
    cells = study(seeds=[0, 1, 2])
    other = cells.predictions["seed"] == 2
    cells.runs.loc[cells.runs["seed"] == 2, "repeat"] = 1
    cells.predictions.loc[other, "clip_id"] = "fold/" + cells.predictions.loc[other, "clip_id"]
    values = by_seed(cells, ("vit", "half"), "test_accuracy").to_numpy()
    got = estimates(cells, "vit", 0.25)["half"]
    assert got["test_accuracy"]["mean"] == pytest.approx((values[:2].mean() + values[2]) / 2)
    assert got["macro_f1"]["ci_low"] < got["macro_f1"]["mean"] < got["macro_f1"]["ci_high"]


def test_choice_and_tables_have_one_mean_where_splits_share_their_validation_clips(study):
    """Four splits, two of them with one set of validation clips, and one with two seeds."""
    cells = study(seeds=[0, 1, 2, 3, 4], repeats=4)
    for number, name in enumerate(("a", "a", "b", "c")):
        for subset in ("valid", "test"):
            mine = (cells.predictions["seed"] % 4 == number) & (cells.predictions["subset"] == subset)
            other = name if subset == "valid" else number
            cells.predictions.loc[mine, "clip_id"] = f"{other}/" + cells.predictions.loc[mine, "clip_id"]
    values = by_seed(cells, ("vit", "half"), "valid_accuracy").to_numpy()
    expected = np.mean([values[[0, 4]].mean(), *values[1:4]])
    got = estimates(cells, "vit", 0.25)["half"]["valid_accuracy"]["mean"]
    assert got == pytest.approx(expected) and mean_of(cells, ("vit", "half"), "valid_accuracy") == pytest.approx(got)


def test_an_interval_ends_where_the_score_does(study):
    cells = study(seeds=[0, 1], repeats=2)
    second = cells.predictions["seed"] == 1
    cells.predictions.loc[second, "clip_id"] = "other/" + cells.predictions.loc[second, "clip_id"]
    cells.runs.loc[cells.runs["seed"] == 1, ["test_accuracy", "test_loss"]] -= 0.3
    got = estimates(cells, "vit", 1.0)["half"]
    assert (got["test_accuracy"]["ci_low"], got["test_accuracy"]["ci_high"]) == (0.0, 1.0)
    assert got["test_loss"]["ci_low"] == 0.0 and got["test_loss"]["ci_high"] > 1.0


def test_a_score_that_its_clips_do_not_explain_falls_back_to_seeds(study):
    cells = study()
    cells.runs["test_loss"] += [0.5, 0.6, 0.7, 0.8] * 3
    values = by_seed(cells, ("vit", "head"), "test_loss")
    got = estimates(cells, "vit", 1 / 3)["head"]["test_loss"]
    low, high = stats.t.interval(0.95, 3, loc=values.mean(), scale=stats.sem(values))
    assert (got["ci_low"], got["ci_high"]) == pytest.approx((low, high))


def test_one_seed_has_a_mean_and_no_spread(study):
    got = estimates(study(seeds=[3]), "vit", 1 / 3)["none"]["test_accuracy"]
    assert got["n"] == 1 and got["mean"] > 0.5
    assert (got["sd"], got["ci_low"], got["ci_high"]) == (None, None, None)


def test_numbers_are_the_same_each_time(study):
    first, second = (json.dumps(estimates(study(), "vit", 1 / 3)) for _ in range(2))
    assert first == second


def test_the_drawn_f1_of_all_clips_once_is_scikit_learns(study):
    given = answers(study(classes=("a", "b", "c"), clips=30), "vit", "test", {})
    even = np.ones((1, 30))
    got = drawn_f1(given, np.array([[0.0, 1.0, 0.0, 0.0]]), even, 3)
    labels, said = given.labels[0].values[0, 0], given.predicted[0].values
    want = [f1_score(labels, line[1], average="macro") for line in said]
    assert got[0] == pytest.approx(want, abs=1e-6)


def test_loss_and_hits_of_the_clips_give_the_scores(study):
    cells = study()
    given = answers(cells, "vit", "valid", {"loss": log_loss})
    assert given.correct[0].values.mean(2)[1] == pytest.approx(
        by_seed(cells, ("vit", "half"), "valid_accuracy").tolist()
    )
    assert given.shares["loss"][0].values.mean(2)[1] == pytest.approx(
        by_seed(cells, ("vit", "half"), "valid_loss").tolist(), abs=1e-6
    )
