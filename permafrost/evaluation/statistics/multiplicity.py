"""Several statements at once: Holm, and the sharper max-t where the correlation of the statements is known.

Whether it is known is for the design to say (``known_correlation``): answers clip by clip tell it, a handful of scores
or of groups does not; None stands for unknown here.
"""

from functools import cache

import numpy as np
from scipy import stats

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


def step_down(p: np.ndarray, correlation: np.ndarray | None) -> np.ndarray:
    """Adjusted two-sided p values [rows] by the step-down max-t, never above Holm's, which they are without
    ``correlation`` [rows, rows].

    Contrasts of a few means overlap ("half against none" and "half against quarter" share a mean), so that Holm, which
    assumes nothing, is too strict. Here each p is put on the normal scale and compared with the largest of correlated
    normal variables, step by step (Westfall & Young 1993; Hothorn, Bretz & Westfall 2008, Biometrical J. 50).
    """
    p = np.asarray(p, dtype=float)
    bound = holm(p)
    if correlation is None or len(p) < 2:
        return bound
    size = stats.norm.isf(np.clip(p, 1e-300, 1) / 2)
    order = np.argsort(-size, kind="stable")
    draws = np.abs(correlated(correlation))[:, order]
    # Column i becomes the largest of the statements that are not yet decided at step i.
    largest = np.maximum.accumulate(draws[:, ::-1], axis=1)[:, ::-1]
    share = np.maximum.accumulate((largest >= size[order]).mean(0))
    adjusted = np.empty_like(p)
    adjusted[order] = share
    return np.maximum(p, np.where(adjusted < RARE, bound, np.minimum(adjusted, bound)))


def simultaneous(correlation: np.ndarray | None, rows: int, miss: float) -> float:
    """With which probability each row's own two-sided interval may miss, so that any of ``rows`` does in ``miss``.

    By the largest of normal variables with ``correlation``; without it by Bonferroni.
    """
    if correlation is None or rows < 2:
        return miss / max(rows, 1)
    quantile = np.quantile(np.abs(correlated(correlation)).max(1), 1 - miss)
    return max(float(2 * stats.norm.sf(quantile)), miss / rows)


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
