"""Pieces of one recording on two sides of a split, told by their names: song07_01 and song07_02."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from permafrost.data.dataset import PatternLabels
from permafrost.data.guessing import guess
from permafrost.data.layouts import lines_for
from permafrost.data.patterns import Pattern
from permafrost.data.tables import ClipRow, SplitRow
from permafrost.errors import PermafrostError


def pieces_apart(root: Path, clips: Sequence[ClipRow], rows: Sequence[SplitRow]) -> dict[str, Any] | None:
    """What the names of ungrouped clips tell of groups that a split has torn; None where it is nothing.

    Not asked where clips have groups or folds: those are somebody's own decision about what must stay together. Names
    that merely count through a class (dog_1, dog_2 …) name no groups: see ``guessing``.
    """
    if any(clip.group or clip.fold for clip in clips):
        return None
    paths = [clip.path for clip in clips]
    try:
        found = guess(root, paths)
    except PermafrostError:
        return None
    if found.split != "grouped" or not isinstance(found.labels, PatternLabels):
        return None
    pattern = Pattern(found.labels.pattern, "dataset.labels.pattern")
    stems = {clip.clip_id: match["group"] for clip in clips if (match := pattern.fullmatch(clip.path))}
    sides: dict[tuple[int, str], set[str]] = defaultdict(set)
    for row in rows:
        if row.clip_id in stems:
            sides[row.repeat, stems[row.clip_id]].add(row.subset)
    apart = sorted({stem for (_, stem), subsets in sides.items() if len(subsets) > 1})
    if not apart:
        return None
    return {"stems": len(set(stems.values())), "apart": apart, "write": lines_for(root, paths)}
