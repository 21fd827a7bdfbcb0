"""The runs of one model as arrays: strategies in order, seeds paired, clips matched within each split."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from permafrost.errors import PermafrostError

ROUNDING = 1e-3  # a stored score may be rounded; beyond this it is not the mean of the stored predictions


@dataclass(frozen=True)
class Block:
    """The answers within one split: ``runs`` [runs] are places among the seeds, ``values`` [arms, runs, clips] a score
    of each clip (1 right, 0 wrong), ``group`` [clips] the number of each clip's group, the same over all splits."""

    runs: np.ndarray
    values: np.ndarray
    group: np.ndarray


@dataclass(frozen=True)
class Sample:
    """Scores and answers of arms (strategies of one model, or of several) that share their seeds.

    ``scores`` and ``valid`` are [arms, seeds] in fractions; ``splits`` [seeds] numbers from 0 the split that a seed
    used; ``blocks`` holds the answers to the test clips and ``valid_blocks`` those to the validation clips, one a
    split; None where they are not known.
    """

    arms: tuple[str, ...]
    seeds: tuple[object, ...]
    scores: np.ndarray
    splits: np.ndarray
    valid: np.ndarray | None = None
    blocks: tuple[Block, ...] | None = None
    valid_blocks: tuple[Block, ...] | None = None

    @cached_property
    def weights(self) -> np.ndarray:
        """How much each seed counts in a mean, which is that over splits of the splits' means: [seeds], sum 1."""
        sizes = np.bincount(self.splits)
        return 1 / (len(sizes) * sizes[self.splits])

    @property
    def count(self) -> int:
        """The number of splits."""
        return int(self.splits.max()) + 1

    @property
    def means(self) -> np.ndarray:
        """Mean score of each arm: [arms]."""
        return self.scores @ self.weights

    @property
    def clips(self) -> int | None:
        """Test clips in a split, the mean over splits; None where they are not known."""
        return None if self.blocks is None else round(float(np.mean([len(block.group) for block in self.blocks])))

    @property
    def groups(self) -> int | None:
        """Groups that were tested, in whichever split; None where the test clips are not known."""
        return None if self.blocks is None else len(np.unique(np.concatenate([block.group for block in self.blocks])))

    def by_split(self) -> np.ndarray:
        """Mean scores over the seeds of each split: [arms, splits]."""
        return np.stack([self.scores[:, self.splits == split].mean(1) for split in range(self.count)], axis=1)


def blocks_of(values: Sequence[np.ndarray], clips: Sequence[Sequence[object]], splits: np.ndarray) -> tuple[Block, ...]:
    """Answers ``values`` [arms, clips] of each seed as one block a split, in which all seeds share their clips.

    ``clips`` names the group of each clip of each seed.
    """
    codes = {name: number for number, name in enumerate(dict.fromkeys(name for seed in clips for name in seed))}
    found = []
    for split in range(int(splits.max()) + 1):
        runs = np.flatnonzero(splits == split)
        group = np.array([codes[name] for name in clips[runs[0]]])
        found.append(Block(runs, np.stack([values[run] for run in runs], axis=1).astype(float), group))
    return tuple(found)


def from_tables(
    runs: pd.DataFrame,
    outcomes: pd.DataFrame | None,
    name: str,
    arms: Sequence[str],
    validation: pd.DataFrame | None = None,
) -> Sample:
    """Arrays from tidy tables whose column ``arm`` names the strategy, for those of ``arms`` that ``runs`` has.

    ``runs`` has model, arm, seed, score and may have valid_score and split; ``outcomes`` (test clips) and
    ``validation`` have model, arm, seed, clip_id, correct and may have group: a clip without one is its own. They may
    be of more models, arms and seeds than ``runs``; none for these runs counts as none.

    Raises:
        PermafrostError: a duplicate or missing run, or predictions that do not belong to the runs; named.
    """
    arms = [arm for arm in arms if (runs["arm"] == arm).any()]
    outcomes, validation = (_of_these(runs, arms, table) for table in (outcomes, validation))
    if len(twice := runs[runs.duplicated(["arm", "seed"], keep=False)]):
        named = sorted({f"{arm} seed {seed}" for arm, seed in zip(twice["arm"], twice["seed"], strict=True)})
        raise PermafrostError(f"{name}: more than one row for {', '.join(named)}; expected one row a run")
    scores = runs.pivot(index="arm", columns="seed", values="score").reindex(arms)
    missing = [f"{arm} seed {seed}" for arm in arms for seed in scores.columns if pd.isna(scores.at[arm, seed])]
    if missing:
        raise PermafrostError(
            f"{name}: no score for {', '.join(missing)}; strategies are compared seed by seed, so that each needs the "
            f"seeds {', '.join(map(str, scores.columns))}: run what is missing, or leave those seeds out"
        )
    splits, valid = _splits(runs, list(scores.columns), name), None
    if "valid_score" in runs and runs["valid_score"].notna().all():
        valid = runs.pivot(index="arm", columns="seed", values="valid_score").loc[arms].to_numpy(float)
    sample = Sample(tuple(arms), tuple(scores.columns), scores.to_numpy(float), splits, valid)
    if outcomes is not None:
        values, clips, groups = _answers(sample, outcomes, name)
        means = np.stack([answer.mean(1) for answer in values], axis=1)
        for arm, seed in np.argwhere(np.abs(means - sample.scores) > ROUNDING):
            raise PermafrostError(
                f"{name} {arms[arm]} seed {sample.seeds[seed]}: the score is {sample.scores[arm, seed]:.4f}, but its "
                f"predictions are right on {means[arm, seed]:.4f} of the clips; give the accuracy of these predictions"
            )
        # Seeds of one split share their test clips: clips that differ are another split, whatever the column says.
        splits = pd.factorize(pd.Series(list(zip(splits, clips, strict=True))))[0]
        sample = replace(sample, splits=splits, blocks=blocks_of(values, groups, splits))
    if validation is not None and valid is not None:
        values, clips, groups = _answers(sample, validation, f"{name}, validation")
        # Only answers that are the scores, to clips that the seeds of a split share, say what choosing rests on.
        same = np.abs(np.stack([answer.mean(1) for answer in values], axis=1) - valid).max() <= ROUNDING
        if same and pd.Series(list(zip(splits, clips, strict=True))).nunique() == sample.count:
            sample = replace(sample, valid_blocks=blocks_of(values, groups, splits))
    return sample


def _of_these(runs: pd.DataFrame, arms: Sequence[str], table: pd.DataFrame | None) -> pd.DataFrame | None:
    if table is None:
        return None
    kept = table["arm"].isin(arms) & table["model"].isin(runs["model"].unique())
    table = table[kept & table["seed"].isin(runs["seed"].unique())]
    return table if len(table) else None


def _answers(
    sample: Sample, outcomes: pd.DataFrame, name: str
) -> tuple[list[np.ndarray], list[tuple[object, ...]], list[tuple[object, ...]]]:
    """For each seed: answers [arms, clips], the clips, and the group of each."""
    group_of = _groups(outcomes)
    values, clips = [], []
    for seed in sample.seeds:
        part = outcomes[outcomes["seed"] == seed]
        if len(repeated := part[part.duplicated(["arm", "clip_id"])]):
            row = repeated.iloc[0]
            raise PermafrostError(
                f"{name}: two predictions for clip {row['clip_id']} by {row['arm']} seed {seed}; expected one a clip"
            )
        table = part.pivot(index="arm", columns="clip_id", values="correct").reindex(list(sample.arms))
        if table.isna().to_numpy().any() or table.shape[1] == 0:
            gaps = table.columns[table.isna().any()]
            where = f"clip {gaps[0]} is not predicted by every strategy" if len(gaps) else "there are no predictions"
            raise PermafrostError(f"{name} seed {seed}: {where}; strategies are compared on the same test clips")
        values.append(table.to_numpy(float))
        clips.append(tuple(table.columns))
    return values, clips, [tuple(group_of.get(clip, ("", clip)) for clip in seed) for seed in clips]


def _groups(outcomes: pd.DataFrame) -> dict[object, object]:
    """Clip → group, of the clips that have one."""
    if "group" not in outcomes:
        return {}
    rows = outcomes[outcomes["group"].notna() & (outcomes["group"] != "")].drop_duplicates("clip_id")
    return dict(zip(rows["clip_id"], rows["group"], strict=True))


def _splits(runs: pd.DataFrame, seeds: list[object], name: str) -> np.ndarray:
    """The number of the split that each seed used; one where the table does not say."""
    if "split" not in runs or runs["split"].isna().any():
        return np.zeros(len(seeds), dtype=int)
    of_seed = runs.groupby("seed")["split"]
    if (several := of_seed.nunique() > 1).any():
        raise PermafrostError(
            f"{name}: seed {several.idxmax()} uses different splits in different strategies; a pair must share one"
        )
    return pd.factorize(of_seed.first().loc[seeds])[0]
