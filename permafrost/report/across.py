"""Differences over several data sets as Markdown: each study's, pooled, and what a new data set would show."""

from collections.abc import Sequence

from permafrost.evaluation.across import KINDS, TO_RANK, Finding, Pooled, Ranks
from permafrost.evaluation.wording import NONE, limits, listed, percent, plural, points, probability
from permafrost.report.table import aligned_table


def markdown(found: Sequence[Finding], pooled: Sequence[Pooled], ranks: Ranks | None) -> str:
    """The page that ``stages/across.py`` prints; differences in percentage points with 95 % limits."""
    studies = list(dict.fromkeys(item.study for item in found))
    models = {item.study: item.model for item in found}
    read = listed([f"{study} (`{models[study]}`)" for study in studies])
    lines = [f"# Across {plural(len(studies), 'data set')}", "", f"Read: {read}.", ""]
    for question, title in KINDS.items():
        rows = [item for item in pooled if item.question == question]
        if rows:
            lines += [f"## Each strategy {title}", "", _table(rows, studies), ""]
    if not pooled:
        lines += ["No difference is told by two of them: nothing to pool.", ""]
    if ranks is not None:
        lines += ["## Ranks", "", _ranked(ranks), ""]
    return "\n".join([*lines, _notes(len(studies), ranks)]) + "\n"


def _table(rows: Sequence[Pooled], studies: Sequence[str]) -> str:
    header = ["strategy", *studies, "pooled", "95 % interval", "p", "τ", "τ²", "a new data set"]
    lines = []
    for row in rows:
        told = {item.study: points(item.value) for item in row.findings}
        pooled = [points(row.mean), limits(row.low, row.high, signed=True), probability(row.p)]
        spread = [percent(row.tau), f"{1e4 * row.tau**2:.1f}", limits(*(row.predicted or (None, None)), signed=True)]
        lines.append([f"`{row.strategy}`", *(told.get(study, NONE) for study in studies), *pooled, *spread])
    return aligned_table(header, lines, text_columns=1)


def _ranked(ranks: Ranks) -> str:
    order = sorted(ranks.mean, key=lambda name: ranks.mean[name])
    said = ", ".join(f"`{name}` {ranks.mean[name]:.2f}" for name in order)
    start = f"Mean rank by test accuracy over {ranks.studies} data sets, 1 the best: {said}."
    if ranks.p is None:
        return f"{start} From {TO_RANK} data sets on, ranks are tested."
    return (
        f"{start} Friedman's test: p {probability(ranks.p)}; two mean ranks differ where they are {ranks.apart:.2f} "
        "apart (Nemenyi, 5 %)."
    )


def _notes(studies: int, ranks: Ranks | None) -> str:
    lines = [
        "Random effects over data sets: between-set variance τ² (points²) by Paule and Mandel, intervals by Hartung "
        "and Knapp. *a new data set*: where the true difference on another data set of this kind would lie, with 95 % "
        "probability.",
        "One model a study: its first, or the one that --model names.",
    ]
    if studies < 3:
        lines.append("Two data sets say next to nothing of a third: a prediction needs three.")
    elif studies < 5:
        lines.append(f"With {studies} data sets τ is hardly known, and limits are as wide as that makes them.")
    return "\n".join(f"- {line}" for line in lines)
