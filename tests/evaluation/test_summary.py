"""The study in numbers: scipy's values, paired by seed, in the shape that `dvc metrics diff` reads."""

import json

import pytest
from scipy import stats

from permafrost.evaluation.cells import read_study
from permafrost.evaluation.estimates import by_seed, estimate, paired_difference, seed_t_interval
from permafrost.evaluation.summary import summarise

MODELS, FREEZES, SEEDS = ["vit", "vit_random", "cnn"], ["none", "half", "head"], [0, 1, 2, 5]


@pytest.fixture
def cells(fake_study):
    return read_study(fake_study(MODELS, FREEZES, SEEDS), MODELS, FREEZES, SEEDS)


def test_the_summary_nests_model_strategy_score_then_comparisons_then_data(cells):
    summary = summarise(cells, {"clips": 80})
    assert list(summary) == [*MODELS, "comparisons", "data"]
    assert list(summary["vit"]) == FREEZES
    assert list(summary["vit"]["half"]) == ["test_accuracy", "valid_accuracy", "macro_f1", "test_loss"]
    assert list(summary["vit"]["half"]["test_accuracy"]) == ["mean", "sd", "ci_low", "ci_high", "n"]
    assert summary["data"] == {"clips": 80}
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary


def test_mean_sd_and_interval_are_scipys(cells):
    values = by_seed(cells, ("vit", "half"), "test_accuracy")
    got = summarise(cells, {})["vit"]["half"]["test_accuracy"]
    low, high = stats.t.interval(0.95, len(SEEDS) - 1, loc=values.mean(), scale=stats.sem(values))
    assert got == pytest.approx(
        {"mean": values.mean(), "sd": values.std(ddof=1), "ci_low": low, "ci_high": high, "n": 4}, abs=1e-6
    )
    assert got["sd"] > 0


def test_differences_are_paired_by_seed_whatever_the_order_of_the_rows(cells):
    head, none = (by_seed(cells, ("vit", freeze), "test_accuracy") for freeze in ("head", "none"))
    cells.runs.sort_values("seed", ascending=False, inplace=True)
    got = paired_difference(cells, ("vit", "head"), ("vit", "none"), "test_accuracy")
    assert got["mean"] == pytest.approx((head - none).mean())
    assert got["sd"] == pytest.approx((head - none).std(ddof=1))
    test = stats.ttest_rel(head, none).confidence_interval(0.95)
    assert (got["ci_low"], got["ci_high"]) == pytest.approx((test.low, test.high))


def test_comparisons_are_to_none_and_to_the_models_own_control(cells):
    comparisons = summarise(cells, {})["comparisons"]
    assert list(comparisons["versus_none"]) == MODELS
    assert list(comparisons["versus_none"]["vit"]) == ["half", "head"]
    assert list(comparisons["transfer_gain"]) == ["vit"]
    assert list(comparisons["transfer_gain"]["vit"]) == FREEZES
    gain = by_seed(cells, ("vit", "head"), "test_accuracy") - by_seed(cells, ("vit_random", "head"), "test_accuracy")
    assert comparisons["transfer_gain"]["vit"]["head"]["mean"] == pytest.approx(gain.mean(), abs=1e-6)
    assert comparisons["transfer_gain"]["vit"]["head"]["mean"] > 0.1


def test_the_chosen_strategy_is_the_best_on_validation_not_on_test(fake_study):
    folder = fake_study(["vit"], ["none", "half"], [0, 1])
    cells = read_study(folder, ["vit"], ["none", "half"], [0, 1])
    better = cells.runs["freeze"] == "half"
    cells.runs.loc[better, ["valid_accuracy", "test_accuracy"]] = [0.9, 0.1]
    cells.runs.loc[~better, ["valid_accuracy", "test_accuracy"]] = [0.8, 0.95]
    assert summarise(cells, {})["comparisons"]["chosen_on_validation"] == {"vit": "half"}


def test_a_tie_on_validation_goes_to_the_lower_loss_then_to_the_cheaper_strategy(cells):
    cells.runs["valid_accuracy"], cells.runs["valid_loss"] = 0.8, 0.5
    assert summarise(cells, {})["comparisons"]["chosen_on_validation"]["vit"] == "head"
    cells.runs.loc[cells.runs["freeze"] == "none", "valid_loss"] = 0.4
    assert summarise(cells, {})["comparisons"]["chosen_on_validation"]["vit"] == "none"


def test_without_baseline_and_control_only_the_choice_is_left(fake_study):
    cells = read_study(fake_study(["vit"], ["half"], [0, 1]), ["vit"], ["half"], [0, 1])
    assert summarise(cells, {})["comparisons"] == {"chosen_on_validation": {"vit": "half"}}


def test_one_seed_has_a_mean_and_no_spread(fake_study):
    cells = read_study(fake_study(["vit"], FREEZES, [3]), ["vit"], FREEZES, [3])
    got = estimate(cells, ("vit", "none"), "test_accuracy")
    assert got["n"] == 1
    assert got["mean"] > 0.5
    assert (got["sd"], got["ci_low"], got["ci_high"]) == (None, None, None)
    assert seed_t_interval([0.5]) is None


def test_no_timing_is_in_the_summary(cells):
    assert "seconds" not in json.dumps(summarise(cells, {}))
