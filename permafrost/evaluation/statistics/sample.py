"""The runs of one model as arrays: strategies in order, seeds paired, clips matched."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from permafrost.errors import PermafrostError
from permafrost.evaluation.statistics.noise import Noise, one_way, two_way

ROUNDING = 1e-3  # a stored score may be rounded; beyond this it is not the mean of the stored predictions


@dataclass(frozen=True)
class Sample:
    """Scores and outcomes of arms (strategies of one model, or of two) that share their seeds.

    ``scores`` and ``valid`` are [arms, seeds] in fractions; ``splits`` [seeds] numbers the split that a seed used;
    ``correct`` is [arms, seeds, clips] where all seeds share their test clips, else None; ``ragged`` holds for each
    seed its own [arms, clips] where splits are redrawn, else None.
    """

    arms: tuple[str, ...]
    seeds: tuple[object, ...]
    scores: np.ndarray
    splits: np.ndarray
    valid: np.ndarray | None = None
    correct: np.ndarray | None = None
    ragged: tuple[np.ndarray, ...] | None = None

    @property
    def redrawn(self) -> bool:
        """Whether the seeds use more than one split."""
        return len(np.unique(self.splits)) > 1

    def by_split(self, values: np.ndarray) -> np.ndarray:
        """Means of ``values`` [arms, seeds] over the seeds of each split: [arms, splits]."""
        return np.stack([values[:, self.splits == split].mean(1) for split in np.unique(self.splits)], axis=1)

    def noise(self, test_per_train: float) -> Noise | None:
        """The design's uncertainty (see noise.py); None with a single seed, about whose luck nothing is known."""
        if len(self.seeds) < 2:
            return None
        if self.redrawn:
            return one_way(self.by_split(self.scores), test_per_train)
        if self.correct is not None and self.correct.shape[2] > 1:
            return two_way(self.correct)
        return one_way(self.scores)

    def pick(self, arms: Sequence[str]) -> "Sample":
        """The same runs for some arms, in the order given."""
        rows = [self.arms.index(arm) for arm in arms]
        return Sample(
            tuple(arms),
            self.seeds,
            self.scores[rows],
            self.splits,
            None if self.valid is None else self.valid[rows],
            None if self.correct is None else self.correct[rows],
            None if self.ragged is None else tuple(outcome[rows] for outcome in self.ragged),
        )


def build(runs: pd.DataFrame, outcomes: pd.DataFrame | None, arms: Sequence[str], name: str) -> Sample:
    """Arrays from tidy tables of one model whose column ``arm`` names the strategy.

    ``runs`` has arm, seed, score and may have valid_score and split; ``outcomes`` has arm, seed, clip_id, correct.

    Raises:
        PermafrostError: a duplicate or missing run, or predictions that do not belong to the runs; named.
    """
    _refuse_duplicates(runs, name)
    scores = runs.pivot(index="arm", columns="seed", values="score").reindex(list(arms))
    missing = [f"{arm} seed {seed}" for arm in arms for seed in scores.columns if pd.isna(scores.at[arm, seed])]
    if missing:
        raise PermafrostError(
            f"{name}: no score for {', '.join(missing)}; strategies are compared seed by seed, so that each needs the "
            f"seeds {', '.join(map(str, scores.columns))}: run what is missing, or leave those seeds out"
        )
    seeds = tuple(scores.columns)
    valid = None
    if "valid_score" in runs and runs["valid_score"].notna().all():
        valid = runs.pivot(index="arm", columns="seed", values="valid_score").loc[list(arms)].to_numpy(float)
    splits = np.zeros(len(seeds), dtype=int)
    if "split" in runs and runs["split"].notna().all():
        splits = pd.factorize(_split_of_seed(runs, name).loc[list(seeds)])[0]
    values = scores.to_numpy(float)
    if outcomes is None:
        return Sample(tuple(arms), seeds, values, splits, valid)
    return _with_outcomes(Sample(tuple(arms), seeds, values, splits, valid), outcomes, name)


def from_tables(runs: pd.DataFrame, outcomes: pd.DataFrame | None, name: str, arms: Sequence[str]) -> Sample:
    """``build`` for those of ``arms`` that ``runs`` has, with the outcomes that belong to them.

    ``outcomes`` may be of more models, arms and seeds than ``runs``; none for these runs counts as no outcomes.
    """
    present = [arm for arm in arms if (runs["arm"] == arm).any()]
    if outcomes is not None:
        outcomes = outcomes[outcomes["arm"].isin(present) & outcomes["model"].isin(runs["model"].unique())]
        outcomes = outcomes[outcomes["seed"].isin(runs["seed"].unique())]
    return build(runs, outcomes if outcomes is not None and len(outcomes) else None, present, name)


def _with_outcomes(sample: Sample, outcomes: pd.DataFrame, name: str) -> Sample:
    ragged, clips = [], []
    for column, seed in enumerate(sample.seeds):
        part = outcomes[outcomes["seed"] == seed]
        repeated = part[part.duplicated(["arm", "clip_id"])]
        if len(repeated):
            row = repeated.iloc[0]
            raise PermafrostError(
                f"{name}: two predictions for clip {row['clip_id']} by {row['arm']} seed {seed}; expected one a clip"
            )
        table = part.pivot(index="arm", columns="clip_id", values="correct").reindex(list(sample.arms))
        if table.isna().to_numpy().any() or table.shape[1] == 0:
            gaps = table.columns[table.isna().any()]
            where = f"clip {gaps[0]} is not predicted by every strategy" if len(gaps) else "there are no predictions"
            raise PermafrostError(f"{name} seed {seed}: {where}; strategies are compared on the same test clips")
        means = table.mean(1).to_numpy(float)
        wrong = np.abs(means - sample.scores[:, column]) > ROUNDING
        if wrong.any():
            arm = int(np.argmax(wrong))
            raise PermafrostError(
                f"{name} {sample.arms[arm]} seed {seed}: the score is {sample.scores[arm, column]:.4f}, but its "
                f"predictions are right on {means[arm]:.4f} of the clips; give the accuracy of these predictions"
            )
        ragged.append(table.to_numpy(float))
        clips.append(tuple(table.columns))
    shared = len(set(clips)) == 1
    splits = sample.splits if sample.redrawn or shared else pd.factorize(pd.Series(clips))[0]
    once = not len(np.unique(splits)) > 1
    return Sample(
        sample.arms,
        sample.seeds,
        sample.scores,
        splits,
        sample.valid,
        np.stack(ragged, axis=1) if once else None,
        None if once else tuple(ragged),
    )


def _refuse_duplicates(runs: pd.DataFrame, name: str) -> None:
    twice = runs[runs.duplicated(["arm", "seed"], keep=False)]
    if len(twice):
        named = sorted({f"{arm} seed {seed}" for arm, seed in zip(twice["arm"], twice["seed"], strict=True)})
        raise PermafrostError(f"{name}: more than one row for {', '.join(named)}; expected one row a run")


def _split_of_seed(runs: pd.DataFrame, name: str) -> pd.Series:
    several = runs.groupby("seed")["split"].nunique()
    if (several > 1).any():
        seed = several.index[several > 1][0]
        raise PermafrostError(
            f"{name}: seed {seed} uses different splits in different strategies; a pair must share its split"
        )
    return runs.groupby("seed")["split"].first()
