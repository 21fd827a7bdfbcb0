"""The study in numbers: few that DVC shows, all in details, compared as the statistics package does."""

import json

import pytest

from permafrost.evaluation.cells import read_study
from permafrost.evaluation.choice import chosen_freeze
from permafrost.evaluation.estimates import by_seed
from permafrost.evaluation.study_analysis import analyse_study, outcomes_of, runs_of
from permafrost.evaluation.study_results import study_results
from permafrost.evaluation.summary import accuracies, details, summary

MODELS, FREEZES, SEEDS = ["vit", "vit_random", "cnn"], ["none", "half", "head"], [0, 1, 2, 5]
DATA = {"train_clips": 120, "test_clips": 40, "rejected": 2, "groups_across_subsets": 1, "duplicates_across_subsets": 3}


@pytest.fixture
def study(fake_study):
    def read(models=MODELS, freezes=FREEZES, seeds=SEEDS, **options):
        return read_study(fake_study(models, freezes, seeds, **options), models, freezes, list(seeds))

    return read


def results_of(cells):
    return study_results("demo", cells, DATA, {}, {})


def details_of(cells):
    return details(results_of(cells))


def test_dvc_shows_a_number_a_model_and_strategy_and_what_a_reviewer_must_see(fake_study):
    cells = read_study(fake_study(MODELS, FREEZES, SEEDS, baselines=["svm"]), MODELS, FREEZES, SEEDS, ["svm"])
    results = results_of(cells)
    shown = accuracies(results)
    assert {freeze: list(models) for freeze, models in shown.items()} == {
        **dict.fromkeys(FREEZES, MODELS),
        "baseline": ["svm"],
    }
    assert shown["head"]["vit"] == pytest.approx(by_seed(cells, ("vit", "head"), "test_accuracy").mean(), abs=1e-4)
    first = summary(results)
    assert first["chosen"] == shown[results.freeze][results.model]
    assert (first["rejected"], first["copies"]) == (2, 4) and 0 < first["different"] < 30
    assert len(first) + sum(map(len, shown.values())) <= 40


def test_details_nest_model_strategy_score_then_comparisons_then_data(study):
    summary = details_of(study())
    assert list(summary) == [*MODELS, "comparisons", "data"]
    assert list(summary["vit"]) == FREEZES
    assert list(summary["vit"]["half"]) == ["test_accuracy", "valid_accuracy", "macro_f1", "test_loss"]
    assert list(summary["vit"]["half"]["test_accuracy"]) == ["mean", "sd", "ci_low", "ci_high", "n"]
    assert summary["data"] == DATA
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary


def test_differences_are_paired_by_seed_whatever_the_order_of_the_rows(study):
    cells = study()
    head, none = (by_seed(cells, ("vit", freeze), "test_accuracy") for freeze in ("head", "none"))
    cells.runs.sort_values("seed", ascending=False, inplace=True)
    got = details_of(cells)["comparisons"]["versus_none"]["vit"]["head"]
    assert list(got) == ["difference", "ci_low", "ci_high", "p_corrected"]
    assert got["difference"] == pytest.approx((head - none).mean(), abs=1e-6)
    assert got["ci_low"] < got["difference"] < got["ci_high"]
    assert 0 <= got["p_corrected"] <= 1


def test_comparisons_are_to_none_and_to_the_models_own_control(study):
    cells = study()
    comparisons = details_of(cells)["comparisons"]
    assert list(comparisons["versus_none"]) == MODELS
    assert list(comparisons["versus_none"]["vit"]) == ["half", "head"]
    assert list(comparisons["transfer_gain"]) == ["vit"]
    assert list(comparisons["transfer_gain"]["vit"]) == FREEZES
    gain = by_seed(cells, ("vit", "head"), "test_accuracy") - by_seed(cells, ("vit_random", "head"), "test_accuracy")
    assert comparisons["transfer_gain"]["vit"]["head"]["difference"] == pytest.approx(gain.mean(), abs=1e-6)
    assert comparisons["shape"].keys() == set(MODELS)


def test_the_chosen_strategy_is_the_best_on_validation_not_on_test(study):
    cells = study(["vit"], ["none", "half"], [0, 1])
    better = cells.runs["freeze"] == "half"
    cells.runs.loc[better, "valid_accuracy"] = 0.9
    cells.runs.loc[~better, "valid_accuracy"] = 0.8
    assert details_of(cells)["comparisons"]["chosen_on_validation"] == {"vit": "half"}


def test_a_tie_on_validation_goes_to_the_lower_loss_then_to_the_cheaper_strategy(study):
    cells = study()
    cells.runs["valid_accuracy"], cells.runs["valid_loss"] = 0.8, 0.5
    assert chosen_freeze(cells, "vit") == "head"
    cells.runs.loc[cells.runs["freeze"] == "none", "valid_loss"] = 0.4
    assert chosen_freeze(cells, "vit") == "none"


def test_without_baseline_and_control_only_the_choice_is_left(study):
    assert details_of(study(["vit"], ["half"], [0, 1]))["comparisons"] == {"chosen_on_validation": {"vit": "half"}}


def test_one_seed_is_compared_without_an_interval(study):
    cells = study(["vit"], seeds=[3])
    got = details_of(cells)["comparisons"]["versus_none"]["vit"]["head"]
    head, none = (by_seed(cells, ("vit", freeze), "test_accuracy").iloc[0] for freeze in ("head", "none"))
    assert got["difference"] == pytest.approx(head - none, abs=1e-6)
    assert (got["ci_low"], got["ci_high"], got["p_corrected"]) == (None, None, None)


def test_the_statistics_see_each_seeds_split_and_every_test_clip(study):
    cells = study(["vit"], seeds=[0, 1, 2, 3], repeats=2)
    assert runs_of(cells).groupby("seed")["split"].first().to_dict() == {0: 0, 1: 1, 2: 0, 3: 1}
    outcomes = outcomes_of(cells)
    assert len(outcomes) == len(FREEZES) * 4 * 40
    hits = outcomes.groupby(["strategy", "seed"])["correct"].mean()
    told = cells.runs.set_index(["freeze", "seed"])["test_accuracy"]
    assert hits.to_dict() == pytest.approx(told.to_dict())
    assert analyse_study(cells, DATA).design == "layered variance over splits, clips and seeds"


def test_baselines_have_scores_of_their_own_and_every_strategy_is_compared_with_each(fake_study):
    folder = fake_study(MODELS, FREEZES, SEEDS, baselines=["svm", "boosting"])
    cells = read_study(folder, MODELS, FREEZES, SEEDS, ["svm", "boosting"])
    summary = details_of(cells)
    svm = cells.baselines.runs.query("model == 'svm'").set_index("seed")["test_accuracy"]
    assert list(summary) == [*MODELS, "baselines", "comparisons", "data"]
    assert summary["baselines"]["svm"]["test_accuracy"]["mean"] == pytest.approx(svm.mean(), abs=1e-6)
    assert list(summary["baselines"]) == ["svm", "boosting"]
    against = summary["comparisons"]["versus_baseline"]
    assert list(against) == ["vit", "cnn"], "a control is no candidate"
    assert list(against["vit"]) == ["svm", "boosting"] and list(against["vit"]["svm"]) == FREEZES
    gap = (by_seed(cells, ("vit", "head"), "test_accuracy") - svm).mean()
    assert against["vit"]["svm"]["head"]["difference"] == pytest.approx(gap, abs=1e-6)
    assert against["vit"]["svm"]["head"]["ci_low"] < gap < against["vit"]["svm"]["head"]["ci_high"]


def test_baselines_change_nothing_that_is_said_of_the_models(fake_study):
    folder = fake_study(MODELS, FREEZES, SEEDS, baselines=["svm"])
    alone = details_of(read_study(folder, MODELS, FREEZES, SEEDS))
    joined = details_of(read_study(folder, MODELS, FREEZES, SEEDS, ["svm"]))
    del joined["baselines"], joined["comparisons"]["versus_baseline"]
    assert joined == alone


def test_dvc_prints_the_default_study_within_120_columns_and_45_rows(fake_study, capsys):
    from dvc.compare import show_diff, show_metrics

    models, freezes = ["lite0", "lite0_random"], ["none", "stem", "quarter", "half", "three_quarters", "head"]
    cells = read_study(fake_study(models, freezes, [0, 1], baselines=["svm"]), models, freezes, [0, 1], ["svm"])
    results = results_of(cells)
    files = {f"metrics/test/{freeze}.json": values for freeze, values in accuracies(results).items()}
    files = {"metrics/summary.json": summary(results), **files}
    show_metrics({"": {"data": {path: {"data": values} for path, values in files.items()}}})
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) == 1 + len(files) and max(map(len, shown)) <= 120
    changes = {
        path: {key: {"old": value, "new": 0.1234, "diff": -0.0001} for key, value in values.items()}
        for path, values in files.items()
    }
    show_diff(changes, title="Metric", a_rev="main")
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) <= 45 and max(map(len, shown)) <= 120
