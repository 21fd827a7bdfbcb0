"""Two revisions of one study: which strategies moved, by how much, and whether that is beyond noise.

The two runs of a strategy at one seed share head, batches and, where the split is the same, their test clips: they are
compared in pairs, like strategies within a revision. What is exactly equal is said to be equal and not tested, so that
it costs no power.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import pandas as pd

from permafrost.evaluation.records import COMPUTED
from permafrost.evaluation.statistics import contrasts
from permafrost.evaluation.statistics.analysis import RELEVANT
from permafrost.evaluation.statistics.classical import WELCH, between
from permafrost.evaluation.statistics.contrasts import Contrast
from permafrost.evaluation.statistics.noise import Overlap, method_of, noise_of
from permafrost.evaluation.statistics.sample import Sample, from_tables
from permafrost.evaluation.study_analysis import tested_per_trained

IDENTICAL = "identical"
Strategy = tuple[str, str]


@dataclass(frozen=True)
class Revision:
    """The results of one revision.

    ``runs``: plots/runs.csv; ``summary``: metrics/details.json; ``outcomes``: as outcomes.read_outcomes gives them,
    None where the revision has none; ``splits``: anything that is equal where data/splits.csv is, None where unknown.
    """

    name: str
    runs: pd.DataFrame
    summary: dict[str, Any]
    outcomes: pd.DataFrame | None = None
    splits: str | None = None


@dataclass(frozen=True, kw_only=True)
class Move(Contrast):
    """One strategy of ``model`` in both revisions; accuracies and ``gap`` (after minus before) as fractions over common
    seeds.

    ``verdict``: identical (every run scored the same), different (it moved), equivalent (a move as large as the
    relevant gap is excluded) or inconclusive.
    """

    model: str
    before: float
    after: float


@dataclass(frozen=True)
class Review:
    """All strategies that both revisions have, those that only one has, and how they were compared."""

    before: Revision
    after: Revision
    moves: tuple[Move, ...]
    added: tuple[Strategy, ...]
    removed: tuple[Strategy, ...]
    seeds: tuple[int, ...]
    method: str
    relevant: float
    notes: tuple[str, ...]


def compare_revisions(before: Revision, after: Revision, relevant: float = RELEVANT) -> Review:
    """Compare every strategy that both revisions have; ``relevant`` is the least gap worth a statement (fraction)."""
    mine, theirs = _strategies(after.runs), _strategies(before.runs)
    shared = [name for name in mine if name in theirs]
    seeds = tuple(sorted(set(before.runs["seed"]) & set(after.runs["seed"])))
    notes = _computed(before, after)
    known = before.outcomes is not None and after.outcomes is not None
    same = _same_clips((before, after), seeds) if known else before.splits == after.splits
    if not known and seeds:
        lacking = " and ".join(side.name for side in (before, after) if side.outcomes is None)
        notes.append(
            f"{lacking} has no metrics/outcomes.csv, so that single clips cannot be paired: what is said holds for the "
            "clips that were tested."
        )
    if seeds and same:
        moves, method = _paired(before, after, shared, seeds, known, relevant)
    else:
        notes.append(
            "The revisions share no seed: their runs are compared as independent samples."
            if not seeds
            else "The revisions tested different clips: their runs are compared as independent samples."
        )
        moves, method = _independent(before, after, shared, relevant), WELCH
    if seeds and (lost := sorted(set(before.runs["seed"]) ^ set(after.runs["seed"]))):
        notes.append(f"Seeds that only one revision has are left out: {', '.join(map(str, lost))}.")
    return Review(
        before,
        after,
        tuple(moves),
        tuple(name for name in mine if name not in theirs),
        tuple(name for name in theirs if name not in mine),
        seeds,
        method,
        relevant,
        tuple(notes),
    )


def _computed(before: Revision, after: Revision) -> list[str]:
    """Where the same runs were computed otherwise: a line, or none."""
    key = ["model", "freeze", "seed"]
    columns = [name for name in COMPUTED if all(name in side.runs for side in (before, after))]
    both = before.runs[key + columns].merge(after.runs[key + columns], on=key, suffixes=("", " after"))
    told = []
    for name in columns:
        differing = both[both[name] != both[f"{name} after"]]
        if len(differing):
            old, new = (", ".join(sorted(set(differing[side].map(str)))) for side in (name, f"{name} after"))
            told.append(f"{name} {old} → {new} in {len(differing)} of {len(both)} runs")
    if not told:
        return []
    return [
        f"Computed otherwise: {'; '.join(told)}. That alone changes the last bits, and what training makes of them."
    ]


def _strategies(runs: pd.DataFrame) -> list[Strategy]:
    return list(dict.fromkeys(zip(runs["model"], runs["freeze"], strict=True)))


def _same_clips(sides: Sequence[Revision], seeds: Sequence[int]) -> bool:
    """Whether each common seed was tested on the same clips in both."""
    rows = [side.outcomes[side.outcomes["seed"].isin(seeds)] for side in sides]
    tested = [table.groupby("seed")["clip_id"].agg(frozenset).to_dict() for table in rows]
    return tested[0] == tested[1]


def _paired(
    before: Revision, after: Revision, shared: list[Strategy], seeds: Sequence[int], known: bool, relevant: float
) -> tuple[list[Move], str]:
    runs = _arms([side.runs.rename(columns={"freeze": "strategy"}) for side in (before, after)], seeds)
    runs = runs.rename(columns={"test_accuracy": "score", "repeat": "split"})
    outcomes = _arms([side.outcomes for side in (before, after)], seeds) if known else None
    arms = [_arm(number, name) for number in (0, 1) for name in shared]
    runs = runs[runs["arm"].isin(arms)]
    columns = ["model", "arm", "seed", "score", "split"]
    sample = from_tables(runs[columns], outcomes, f"{before.name} and {after.name}", arms)
    tested = [name for name in shared if not _equal(sample, name)]
    noise = noise_of(sample, Overlap(tested_per_trained(after.summary["data"])))
    planned = [contrasts.Planned("revision", _arm(1, name), _arm(0, name)) for name in tested]
    _, found = contrasts.judged(sample, noise, planned, relevant)
    same = Contrast("revision", "", "", 0.0, method_of(noise), verdict=IDENTICAL)
    results = dict(zip(tested, found, strict=True))
    means = dict(zip(sample.arms, sample.means.tolist(), strict=True))
    moves = [_move(name, results.get(name, same), *(means[_arm(side, name)] for side in (0, 1))) for name in shared]
    return moves, method_of(noise)


def _independent(before: Revision, after: Revision, shared: list[Strategy], relevant: float) -> list[Move]:
    runs = [side.runs.set_index(["model", "freeze"])["test_accuracy"].sort_index() for side in (before, after)]
    scores = {"/".join(name): tuple(side.loc[[name]].to_numpy(float) for side in runs) for name in shared}
    rows = zip(shared, between(before.name, after.name, scores, relevant), scores.values(), strict=True)
    return [_move(name, row, *(float(side.mean()) for side in sides)) for name, row, sides in rows]


def _move(name: Strategy, found: Contrast, before: float, after: float) -> Move:
    known = {field.name: getattr(found, field.name) for field in fields(Contrast)}
    return Move(**{**known, "strategy": name[1]}, model=name[0], before=before, after=after)


def _equal(sample: Sample, name: Strategy) -> bool:
    first, second = (sample.arms.index(_arm(number, name)) for number in (0, 1))
    values = [sample.scores, *(block.values for block in sample.blocks or ())]
    return all((each[first] == each[second]).all() for each in values)


def _arms(sides: Sequence[pd.DataFrame], seeds: Sequence[int]) -> pd.DataFrame:
    """Rows of the common seeds of both revisions; revision, model and strategy together in one name."""
    tables = [side.assign(arm=f"{place}/" + side["model"] + "/" + side["strategy"]) for place, side in enumerate(sides)]
    both = pd.concat(tables)
    return both[both["seed"].isin(seeds)]


def _arm(number: int, name: Strategy) -> str:
    return "/".join([str(number), *name])
