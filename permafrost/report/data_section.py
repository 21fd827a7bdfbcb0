"""What the scores are scores of, as rows and sentences: counts, the sound, what to beware of, spread over splits."""

from collections.abc import Mapping
from typing import Any

from permafrost.data.cautions import cautions
from permafrost.evaluation.cells import Cells
from permafrost.evaluation.choice import chosen_freeze, chosen_model
from permafrost.report.names import code_span
from permafrost.report.wording import limits, percent, plural


def data_rows(data: Mapping[str, Any], audit: Mapping[str, Any]) -> list[list[str]]:
    """(what, how much) in Markdown, from the ``data`` block of summary.json and audit.json."""
    return [
        ["data set", code_span(data["name"])],
        ["clips", f"{data['clips']} in {plural(data['classes'], 'class')}; {data['rejected']} rejected"],
        ["groups", str(data["groups"]) if data["groups"] else "unknown"],
        ["split", f"{data['split']}, {plural(data['splits'], 'split')}"],
        ["train / valid / test", " / ".join(f"{data[f'{subset}_clips']:g}" for subset in ("train", "valid", "test"))],
        ["guessing evenly", f"{percent(data['chance'])} %"],
        ["always the most common class", f"{percent(data['majority'])} %"],
        *(_sound_rows(audit["facts"]) if "facts" in audit else []),
    ]


def data_cautions(audit: Mapping[str, Any], remarks: bool) -> list[str]:
    """What splitting warned of, ``remarks`` on single recordings too; nothing where an audit is older than that."""
    facts = audit.get("facts")
    return cautions(facts if remarks else {**facts, "remarks": {}}) if facts else []


def spread_over_splits(cells: Cells) -> str | None:
    """How far the chosen strategy and each baseline move from split to split; None with one split."""
    model = chosen_model(cells)
    freeze = chosen_freeze(cells, model)
    runs = cells.runs[(cells.runs["model"] == model) & (cells.runs["freeze"] == freeze)]
    if runs["repeat"].nunique() < 2:
        return None
    tables = {f"`{freeze}`": runs}
    if cells.baselines:
        others = cells.baselines.runs
        tables |= {f"`{name}`": others[others["model"] == name] for name in cells.baselines.models}
    told = []
    for name, table in tables.items():
        scores = table.groupby("repeat")["test_accuracy"].mean()
        told.append(f"{name} reads {limits(scores.min(), scores.max())} %")
    return f"From split to split, of {runs['repeat'].nunique()}, test accuracy moves: {', '.join(told)}."


def _sound_rows(facts: Mapping[str, Any]) -> list[list[str]]:
    clips = sum(facts["sample_rates"].values())
    lengths, padded, cropped, clipped = (facts[name] for name in ("seconds", "padded", "cropped", "clipped"))
    shortest, longest = min(it["min"] for it in lengths.values()), max(it["max"] for it in lengths.values())
    medians = [it["median"] for it in lengths.values()]
    rates = ", ".join(f"{rate} Hz ({count})" for rate, count in facts["sample_rates"].items())
    return [
        [
            "seconds a recording",
            f"{shortest:.3g} to {longest:.3g}; class medians {min(medians):.3g} to {max(medians):.3g}",
        ],
        [f"padded to {facts['clip_seconds']:g} s", f"{padded['clips']} of {clips}; {percent(padded['zeros'])} % zeros"],
        [f"cut to {facts['clip_seconds']:g} s", f"{cropped['clips']} of {clips}; {percent(cropped['lost'])} % lost"],
        ["recorded at", f"{rates}; read at {facts['sample_rate']} Hz"],
        ["clipped", f"{clipped['clips']} of {clips}"],
    ]
