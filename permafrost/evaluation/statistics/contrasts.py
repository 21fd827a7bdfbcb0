"""Planned contrasts: each strategy against the reference, neighbours in depth, pretrained against random control.

A *claim* is a statement that the report makes. Claims are corrected once over everything that is said about a model
(all its contrasts and the trend over depth), so that the chance of any false one among them stays at 5 %; so are
statements that a difference is excluded.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from permafrost.evaluation.statistics.estimates import Estimates
from permafrost.evaluation.statistics.multiplicity import simultaneous, step_down
from permafrost.evaluation.statistics.noise import Noise, method_of
from permafrost.evaluation.statistics.sample import Sample

LEVEL = 0.05
DIFFERENT, EQUIVALENT, INCONCLUSIVE = "different", "equivalent", "inconclusive"


class Planned(NamedTuple):
    """One contrast: the mean of ``strategy`` less that of ``minus``, asked by ``question``: reference, neighbours,
    transfer, baseline or revision."""

    question: str
    strategy: str
    minus: str


@dataclass(frozen=True)
class Contrast:
    """What is known about one planned contrast; gaps in fractions.

    ``low``, ``high`` (95 %) and ``p`` are its own, by ``method``; ``p_claim`` is corrected over all ``claims``
    statements about the model, and so is ``excluded``: a difference of that size or more, on either side, is excluded
    at 5 %. ``verdict``: different (``p_claim`` at most .05), equivalent (a difference of the relevant gap or more is
    excluded) or inconclusive. None: too few runs to say.
    """

    question: str
    strategy: str
    minus: str
    gap: float
    method: str
    low: float | None = None
    high: float | None = None
    p: float | None = None
    p_claim: float | None = None
    claims: int = 0
    excluded: float | None = None
    verdict: str = INCONCLUSIVE


@dataclass(frozen=True)
class Family:
    """All statements about a model that are corrected together; the row ``trend`` is that over depth, if any.

    ``adjusted`` [rows]: corrected p values; ``miss``: with which probability the interval of each row may miss so that
    two one-sided tests at 5 % hold together.
    """

    weights: np.ndarray
    estimates: Estimates
    adjusted: np.ndarray
    miss: float
    row: dict[tuple[str, str], int]
    trend: int | None

    @cached_property
    def excluded(self) -> np.ndarray:
        """A difference of this size or more, on either side, is excluded; corrected over the family: [rows]."""
        return np.abs(self.estimates.value) + self.estimates.half(self.miss)


def plan(arms: Sequence[str], order: Sequence[str], reference: str | None) -> list[Planned]:
    """Each arm against ``reference`` (where it exists), then each neighbour in ``order`` against the one before it."""
    against = [Planned("reference", arm, reference) for arm in arms if reference in arms and arm != reference]
    steps = [Planned("neighbours", deeper, nearer) for nearer, deeper in itertools.pairwise(order)]
    return against + steps


def family(sample: Sample, noise: Noise, planned: Sequence[Planned], order: Sequence[str] = ()) -> Family:
    """Estimates and corrected p values of all ``planned`` contrasts, each pair once, and of the trend over ``order``.

    The trend is the change from first to last in depth by a straight line through the means.
    """
    row: dict[tuple[str, str], int] = {}
    for item in planned:
        if (item.minus, item.strategy) not in row:
            row.setdefault((item.strategy, item.minus), len(row))
    rows, trend = [_difference(sample, *pair) for pair in row], None
    if len(order) >= 3:
        place = np.linspace(-0.5, 0.5, len(order))
        line = np.zeros(len(sample.arms))
        line[[sample.arms.index(arm) for arm in order]] = place / (place**2).sum()
        trend = len(rows)
        rows.append(line)
    weights = np.array(rows).reshape(len(rows), len(sample.arms))
    estimates = noise.contrasts(weights)
    # A true difference lies on one side of zero alone: the other side's miss is no false statement.
    miss = simultaneous(estimates.known_correlation, len(rows), 2 * LEVEL)
    return Family(weights, estimates, step_down(estimates.p(), estimates.known_correlation), miss, row, trend)


def judged(
    sample: Sample, noise: Noise | None, planned: Sequence[Planned], relevant: float, order: Sequence[str] = ()
) -> tuple[Family | None, list[Contrast]]:
    """The family of all ``planned`` and of the trend over ``order``, if anything is known of it, and the contrasts in
    the order planned; ``relevant`` is the least gap worth a statement (fraction)."""
    known = family(sample, noise, planned, order) if noise is not None and planned else None
    method = method_of(noise)
    gaps = [float(_difference(sample, item.strategy, item.minus) @ sample.means) for item in planned]
    found = [Contrast(*item, gap, method) for item, gap in zip(planned, gaps, strict=True)]
    if known is None:
        return None, found
    ends, single = np.stack(known.estimates.interval(), axis=1), known.estimates.p()
    for place, item in enumerate(planned):
        pair = (item.strategy, item.minus)
        row, sign = (known.row[pair], 1.0) if pair in known.row else (known.row[pair[::-1]], -1.0)
        # Shares differ by no more than one, whatever an interval of two runs says.
        low, high = sorted(np.clip(sign * ends[row], -1.0, 1.0).tolist())
        found[place] = replace(
            found[place],
            low=low,
            high=high,
            p=float(single[row]),
            p_claim=float(known.adjusted[row]),
            claims=len(known.adjusted),
            excluded=min(float(known.excluded[row]), 1.0),
            verdict=verdict(known.adjusted[row], known.excluded[row], relevant),
        )
    return known, found


def verdict(p_claim: float, excluded: float, relevant: float) -> str:
    """What a corrected p value and the size that is excluded amount to."""
    return DIFFERENT if p_claim <= LEVEL else EQUIVALENT if excluded < relevant else INCONCLUSIVE


def _difference(sample: Sample, strategy: str, minus: str) -> np.ndarray:
    weights = np.zeros(len(sample.arms))
    weights[sample.arms.index(strategy)] += 1
    weights[sample.arms.index(minus)] -= 1
    return weights
