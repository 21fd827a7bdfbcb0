"""The data audit and the machines of a study as tables."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from permafrost.report.data_section import data_cautions, data_rows
from permafrost.report.html.parts import Table, inline
from permafrost.report.wording import duration, plural

SUBSETS = ("train", "valid", "test")
MOST = 20
TIMES = ("seconds_total", "seconds_per_epoch", "seconds_preparing")


def facts_table(data: Mapping[str, Any], audit: Mapping[str, Any]) -> Table:
    """What the scores are scores of."""
    rows = [[inline(name), inline(value)] for name, value in data_rows(data, audit)]
    return Table("What the scores are scores of", ["fact", "value"], rows, text_columns=(1,))


def class_table(audit: Mapping[str, Any], repeats: Sequence[int]) -> Table:
    """Clips of each class in each subset, for the first repeat that the study used."""
    first = next(repeat for repeat in audit["repeats"] if repeat["repeat"] == min(repeats))
    rows = [
        [label, str(total), *(str(first["classes"][subset].get(label, 0)) for subset in SUBSETS)]
        for label, total in audit["classes"].items()
    ]
    several = len(set(repeats))
    which = f" (the first of {several} splits)" if several > 1 else ""
    return Table(f"Clips by class and subset{which}", ["class", "all", *SUBSETS], rows)


def audit_findings(audit: Mapping[str, Any], data: Mapping[str, Any]) -> list[str]:
    """What could make the scores too good or hard to read, in sentences."""
    exact, near = audit.get("duplicates") or [], audit.get("near_duplicates")
    lines = [
        f"{_number(len(exact), 'set')} of clips with equal samples.",
        "Too many clips to look for recordings that are nearly equal."
        if near is None
        else f"{_number(len(near), 'pair')} of clips that hold one recording, by correlation.",
        f"{_number(data['duplicates_across_subsets'], 'set')} of (nearly) equal clips on both sides of a split.",
    ]
    if data["groups"]:
        lines.append(f"{_number(data['groups_across_subsets'], 'group')} of {data['groups']} on both sides of a split.")
    else:
        lines.append("No groups are known: whether a performer or a recording stands on both sides cannot be told.")
    return lines + [f"{line[0].upper()}{line[1:]}." for line in data_cautions(audit, remarks=True)]


def _number(count: int, noun: str) -> str:
    return plural(count, noun) if count else f"No {noun}"


def rejected_table(rejected: Mapping[str, str]) -> Table | None:
    """Recordings that were left out, the first of them; None where there are none."""
    if not rejected:
        return None
    rows = [[path, reason] for path, reason in list(rejected.items())[:MOST]]
    more = f"; the first {MOST} of {len(rejected)}" if len(rejected) > MOST else ""
    return Table(f"Recordings that were left out{more}", ["recording", "reason"], rows, text_columns=(1,))


def machine_table(machines: Sequence[Mapping[str, Any]]) -> Table:
    """What the cells were trained with: each value once, with the number of cells where there are several."""
    rows = []
    for key in dict.fromkeys(key for machine in machines for key in machine if key not in TIMES):
        counts = Counter(str(machine[key]) for machine in machines if key in machine)
        told = [value if len(counts) == 1 else f"{value} ({plural(n, 'cell')})" for value, n in sorted(counts.items())]
        rows.append([key.replace("_", " "), ", ".join(told)])
    seconds = [machine["seconds_total"] for machine in machines if machine.get("seconds_total") is not None]
    if seconds:
        rows.append(["training of all cells", f"{duration(sum(seconds))} in {plural(len(seconds), 'cell')}"])
    return Table("What the cells were trained with", ["what", "value"], rows, text_columns=(1,))
