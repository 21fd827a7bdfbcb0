"""The calibration's worlds are what they say they are; its figures are for a longer run."""

import numpy as np
import pytest

from benchmarks import statistics
from benchmarks.worlds import World, studies

SHARED = World("shared", 100, 5)
GROUPED = World("grouped", 100, 5, size=5, icc=0.5)
FOLDS = World("folds", 100, 5, 5)
REDRAWN = World("redrawn", 200, 5, 5, redrawn=True, shared=0.8)


@pytest.mark.parametrize("world", [SHARED, GROUPED, FOLDS, REDRAWN], ids=lambda world: world.name)
def test_the_true_accuracies_are_those_that_studies_scatter_about(world):
    means = np.array([sample.scores.mean(1) for sample in studies(world, 0.08, 80)])
    error = means.std(0, ddof=1) / np.sqrt(len(means))
    assert (np.abs(means.mean(0) - [0.71, 0.63, 0.71, 0.71, 0.71]) < 4 * error).all()


def test_clips_of_a_group_are_answered_alike_where_the_world_says_so():
    def spread(world):
        # The sd of a group's share of right answers, which independent clips keep small.
        rows = [sample.blocks[0].values.mean((0, 1)).reshape(-1, 5).mean(1).std() for sample in studies(world, 0.0, 20)]
        return np.mean(rows)

    assert spread(GROUPED) > 1.3 * spread(SHARED)


def test_the_table_has_a_row_a_world_and_shares():
    found = {world.name: statistics.measured(world, 6) for world in (SHARED, FOLDS)}
    table = statistics.table(found)
    assert "| shared |" in table and "| folds |" in table and "true 4 points excluded" in table
    assert all(0 <= value <= 1 for numbers in found.values() for value in numbers.values())
