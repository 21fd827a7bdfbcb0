"""What the scores are scores of: the data in tables and sentences, and what to beware of in it."""

from collections.abc import Mapping
from typing import Any

from permafrost.data.cautions import cautions
from permafrost.evaluation.study_results import StudyResults
from permafrost.evaluation.wording import percent, plural
from permafrost.report.names import code_span, plain
from permafrost.report.table import Table

SUBSETS = ("train", "valid", "test")
MOST = 20


def facts_table(results: StudyResults) -> Table:
    """Counts, the split, what guessing gets, and what the sound is like."""
    data, audit = results.data, results.audit
    rows = [
        ["data set", code_span(data["name"])],
        ["clips", f"{data['clips']} in {plural(data['classes'], 'class')}; {data['rejected']} rejected"],
        ["groups", str(data["groups"]) if data["groups"] else "unknown"],
        ["split", f"{data['split']}, {plural(data['splits'], 'split')}"],
        ["train / valid / test", " / ".join(f"{data[f'{subset}_clips']:g}" for subset in SUBSETS)],
        ["guessing evenly", f"{percent(data['chance'])} %"],
        ["always the most common class", f"{percent(data['majority'])} %"],
        *(_sound_rows(audit["facts"]) if "facts" in audit else []),
    ]
    return Table("What the scores are scores of", ["fact", "value"], rows, text_columns=(1,))


def class_table(results: StudyResults) -> Table:
    """Clips of each class in each subset, for the first repeat that the study used."""
    repeats, audit = results.cells.runs["repeat"], results.audit
    first = next(repeat for repeat in audit["repeats"] if repeat["repeat"] == repeats.min())
    rows = [
        [plain(label), str(total), *(str(first["classes"][subset].get(label, 0)) for subset in SUBSETS)]
        for label, total in audit["classes"].items()
    ]
    which = f" (the first of {repeats.nunique()} splits)" if repeats.nunique() > 1 else ""
    return Table(f"Clips by class and subset{which}", ["class", "all", *SUBSETS], rows)


def rejected_table(rejected: Mapping[str, str]) -> Table | None:
    """Recordings that were left out, the first of them; None where there are none."""
    rows = [[plain(path), plain(reason)] for path, reason in list(rejected.items())[:MOST]]
    more = f"; the first {MOST} of {len(rejected)}" if len(rejected) > MOST else ""
    title = f"Recordings that were left out{more}"
    return Table(title, ["recording", "reason"], rows, text_columns=(1,)) if rows else None


def beware(results: StudyResults) -> list[str]:
    """What makes the scores too good or hard to read, one Markdown sentence each without its full stop."""
    data, lines = results.data, []
    both = "on both sides of a split"
    if across := data["groups_across_subsets"]:
        lines.append(
            f"{plural(across, 'group')} of {data['groups']} stand {both}: scores are probably too good; `split.kind: "
            "grouped` keeps them apart"
        )
    if across := data["duplicates_across_subsets"]:
        lines.append(f"{plural(across, 'set')} of (nearly) equal clips stand {both}; `data/audit.json` names them")
    return [*lines, *_cautions(results.audit, remarks=False)]


def audit_findings(results: StudyResults) -> list[str]:
    """What was looked for in the data and what was found, in Markdown sentences; single recordings too."""
    data, audit = results.data, results.audit
    exact, near = audit.get("duplicates") or [], audit.get("near_duplicates")
    lines = [
        f"{_number(len(exact), 'set')} of clips with equal samples",
        "Too many clips to look for recordings that are nearly equal"
        if near is None
        else f"{_number(len(near), 'pair')} of clips that hold one recording, by correlation",
        f"{_number(data['duplicates_across_subsets'], 'set')} of (nearly) equal clips on both sides of a split",
        f"{_number(data['groups_across_subsets'], 'group')} of {data['groups']} on both sides of a split"
        if data["groups"]
        else "No groups are known: whether a performer or a recording stands on both sides cannot be told",
    ]
    found = _cautions(audit, remarks=True)
    return [*(f"{line}." for line in lines), *(f"{line[0].upper()}{line[1:]}." for line in found)]


def _cautions(audit: Mapping[str, Any], remarks: bool) -> list[str]:
    """What splitting warned of, ``remarks`` on single recordings too; nothing where an audit is older than that."""
    facts = audit.get("facts")
    return cautions(facts if remarks else {**facts, "remarks": {}}) if facts else []


def _number(count: int, noun: str) -> str:
    return plural(count, noun) if count else f"No {noun}"


def _sound_rows(facts: Mapping[str, Any]) -> list[list[str]]:
    clips = sum(facts["sample_rates"].values())
    lengths, padded, cropped, clipped = (facts[name] for name in ("seconds", "padded", "cropped", "clipped"))
    shortest, longest = min(it["min"] for it in lengths.values()), max(it["max"] for it in lengths.values())
    medians = [it["median"] for it in lengths.values()]
    span = f"{shortest:.3g} to {longest:.3g}; class medians {min(medians):.3g} to {max(medians):.3g}"
    rates = ", ".join(f"{rate} Hz ({count})" for rate, count in facts["sample_rates"].items())
    length = f"{facts['clip_seconds']:g} s"
    return [
        ["seconds a recording", span],
        [f"padded to {length}", f"{padded['clips']} of {clips}; {percent(padded['zeros'])} % zeros"],
        [f"cut to {length}", f"{cropped['clips']} of {clips}; {percent(cropped['lost'])} % lost"],
        ["recorded at", f"{rates}; read at {facts['sample_rate']} Hz"],
        ["clipped", f"{clipped['clips']} of {clips}"],
    ]
