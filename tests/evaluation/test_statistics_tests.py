"""Classical tests, effects and corrections against scipy, statsmodels and counting by hand."""

import itertools

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar
from statsmodels.stats.multitest import multipletests

from permafrost.evaluation.statistics.effects import cliff_delta, cohen_dz
from permafrost.evaluation.statistics.independent import between
from permafrost.evaluation.statistics.multiplicity import holm, simultaneous, step_down
from permafrost.evaluation.statistics.paired import least_flip_p, mcnemar, paired_tests, sign_flip, wilcoxon

DIFFERENCES = np.array([1.2, -0.4, 2.2, 0.9, 3.1, -1.0, 0.3, 1.7])


def test_t_and_wilcoxon_are_scipys():
    found = paired_tests(DIFFERENCES)
    t = stats.ttest_rel(DIFFERENCES, np.zeros(8))
    assert (found.t, found.t_p) == pytest.approx((t.statistic, t.pvalue))
    assert (found.low, found.high) == pytest.approx(tuple(t.confidence_interval()))
    assert found.wilcoxon_p == pytest.approx(stats.wilcoxon(DIFFERENCES).pvalue)


@pytest.mark.parametrize("values", [[1, 1, -1, 2, 3, 3], [0, 0, 1, 2, 2], [0, 1, -2, 3, 4, 5.5], [0.0, 0.0, 0.0]])
def test_wilcoxon_with_ties_and_zeros_is_scipys(values):
    reference = stats.wilcoxon(values).pvalue if any(values) else 1.0
    assert wilcoxon(np.array(values, dtype=float)) == pytest.approx(reference)


def test_wilcoxon_sees_ties_through_rounding():
    assert wilcoxon(np.array([0.3 - 0.2, 0.1, 0.2, -0.1])) == pytest.approx(stats.wilcoxon([1, 1, 2, -1]).pvalue)


def test_sign_flip_counts_all_signs():
    sums = [abs(np.dot(signs, DIFFERENCES)) for signs in itertools.product([1, -1], repeat=8)]
    by_hand = np.mean(np.array(sums) >= abs(DIFFERENCES.sum()) - 1e-9)
    assert sign_flip(DIFFERENCES) == (pytest.approx(by_hand), True)


def test_sign_flip_samples_beyond_twelve_pairs_and_agrees_with_scipy():
    values = np.random.default_rng(0).normal(0.4, 1, 20)
    p, exact = sign_flip(values)
    reference = stats.permutation_test(
        (values, np.zeros(20)), lambda x, y: (x - y).mean(), permutation_type="samples", n_resamples=20_000, rng=1
    )
    assert not exact
    assert p == pytest.approx(reference.pvalue, abs=0.015)


def test_three_pairs_reach_a_quarter_at_best_and_six_are_the_first_to_reach_05():
    assert sign_flip(np.array([5.0, 6.0, 7.0])) == (0.25, True)
    assert least_flip_p(5) > 0.05 >= least_flip_p(6)


@pytest.mark.parametrize(("constant", "p"), [(0.0, 1.0), (2.0, 0.0)])
def test_differences_that_do_not_vary(constant, p):
    found = paired_tests(np.full(7, constant))
    assert found.t_p == p
    assert found.low == found.high == constant
    assert cohen_dz(np.full(7, constant)) is None


def test_dz_interval_inverts_the_noncentral_t():
    effect = cohen_dz(DIFFERENCES)
    n = len(DIFFERENCES)
    t = effect.value * np.sqrt(n)
    assert effect.value == pytest.approx(DIFFERENCES.mean() / DIFFERENCES.std(ddof=1))
    assert stats.nct.cdf(t, n - 1, effect.low * np.sqrt(n)) == pytest.approx(0.975)
    assert stats.nct.cdf(t, n - 1, effect.high * np.sqrt(n)) == pytest.approx(0.025)


def test_dz_of_an_enormous_effect_is_finite():
    effect = cohen_dz(np.random.default_rng(0).normal(200, 1, 10))
    assert 0 < effect.low < effect.value < effect.high < np.inf


def test_cliff_delta_by_hand():
    effect = cliff_delta(np.array([1, 2, 3]), np.array([2, 4]))  # above: 1, 3 of 3; below: 1, 0; one tie
    assert effect.value == pytest.approx((4 - 1) / 6)
    assert effect.low < effect.value < effect.high


def test_cliff_interval_does_not_collapse_where_samples_do_not_overlap():
    effect = cliff_delta(np.zeros(10), np.ones(10))
    assert (effect.value, effect.high) == (1, 1)
    assert 0.3 < effect.low < 0.9
    mirrored = cliff_delta(np.ones(10), np.zeros(10))
    assert mirrored.high == pytest.approx(-effect.low)


def test_cliff_interval_covers():
    random = np.random.default_rng(3)
    truth = 2 * stats.norm.cdf(1 / np.sqrt(2)) - 1
    ends = [cliff_delta(random.normal(0, 1, 10), random.normal(1, 1, 10)) for _ in range(300)]
    assert 0.90 < np.mean([effect.low <= truth <= effect.high for effect in ends]) < 0.99


def test_mcnemar_on_the_majority_is_statsmodels_exact_test():
    random = np.random.default_rng(1)
    first, second = (random.random((3, 80)) < rate for rate in (0.6, 0.75))
    votes = [answers.mean(0) > 0.5 for answers in (first, second)]
    counts = [[int(((votes[0] == a) & (votes[1] == b)).sum()) for b in (True, False)] for a in (True, False)]
    found = mcnemar(first.astype(float), second.astype(float))
    assert (found.only_reference, found.only_strategy) == (counts[0][1], counts[1][0])
    assert found.p == pytest.approx(statsmodels_mcnemar(counts, exact=True).pvalue)
    assert found.odds_low < found.odds < found.odds_high


def test_mcnemar_without_any_disagreement():
    same = np.ones((2, 5))
    assert (mcnemar(same, same).p, mcnemar(same, same).odds) == (1.0, None)


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


def test_step_down_of_independent_statements_is_sidak_and_of_equal_ones_is_p():
    assert step_down(np.array([0.02, 0.9, 0.9]), np.eye(3))[0] == pytest.approx(1 - 0.98**3, abs=0.005)
    assert step_down(np.array([0.02, 0.02, 0.02]), np.ones((3, 3))) == pytest.approx([0.02] * 3, abs=0.004)


def test_simultaneous_threshold_of_one_statement_is_the_normal_quantile():
    assert simultaneous(np.eye(1)) == pytest.approx(1.96, abs=0.06)
    assert simultaneous(np.eye(10)) == pytest.approx(stats.norm.isf((1 - 0.95**0.1) / 2), abs=0.06)


def test_between_is_welch_with_holm():
    random = np.random.default_rng(2)
    scores = {name: (random.normal(0.7, 0.02, 10), random.normal(mean, 0.03, 7)) for name, mean in
              (("none", 0.75), ("half", 0.70), ("head", 0.69))}  # fmt: skip
    rows = between("published", "own", scores, 0.04)
    welch = [stats.ttest_ind(b, a, equal_var=False).pvalue for a, b in scores.values()]
    assert [row.p for row in rows] == pytest.approx(welch)
    assert [row.p_holm for row in rows] == pytest.approx(multipletests(welch, method="holm")[1])
    assert rows[0].verdict == "different"
    assert rows[0].low < rows[0].gap < rows[0].high


def test_between_says_undecided_with_few_or_single_runs():
    few = {"none": (np.array([0.1, 0.11, 0.12]), np.array([0.9, 0.91, 0.92])), "head": (np.ones(1), np.zeros(4))}
    rows = between("a", "b", few, 0.04)
    assert [row.verdict for row in rows] == ["inconclusive", "inconclusive"]
    assert rows[1].p is None
