"""Who trains, who validates, who tests: written once, read by every cell."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from permafrost.data.grouping import divide_groups
from permafrost.data.split_lists import Lists, divide_by_lists
from permafrost.data.tables import SUBSETS, Clip, SplitRow
from permafrost.errors import PermafrostError
from permafrost.settings import Count, Seed, Settings


class Split(Settings):
    """The ``split`` section. ``valid`` and ``test`` are shares of the clips, used by kinds stratified and grouped;
    ``seed`` fixes their draw; ``lists`` belongs to kind lists. Each repeat is one split; a cell of seed s reads repeat
    s mod ``repeats``. Kind subsets takes the clips as their makers divided them; where they left out ``valid``, it is
    drawn from their train."""

    kind: Literal["stratified", "grouped", "folds", "subsets", "lists"]
    valid: float = Field(default=0.2, gt=0, lt=1)
    test: float = Field(default=0.2, gt=0, lt=1)
    repeats: Count = 1
    seed: Seed = 0
    lists: Lists | None = None

    @model_validator(mode="after")
    def _fits(self) -> "Split":
        if self.valid + self.test >= 1:
            raise ValueError(f"valid {self.valid} and test {self.test} together leave nothing to train on")
        if self.kind == "lists" and self.lists is None:
            raise ValueError("kind lists needs `lists`: {kind: files, train: ..., valid: ..., test: ...}")
        if self.kind in ("lists", "subsets") and self.repeats != 1:
            raise ValueError(f"kind {self.kind} is one split: repeats must be 1, not {self.repeats}")
        return self


def make_splits(
    clips: Sequence[Clip], settings: Split, roots: Sequence[Path] = (), rejected: Collection[str] = ()
) -> list[SplitRow]:
    """Rows for every repeat, in the order of ``clips``; with kind lists, clips on no list have no row.

    Args:
        clips: the kept clips.
        settings: the ``split`` section.
        roots: folders where list files are looked for, in this order.
        rejected: relative paths of recordings that preprocess refused: lists may name them.

    Raises:
        PermafrostError: a class has too few clips, groups or folds, or a list does not fit the clips.
    """
    rows = []
    tested: Counter[str] = Counter()
    if settings.kind == "lists":
        assert settings.lists is not None  # the schema has seen to it
        listed = divide_by_lists([clip.clip_id for clip in clips], settings.lists, roots, rejected)
    for repeat in range(settings.repeats):
        # Not SeedSequence.spawn: repeat r is the same split however many repeats there are.
        draw = np.random.default_rng([settings.seed, repeat])
        if settings.kind == "stratified":
            subsets = _stratified(clips, settings, draw)
        elif settings.kind == "grouped":
            subsets = divide_groups(
                clips, (1 - settings.valid - settings.test, settings.valid, settings.test), draw, tested
            )
        elif settings.kind == "folds":
            subsets = _folds(clips, repeat, settings.repeats)
        elif settings.kind == "subsets":
            subsets = _subsets(clips, settings, draw)
        else:
            subsets = listed
        _refuse_empty(clips, subsets, repeat, settings.kind)
        rows += [SplitRow(clip.clip_id, repeat, subsets[clip.clip_id]) for clip in clips if clip.clip_id in subsets]
    return rows


def _stratified(clips: Sequence[Clip], settings: Split, draw: np.random.Generator) -> dict[str, str]:
    by_class: dict[str, list[str]] = defaultdict(list)
    for clip in clips:
        by_class[clip.label].append(clip.clip_id)
    subsets = {}
    owed = {"valid": 0.0, "test": 0.0}
    for label in sorted(by_class):
        ids = sorted(by_class[label])
        if len(ids) < len(SUBSETS):
            raise PermafrostError(
                f"class {label!r} has {len(ids)} clips; a stratified split needs at least one each for "
                f"{', '.join(SUBSETS)}: add recordings or leave the class out by dataset.labels"
            )
        left = len(ids) - 1
        taken = {}
        for subset, share in (("test", settings.test), ("valid", settings.valid)):
            # What rounding gave to one class is taken from the next, so that the whole keeps the shares.
            wish = len(ids) * share + owed[subset]
            spare = left - 1 if subset == "test" else left
            taken[subset] = min(max(1, round(wish)), spare)
            owed[subset] = float(np.clip(wish - taken[subset], -0.5, 0.5))
            left -= taken[subset]
        for position, index in enumerate(draw.permutation(len(ids))):
            beyond_test = position - taken["test"]
            subset = "test" if beyond_test < 0 else "valid" if beyond_test < taken["valid"] else "train"
            subsets[ids[index]] = subset
    return subsets


def _folds(clips: Sequence[Clip], repeat: int, repeats: int) -> dict[str, str]:
    for clip in clips:
        if not clip.fold:
            raise PermafrostError(
                f"split.kind folds: {clip.path} has no fold; dataset.labels must read one for every clip (a named "
                "group `fold`, or columns.fold), or take split.kind stratified"
            )
    # By number where they are numbers: 10 comes after 9.
    folds = sorted({clip.fold for clip in clips}, key=lambda fold: (int(fold) if fold.isdecimal() else -1, fold))
    if len(folds) < len(SUBSETS):
        raise PermafrostError(
            f"split.kind folds: the clips have the folds {', '.join(folds)}; expected at least {len(SUBSETS)}: one to "
            "test, one to validate, the rest to train"
        )
    if repeats > len(folds):
        raise PermafrostError(
            f"split.repeats: {repeats} repeats would test a fold twice; expected at most {len(folds)}, one a fold"
        )
    test, valid = folds[repeat], folds[(repeat + 1) % len(folds)]
    return {clip.clip_id: "test" if clip.fold == test else "valid" if clip.fold == valid else "train" for clip in clips}


def _subsets(clips: Sequence[Clip], settings: Split, draw: np.random.Generator) -> dict[str, str]:
    for clip in clips:
        if not clip.subset:
            raise PermafrostError(
                f"split.kind subsets: {clip.path} has no subset; dataset.labels must read one for every clip (a named "
                "group `subset`, or columns.subset), or take split.kind stratified"
            )
    subsets = {clip.clip_id: clip.subset for clip in clips}
    if "valid" in subsets.values():
        return subsets
    units: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for clip in clips:
        if clip.subset == "train":
            units[clip.label][clip.group or clip.clip_id].append(clip.clip_id)
    for label in sorted(units):
        names = sorted(units[label])
        wanted = sum(map(len, units[label].values())) * settings.valid
        taken: list[str] = []
        for place in draw.permutation(len(names))[:-1]:  # one is left to train on
            if len(taken) >= wanted:
                break
            taken += units[label][names[place]]
        subsets |= dict.fromkeys(taken, "valid")
    return subsets


def _refuse_empty(clips: Sequence[Clip], subsets: dict[str, str], repeat: int, kind: str) -> None:
    classes = {clip.label for clip in clips}
    for subset in SUBSETS:
        present = {clip.label for clip in clips if subsets.get(clip.clip_id) == subset}
        if missing := sorted(classes - present):
            counts = Counter(clip.label for clip in clips)
            raise PermafrostError(
                f"split.kind {kind}, repeat {repeat}: class {missing[0]!r} ({counts[missing[0]]} clips) has none in "
                f"{subset}; every class must be in {', '.join(SUBSETS)}: add recordings, change the split, or leave "
                "the class out by dataset.labels"
            )
