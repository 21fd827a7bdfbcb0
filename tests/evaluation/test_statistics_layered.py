"""The layered method against sums of squares, against other formulas where they are the same quantity, and against what
simulation says it should be."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from permafrost.evaluation.statistics import contrasts
from permafrost.evaluation.statistics.intervals import limits, share_limits
from permafrost.evaluation.statistics.layered import Layered, layered
from permafrost.evaluation.statistics.multiplicity import holm
from permafrost.evaluation.statistics.noise import OneWay, Overlap, noise_of
from permafrost.evaluation.statistics.outliers import outliers
from permafrost.evaluation.statistics.sample import Sample, blocks_of

GAP = np.array([[-1.0, 1.0]])
ARMS = ("none", "stem", "quarter", "half", "head")


def crossed(random, seed_sd, clip_sd, rest_sd, arms=2, seeds=10, clips=60, mean=0.5):
    """Normal scores with crossed effects that are independent between arms: [arms, seeds, clips]."""
    return (
        mean
        + random.normal(0, seed_sd, (arms, seeds, 1))
        + random.normal(0, clip_sd, (arms, 1, clips))
        + random.normal(0, rest_sd, (arms, seeds, clips))
    )


def folds(random, arms):
    """One seed on each of five folds, each with 80 clips of its own: [arms, folds, clips]."""
    return np.concatenate([crossed(random, 0.0, 0.4, 0.2, arms, seeds=1, clips=80) for _ in range(5)], axis=1)


def sample_of(values, groups=None, splits=None):
    """A sample of ``values`` [arms, seeds, clips]; ``splits`` [seeds] have clips of their own each."""
    arms, seeds, clips = values.shape
    splits = np.zeros(seeds, int) if splits is None else np.asarray(splits)
    names = np.arange(clips) if groups is None else np.asarray(groups)
    tested = [tuple((split, name) for name in names) for split in splits]
    blocks = blocks_of([values[:, seed] for seed in range(seeds)], tested, splits)
    return Sample(tuple(map(str, range(arms))), tuple(range(seeds)), values.mean(2), splits, blocks=blocks)


def two_way(d):
    """Mean squares of seeds, clips and the rest of differences [seeds, clips], by hand."""
    seeds, clips = d.shape
    rest = ((d - d.mean(1, keepdims=True) - d.mean(0) + d.mean()) ** 2).sum() / ((seeds - 1) * (clips - 1))
    return clips * d.mean(1).var(ddof=1), seeds * d.mean(0).var(ddof=1), rest


def test_with_one_split_and_no_groups_the_layers_are_the_two_way_model():
    """The quasi-F of Cornfield & Tukey, by its mean squares; each contrast's own components and, pooled, their sum."""
    values = crossed(np.random.default_rng(4), 0.05, 0.2, 0.3, arms=5)
    _, seeds, clips = values.shape
    found = layered(sample_of(values))
    for first in range(5):
        for second in range(first):
            w = np.zeros(5)
            w[[first, second]] = 1, -1
            seed, clip, rest = two_way(values[first] - values[second])
            mine = [w @ part @ w for part in (found.seeds, found.clips, found.answers)]
            assert mine == pytest.approx([seed / clips, clip / (seeds * clips), rest / clips], abs=1e-9)
    assert found.within == pytest.approx(found.clips, abs=1e-12)
    pair = layered(sample_of(values[:2]))
    seed, clip, rest = two_way(values[1] - values[0])
    assert min(seed, clip) > rest  # or a component would be truncated
    ra, re, _ = pair._shares(np.eye(2) - 0.5)
    variance = (pair.clips + pair.load * (ra - re) * pair.within) @ GAP[0] @ GAP[0]
    assert variance == pytest.approx((seed + clip - rest) / (seeds * clips), abs=1e-9)


def test_clips_of_a_group_count_as_statsmodels_clusters():
    random = np.random.default_rng(1)
    groups = np.repeat(np.arange(20), 3)
    values = random.normal(size=(2, 1, 60)) + random.normal(size=(2, 1, 20))[:, :, groups]
    d = values[1, 0] - values[0, 0]
    robust = sm.OLS(d, np.ones(60)).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "df_correction": False, "use_correction": False}
    )
    found = layered(sample_of(values, groups))
    assert found.clips @ GAP[0] @ GAP[0] == pytest.approx(20 / 19 * robust.bse[0] ** 2, abs=1e-12)
    assert (found.groups, found.runs) == (20, 1)


def test_uncertain_parts_widen_an_interval_beyond_the_normal_one():
    found = layered(sample_of(crossed(np.random.default_rng(4), 0.0, 0.3, 0.0, seeds=2, clips=12))).contrasts(GAP)
    # Without luck of seeds the draws are those of Student's t with eleven degrees of freedom.
    t = abs(found.value[0]) / np.sqrt(found.variance.mean() * 9 / 11)
    assert found.half()[0] == pytest.approx(stats.t.isf(0.025, 11) * np.sqrt(stats.hmean(found.variance[0])), rel=0.02)
    assert found.p()[0] == pytest.approx(2 * stats.t.sf(t, 11), rel=0.25)


def test_estimates_are_means_over_splits_and_agree_with_the_means_printed():
    random = np.random.default_rng(2)
    values = crossed(random, 0.1, 0.2, 0.3, seeds=8)
    sample = sample_of(values, splits=[0, 1, 2, 3, 4, 0, 1, 2])
    by_split = sample.by_split().mean(1)
    assert sample.means == pytest.approx(by_split, abs=1e-15)
    noise = noise_of(sample, Overlap())
    assert noise.contrasts(GAP).value[0] == sample.means[1] - sample.means[0]


def test_folds_need_no_correction_for_test_clips_and_say_r():
    """Disjoint folds without effects of training sets: the variance is that of all clips together."""
    random = np.random.default_rng(3)
    widths, ratios = [], []
    for _ in range(60):
        noise = noise_of(sample_of(folds(random, 4), splits=range(5)), Overlap(1 / 3))
        estimates = noise.contrasts(np.array([[-1.0, 1, 0, 0]]))
        widths.append(estimates.half()[0])
        ratios.append(noise.ratio())
    ideal = 1.96 * np.sqrt(2 * (0.4**2 + 0.2**2) / 400)
    assert 1.0 < np.median(widths) / ideal < 1.45
    assert 0.85 < np.mean(ratios) < 1.15


def test_effects_of_training_sets_show_in_r_and_widen():
    random = np.random.default_rng(3)
    values = folds(random, 4)
    moved = values + random.normal(0, 0.2, (4, 5, 1))
    calm, wide = (noise_of(sample_of(v, splits=range(5)), Overlap(1 / 3)) for v in (values, moved))
    assert wide.ratio() > 3 > calm.ratio()
    weights = np.array([[-1.0, 1, 0, 0]])
    assert wide.contrasts(weights).half()[0] > 1.5 * calm.contrasts(weights).half()[0]
    # The safe assumption: as correlated as three fifths of the clips in common make them.
    assert (calm.extra(), wide.extra()) == pytest.approx((1 / 3, 0.6 / 0.4))
    told = noise_of(sample_of(values, splits=range(5)), Overlap(1 / 3, shared=0.5))
    assert told.extra() == pytest.approx(1.0)


def test_too_few_groups_in_a_split_fall_back_to_the_corrected_t_over_splits():
    random = np.random.default_rng(5)
    values = crossed(random, 0.1, 0.2, 0.3, seeds=6, clips=20)
    sample = sample_of(values, groups=np.zeros(20, int), splits=range(6))
    noise = noise_of(sample, Overlap(0.25))
    assert isinstance(noise, OneWay) and noise.unit == "splits"
    d = sample.scores[1] - sample.scores[0]
    t = d.mean() / np.sqrt(d.var(ddof=1) * (1 / 6 + 0.25))
    assert noise.contrasts(GAP).p()[0] == pytest.approx(2 * stats.t.sf(abs(t), 5))


def test_scores_alone_are_the_paired_t():
    scores = np.random.default_rng(0).normal([[0.7], [0.72], [0.6]], 0.02, (3, 9))
    noise = noise_of(Sample(("a", "b", "c"), tuple(range(9)), scores, np.zeros(9, int)), Overlap())
    found = noise.contrasts(np.array([[-1, 1, 0], [0, -1, 1]]))
    by_hand = [stats.ttest_rel(scores[1], scores[0]), stats.ttest_rel(scores[2], scores[1])]
    assert found.p() == pytest.approx([test.pvalue for test in by_hand])
    low, high = found.interval()
    assert (low[0], high[0]) == pytest.approx(tuple(by_hand[0].confidence_interval()))
    assert limits(noise, 0.0, 1.0)[0] == pytest.approx(
        stats.t.interval(0.95, 8, scores[0].mean(), stats.sem(scores[0]))
    )


def test_claims_on_grouped_clips_are_false_rarely_where_counting_clips_fails():
    """A short form of benchmarks/statistics.py: groups differ in which strategy finds them hard; four seeds."""
    random = np.random.default_rng(6)
    planned = contrasts.plan(ARMS, ARMS, "none")
    group = np.repeat(np.arange(30), 5)
    ours, naive = [], []
    for _ in range(150):
        ease = random.normal(0.6, 0.6, 150) + random.normal(0, 0.5, (5, 1, 30))[:, :, group]
        correct = (ease + random.normal(0, 0.3, (5, 4, 150)) > 0).astype(float)
        for found, groups in ((ours, group), (naive, None)):
            sample = sample_of(correct, groups)
            sample = Sample(ARMS, sample.seeds, sample.scores, sample.splits, blocks=sample.blocks)
            known = contrasts.family(sample, layered(sample), planned, ARMS)
            found.append((known.adjusted <= 0.05).any())
    assert np.mean(ours) <= 0.06
    assert np.mean(naive) > 0.15


@pytest.mark.parametrize("seeds", [2, 3])
def test_few_seeds_with_large_luck_claim_rarely(seeds):
    random = np.random.default_rng(7)
    planned = contrasts.plan(ARMS, ARMS, "none")
    found = []
    for _ in range(120):
        sample = sample_of(crossed(random, 0.06, 0.1, 0.35, arms=5, seeds=seeds, clips=100))
        sample = Sample(ARMS, sample.seeds, sample.scores, sample.splits, blocks=sample.blocks)
        found.append((contrasts.family(sample, layered(sample), planned, ARMS).adjusted <= 0.05).any())
    assert np.mean(found) <= 0.06


def test_equal_answers_give_no_claim_and_no_warning():
    found = layered(sample_of(np.ones((2, 4, 9)))).contrasts(GAP)
    assert (found.value[0], found.variance.max(), found.p()[0]) == (0, 0, 1)


def test_means_near_the_end_have_limits_that_end_there_and_cover():
    random = np.random.default_rng(8)
    hits = []
    for _ in range(200):
        ease = random.normal(0, 1, 100)
        correct = (ease + random.normal(0, 0.3, (1, 5, 100)) > stats.norm.isf(0.95) * np.sqrt(1.09)).astype(float)
        low, high = share_limits(layered(sample_of(correct)))[0]
        assert 0 <= low < high <= 1
        hits.append(low <= 0.95 <= high)
    assert 0.9 <= np.mean(hits) <= 0.995
    perfect = share_limits(layered(sample_of(np.ones((1, 2, 20)), groups=np.arange(20) // 2)))[0]
    wilson = stats.binomtest(10, 10).proportion_ci(method="wilson")
    assert perfect == pytest.approx((wilson.low, wilson.high))


def test_shares_find_where_the_variance_of_a_mean_comes_from():
    random = np.random.default_rng(9)
    found = layered(sample_of(crossed(random, 0.2, 0.5, 0.5, arms=1, seeds=40, clips=200))).parts()[0]
    parts = np.array([0.2**2 / 40, 0.5**2 / 200, 0.5**2 / 8000])
    assert sum(found.values()) == pytest.approx(1)
    assert [found["seeds"], found["clips"], found["answers"]] == pytest.approx(parts / parts.sum(), abs=0.12)
    folds = sample_of(
        crossed(random, 0.0, 0.3, 0.3, arms=1, seeds=20) + random.normal(0, 0.3, 10).repeat(2)[None, :, None],
        splits=np.arange(10).repeat(2),
    )
    shares = layered(folds, Overlap(0.25)).parts()[0]
    assert set(shares) == {"clips", "answers", "seeds", "training sets"}
    assert shares["training sets"] > 0.6


def test_a_run_that_lies_far_from_the_others_is_named():
    random = np.random.default_rng(10)
    scores = random.normal(0.7, 0.02, (4, 5))
    splits = np.array([0, 0, 1, 1, 1])
    scores[:, splits == 1] -= 0.2  # a harder split is no run's fault
    assert outliers(Sample(ARMS[:4], tuple("abcde"), scores, splits)) == []
    scores[2, 1] = 0.1
    ((arm, seed, score, usual),) = outliers(Sample(ARMS[:4], tuple("abcde"), scores, splits))
    assert (arm, seed, score) == ("quarter", "b", 0.1) and usual > 0.4


def test_a_run_at_chance_is_named_with_two_seeds_too_where_the_other_is_not():
    scores = np.array([[0.7, 0.72], [0.71, 0.1], [0.12, 0.09]])
    sample = Sample(ARMS[:3], (0, 1), scores, np.zeros(2, int))
    assert outliers(sample) == []
    assert [(arm, seed) for arm, seed, _, _ in outliers(sample, chance=0.1)] == [("stem", 1)]


def test_holm_from_scores_alone_is_holm():
    scores = np.random.default_rng(0).normal(0.7, 0.02, (5, 6))
    sample = Sample(ARMS, tuple(range(6)), scores, np.zeros(6, int))
    known = contrasts.family(sample, noise_of(sample, Overlap()), contrasts.plan(ARMS, ARMS, "none"), ARMS)
    assert known.adjusted == pytest.approx(holm(known.estimates.p()))


def test_a_true_relevant_gap_is_rarely_excluded():
    random = np.random.default_rng(11)
    planned = contrasts.plan(ARMS, ARMS, "none")
    excluded, equal = [], []
    for gap in (0.04, 0.0):
        for _ in range(80):
            values = crossed(random, 0.005, 0.2, 0.1, arms=5, clips=600)
            values[1:] -= gap
            sample = sample_of(values)
            sample = Sample(ARMS, sample.seeds, sample.scores, sample.splits, blocks=sample.blocks)
            known = contrasts.family(sample, layered(sample), planned)
            rows = known.excluded[:4] < 0.04
            (excluded if gap else equal).append(rows.any() if gap else rows.mean())
    assert np.mean(excluded) <= 0.07
    assert np.mean(equal) > 0.5  # the test is no empty one


def test_a_study_of_common_size_is_judged_at_once():
    """Twelve strategies, ten seeds, 400 clips: arrays of at most [rows, draws], whatever the number of runs."""
    values = crossed(np.random.default_rng(0), 0.02, 0.3, 0.3, arms=12, seeds=10, clips=400)
    noise = noise_of(sample_of(values), Overlap())
    assert isinstance(noise, Layered)
    assert noise.sums.shape == (12, 400) and noise.clips.shape == (12, 12)
    assert noise.contrasts(np.eye(12) - 1 / 12).variance.shape == (12, 2000)
