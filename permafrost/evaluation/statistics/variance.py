"""Where the uncertainty of a mean comes from: seeds, test clips, splits, or chance in single answers."""

import numpy as np

from permafrost.evaluation.statistics.noise import two_way
from permafrost.evaluation.statistics.sample import Sample


def shares(sample: Sample, arm: int) -> dict[str, float] | None:
    """Shares (sum 1) in the variance of one arm's mean; None where the data cannot tell them apart.

    * Shared test clips with predictions: ``seeds``, ``clips`` and ``answers`` (a seed's luck on a clip), the variance
      components of the crossed two-way layout by mean squares, negative ones set to zero (Searle, Casella & McCulloch
      1992, Variance Components). With one fixed split, the split's own share is not visible.
    * Redrawn splits with several seeds each: ``splits`` and ``seeds`` of the nested layout; with predictions the part
      of ``splits`` that comes from which clips were drawn (binomial, p (1 - p) / n) is told apart as ``clips``.
    """
    if len(sample.seeds) < 2:
        return None
    if sample.correct is not None and sample.correct.shape[2] > 1:
        noise = two_way(sample.correct[[arm]])
        seed, clip, residual = (float(part[0, 0]) for part in (noise.seed, noise.clip, noise.residual))
        return _normalised(
            {"seeds": max(seed - residual, 0.0), "clips": max(clip - residual, 0.0), "answers": max(residual, 0.0)}
        )
    return _nested(sample, arm) if sample.redrawn else None


def _nested(sample: Sample, arm: int) -> dict[str, float] | None:
    groups = [sample.scores[arm, sample.splits == number] for number in np.unique(sample.splits)]
    runs, count = len(sample.seeds), len(groups)
    if runs == count:
        return None
    within = sum(((group - group.mean()) ** 2).sum() for group in groups) / (runs - count)
    sizes = np.array([len(group) for group in groups])
    centres = np.array([group.mean() for group in groups])
    between = (sizes * (centres - sample.scores[arm].mean()) ** 2).sum() / (count - 1)
    typical = (runs - (sizes**2).sum() / runs) / (count - 1)  # seeds a split, for unequal numbers
    split = max((between - within) / typical, 0.0) / count
    parts = {"seeds": float(within / runs), "splits": float(split)}
    if sample.ragged is not None:
        answers = [outcome[arm] for outcome in sample.ragged]
        drawn = float(np.mean([a.mean() * (1 - a.mean()) / len(a) for a in answers])) / count
        clips = min(drawn, parts["splits"])
        parts = {"seeds": parts["seeds"], "clips": clips, "splits": parts["splits"] - clips}
    return _normalised(parts)


def _normalised(parts: dict[str, float]) -> dict[str, float] | None:
    total = sum(parts.values())
    return {name: part / total for name, part in parts.items()} if total > 0 else None
