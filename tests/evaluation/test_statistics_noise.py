"""Standard errors against sums of squares by hand, and against what simulation says they should be."""

import numpy as np
import pytest
from scipy import stats

from permafrost.evaluation.statistics import contrasts
from permafrost.evaluation.statistics.bootstrap import interval, means, weights
from permafrost.evaluation.statistics.multiplicity import holm
from permafrost.evaluation.statistics.noise import one_way, two_way
from permafrost.evaluation.statistics.sample import Sample
from permafrost.evaluation.statistics.variance import shares

GAP = np.array([[-1.0, 1.0]])


def crossed(random, seed_sd, clip_sd, rest_sd, arms=1, seeds=10, clips=60, mean=0.5):
    """Normal scores with crossed effects that are independent between arms: [arms, seeds, clips]."""
    return (
        mean
        + random.normal(0, seed_sd, (arms, seeds, 1))
        + random.normal(0, clip_sd, (arms, 1, clips))
        + random.normal(0, rest_sd, (arms, seeds, clips))
    )


def sample_of(correct, splits=None):
    seeds = correct.shape[1]
    arms = tuple(f"a{i}" for i in range(len(correct)))
    numbers = np.zeros(seeds, int) if splits is None else np.asarray(splits)
    return Sample(arms, tuple(range(seeds)), correct.mean(2), numbers, None, correct if splits is None else None)


def test_one_way_is_the_paired_t():
    scores = np.random.default_rng(0).normal([[0.7], [0.72], [0.6]], 0.02, (3, 9))
    weights_ = np.array([[-1, 1, 0], [0, -1, 1]])
    found = one_way(scores).contrasts(weights_)
    by_hand = [stats.ttest_rel(scores[1], scores[0]), stats.ttest_rel(scores[2], scores[1])]
    assert found.p() == pytest.approx([test.pvalue for test in by_hand])
    low, high = found.interval()
    assert (low[0], high[0]) == pytest.approx(tuple(by_hand[0].confidence_interval()))


def test_redrawn_splits_widen_by_nadeau_and_bengio():
    scores = np.random.default_rng(0).normal([[0.7], [0.72]], 0.02, (2, 10))
    plain, corrected = (one_way(scores, ratio).contrasts(GAP) for ratio in (0.0, 0.25))
    assert corrected.error[0] / plain.error[0] == pytest.approx(np.sqrt((1 / 10 + 0.25) / (1 / 10)))


def test_two_way_is_the_quasi_f_by_sums_of_squares():
    random = np.random.default_rng(4)
    values = crossed(random, 0.05, 0.2, 0.3, arms=2)
    d = values[1] - values[0]
    seeds, clips = d.shape
    seed = clips * d.mean(1).var(ddof=1)
    clip = seeds * d.mean(0).var(ddof=1)
    rest = ((d - d.mean(1, keepdims=True) - d.mean(0) + d.mean()) ** 2).sum() / ((seeds - 1) * (clips - 1))
    assert min(seed, clip) > rest  # or the two-way layout below would be truncated
    found = two_way(values).contrasts(GAP)
    total = seed + clip - rest
    df = total**2 / (seed**2 / (seeds - 1) + clip**2 / (clips - 1) + rest**2 / ((seeds - 1) * (clips - 1)))
    assert found.value[0] == pytest.approx(d.mean())
    assert found.error[0] == pytest.approx(np.sqrt(total / (seeds * clips)))
    assert found.df[0] == pytest.approx(df)


@pytest.mark.parametrize("sds", [(0.1, 0.3, 0.3), (0.0, 0.3, 0.3), (0.1, 0.0, 0.3)])
def test_two_way_intervals_cover(sds):
    random = np.random.default_rng(5)
    hits = []
    for _ in range(300):
        low, high = two_way(crossed(random, *sds, arms=2)).contrasts(GAP).interval()
        hits.append(low[0] <= 0 <= high[0])
    assert 0.92 <= np.mean(hits) <= 0.995


def test_claims_on_a_shared_test_set_are_false_rarely_where_the_naive_test_fails():
    """A short form of benchmarks/statistics.py: clips differ in which strategy finds them hard."""
    random = np.random.default_rng(6)
    arms = ("none", "stem", "quarter", "half", "head")
    planned = contrasts.plan(arms, arms, "none")
    ours, naive = [], []
    for _ in range(200):
        ease = random.normal(0.6, 0.6, 100) + random.normal(0, 0.25, (5, 1, 100))
        correct = (ease + random.normal(0, 0.15, (5, 10, 100)) > 0).astype(float)
        sample = Sample(arms, tuple(range(10)), correct.mean(2), np.zeros(10, int), None, correct)
        known = contrasts.family(sample, two_way(correct), planned, arms)
        ours.append((known.adjusted <= 0.05).any())
        only_seeds = one_way(sample.scores).contrasts(known.weights)
        naive.append((holm(only_seeds.p()) <= 0.05).any())
    assert np.mean(ours) <= 0.06
    assert np.mean(naive) > 0.15


def test_equal_answers_give_no_claim_and_no_warning():
    found = two_way(np.ones((2, 4, 9))).contrasts(GAP)
    assert (found.value[0], found.error[0], found.p()[0]) == (0, 0, 1)


def test_bootstrap_draws_are_paired_and_centred():
    random = np.random.default_rng(7)
    values = crossed(random, 0.05, 0.2, 0.2, arms=1)
    sample = sample_of(np.concatenate([values, values + 0.1]))
    draws = means(sample, weights(sample))
    assert draws.mean(0) == pytest.approx(sample.scores.mean(1), abs=0.01)
    assert draws[:, 1] - draws[:, 0] == pytest.approx(np.full(len(draws), 0.1))


def test_bootstrap_resamples_whole_splits():
    scores = np.array([[0.5, 0.5, 0.7, 0.7, 0.9, 0.9]])
    sample = Sample(("a",), tuple(range(6)), scores, np.array([0, 0, 1, 1, 2, 2]))
    resampled = weights(sample, draws=4000)
    assert resampled.clips is None
    assert resampled.seeds.sum(1) == pytest.approx(np.ones(4000))
    # Equal seeds within splits: all variance comes from drawing three of three splits.
    expected = scores[0, ::2].var() / 3
    assert means(sample, resampled)[:, 0].var() == pytest.approx(expected, rel=0.1)


def test_bca_interval_covers_an_accuracy_near_one():
    random = np.random.default_rng(8)
    hits = []
    for _ in range(150):
        ease = random.normal(0, 1, 100)
        correct = (ease + random.normal(0, 0.3, (1, 5, 100)) > stats.norm.isf(0.95) * np.sqrt(1.09)).astype(float)
        sample = sample_of(correct)
        found = interval(sample, 0, means(sample, weights(sample, draws=500))[:, 0], 0.0)
        hits.append(found.low <= 0.95 <= found.high)
    assert 0.88 <= np.mean(hits) <= 0.995


def test_intervals_name_their_method():
    scores = np.array([[0.5, 0.6, 0.7]])
    seeds_only = Sample(("a",), (0, 1, 2), scores, np.zeros(3, int))
    found = interval(seeds_only, 0, np.empty(0), 0.0)
    assert (found.low, found.high) == pytest.approx(stats.t.interval(0.95, 2, 0.6, 0.1 / np.sqrt(3)))
    assert found.method == "t over seeds"
    redrawn = Sample(("a",), (0, 1, 2), scores, np.arange(3))
    wider = interval(redrawn, 0, np.empty(0), 1 / 3)
    assert wider.method.startswith("corrected resampled t")
    assert (wider.high - wider.low) / (found.high - found.low) == pytest.approx(np.sqrt(2))
    perfect = sample_of(np.ones((1, 2, 20)))
    assert interval(perfect, 0, np.ones(10), 0.0).low == pytest.approx(
        stats.binomtest(20, 20).proportion_ci(method="wilson").low
    )
    assert interval(Sample(("a",), (0,), scores[:, :1], np.zeros(1, int)), 0, np.empty(0), 0.0) is None


def test_shares_find_where_the_variance_comes_from():
    random = np.random.default_rng(9)
    sample = sample_of(crossed(random, 0.2, 0.5, 0.5, seeds=40, clips=200))
    found = shares(sample, 0)
    parts = np.array([0.2**2 / 40, 0.5**2 / 200, 0.5**2 / 8000])
    assert sum(found.values()) == pytest.approx(1)
    assert [found["seeds"], found["clips"], found["answers"]] == pytest.approx(parts / parts.sum(), abs=0.12)


def test_shares_of_splits_and_seeds():
    random = np.random.default_rng(10)
    splits = np.repeat(np.arange(30), 4)
    scores = 0.7 + (random.normal(0, 0.03, 30)[splits] + random.normal(0, 0.02, 120))[None]
    sample = Sample(("a",), tuple(range(120)), scores, splits)
    found = shares(sample, 0)
    expected = (0.02**2 / 120) / (0.02**2 / 120 + 0.03**2 / 30)
    assert found["seeds"] == pytest.approx(expected, abs=0.05)
    assert shares(Sample(("a",), (0, 1), scores[:, :2], np.arange(2)), 0) is None
