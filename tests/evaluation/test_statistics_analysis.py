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


def test_scores_alone_give_the_paired_t_corrected_by_holm():
    runs, _ = study()
    found = analyse(runs)
    result = found.models["vit"]
    scores = runs.pivot(index="strategy", columns="seed", values="score")
    tests = [stats.ttest_rel(scores.loc[freeze], scores.loc["none"]) for freeze in FREEZES[1:]]
    against = [item for item in result.contrasts if item.question == "reference"]
    assert [item.strategy for item in against] == list(FREEZES[1:])
    for item, test in zip(against, tests, strict=True):
        assert (item.low, item.high) == pytest.approx(tuple(test.confidence_interval()))
        assert item.p == pytest.approx(test.pvalue)
        assert item.p <= item.p_claim <= 1
    neighbours = [item for item in result.contrasts if item.question == "neighbours"]
    pairs = [("stem", "none"), ("quarter", "stem"), ("half", "quarter"), ("head", "half")]
    assert [(item.strategy, item.minus) for item in neighbours] == pairs
    # Seven differences, one asked twice, and the trend: statsmodels' Holm of all their p values.
    line = np.linspace(-0.5, 0.5, 5) / 2.5 * 4
    trend = stats.ttest_1samp(line @ scores.loc[list(FREEZES)].to_numpy(), 0).pvalue
    p = [*(item.p for item in against), *(item.p for item in neighbours[1:]), trend]
    assert [item.p_claim for item in against] == pytest.approx(multipletests(p, method="holm")[1][:4])
    assert {item.claims for item in result.contrasts} == {8}


def test_reliably_is_said_only_where_clips_are_known():
    runs, answers = study(drop=0.1)
    told = analyse(runs, answers)
    assert told.reliable and "head is reliably below none" in _after(told.models["vit"].answer)
    alone = analyse(runs)
    assert not alone.reliable and "reliably" not in json.dumps(alone.to_dict())
    assert alone.models["vit"].answer.endswith("for the clips that were tested.")
    assert alone.models["vit"].contrasts[0].method == "paired t over runs, for these test clips"
    assert any("hold for the clips that were tested" in line for line in alone.notes)


def _after(answer):
    return answer.replace("stem, quarter, half and head are", "head is")


def test_summaries_are_means_and_sds():
    runs, answers = study()
    for item in analyse(runs, answers).models["vit"].strategies:
        scores = runs.loc[runs["strategy"] == item.strategy, "score"]
        assert (item.n, item.mean, item.sd) == (10, pytest.approx(scores.mean()), pytest.approx(scores.std()))
        assert item.low < item.mean < item.high
        assert sum(item.variance.values()) == pytest.approx(1)


def test_clips_widen_what_seeds_alone_make_narrow():
    runs, answers = study(clips=60)
    seeds, both = (analyse(*tables).models["vit"].contrasts[0] for tables in ((runs,), (runs, answers)))
    assert both.gap == pytest.approx(seeds.gap)
    assert both.high - both.low > seeds.high - seeds.low
    assert both.method == "layered variance over clips and seeds"


def test_groups_are_tested_not_clips():
    """Each clip copied four times: nothing is known that one of each does not tell."""
    runs, answers = study(clips=40)
    copies = [answers.assign(clip_id=answers["clip_id"] + f"/{copy}", group=answers["clip_id"]) for copy in range(4)]
    once, copied = analyse(runs, answers), analyse(runs, pd.concat(copies))
    naive = analyse(runs, pd.concat(copies).drop(columns="group"))
    assert (once.clips, once.groups, copied.clips, copied.groups) == (40, 40, 160, 40)
    for mine, theirs in zip(once.models["vit"].contrasts, copied.models["vit"].contrasts, strict=True):
        assert (theirs.low, theirs.high) == pytest.approx((mine.low, mine.high))
    mine, narrow = copied.models["vit"].strategies[0], naive.models["vit"].strategies[0]
    assert narrow.high - narrow.low < 0.7 * (mine.high - mine.low)
    assert "160 test clips (in 40 groups, each one sample)" in copied.notes[0]
    assert "no groups are known" in naive.notes[0]


def test_transfer_gain_pairs_a_model_with_its_control():
    runs, answers = study(("vit", "vit_random"))
    gain = analyse(runs, answers).transfer["vit"]
    scores = runs.pivot(index=["model", "strategy"], columns="seed", values="score")
    assert [item.strategy for item in gain.contrasts] == list(FREEZES)
    for item in gain.contrasts:
        assert item.gap == pytest.approx(
            (scores.loc["vit", item.strategy] - scores.loc["vit_random", item.strategy]).mean()
        )
    assert gain.contrasts[-1].verdict == "different"
    assert gain.answers[0].startswith("Pretraining (vit against vit_random) helps at")


def test_controls_can_be_named_and_unknown_ones_are_errors():
    runs, _ = study(("old", "new"))
    assert list(analyse(runs, controls={"new": "old"}).transfer) == ["new"]
    with pytest.raises(PermafrostError, match=r"controls: 'od' does not exist.*did you mean 'old'"):
        analyse(runs, controls={"new": "od"})


def test_splits_are_read_from_answers_and_their_means_are_the_ones_contrasted():
    runs, answers = study(folds=5, seeds=8)  # two seeds on three folds, one on two
    found = analyse(runs, answers, test_per_train=0.25)
    result = found.models["vit"]
    by_fold = runs.groupby(["strategy", "split"])["score"].mean().unstack()
    means = {item.strategy: item.mean for item in result.strategies}
    assert found.splits == 5
    for item in result.contrasts:
        assert item.gap == pytest.approx(by_fold.mean(1)[item.strategy] - by_fold.mean(1)[item.minus], abs=1e-12)
        assert item.gap == pytest.approx(means[item.strategy] - means[item.minus], abs=1e-15)
    assert found.design == "layered variance over splits, clips and seeds"
    assert found.ratio == result.ratio and f"R = {found.ratio:.2f}" in found.notes[1]
    # The predictions alone show that folds differ.
    assert analyse(runs.drop(columns="split"), answers, test_per_train=0.25).models["vit"].contrasts == result.contrasts


def test_five_folds_see_a_large_difference():
    """No number of runs is too small as such: 75 points on five folds are there."""
    runs, answers = study(freezes=("none", "vgg"), seeds=5, folds=5, drop=0.72)
    for tables in ((runs, answers), (runs,)):
        (item, _) = analyse(*tables).models["vit"].contrasts
        assert item.gap < -0.6 and item.verdict == "different"


def test_splits_of_few_groups_say_what_judges_instead():
    runs, answers = study(folds=5, seeds=5)
    answers["group"] = "speaker" + answers["seed"].astype(str)
    found = analyse(runs, answers)
    assert found.design == "corrected resampled t over splits"
    assert "fewer than 5 groups" in found.notes[0]


def test_limits_stay_within_what_is_possible():
    runs = pd.DataFrame(
        [("m", arm, seed, score) for arm, scores in (("none", (0.1, 0.9)), ("head", (0.9, 0.2)), ("half", (0.5, 0.4)))
         for seed, score in enumerate(scores)],
        columns=["model", "strategy", "seed", "score"],
    )  # fmt: skip
    result = analyse(runs).models["m"]
    ends = [end for item in result.contrasts for end in (item.low, item.high, item.excluded)]
    ends += [result.shape.trend.low, result.shape.trend.high]
    assert all(-1 <= end <= 1 for end in ends)
    assert all(0 <= item.low <= item.high <= 1 for item in result.strategies)


def test_a_diverged_run_is_named_and_counts():
    runs, _ = study()
    runs.loc[(runs["strategy"] == "half") & (runs["seed"] == 3), "score"] = 0.1
    (line,) = [line for line in analyse(runs).notes if "diverged" in line]
    assert line.startswith("vit: half, seed 3, scored 10.0 % where the median of its strategy is")


def test_one_seed_gives_means_and_no_tests():
    runs, answers = study(("vit", "vit_random"), seeds=1)
    found = analyse(runs, answers)
    item = found.models["vit"].contrasts[0]
    assert (item.p, item.low, item.verdict) == (None, None, "inconclusive")
    assert found.models["vit"].shape is None
    assert found.transfer["vit"].contrasts[0].p is None
    assert "There is one run a strategy" in found.notes[-1]


def test_one_strategy_has_nothing_to_be_compared_with():
    runs, _ = study(freezes=("none",))
    result = analyse(runs).models["vit"]
    assert (result.contrasts, result.shape, result.selection) == ([], None, None)


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


def test_clips_of_a_single_group_tell_nothing_of_others():
    runs, answers = study(drop=0.1)
    found = analyse(runs, answers.assign(group="one artist"))
    assert not found.reliable and found.groups == 1
    assert "reliably" not in found.models["vit"].answer
    assert found.notes[0].startswith("All test clips are of one group")
