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
from permafrost.evaluation.statistics.result import Against
from permafrost.evaluation.statistics.sample import from_tables


@dataclass(frozen=True)
class Tables:
    """What ``analysis.analyse`` was given: runs and outcomes, their strategies in the column ``arm``."""

    runs: pd.DataFrame
    outcomes: pd.DataFrame | None
    overlap: Overlap
    relevant: float


def transfer(tables: Tables, model: str, control: str, arms: Sequence[str]) -> Against:
    """``model`` less ``control`` under each strategy of ``arms``, over the seeds that both have.

    Raises:
        PermafrostError: they share no seed.
    """
    pairs = [(arm, control, arm) for arm in arms]
    found, _ = _evaluated(tables, "transfer", model, pairs, f"{model} and its control {control}")
    return Against(model, (control,), found, [words.transfer(model, control, found)])


def against_baselines(tables: Tables, model: str, arms: Sequence[str], baselines: Sequence[str]) -> Against:
    """Every strategy of ``model`` less every baseline, over the seeds that all have: one family of statements.

    Raises:
        PermafrostError: they share no seed.
    """
    own = tables.runs.drop_duplicates("model").set_index("model")["arm"]
    pairs = [(arm, name, own[name]) for name in baselines for arm in arms]
    found, reliable = _evaluated(tables, "baseline", model, pairs, f"{model} and {', '.join(baselines)}")
    by_name = {name: [item for item in found if item.minus == name] for name in baselines}
    said = [f"{model}: {words.sides(items, name, tables.relevant, reliable)}." for name, items in by_name.items()]
    return Against(model, tuple(baselines), found, said)


def _evaluated(
    tables: Tables, question: str, model: str, pairs: Sequence[tuple[str, str, str]], name: str
) -> tuple[list[contrasts.Contrast], bool]:
    """The contrasts of ``pairs`` (strategy of ``model``, other model, its strategy), each minus the other model."""
    planned = [contrasts.Planned(question, f"{model}/{arm}", f"{other}/{its}") for arm, other, its in pairs]
    arms = list(dict.fromkeys(side for item in planned for side in (item.strategy, item.minus)))
    labelled = _labelled(tables.runs)
    kept = labelled[labelled["arm"].isin(arms)]
    shared = kept.groupby("seed")["model"].nunique()
    kept = kept[kept["seed"].isin(shared.index[shared == kept["model"].nunique()])]
    if not len(kept):
        raise PermafrostError(f"{name} share no seed; a difference is paired seed by seed")
    outcomes = None if tables.outcomes is None else _labelled(tables.outcomes)
    joint = from_tables(kept, outcomes, name, arms)
    noise = noise_of(joint, tables.overlap)
    _, found = contrasts.judged(joint, noise, planned, tables.relevant)
    named = [replace(item, strategy=arm, minus=other) for (arm, other, _), item in zip(pairs, found, strict=True)]
    return named, is_reliable(joint, noise)


def _labelled(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(arm=table["model"].astype(str) + "/" + table["arm"].astype(str))
