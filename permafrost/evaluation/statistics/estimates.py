"""What is known of linear contrasts of strategies' means: values, and how uncertain they are."""

from dataclasses import dataclass

import numpy as np
from scipy import special, stats

LEAST = 1e-12  # variances below this, in squared accuracy, are rounding


@dataclass(frozen=True)
class Estimates:
    """Linear contrasts of means. Unit: fraction of clips.

    ``value`` [rows]; ``variance`` [rows, draws]: what the variance of each may be, as its own estimate is uncertain;
    ``df``: of Student's t, by which a value is judged within a draw (infinite: the normal distribution);
    ``known_correlation`` [rows, rows]: None where it is not known well enough to correct by it.
    """

    value: np.ndarray
    variance: np.ndarray
    df: float
    known_correlation: np.ndarray | None = None

    def tail(self, size: np.ndarray) -> np.ndarray:
        """Chance that noise alone exceeds ``size`` [rows] on one side."""
        root = np.sqrt(np.maximum(self.variance, LEAST))
        scaled = np.asarray(size, float)[:, None] / root
        return (special.ndtr(-scaled) if np.isinf(self.df) else stats.t.sf(scaled, self.df)).mean(1)

    def p(self) -> np.ndarray:
        """Two-sided p of each row alone. A row without any variance has p 1 at zero and 0 elsewhere."""
        flat = self.variance.max(1) <= LEAST
        zero = np.abs(self.value) <= LEAST**0.5
        return np.where(flat, np.where(zero, 1.0, 0.0), np.minimum(2 * self.tail(np.abs(self.value)), 1.0))

    def half(self, miss: float = 0.05) -> np.ndarray:
        """Half the width of each row's interval that misses with probability ``miss``: [rows]."""
        widest = np.sqrt(np.maximum(self.variance.max(1), LEAST))
        if self.variance.shape[1] == 1:
            return widest * stats.t.isf(miss / 2, self.df)
        root = np.sqrt(np.maximum(self.variance, LEAST))
        low, high = np.zeros(len(widest)), widest * stats.norm.isf(miss / 2)
        half = np.median(root, axis=1) * stats.norm.isf(miss / 2)
        for _ in range(40):  # Newton's on the logarithm of the tail; by halves where that leaves the bracket
            scaled = half[:, None] / root
            tail, slope = 2 * special.ndtr(-scaled).mean(1), 2 * (np.exp(-(scaled**2) / 2) / root).mean(1)
            low, high = np.where(tail > miss, half, low), np.where(tail > miss, high, half)
            step = tail * np.log(np.maximum(tail, 1e-300) / miss) * (2 * np.pi) ** 0.5 / np.maximum(slope, 1e-300)
            moved = half + step
            half, before = np.where((moved >= low) & (moved <= high), moved, (low + high) / 2), half
            if np.abs(half - before).max() <= 1e-12 + 1e-9 * widest.max():
                break
        return half

    def interval(self, miss: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper ends of each row's interval."""
        half = self.half(miss)
        return self.value - half, self.value + half


def correlation_of(covariance: np.ndarray) -> np.ndarray:
    """Correlation [rows, rows] of a covariance; 0 where a row has no variance."""
    scale = np.sqrt(np.maximum(np.diag(covariance), LEAST))
    correlation = np.clip(covariance / np.outer(scale, scale), -1, 1)
    np.fill_diagonal(correlation, 1.0)
    return correlation
