"""What a study's scores are scores of: how many clips and classes, how they were split, and what guessing gets."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

from permafrost.errors import PermafrostError


def read_audit(path: Path) -> dict[str, Any]:
    """The contents of audit.json.

    Raises:
        PermafrostError: the file is missing or broken.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PermafrostError(f"{path} cannot be read ({error}); run `dvc repro split`, which writes it") from None


def data_set_name(name: str, path: str) -> str:
    """``name``; of a folder of the user's own, which has none (``folder``), the last part of its ``path``."""
    return (Path(path).name or name) if name == "folder" else name


def data_facts(
    name: str, audit: Mapping[str, Any], rejected: int, split_kind: str, repeats: Iterable[int]
) -> dict[str, Any]:
    """The ``data`` block of details.json.

    Args:
        name: the data set's.
        audit: the contents of audit.json.
        rejected: number of recordings that preprocessing left out.
        split_kind: ``split.kind``.
        repeats: numbers of the repeats that the study's cells used.

    ``chance`` is the accuracy of guessing evenly. ``majority`` is that of always answering the class that is most
    common in training, on the test clips, averaged over the repeats. Clip counts are averages over the repeats too.

    Raises:
        PermafrostError: a cell used a repeat that the audit does not know.
    """
    by_number = {repeat["repeat"]: repeat for repeat in audit["repeats"]}
    used = sorted(set(repeats))
    if unknown := [number for number in used if number not in by_number]:
        raise PermafrostError(
            f"data/audit.json has no repeat {unknown[0]}, on which cells were trained (it has {len(by_number)}); cells "
            "and split are of different parameters: run `dvc repro`"
        )
    splits = [by_number[number] for number in used]
    subsets, across = ("train", "valid", "test"), ("groups_across_subsets", "duplicates_across_subsets")
    return {
        "name": name,
        "clips": audit["clips"],
        "classes": len(audit["classes"]),
        "groups": audit["groups"],
        "rejected": rejected,
        "split": split_kind,
        "splits": len(splits),
        **{f"{subset}_clips": _mean(split["clips"][subset] for split in splits) for subset in subsets},
        "chance": round(1 / len(audit["classes"]), 6),
        "majority": round(_mean(_majority(split["classes"]) for split in splits), 6),
        **{key: max(len(split[key]) for split in splits) for key in across},
    }


def _majority(classes: Mapping[str, Mapping[str, int]]) -> float:
    train, test = classes["train"], classes["test"]
    # Equally common classes: the first by name, so that the number does not depend on their order in the file.
    guess = max(sorted(train), key=lambda label: train[label])
    return test.get(guess, 0) / max(1, sum(test.values()))


def _mean(values: Iterable[float]) -> float:
    mean = fmean(values)
    return int(mean) if mean == int(mean) else mean
