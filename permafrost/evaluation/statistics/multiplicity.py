"""Several statements at once: Holm, and the sharper max-t where the correlation of the statements is known.

Whether it is known is for the design to say (``Noise.known_correlation``). With answers clip by clip it rests on
hundreds of numbers. From ten scores alone it is too rough: max-t then made a false claim in 6 to 8 % of simulated
studies.
"""

from functools import cache

import numpy as np

DRAWS = 10_000
RARE = 0.005  # below this the share of draws is too coarse and Holm's exact bound is used


def holm(p: np.ndarray) -> np.ndarray:
    """Holm's step-down adjusted p values (1979, Scand. J. Stat. 6).

    Six lines of our own: statsmodels' multipletests gives the same numbers (a test holds them together) in 40 ms a
    call, and this is called thousands of times in the calibration.
    """
    p = np.asarray(p, dtype=float)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)) if len(p) else p
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def step_down(p: np.ndarray, correlation: np.ndarray) -> np.ndarray:
    """Adjusted two-sided p values [rows] by the step-down max-t, never above Holm's.

    Contrasts of a few means overlap ("half against none" and "half against quarter" share a mean), so that Holm, which
    assumes nothing, is too strict. Here each p is put on the normal scale and compared with the largest of correlated
    normal variables, step by step (Westfall & Young 1993; Hothorn, Bretz & Westfall 2008, Biometrical J. 50).
    ``correlation`` is [rows, rows].
    """
    from scipy import stats

    p = np.asarray(p, dtype=float)
    if len(p) < 2:
        return p.copy()
    size = stats.norm.isf(np.clip(p, 1e-300, 1) / 2)
    order = np.argsort(-size, kind="stable")
    draws = np.abs(correlated(correlation))[:, order]
    # Column i becomes the largest of the statements that are not yet decided at step i.
    largest = np.maximum.accumulate(draws[:, ::-1], axis=1)[:, ::-1]
    share = np.maximum.accumulate((largest >= size[order]).mean(0))
    adjusted = np.empty_like(p)
    adjusted[order] = share
    bound = holm(p)
    return np.maximum(p, np.where(adjusted < RARE, bound, np.minimum(adjusted, bound)))


def simultaneous(correlation: np.ndarray, known: bool = True, level: float = 0.95) -> float:
    """The normal quantile c such that all rows stay within c together with probability ``level`` (two-sided).

    With ``known`` False the correlation is not relied on, and Bonferroni's quantile is given.
    """
    from scipy import stats

    if not known:
        return float(stats.norm.isf((1 - level) / 2 / len(correlation)))
    return float(np.quantile(np.abs(correlated(correlation)).max(1), level))


def correlated(correlation: np.ndarray) -> np.ndarray:
    """The same ``DRAWS`` standard normal vectors at every call, given ``correlation``: [draws, rows]."""
    values, vectors = np.linalg.eigh(correlation)
    kept = values > 1e-10
    root = vectors[:, kept] * np.sqrt(values[kept])
    root /= np.sqrt((root**2).sum(1))[:, None]
    return _normals(root.shape[1]) @ root.T


@cache
def _normals(columns: int) -> np.ndarray:
    return np.random.default_rng(20_030_513).standard_normal((DRAWS, columns))
