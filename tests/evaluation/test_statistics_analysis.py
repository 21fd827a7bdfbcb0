"""The front function: what it says of known data, and each input that it refuses."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from permafrost.errors import PermafrostError
from permafrost.evaluation.statistics.analysis import analyse

FREEZES = ("none", "stem", "quarter", "half", "head")


def study(models=("vit",), freezes=FREEZES, seeds=10, clips=80, folds=1, drop=0.06, seed=0):
    """Runs and answers: scores fall by ``drop`` a step, twice as fast for controls; clips are drawn from one pool."""
    random = np.random.default_rng(seed)
    pool = random.normal(0, 1, clips * folds)
    rows, answers = [], []
    for model in models:
        for step, freeze in enumerate(freezes):
            level = stats.norm.ppf(0.8 - drop * step * (2 if model.endswith("_random") else 1))
            own = pool + random.normal(0, 0.15, len(pool)) + level
            for number in range(seeds):
                tested = np.arange(len(pool))[number % folds :: folds]
                right, validated = (own[tested] + random.normal(0, 0.4, (2, len(tested))) > 0).astype(int)
                rows.append((model, freeze, number, right.mean(), validated.mean(), number % folds))
                answers += [
                    (model, freeze, number, f"c{clip}", value) for clip, value in zip(tested, right, strict=True)
                ]
    names = ["model", "strategy", "seed", "score", "valid_score", "split"]
    table = pd.DataFrame(answers, columns=["model", "strategy", "seed", "clip_id", "correct"])
    return pd.DataFrame(rows, columns=names), table


def test_contrasts_hold_what_scipy_gives_by_hand():
    runs, _ = study()
    result = analyse(runs).models["vit"]
    scores = runs.pivot(index="strategy", columns="seed", values="score")
    tests = [stats.ttest_rel(scores.loc[freeze], scores.loc["none"]) for freeze in FREEZES[1:]]
    signed = [stats.wilcoxon(scores.loc[freeze] - scores.loc["none"]).pvalue for freeze in FREEZES[1:]]
    against = [item for item in result.contrasts if item.question == "reference"]
    assert [item.strategy for item in against] == list(FREEZES[1:])
    assert [item.seeds.t_p for item in against] == pytest.approx([test.pvalue for test in tests])
    assert [item.seeds.t_holm for item in against] == pytest.approx(
        multipletests([test.pvalue for test in tests], method="holm")[1]
    )
    assert [item.seeds.wilcoxon_holm for item in against] == pytest.approx(multipletests(signed, method="holm")[1])
    for item, test in zip(against, tests, strict=True):
        assert (item.low, item.high) == pytest.approx(tuple(test.confidence_interval()))
        assert item.seeds.t_p <= item.p_claim <= 1
    neighbours = [(item.strategy, item.minus) for item in result.contrasts if item.question == "neighbours"]
    assert neighbours == [("stem", "none"), ("quarter", "stem"), ("half", "quarter"), ("head", "half")]


def test_summaries_are_means_and_sds():
    runs, answers = study()
    for item in analyse(runs, answers).models["vit"].strategies:
        scores = runs.loc[runs["strategy"] == item.strategy, "score"]
        assert (item.n, item.mean, item.sd) == (10, pytest.approx(scores.mean()), pytest.approx(scores.std()))
        assert item.low < item.mean < item.high
        assert item.method == "BCa bootstrap over seeds and clips"
        assert sum(item.variance.values()) == pytest.approx(1)


def test_clips_widen_what_seeds_alone_make_narrow():
    runs, answers = study(clips=60)
    seeds, both = (analyse(*tables).models["vit"].contrasts[0] for tables in ((runs,), (runs, answers)))
    assert both.gap == pytest.approx(seeds.gap)
    assert both.high - both.low > seeds.high - seeds.low
    assert both.clips is not None
    assert both.method == "two-way random effects over seeds and clips"


def test_transfer_gain_pairs_a_model_with_its_control():
    runs, answers = study(("vit", "vit_random"))
    gain = analyse(runs, answers).transfer["vit"]
    scores = runs.pivot(index=["model", "strategy"], columns="seed", values="score")
    assert [item.strategy for item in gain.gains] == list(FREEZES)
    for item in gain.gains:
        assert item.gap == pytest.approx(
            (scores.loc["vit", item.strategy] - scores.loc["vit_random", item.strategy]).mean()
        )
    assert gain.gains[-1].verdict == "different"
    assert gain.answer.startswith("Pretraining (vit against vit_random) helps at")
    assert len(gain.gain_words) == len(FREEZES)


def test_controls_can_be_named_and_unknown_ones_are_errors():
    runs, _ = study(("old", "new"))
    assert list(analyse(runs, controls={"new": "old"}).transfer) == ["new"]
    with pytest.raises(PermafrostError, match=r"controls: 'od' does not exist.*did you mean 'old'"):
        analyse(runs, controls={"new": "od"})


def test_redrawn_splits_use_the_corrected_test():
    runs, answers = study(folds=5)
    found = analyse(runs, answers, test_per_train=0.25)
    item = found.models["vit"].contrasts[0]
    by_fold = runs.groupby(["strategy", "split"])["score"].mean().unstack()
    d = by_fold.loc["stem"] - by_fold.loc["none"]
    t = d.mean() / np.sqrt(d.var() * (1 / 5 + 0.25))
    assert found.splits == 5
    assert item.p == pytest.approx(2 * stats.t.sf(abs(t), 4))
    assert "corrected resampled t" in found.notes[0]
    # The predictions alone show that folds differ.
    assert analyse(runs.drop(columns="split"), answers, test_per_train=0.25).models["vit"].contrasts[0].p == item.p


def test_omnibus_is_friedman_and_nemenyi():
    runs, _ = study()
    found = analyse(runs).models["vit"].omnibus
    scores = runs.pivot(index="strategy", columns="seed", values="score").loc[list(FREEZES)]
    reference = stats.friedmanchisquare(*scores.to_numpy())
    assert (found.chi2, found.p) == pytest.approx((reference.statistic, reference.pvalue))
    assert found.w == pytest.approx(found.chi2 / (10 * 4))
    assert found.w_low <= found.w <= found.w_high
    assert found.critical_difference == pytest.approx(2.728 * np.sqrt(5 * 6 / (6 * 10)), abs=0.001)  # Demsar, table 5
    for pair, p in found.nemenyi_p.items():
        assert (p <= 0.05) == (abs(found.rank_gap[pair]) >= found.critical_difference)


def test_choice_on_validation_counts_its_optimism():
    random = np.random.default_rng(1)
    rows = [
        ("m", f"s{i}", seed, 0.7 + random.normal(0, 0.02), 0.7 + random.normal(0, 0.05))
        for i in range(8)
        for seed in range(10)
    ]
    runs = pd.DataFrame(rows, columns=["model", "strategy", "seed", "score", "valid_score"])
    found = analyse(runs, reference=None).models["m"].selection
    valid = runs.groupby("strategy")["valid_score"].mean()
    test = runs.groupby("strategy")["score"].mean()
    assert found.strategy == valid.idxmax()
    assert found.test == pytest.approx(test[found.strategy])
    assert found.optimism > 0.003  # all are equal: the best looks better than it is
    assert found.valid_corrected == pytest.approx(found.valid - found.optimism)
    assert found.test_low < found.test < found.test_high
    assert sum(found.chosen_share.values()) == pytest.approx(1)
    assert found.peeking_optimism > 0


def test_three_seeds_of_scores_claim_nothing_and_say_why():
    runs, _ = study(seeds=3, drop=0.1, clips=2000)
    found = analyse(runs)
    assert {item.verdict for item in found.models["vit"].contrasts} == {"inconclusive"}
    assert min(item.seeds.t_p for item in found.models["vit"].contrasts) < 0.05
    assert any("cannot give p below .25" in line for line in found.notes)


def test_one_seed_gives_means_and_no_tests():
    runs, answers = study(("vit", "vit_random"), seeds=1)
    found = analyse(runs, answers)
    item = found.models["vit"].contrasts[0]
    assert (item.p, item.low, item.verdict) == (None, None, "inconclusive")
    assert found.models["vit"].shape is None
    assert found.transfer["vit"].gains[0].p is None
    assert "one seed" in found.notes[-1]


def test_one_strategy_has_nothing_to_be_compared_with():
    runs, _ = study(freezes=("none",))
    result = analyse(runs).models["vit"]
    assert (result.contrasts, result.shape, result.omnibus, result.selection) == ([], None, None, None)


def test_a_strategy_outside_the_order_is_compared_with_the_baseline_alone():
    runs, _ = study()
    result = analyse(runs, order=["none", "stem", "half", "head"]).models["vit"]
    assert "quarter" in [item.strategy for item in result.contrasts if item.question == "reference"]
    assert "quarter" not in [item.strategy for item in result.contrasts if item.question == "neighbours"]
    assert result.shape.order == ("none", "stem", "half", "head")


def test_the_result_is_plain_json_and_the_same_again():
    runs, answers = study(("vit", "vit_random"), seeds=6, clips=40)
    texts = [json.dumps(analyse(runs, answers).to_dict(), allow_nan=False) for _ in range(2)]
    assert texts[0] == texts[1]
    assert json.loads(texts[0])["models"]["vit"]["contrasts"][0]["strategy"] == "stem"


def test_unknown_test_clips_say_how_much_clips_may_differ():
    runs, _ = study()
    lines = [line for line in analyse(runs, test_clips=80).notes if "from clip to clip" in line]
    assert lines
    assert all("with 80 test clips" in line for line in lines)


def broken(change):
    runs, answers = study(seeds=3, clips=20)
    return change(runs, answers)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r, a: (r.drop(index=4), a), "vit: no score for stem seed 1"),
        (lambda r, a: (pd.concat([r, r.iloc[[5]]]), a), "more than one row for stem seed 2"),
        (lambda r, a: (r, a.drop(index=3)), "clip c3 is not predicted by every strategy"),
        (lambda r, a: (r, pd.concat([a, a.iloc[[7]]])), "two predictions for clip c7 by none seed 0"),
        (lambda r, a: (r.assign(score=r["score"] * 0.9), a), "predictions are right on"),
        (lambda r, a: (r.assign(split=range(len(r))), a), "uses different splits in different strategies"),
    ],
)  # fmt: skip
def test_bad_tables_are_named(change, message):
    with pytest.raises(PermafrostError, match=message):
        analyse(*broken(change))


def test_an_unknown_or_repeated_strategy_in_the_order_is_named():
    runs, _ = study(seeds=2)
    with pytest.raises(PermafrostError, match=r"order: third not among the strategies.*none, stem"):
        analyse(runs, order=["none", "third"])
    with pytest.raises(PermafrostError, match="named twice"):
        analyse(runs, order=["none", "none"])


def test_strategies_are_compared_with_references_in_one_family():
    runs, answers = study(models=("vit", "vit_random"))
    svm_runs, svm_answers = study(models=("svm",), freezes=("baseline",), drop=0, seed=1)
    tables = pd.concat([runs, svm_runs]), pd.concat([answers, svm_answers])
    result = analyse(*tables, baselines=["svm"])
    assert list(result.models) == ["vit", "vit_random"]
    assert list(result.baselines) == ["vit"], "a control is not compared"
    found = result.baselines["vit"].contrasts
    assert [(item.strategy, item.minus) for item in found] == [(freeze, "svm") for freeze in FREEZES]
    assert {item.claims for item in found} == {len(FREEZES)}
    scores = runs[runs["model"] == "vit"].pivot(index="strategy", columns="seed", values="score")
    svm = svm_runs.set_index("seed")["score"]
    for item in found:
        assert item.gap == pytest.approx((scores.loc[item.strategy] - svm).mean())
        assert item.seeds.t_p == pytest.approx(stats.ttest_rel(scores.loc[item.strategy], svm).pvalue)
    assert found[-1].verdict == "different" and found[-1].gap < -0.15
    assert "head" in result.baselines["vit"].answers[0] and "reliably below svm" in result.baselines["vit"].answers[0]
    without = analyse(runs, answers)
    assert without.models["vit"].contrasts == result.models["vit"].contrasts


def test_an_unknown_baseline_is_named():
    runs, _ = study()
    with pytest.raises(PermafrostError, match="baselines: 'svm'"):
        analyse(runs, baselines=["svm"])


def test_a_reference_without_a_common_seed_is_refused():
    runs, _ = study(seeds=3)
    other, _ = study(models=("svm",), freezes=("baseline",), seeds=3)
    other["seed"] += 10
    with pytest.raises(PermafrostError, match="vit and svm share no seed"):
        analyse(pd.concat([runs, other]), baselines=["svm"])
