"""Curves of known shape get the right sentence."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from permafrost.evaluation.statistics.analysis import analyse
from permafrost.evaluation.statistics.layered import layered
from permafrost.evaluation.statistics.noise import Overlap, noise_of
from permafrost.evaluation.statistics.power import needed, power
from permafrost.evaluation.statistics.sample import Sample, blocks_of
from permafrost.evaluation.statistics.shape import all_pairs, find_dip

ARMS = ("none", "stem", "quarter", "half", "head")
MONOTONE = (0.75, 0.72, 0.69, 0.66, 0.60)
DIP = (0.72, 0.65, 0.68, 0.72, 0.715)
FLAT = (0.70,) * 5


def one_way(scores):
    """The noise of ``scores`` [arms, seeds] alone."""
    names = tuple(map(str, range(len(scores))))
    return noise_of(Sample(names, tuple(range(scores.shape[1])), scores, np.zeros(scores.shape[1], int)), Overlap())


def runs(curve, seeds, sd=0.015, seed=0):
    random = np.random.default_rng(seed)
    rows = [
        {"model": "vit", "strategy": arm, "seed": number, "score": mean + random.normal(0, sd)}
        for arm, mean in zip(ARMS, curve, strict=True)
        for number in range(seeds)
    ]
    return pd.DataFrame(rows)


def outcomes(curve, seeds, clips, spread=0.15, seed=0):
    """Runs and clip-by-clip answers on one test set, on which strategies find slightly other clips hard."""
    random = np.random.default_rng(seed)
    ease = random.normal(0, 1, clips)
    answers = []
    for arm, mean in zip(ARMS, curve, strict=True):
        level = stats.norm.ppf(mean) * np.sqrt(1 + spread**2 + 0.3**2)
        own = ease + random.normal(0, spread, clips) + level
        for number in range(seeds):
            right = (own + random.normal(0, 0.3, clips) > 0).astype(int)
            answers += [("vit", arm, number, f"clip{clip}", value) for clip, value in enumerate(right)]
    table = pd.DataFrame(answers, columns=["model", "strategy", "seed", "clip_id", "correct"])
    scores = table.groupby(["model", "strategy", "seed"], sort=False)["correct"].mean().rename("score").reset_index()
    return scores, table


def shape_of(*tables):
    result = analyse(*tables, order=ARMS).models["vit"]
    return result.shape, result.shape_words, result.needed


@pytest.mark.parametrize("with_clips", [False, True])
def test_a_monotone_fall_is_found(with_clips):
    shape, words, _ = shape_of(*(outcomes(MONOTONE, 10, 400) if with_clips else (runs(MONOTONE, 10),)))
    assert shape.verdict == "falls with depth"
    assert shape.dip.verdict != "shown"
    assert words.startswith("The curve falls with depth")
    assert "shown" in words


def test_a_rise_is_not_called_a_fall():
    shape, words, _ = shape_of(runs(MONOTONE[::-1], 10))
    assert shape.verdict == "rises with depth"
    assert words.startswith("The curve rises with depth")


@pytest.mark.parametrize("with_clips", [False, True])
def test_dip_and_recover_is_found(with_clips):
    shape, words, _ = shape_of(*(outcomes(DIP, 10, 400) if with_clips else (runs(DIP, 10),)))
    assert shape.verdict == "dip and recover"
    assert (shape.dip.bottom, shape.dip.before) == ("stem", "none")
    assert 0 < shape.dip.low < shape.dip.value < shape.dip.high
    assert shape.trend.verdict != "shown"
    assert words.startswith("Dip and recover is shown: stem lies below none")


def test_a_flat_curve_is_called_flat_where_the_data_suffice():
    shape, words, plan = shape_of(runs(FLAT, 20))
    assert shape.verdict == "flat"
    assert shape.dip.verdict == "excluded"
    assert words.startswith("The curve is flat: no two strategies differ by 4 points or more")
    assert plan is None


def test_noise_about_a_flat_curve_is_rarely_called_a_dip():
    random = np.random.default_rng(5)
    found = []
    for _ in range(200):
        pairs = all_pairs(one_way(random.normal(0.7, 0.02, (5, 10))), range(5))
        found.append(find_dip(pairs, ARMS, 0.04).verdict == "shown")
    assert np.mean(found) <= 0.05


def test_a_curve_that_peaks_is_neither_monotone_nor_a_dip():
    shape, words, _ = shape_of(runs((0.60, 0.66, 0.72, 0.66, 0.58), 10))
    assert shape.verdict == "neither monotone nor a dip"
    assert shape.dip.verdict == "excluded"
    assert "throughout is excluded" in words


def test_two_seeds_decide_nothing_small():
    shape, words, _ = shape_of(*outcomes(FLAT, 2, 60))
    assert shape.verdict == "inconclusive"
    assert words.startswith("Dip and recover is inconclusive (a dip of")


def test_an_inconclusive_dip_says_how_many_seeds_would_decide_it():
    curve = (0.716, 0.691, 0.711, 0.732, 0.631)
    shape, words, plan = shape_of(runs(curve, 10, sd=0.025, seed=3))
    assert shape.dip.verdict == "inconclusive"
    assert plan.statement == "dip"
    assert plan.seeds > 10
    assert f"About {plan.seeds} runs would decide the dip" in words


def test_where_seeds_cannot_decide_clips_are_named():
    scores, answers = outcomes((0.72, 0.68, 0.70, 0.72, 0.70), 10, 60, spread=0.6, seed=2)
    shape, words, plan = shape_of(scores, answers)
    assert shape.dip.verdict == "inconclusive"
    assert plan.seeds is None
    assert plan.more > 1
    assert f"about {plan.more:g} times as many test clips, in as many more groups" in words


def test_power_of_one_contrast_is_that_of_the_paired_t():
    scores = np.random.default_rng(0).normal(0.7, 0.02, (2, 30))
    found = power(one_way(scores), np.array([[1.0, -1.0]]), np.array([0.015]), 0.05, 12)
    error = np.sqrt(np.var(scores[1] - scores[0], ddof=1) / 12)
    assert found == pytest.approx(stats.nct.sf(stats.t.isf(0.025, 11), 11, 0.015 / error))


def test_power_of_both_sides_of_a_dip_grows_with_seeds():
    noise = one_way(np.random.default_rng(1).normal(0.7, 0.03, (5, 10)))
    sides = np.array([[1.0, -1, 0, 0, 0], [0, -1, 0, 1, 0]])
    by_seeds = [power(noise, sides, np.array([0.03, 0.03]), 0.005, seeds) for seeds in (6, 12, 40)]
    assert by_seeds[0] < by_seeds[1] < by_seeds[2]
    assert power(noise, sides, np.array([0.03, 0.0]), 0.005, 200) < 0.01


def test_nothing_seen_is_planned_for_the_relevant_gap():
    noise = one_way(np.random.default_rng(1).normal([[0.7], [0.71]], 0.003, (2, 10)))
    unseen, seen = (needed(noise, "trend", np.array([row]), 0.05, 0.04) for row in ([1.0, -1.0], [-1.0, 1.0]))
    assert (unseen.size, unseen.seen) == (0.04, False)
    assert seen.seen == (noise.means[1] - noise.means[0] >= 0.01)


def test_planning_with_clips_shrinks_errors_as_components_say():
    random = np.random.default_rng(2)
    correct = random.normal(0, 0.3, (2, 1, 50)) + random.normal(0, 0.1, (2, 10, 1)) + random.normal(0, 0.3, (2, 10, 50))
    splits = np.zeros(10, int)
    blocks = blocks_of([correct[:, seed] for seed in range(10)], [tuple(range(50))] * 10, splits)
    noise = layered(Sample(("a", "b"), tuple(range(10)), correct.mean(2), splits, blocks=blocks))
    now, _ = noise.planned(10)
    many, _ = noise.planned(10**6)
    both, _ = noise.planned(10**6, 10**7)
    weights = np.array([[-1.0, 1.0]])
    assert np.sqrt(weights @ now @ weights.T)[0, 0] == pytest.approx(
        noise.contrasts(weights).variance.mean() ** 0.5, rel=0.1
    )
    clip_part = 2 * 0.3**2 / 50
    assert (weights @ many @ weights.T)[0, 0] == pytest.approx(clip_part, rel=0.6)
    assert (weights @ both @ weights.T)[0, 0] < 1e-5


def test_simultaneous_intervals_are_wider_than_single_ones_and_cover_together():
    random = np.random.default_rng(3)
    hits = []
    for _ in range(200):
        pairs = all_pairs(one_way(random.normal(0.7, 0.02, (5, 10))), range(5))
        hits.append(((pairs.low <= 0) & (pairs.high >= 0)).all())
    assert 0.91 <= np.mean(hits) <= 0.99
