"""95 % intervals of means: of shares by Wilson's formula, so that they stay between 0 and 1 and are as skewed as the
counts are near either end; of other scores by their own half-widths."""

import numpy as np
from scipy import stats

from permafrost.evaluation.statistics.layered import Layered
from permafrost.evaluation.statistics.noise import Noise

NORMAL = float(stats.norm.isf(0.025))
FEW = 5  # clips that are answered otherwise than most


def share_limits(noise: Noise) -> list[tuple[float, float]]:
    """Limits of each strategy's mean of answers that are right or wrong.

    Wilson (1927, JASA 22) with the number of independent answers that has the mean's variance (Korn & Graubard 1998,
    Survey Methodology 24), and where nothing varies, that of groups.
    """
    mean, half = np.clip(noise.means, 0, 1), noise.of_means().half()
    if not isinstance(noise, Layered):
        return _clipped(mean, half, 0.0, 1.0)
    error = half / NORMAL
    spread = mean * (1 - mean)
    count = np.where(error**2 > 1e-12, spread / np.maximum(error**2, 1e-12), 0.0)
    # A few clips that are answered otherwise tell little of their variance: then clips count as no more than they are.
    count = np.where(spread * noise.tested > FEW, count, np.minimum(count, noise.tested))
    count = np.where(count > 0, count, noise.groups)
    centre = (mean + NORMAL**2 / (2 * count)) / (1 + NORMAL**2 / count)
    reach = NORMAL / (1 + NORMAL**2 / count) * np.sqrt(spread / count + NORMAL**2 / (4 * count**2))
    return _clipped(centre, reach, 0.0, 1.0)


def limits(noise: Noise, lowest: float, highest: float) -> list[tuple[float, float]]:
    """Limits of each strategy's mean of any score from ``lowest`` to ``highest``."""
    return _clipped(noise.means, noise.of_means().half(), lowest, highest)


def _clipped(centre: np.ndarray, half: np.ndarray, lowest: float, highest: float) -> list[tuple[float, float]]:
    ends = np.maximum(centre - half, lowest), np.minimum(centre + half, highest)
    return [(float(low), float(high)) for low, high in zip(*ends, strict=True)]
