"""How uncertain the means of strategies are: one object for each design, all answering the same question.

``contrasts(weights)`` gives estimate, standard error, degrees of freedom and correlation of any linear contrasts of the
strategies' means. Three designs are known:

* ``TwoWay``: every seed is tested on the same clips. Seeds and clips are crossed random effects, so the variance of a
  contrast of means over S seeds and C clips is ``seed/S + clip/C + residual/(S C)``. It is estimated from the mean
  squares of the two-way table of paired differences, ``(MS_seed + MS_clip - MS_residual) / (S C)``, with
  Satterthwaite's degrees of freedom: the quasi-F of Cornfield & Tukey (1956, Ann. Math. Stat. 27), as Clark (1973,
  J. Verbal Learning 12) asked for it where items are a sample like subjects are. Owen's two-way bootstrap (2007, Ann.
  Appl. Stat. 1) counts the residual three times instead of once and so wastes power.
* ``OneWay``: only one score a run. The plain paired t: conditional on the clips that were tested.
* ``OneWay(ratio > 0)``: splits are redrawn. Training sets overlap, so the variance is inflated by
  ``1/J + n_test/n_train`` instead of ``1/J`` (Nadeau & Bengio 2003, Machine Learning 52).
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

ENOUGH_SEEDS = 6  # 2 / 2^6 = .031: the least number with which a test that assumes no normality can reach .05
LEAST = 1e-12  # variances below this, in squared accuracy, are rounding


@dataclass(frozen=True)
class Estimates:
    """Linear contrasts of means: each field [rows], ``correlation`` [rows, rows]. Unit: fraction of clips."""

    value: np.ndarray
    error: np.ndarray
    df: np.ndarray
    correlation: np.ndarray

    def p(self) -> np.ndarray:
        """Two-sided p of each row alone. A row without any variance has p 1 at zero and 0 elsewhere."""
        from scipy import stats

        flat = self.error <= LEAST**0.5
        t = np.abs(self.value) / np.where(flat, 1.0, self.error)
        return np.where(flat, np.where(np.abs(self.value) <= LEAST**0.5, 1.0, 0.0), 2 * stats.t.sf(t, self.df))

    def interval(self, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper ends of each row's own interval by Student's t."""
        from scipy import stats

        half = stats.t.isf((1 - level) / 2, self.df) * self.error
        return self.value - half, self.value + half


class Noise(Protocol):
    """What contrasts, shape and planning need to know of a design."""

    means: np.ndarray
    seeds: int
    clips: int | None

    @property
    def known_correlation(self) -> bool:
        """Whether the correlation of contrasts is known well enough to correct by it."""
        ...

    def contrasts(self, weights: np.ndarray) -> Estimates:
        """Estimates for ``weights`` [rows, strategies]."""
        ...

    def planned(self, seeds: int, clips: int | None) -> tuple[np.ndarray, float]:
        """Covariance [strategies, strategies] of the means and typical degrees of freedom with other numbers."""
        ...


@dataclass(frozen=True)
class TwoWay:
    """Crossed seeds and clips; the three matrices are mean squares and products [strategies, strategies]."""

    means: np.ndarray
    seed: np.ndarray
    clip: np.ndarray
    residual: np.ndarray
    seeds: int
    clips: int

    @property
    def known_correlation(self) -> bool:
        """From six seeds on: below, the seeds' part of it is hardly known."""
        return self.seeds >= ENOUGH_SEEDS

    def contrasts(self, weights: np.ndarray) -> Estimates:
        """Estimates for ``weights`` [rows, strategies]; a component that comes out negative counts as zero."""
        a, b, e = (np.einsum("mk,kl,ml->m", weights, part, weights) for part in (self.seed, self.clip, self.residual))
        total = np.maximum(a - e, 0) + np.maximum(b - e, 0) + e
        rows, columns = self.seeds - 1, self.clips - 1
        spread = a**2 / rows + b**2 / columns + e**2 / (rows * columns)
        df = np.where(spread > 0, total**2 / np.where(spread > 0, spread, 1.0), columns)
        error = np.sqrt(np.maximum(total, 0) / (self.seeds * self.clips))
        covariance = weights @ self._covariance(self.seeds, self.clips) @ weights.T
        return Estimates(weights @ self.means, error, np.maximum(df, 1.0), _correlation(covariance))

    def planned(self, seeds: int, clips: int | None) -> tuple[np.ndarray, float]:
        """Covariance of the means with other numbers, components held; degrees of freedom of a typical contrast."""
        count = clips or self.clips
        seed, clip = self._components()
        # Contrasts do not see what all strategies share, so the shared part is taken out before variances are added.
        centre = np.eye(len(self.means)) - 1 / len(self.means)
        a, b, e = (
            np.trace(centre @ part)
            for part in (count * seed + self.residual, seeds * clip + self.residual, self.residual)
        )
        spread = a**2 / (seeds - 1) + b**2 / (count - 1) + e**2 / ((seeds - 1) * (count - 1))
        df = (a + b - e) ** 2 / spread if spread > 0 else count - 1
        return self._covariance(seeds, count), float(max(df, 1.0))

    def _components(self) -> tuple[np.ndarray, np.ndarray]:
        return positive(self.seed - self.residual) / self.clips, positive(self.clip - self.residual) / self.seeds

    def _covariance(self, seeds: int, clips: int) -> np.ndarray:
        seed, clip = self._components()
        return seed / seeds + clip / clips + self.residual / (seeds * clips)


@dataclass(frozen=True)
class OneWay:
    """One score a run; ``spread`` is the covariance [strategies, strategies] of the scores over seeds (or splits)."""

    means: np.ndarray
    spread: np.ndarray
    seeds: int
    ratio: float = 0.0
    clips: int | None = None

    @property
    def known_correlation(self) -> bool:
        """No: a handful of scores does not tell it."""
        return False

    def contrasts(self, weights: np.ndarray) -> Estimates:
        """Estimates for ``weights`` [rows, strategies]: the paired t of each row."""
        covariance = weights @ self.spread @ weights.T * (1 / self.seeds + self.ratio)
        rows = len(weights)
        error = np.sqrt(np.maximum(np.diag(covariance), 0))
        return Estimates(weights @ self.means, error, np.full(rows, self.seeds - 1.0), _correlation(covariance))

    def planned(self, seeds: int, clips: int | None) -> tuple[np.ndarray, float]:
        """Covariance of the means with another number of seeds (or splits), and its degrees of freedom."""
        return self.spread * (1 / seeds + self.ratio), float(seeds - 1)


def two_way(correct: np.ndarray) -> TwoWay:
    """Mean squares and products of ``correct`` [strategies, seeds >= 2, clips >= 2], 0/1 or any score a clip."""
    values = np.asarray(correct, dtype=float)
    seeds, clips = values.shape[1:]
    means = values.mean((1, 2))
    rows = values.mean(2) - means[:, None]
    columns = values.mean(1) - means[:, None]
    rest = (values - means[:, None, None] - rows[:, :, None] - columns[:, None, :]).reshape(len(values), -1)
    return TwoWay(
        means,
        clips * rows @ rows.T / (seeds - 1),
        seeds * columns @ columns.T / (clips - 1),
        rest @ rest.T / ((seeds - 1) * (clips - 1)),
        seeds,
        clips,
    )


def one_way(scores: np.ndarray, ratio: float = 0.0) -> OneWay:
    """Covariance of ``scores`` [strategies, seeds >= 2]; ``ratio`` is n_test / n_train where splits are redrawn."""
    values = np.asarray(scores, dtype=float)
    return OneWay(values.mean(1), np.atleast_2d(np.cov(values)), values.shape[1], ratio)


def positive(matrix: np.ndarray) -> np.ndarray:
    """The nearest matrix without negative eigenvalues: a covariance component cannot be negative."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    return (vectors * np.maximum(values, 0)) @ vectors.T


def _correlation(covariance: np.ndarray) -> np.ndarray:
    scale = np.sqrt(np.maximum(np.diag(covariance), LEAST))
    correlation = np.clip(covariance / np.outer(scale, scale), -1, 1)
    np.fill_diagonal(correlation, 1.0)
    return correlation
