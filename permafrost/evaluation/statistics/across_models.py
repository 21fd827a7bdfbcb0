"""Contrasts between models: pretrained against its random control, strategies against baselines.

The runs of several models become the arms of one sample, so that such a difference is a contrast like any other: paired
by seed and clip.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from permafrost.errors import PermafrostError
from permafrost.evaluation.statistics import contrasts, words
from permafrost.evaluation.statistics.noise import Overlap, is_reliable, noise_of
from permafrost.evaluation.statistics.result import BaselineResult, TransferResult
from permafrost.evaluation.statistics.sample import from_tables


@dataclass(frozen=True)
class Tables:
    """What ``analysis.analyse`` was given: runs and outcomes, their strategies in the column ``arm``."""

    runs: pd.DataFrame
    outcomes: pd.DataFrame | None
    overlap: Overlap
    relevant: float


def transfer(tables: Tables, model: str, control: str, arms: Sequence[str]) -> TransferResult:
    """``model`` less ``control`` under each strategy of ``arms``, over the seeds that both have.

    Raises:
        PermafrostError: they share no seed.
    """
    kept = tables.runs[tables.runs["model"].isin([model, control]) & tables.runs["arm"].isin(arms)]
    planned = [contrasts.Planned("transfer", f"{model}/{arm}", f"{control}/{arm}") for arm in arms]
    found, _ = _evaluated(tables, kept, [model, control], planned, f"{model} and its control {control}")
    gains = [replace(gain, strategy=arm, minus=control) for arm, gain in zip(arms, found, strict=True)]
    return TransferResult(model, control, gains, words.transfer(model, control, gains))


def against_baselines(tables: Tables, model: str, arms: Sequence[str], baselines: Sequence[str]) -> BaselineResult:
    """Every strategy of ``model`` less every baseline, over the seeds that all have: one family of statements.

    Raises:
        PermafrostError: they share no seed.
    """
    rows = tables.runs
    arm_of = {name: str(rows.loc[rows["model"] == name, "arm"].iloc[0]) for name in baselines}
    kept = rows[((rows["model"] == model) & rows["arm"].isin(arms)) | rows["model"].isin(baselines)]
    pairs = [(arm, name) for name in baselines for arm in arms]
    planned = [contrasts.Planned("baseline", f"{model}/{arm}", f"{name}/{arm_of[name]}") for arm, name in pairs]
    found, reliable = _evaluated(tables, kept, [model, *baselines], planned, f"{model} and {', '.join(baselines)}")
    named = [replace(item, strategy=arm, minus=name) for (arm, name), item in zip(pairs, found, strict=True)]
    said = []
    for name in baselines:
        items = [item for item in named if item.minus == name]
        said.append(f"{model}: {words.sides(items, name, tables.relevant, reliable)}.")
    return BaselineResult(model, tuple(baselines), named, said)


def _evaluated(
    tables: Tables, kept: pd.DataFrame, models: list[str], planned: list[contrasts.Planned], name: str
) -> tuple[list[contrasts.Contrast], bool]:
    shared = kept.groupby("seed")["model"].nunique()
    kept = kept[kept["seed"].isin(shared.index[shared == len(models)])]
    if not len(kept):
        raise PermafrostError(f"{name} share no seed; a difference is paired seed by seed")
    arms = list(dict.fromkeys(side for item in planned for side in (item.strategy, item.minus)))
    outcomes = None if tables.outcomes is None else _labelled(tables.outcomes)
    joint = from_tables(_labelled(kept), outcomes, name, arms)
    noise = noise_of(joint, tables.overlap)
    known = None if noise is None else contrasts.family(joint, noise, planned)
    return contrasts.evaluate(joint, noise, planned, known, tables.relevant), is_reliable(joint, noise)


def _labelled(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(arm=table["model"].astype(str) + "/" + table["arm"].astype(str))
