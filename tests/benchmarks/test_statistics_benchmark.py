"""The calibration's worlds are what they say they are; its figures are for a longer run."""

import numpy as np
import pytest

from benchmarks import statistics


@pytest.mark.parametrize("world", [statistics.shared, statistics.redrawn])
def test_the_true_accuracies_are_those_that_studies_scatter_about(world):
    studies, truth = world(0.08, 60)
    means = np.array([sample.scores.mean(1) for sample in studies])
    error = means.std(0, ddof=1) / np.sqrt(len(means))
    assert truth == pytest.approx([0.71, 0.63, 0.71, 0.71, 0.71], abs=1e-6)
    assert (np.abs(means.mean(0) - truth) < 4 * error).all()


def test_the_table_names_every_method():
    result = {world: statistics.run(world, 4) for world in ("shared", "redrawn")}
    table = statistics.table(result)
    for text in ("naive paired t", "plain two-way bootstrap", "two-way random effects", "corrected resampled t"):
        assert text in table
    assert 0 <= result["shared"]["means"] <= 1
