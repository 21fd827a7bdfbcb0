"""What could make a split's scores too good: duplicates and groups on two sides. And how many clips are where."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from permafrost.data.fingerprints import near_duplicates
from permafrost.data.tables import SUBSETS, ClipRow, SplitRow


def audit(
    clips: Sequence[ClipRow],
    rows: Sequence[SplitRow],
    read: Callable[[int], np.ndarray],
    fingerprint: Callable[[np.ndarray], np.ndarray],
) -> dict[str, Any]:
    """The contents of audit.json.

    Args:
        clips: clips.csv.
        rows: splits.csv.
        read: gives the stored row of the clip with a number in ``clips``.
        fingerprint: that of a row; the reader's.

    ``duplicates`` are clips of equal samples, ``near_duplicates`` pairs that hold one recording all the same (null
    where there are too many clips to compare). Under ``repeats``, each repeat has the clips, classes and groups of
    each subset, how many clips it leaves out, and what stands on two sides of it.
    """
    same = _exact_duplicates(clips, read)
    near = near_duplicates(read, len(clips), fingerprint)
    close = None if near is None else [_pair(clips, *pair) for pair in near]
    together = [entry["clips"] for entry in same + (close or [])]
    by_repeat: dict[int, dict[str, str]] = defaultdict(dict)
    for row in rows:
        by_repeat[row.repeat][row.clip_id] = row.subset
    return {
        "clips": len(clips),
        "classes": dict(sorted(Counter(clip.label for clip in clips).items())),
        "groups": len({clip.group for clip in clips if clip.group}),
        "clips_without_group": sum(not clip.group for clip in clips),
        "duplicates": same,
        "near_duplicates": close,
        "repeats": [_repeat(number, clips, subsets, together) for number, subsets in sorted(by_repeat.items())],
    }


def warnings(findings: dict[str, Any]) -> list[str]:
    """One line for each thing in ``findings`` that makes test scores doubtful."""
    lines = []
    if pieces := findings.get("pieces"):
        torn = pieces["apart"]
        lines.append(
            f"names say that clips are pieces of one recording, and {len(torn)} of {pieces['stems']} such recordings "
            f"({torn[0]!r}, …) stand in more than one subset: scores will be too good. To keep them together, "
            f"{pieces['write']}"
        )
    for entry in findings["duplicates"]:
        if len(entry["labels"]) > 1:
            labels = " and ".join(entry["labels"])
            lines.append(f"the same sound has the labels {labels}: {', '.join(entry['clips'])}")
    for repeat in findings["repeats"]:
        where = f"repeat {repeat['repeat']}"
        if crossing := repeat["duplicates_across_subsets"]:
            lines.append(
                f"{where}: {len(crossing)} sets of (nearly) equal clips stand in more than one subset, first "
                f"{', '.join(crossing[0])}; see data/audit.json"
            )
        if crossing := repeat["groups_across_subsets"]:
            lines.append(
                f"{where}: {len(crossing)} of {findings['groups']} groups stand in more than one subset, first "
                f"{crossing[0]!r}; split.kind grouped keeps them apart"
            )
    return lines


def _exact_duplicates(clips: Sequence[ClipRow], read: Callable[[int], np.ndarray]) -> list[dict[str, Any]]:
    by_hash: dict[bytes, list[int]] = defaultdict(list)
    for index in range(len(clips)):
        by_hash[hashlib.blake2b(np.ascontiguousarray(read(index)), digest_size=16).digest()].append(index)
    return [
        {
            "clips": [clips[index].clip_id for index in indices],
            "labels": sorted({clips[index].label for index in indices}),
        }
        for indices in by_hash.values()
        if len(indices) > 1
    ]


def _pair(clips: Sequence[ClipRow], first: int, second: int, correlation: float) -> dict[str, Any]:
    return {
        "clips": [clips[first].clip_id, clips[second].clip_id],
        "labels": sorted({clips[first].label, clips[second].label}),
        "correlation": round(correlation, 4),
    }


def _repeat(
    number: int, clips: Sequence[ClipRow], subsets: dict[str, str], together: Sequence[Sequence[str]]
) -> dict[str, Any]:
    sides: dict[str, set[str]] = defaultdict(set)
    counts: dict[str, Counter[str]] = {subset: Counter() for subset in SUBSETS}
    for clip in clips:
        subset = subsets.get(clip.clip_id)
        if subset is None:
            continue  # a published list may leave clips out
        counts[subset][clip.label] += 1
        if clip.group:
            sides[clip.group].add(subset)
    return {
        "repeat": number,
        "clips": {subset: counts[subset].total() for subset in SUBSETS},
        "classes": {subset: dict(sorted(counts[subset].items())) for subset in SUBSETS},
        "groups": {subset: sum(subset in where for where in sides.values()) for subset in SUBSETS},
        "unused": len(clips) - len(subsets),
        "groups_across_subsets": sorted(group for group, where in sides.items() if len(where) > 1),
        "duplicates_across_subsets": [
            list(ids) for ids in together if len({subsets[clip_id] for clip_id in ids if clip_id in subsets}) > 1
        ],
    }
