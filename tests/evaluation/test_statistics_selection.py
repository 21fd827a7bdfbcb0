"""Choosing a strategy on validation, and how much that flatters."""

import numpy as np
import pandas as pd
import pytest

from permafrost.evaluation.statistics.analysis import analyse
from permafrost.evaluation.statistics.sample import Block, Sample
from permafrost.evaluation.statistics.selection import choose, drawn_means
from tests.evaluation.test_statistics_analysis import study


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
    assert found.peeking_optimism > 0
    assert not found.with_clips


def test_choosing_counts_validation_clips_by_group():
    runs, answers = study(drop=0.0, seeds=3, clips=60)
    scores = answers.groupby(["strategy", "seed"])["correct"].mean().to_dict()
    runs["valid_score"] = [scores[row.strategy, row.seed] for row in runs.itertuples()]
    grouped = answers.assign(group=answers["clip_id"].str[:2])
    seeds, clips, groups = (
        analyse(runs, validation=table).models["vit"].selection for table in (None, answers, grouped)
    )
    assert seeds.optimism < clips.optimism < groups.optimism
    assert clips.with_clips and not seeds.with_clips


def test_a_split_of_which_a_draw_holds_no_group_does_not_count_as_all_wrong():
    random = np.random.default_rng(3)
    # Three equal strategies, six splits of one speaker each, all right nine times of ten.
    blocks = tuple(
        Block(np.array([split]), (random.random((3, 1, 50)) < 0.9).astype(float), np.full(50, split))
        for split in range(6)
    )
    scores = np.stack([block.values[:, 0].mean(1) for block in blocks], axis=1)
    sample = Sample(("none", "half", "head"), tuple(range(6)), scores, np.arange(6), scores, blocks, blocks)
    drawn = drawn_means(sample, scores, blocks)
    assert drawn.min() > 0.8, "a speaker who was not drawn says nothing"
    assert 0 <= choose(sample).optimism < 0.02
