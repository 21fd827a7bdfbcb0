"""Classical tests and corrections against scipy, statsmodels and counting by hand."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from permafrost.evaluation.statistics.analysis import analyse
from permafrost.evaluation.statistics.classical import between, overall, paired
from permafrost.evaluation.statistics.multiplicity import holm, simultaneous, step_down

FREEZES = ("none", "half", "head")


def model(scores):
    """The analysis of ``scores`` [strategies, seeds] of one model."""
    rows = [
        ("vit", freeze, seed, score)
        for freeze, line in zip(FREEZES, scores, strict=True)
        for seed, score in enumerate(line)
    ]
    return analyse(pd.DataFrame(rows, columns=["model", "strategy", "seed", "score"])).models["vit"]


def test_t_wilcoxon_and_sign_flips_are_scipys_after_holm():
    scores = np.random.default_rng(0).normal([[0.8], [0.78], [0.74]], 0.02, (3, 8))
    found = [item for item in paired(model(scores)) if item.question == "reference"]
    differences = [scores[row] - scores[0] for row in (1, 2)]
    t = [stats.ttest_1samp(d, 0).pvalue for d in differences]
    signed = [stats.wilcoxon(d).pvalue for d in differences]
    flips = []
    for d in differences:
        sums = [abs(np.dot(signs, d)) for signs in itertools.product([1, -1], repeat=8)]
        flips.append(np.mean(np.array(sums) >= abs(d.sum()) - 1e-9))
    for field, p in (("t", t), ("wilcoxon", signed), ("flips", flips)):
        assert [getattr(item, field) for item in found] == pytest.approx(multipletests(p, method="holm")[1])
    assert found[1].dz == pytest.approx(differences[1].mean() / differences[1].std(ddof=1))
    assert len(paired(model(scores))) == 4  # two neighbours besides


def test_differences_that_do_not_vary_and_many_seeds():
    constant = np.array([[0.5] * 14, [0.5] * 14, [0.7] * 14])
    same, other = [item for item in paired(model(constant)) if item.question == "reference"]
    assert (same.t, same.flips, same.dz) == (1.0, 1.0, None)
    assert other.t == 0.0 and other.flips < 0.001


def test_friedman_and_page_are_scipys_in_the_direction_seen():
    scores = np.random.default_rng(4).normal([[0.8], [0.78], [0.7]], 0.02, (3, 8))
    found = overall(model(scores))
    assert (found.chi2, found.friedman) == pytest.approx(tuple(stats.friedmanchisquare(*scores)))
    assert found.direction == "falls"
    assert found.page == pytest.approx(min(1, 2 * stats.page_trend_test(scores[::-1].T).pvalue))
    assert overall(model(np.full((3, 4), 0.5))) is None


def test_holm_is_statsmodels():
    p = np.random.default_rng(0).random(9) ** 3
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1])
    assert len(holm(np.empty(0))) == 0


def test_step_down_lies_between_the_raw_p_and_holm():
    p = np.array([0.0001, 0.012, 0.02, 0.4, 0.03])
    correlation = np.full((5, 5), 0.6) + 0.4 * np.eye(5)
    adjusted = step_down(p, correlation)
    assert (adjusted >= p).all()
    assert (adjusted <= holm(p)).all()
    assert (np.argsort(adjusted, kind="stable") == np.argsort(p)).all()
    assert adjusted[1] < 0.9 * holm(p)[1]
    assert step_down(p, None) == pytest.approx(holm(p))


def test_step_down_of_independent_statements_is_sidak_and_of_equal_ones_is_p():
    assert step_down(np.array([0.02, 0.9, 0.9]), np.eye(3))[0] == pytest.approx(1 - 0.98**3, abs=0.005)
    assert step_down(np.array([0.02, 0.02, 0.02]), np.ones((3, 3))) == pytest.approx([0.02] * 3, abs=0.004)


def test_simultaneous_intervals_of_independent_statements_are_sidaks():
    assert simultaneous(np.eye(1), 1, 0.05) == 0.05
    assert simultaneous(np.eye(10), 10, 0.05) == pytest.approx(1 - 0.95**0.1, rel=0.1)
    assert simultaneous(None, 10, 0.05) == pytest.approx(0.005)


def test_between_is_welch_with_holm():
    random = np.random.default_rng(2)
    scores = {name: (random.normal(0.7, 0.02, 10), random.normal(mean, 0.03, 7)) for name, mean in
              (("none", 0.75), ("half", 0.70), ("head", 0.69))}  # fmt: skip
    rows = between("published", "own", scores, 0.04)
    welch = [stats.ttest_ind(b, a, equal_var=False).pvalue for a, b in scores.values()]
    assert [row.p for row in rows] == pytest.approx(welch)
    assert [row.p_claim for row in rows] == pytest.approx(multipletests(welch, method="holm")[1])
    assert rows[0].verdict == "different"
    assert rows[0].low < rows[0].gap < rows[0].high < rows[0].excluded


def test_between_of_single_runs_is_inconclusive():
    few = {"none": (np.array([0.1, 0.3]), np.array([0.4, 0.91])), "head": (np.ones(1), np.zeros(4))}
    rows = between("a", "b", few, 0.04)
    assert [row.verdict for row in rows] == ["inconclusive", "inconclusive"]
    assert rows[1].p is None
    assert -1 <= rows[0].low < rows[0].high <= 1
