"""How uncertain the means of strategies are, by what is known of a study: answers clip by clip, or only scores."""

from dataclasses import dataclass

import numpy as np

from permafrost.evaluation.statistics.estimates import Estimates
from permafrost.evaluation.statistics.layered import Layered, Overlap, layered
from permafrost.evaluation.statistics.sample import Sample

FEW_GROUPS = 5  # in a split: below, what clips add to the variance cannot be estimated within it


@dataclass(frozen=True)
class OneWay:
    """Only scores count, of ``runs`` or of ``splits`` (``unit``): Student's t over them.

    ``spread`` is their covariance [strategies, strategies], ``extra`` what overlapping training sets add to 1/n. A
    handful of scores does not tell correlations: max-t by them claims falsely in 6 to 8 % of simulated studies.
    """

    means: np.ndarray
    spread: np.ndarray
    count: int
    unit: str
    extra: float = 0.0

    def contrasts(self, weights: np.ndarray) -> Estimates:
        """Estimates of the contrasts ``weights`` [rows, strategies]."""
        covariance, df = self.planned(self.count)
        variance = np.einsum("mk,kl,ml->m", weights, covariance, weights)
        return Estimates(weights @ self.means, np.maximum(variance, 0)[:, None], df)

    def of_means(self) -> Estimates:
        """Estimates of the strategies' own means."""
        return self.contrasts(np.eye(len(self.means)))

    @property
    def seeds_now(self) -> int:
        """How many units there are."""
        return self.count

    def planned(self, seeds: int, more: float = 1.0) -> tuple[np.ndarray, float]:
        """Covariance of the means with another number of units, and its degrees of freedom; ``more`` clips do not
        count."""
        return self.spread * (1 / seeds + self.extra), float(seeds - 1)

    def ratio(self) -> None:
        """None: only answers tell what clips explain of the splits' variance."""
        return None


Noise = Layered | OneWay


def noise_of(sample: Sample, overlap: Overlap) -> Noise | None:
    """What is known of a sample's uncertainty; None with a single run, about whose luck nothing is known."""
    if len(sample.seeds) < 2:
        return None
    if sample.blocks is not None:
        # Of one split that all seeds share two groups are enough.
        least = min(len(np.unique(block.group)) for block in sample.blocks)
        if least >= (FEW_GROUPS if sample.count > 1 else 2):
            return layered(sample, overlap)
    if sample.count > 1:
        spread = np.atleast_2d(np.cov(sample.by_split()))
        return OneWay(sample.means, spread, sample.count, "splits", overlap.extra(None))
    return OneWay(sample.means, np.atleast_2d(np.cov(sample.scores)), len(sample.seeds), "runs")


def is_reliable(sample: Sample, noise: Noise | None) -> bool:
    """Whether "reliably" may be said: clips and seeds are known, and both count."""
    return noise is not None and sample.blocks is not None and noise.unit != "runs"


def method_of(noise: Noise | None) -> str:
    """The name of what judges a difference."""
    if noise is None:
        return "none: one run"
    if isinstance(noise, Layered):
        return f"layered variance over {'clips' if noise.splits == 1 else 'splits, clips'} and seeds"
    return "corrected resampled t over splits" if noise.unit == "splits" else "paired t over runs, for these test clips"
