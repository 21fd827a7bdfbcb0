"""Choosing a strategy without peeking: chosen on validation, reported on test, with the optimism of choosing."""

from dataclasses import dataclass

import numpy as np

from permafrost.evaluation.statistics import bootstrap
from permafrost.evaluation.statistics.sample import Sample


@dataclass(frozen=True)
class Selection:
    """The strategy with the best mean validation score; scores in fractions.

    ``optimism`` is how much the validation score of a chosen strategy flatters it, by the bootstrap (Efron 1983, JASA
    78): each draw chooses anew, and the chosen one's score in that draw is compared with its score in all data;
    ``valid_corrected`` is the validation score less that. ``test`` is the chosen strategy's test score, its limits
    over draws that choose anew, so that they hold the uncertainty of choosing. ``chosen_share`` says how often each
    strategy is chosen. ``peeking_optimism`` is what choosing on the test set itself would add.
    """

    strategy: str
    valid: float
    optimism: float
    valid_corrected: float
    test: float
    test_low: float
    test_high: float
    chosen_share: dict[str, float]
    best_on_test: str
    best_test: float
    peeking_optimism: float


def choose(sample: Sample, test_draws: np.ndarray, resampled: bootstrap.Weights) -> Selection | None:
    """The choice on ``sample.valid``; ``test_draws`` [draws, arms] are the bootstrapped test means of the same
    ``resampled`` seeds. None without validation scores, with one strategy or with one seed."""
    if sample.valid is None or len(sample.arms) < 2 or len(sample.seeds) < 2:
        return None
    valid, test = sample.valid.mean(1), sample.scores.mean(1)
    valid_draws = resampled.seeds @ sample.valid.T
    every = np.arange(len(valid_draws))
    best, chosen = int(np.argmax(valid)), np.argmax(valid_draws, axis=1)
    optimism = float(np.mean(valid_draws[every, chosen] - valid[chosen]))
    peeked = np.argmax(test_draws, axis=1)
    ends = bootstrap.percentile(test_draws[every, chosen])
    return Selection(
        strategy=sample.arms[best],
        valid=float(valid[best]),
        optimism=optimism,
        valid_corrected=float(valid[best]) - optimism,
        test=float(test[best]),
        test_low=ends.low,
        test_high=ends.high,
        chosen_share={arm: float(np.mean(chosen == row)) for row, arm in enumerate(sample.arms)},
        best_on_test=sample.arms[int(np.argmax(test))],
        best_test=float(test.max()),
        peeking_optimism=float(np.mean(test_draws[every, peeked] - test[peeked])),
    )
