"""The layered method: how uncertain means are that rest on test clips, training seeds and training sets, in one formula
for a shared split, folds, redrawn splits, repeats and unequal numbers of seeds a split.

A contrast w of the strategies' means is d[j, c] = w·y[:, j, c] for run j and clip c. Its estimate is the mean over
splits of the splits' means. Three layers add to its variance:

* clips: ``V_C``, from the sums of its deviations over each group of clips (artist, speaker; a clip without one is its
  own), so that clips of one group count as one sample (Liang & Zeger 1986, Biometrika 73);
* seeds: what the means of runs within a split vary by beyond what single answers explain;
* training sets: what the means of splits vary by beyond what clips and seeds explain. Training sets overlap, so their
  share is not 1/K but 1/K + n_test / n_train (Nadeau & Bengio 2003, Machine Learning 52), or, where R says that they
  matter, 1/K + rho / (1 - rho), with rho the share of clips that two of them have in common. Test clips are not counted
  twice.

The last two are told as shares of ``v``, the clips' variance within one split, and pooled over the strategies, because
few runs tell little about one contrast. With one split and every clip its own group the three add up to the two-way
random-effects model over seeds and clips (Cornfield & Tukey 1956, Ann. Math. Stat. 27; Clark 1973, J. Verbal Learning
12). How uncertain the parts are goes in by draws of their chi-squares.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from permafrost.evaluation.statistics.estimates import Estimates, correlation_of
from permafrost.evaluation.statistics.sample import Sample

DRAWS = 2000
# R from which on training sets count as the safe assumption has it. Where they do not matter, four in five studies lie
# below; where they move the scores on folds by 4 points, nine in ten above.
HIGH_RATIO = 1.35
ENOUGH_GROUPS = 20  # beyond one a split: with fewer the correlation of contrasts is not known


@dataclass(frozen=True)
class Overlap:
    """What training sets of different splits have in common.

    ``test_per_train``: n_test / n_train. ``shared``: the share of the training clips that two splits have in common;
    where it is given, training sets count as correlated by it, which is the safe assumption. Else they do where R is
    high, with the share that random splits have whose validation clips are as many as their test clips.
    """

    test_per_train: float = 1 / 3
    shared: float | None = None

    @property
    def safe(self) -> float:
        """What overlap adds to 1/K at most: rho / (1 - rho)."""
        share = 1 / (1 + 2 * self.test_per_train) if self.shared is None else self.shared
        return share / (1 - share)

    def extra(self, ratio: float | None) -> float:
        """What overlap adds to 1/K in the variance of a mean over K splits; ``ratio``: R."""
        surely = self.shared is None and (ratio is None or ratio < HIGH_RATIO)
        return self.test_per_train if surely else self.safe


@dataclass(frozen=True)
class Layered:
    """The layers as matrices [strategies, strategies], so that a contrast w has w·M·w of each.

    ``sums`` [strategies, groups]: weighted deviations summed over each group; ``clips`` (V_C), ``within`` (v),
    ``seeds`` (a, variance of run means within splits), ``answers`` (e, what single answers explain of it), ``between``
    (F, variance of split means); ``runs`` (J), ``splits`` (K), ``groups`` (G), ``tested``
    (clips, of all splits), ``typical`` (m, seeds a split),
    ``load`` (the sum of squared weights of runs, 1/J where splits have equally many), ``overlap`` of training sets.
    """

    means: np.ndarray
    sums: np.ndarray
    clips: np.ndarray
    within: np.ndarray
    seeds: np.ndarray
    answers: np.ndarray
    between: np.ndarray
    runs: int
    splits: int
    groups: int
    tested: int
    typical: float
    load: float
    overlap: Overlap

    def contrasts(self, weights: np.ndarray) -> Estimates:
        """Estimates of the contrasts ``weights`` [rows, strategies], each summing to zero."""
        return self._estimates(weights, self._centred)

    def of_means(self) -> Estimates:
        """Estimates of the strategies' own means."""
        every = np.eye(len(self.means))
        return self._estimates(every, every)

    @property
    def unit(self) -> str:
        """What more of could be trained."""
        return "seeds" if self.splits == 1 else "seeds a split"

    @property
    def seeds_now(self) -> int:
        """How many seeds each split has, about."""
        return round(self.typical)

    def planned(self, seeds: int, more: float = 1.0) -> tuple[np.ndarray, float]:
        """Covariance [strategies, strategies] of the means with ``seeds`` a split and ``more`` times the clips, in
        more groups, the layers held; and typical degrees of freedom."""
        ra, re, r = self._shares(self._centred)
        seed, sets = max(ra - re, 0.0) * self.within, max((r or 1.0) - 1, 0.0) * self.within
        clips = positive(self.clips - self.load * self.answers) + self.answers / (self.splits * seeds)
        overlapping = (1 / self.splits + self.extra()) * sets if self.splits > 1 else 0.0
        return clips / more + seed / (self.splits * seeds) + overlapping, max(self.groups * more - self.splits, 1.0)

    def parts(self) -> list[dict[str, float] | None]:
        """Shares (sum 1) in the variance of each strategy's mean: clips, answers (chance in single ones), seeds,
        training sets, each where it can be told; None without any variance."""
        found = []
        for place in range(len(self.means)):
            pool = np.zeros((len(self.means), len(self.means)))
            pool[place, place] = 1
            ra, re, r = self._shares(pool)
            within, seed = self.within[place, place], max(ra - re, 0.0)
            shares = {"clips": self.clips[place, place]}
            if self.runs > self.splits:
                answers = min(self.load * self.answers[place, place], shares["clips"])
                shares = {"clips": shares["clips"] - answers, "answers": answers, "seeds": self.load * seed * within}
            if self.splits > 1:
                apart = max((r or 1.0) - 1, 0.0) * (1 + seed / self.typical) * within
                shares["training sets"] = (1 / self.splits + self.extra()) * apart
            total = sum(shares.values())
            found.append({name: float(part / total) for name, part in shares.items()} if total > 0 else None)
        return found

    def ratio(self) -> float | None:
        """R: variance of split means by what clips and seeds explain, pooled; None with one split or no variance."""
        return self._shares(self._centred)[2] if self.splits > 1 else None

    def extra(self, ratio: float | None = None) -> float:
        """What overlapping training sets add to 1/K, by R or by a higher ``ratio``."""
        return self.overlap.extra(max(self.ratio() or 0.0, ratio or 0.0))

    @property
    def _centred(self) -> np.ndarray:
        """The pool of all contrasts: each strategy less the mean of all; of a single one itself."""
        count = len(self.means)
        return np.eye(count) - 1 / count if count > 1 else np.eye(1)

    def _shares(self, pool: np.ndarray) -> tuple[float, float, float | None]:
        """Ra, Re and R, pooled over the contrasts that ``pool`` stands for."""
        parts = (self.within, self.seeds, self.answers, self.between)
        within, seeds, answers, between = (float(np.trace(pool @ part)) for part in parts)
        if within <= 0:
            return 0.0, 0.0, None
        ra, re = seeds / within, answers / within
        return ra, re, between / (within * (1 + max(ra - re, 0.0) / self.typical))

    def _estimates(self, weights: np.ndarray, pool: np.ndarray) -> Estimates:
        parts = (np.einsum("mk,kl,ml->m", weights, part, weights) for part in (self.clips, self.within))
        clips, within = (np.maximum(part, 0)[:, None] for part in parts)
        variance = (clips + self._added(pool) * within) / chi_square(max(self.groups - self.splits, 1), 2)
        rows, many = weights @ self.sums, self.groups - self.splits >= ENOUGH_GROUPS
        return Estimates(weights @ self.means, variance, np.inf, correlation_of(rows @ rows.T) if many else None)

    def _added(self, pool: np.ndarray) -> np.ndarray:
        """What seeds and training sets add, as a share of ``within``: [draws]."""
        ra, re, r = self._shares(pool)
        free, rows = self.runs - self.splits, round(float(np.trace(pool)))
        seeds = np.maximum(ra / chi_square(rows * free, 0) - re, 0) if free else np.zeros(DRAWS)
        if self.splits == 1 or r is None:
            return self.load * seeds
        sets = np.maximum(r / chi_square(rows * (self.splits - 1), 1) - 1, 0)
        return self.load * seeds + (1 / self.splits + self.extra(r)) * sets * (1 + seeds / self.typical)


def layered(sample: Sample, overlap: Overlap | None = None) -> Layered:
    """The layers of a sample with answers."""
    arms, splits, runs = len(sample.arms), sample.count, len(sample.seeds)
    sums = np.zeros((arms, 1 + max(int(block.group.max()) for block in sample.blocks)))
    within, answers, seeds, between = (np.zeros((arms, arms)) for _ in range(4))
    for block in sample.blocks:
        names, own = np.unique(block.group, return_inverse=True)
        count, clips = len(names), len(own)
        member = np.eye(count)[own] / clips
        unbiased = count / (count - 1) if count > 1 else 1.0
        by_run = block.values.mean(2)
        rest = block.values - by_run[:, :, None]
        by_group = rest.mean(1) @ member
        within += unbiased * by_group @ by_group.T / splits
        sums[:, names] += by_group / splits
        if runs > splits:
            single = (rest - rest.mean(1, keepdims=True)) @ member
            answers += unbiased * np.einsum("ajg,bjg->ab", single, single) / (runs - splits)
            apart = by_run - by_run.mean(1, keepdims=True)
            seeds += apart @ apart.T / (runs - splits)
    if splits > 1:
        between = np.atleast_2d(np.cov(np.stack([block.values.mean((1, 2)) for block in sample.blocks], axis=1)))
    groups = sample.groups
    return Layered(
        means=sample.means,
        sums=sums,
        clips=groups / max(groups - 1, 1) * sums @ sums.T,
        within=within,
        seeds=seeds,
        answers=answers,
        between=between,
        runs=runs,
        splits=splits,
        groups=groups,
        tested=sum(len(block.group) for block in sample.blocks),
        typical=splits / float(np.sum(1 / np.bincount(sample.splits))),
        load=float(np.sum(sample.weights**2)),
        overlap=overlap or Overlap(),
    )


def positive(matrix: np.ndarray) -> np.ndarray:
    """The nearest matrix without negative eigenvalues: a covariance component cannot be negative."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    return (vectors * np.maximum(values, 0)) @ vectors.T


@cache
def chi_square(df: int, stream: int) -> np.ndarray:
    """The same ``DRAWS`` of a chi-square by its degrees of freedom at every call."""
    return np.random.default_rng([20_261_125, stream, df]).chisquare(df, DRAWS) / df
