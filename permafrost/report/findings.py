"""What the statistics found, as Markdown sentences and tables: for report.md and for the page alike."""

from collections.abc import Iterable, Sequence

from permafrost.evaluation.statistics.contrasts import DIFFERENT, Contrast
from permafrost.evaluation.statistics.result import ModelResult
from permafrost.evaluation.statistics.selection import Selection
from permafrost.evaluation.wording import NONE, gap_words, listed, percent, plural, probability
from permafrost.report.names import code_span
from permafrost.report.table import Table


def findings(result: ModelResult, chosen: str) -> list[str]:
    """The shape over depth, the choice, and where the uncertainty comes from; ``chosen`` on validation."""
    lines = [f"**Shape.** {result.shape_words}"]
    if result.selection:
        lines.append(selection(result.selection, chosen))
    if shares := variance(result):
        lines.append(shares)
    return lines


def contrast_table(contrasts: Iterable[Contrast], title: str, excluded: bool = False) -> Table:
    """One row a planned contrast, each pair once: the difference in points with its interval, its p value, what it
    amounts to. The first neighbour in depth is compared with the reference already.

    ``excluded``: with the size from which on a difference is excluded.
    """
    pairs: dict[frozenset[str], Contrast] = {}
    for item in contrasts:
        pairs.setdefault(frozenset((item.strategy, item.minus)), item)
    rows = [
        [
            *(code_span(item.strategy), code_span(item.minus), gap_words(item.gap, item.low, item.high)),
            *(probability(item.p), probability(item.p_claim)),
            *[NONE if item.excluded is None else f"≥ {percent(item.excluded)}"] * excluded,
            verdict_cell(item.verdict),
        ]
        for item in pairs.values()
    ]
    first = next(iter(pairs.values()))
    corrected = f"p: {first.method}; corrected over {plural(first.claims, 'statement')}"
    more = ", as is the difference that is excluded" * excluded
    header = ["strategy", "minus", "points [95 % interval]", "p", "p corrected", *["excluded"] * excluded, "difference"]
    return Table(f"{title}. {corrected}" if title else corrected + more, header, rows, 2, (len(header) - 1,))


def verdict_cell(verdict: str) -> str:
    """A verdict in a table: bold where a difference is claimed."""
    return f"**{verdict}**" if verdict == DIFFERENT else verdict


def selection(result: Selection, chosen: str) -> str:
    """The strategy ``chosen`` on validation, and how much choosing flatters."""
    flatters, peeking = (percent(value) for value in (result.optimism, result.peeking_optimism))
    unseen = "" if result.with_clips else ", as far as seeds tell (validation clips would add to it)"
    return (
        f"**The choice.** {code_span(chosen)} was chosen on validation ({percent(result.valid)} %). The choice alone "
        f"makes that score {flatters} points too good{unseen}; choosing on the test clips would flatter by {peeking} "
        "points."
    )


def variance(result: ModelResult) -> str | None:
    """Where the uncertainty of the means comes from, as ranges over the strategies; None where it cannot be told."""
    shares = [item.variance for item in result.strategies if item.variance]
    if not shares:
        return None
    known = set(shares[0]).intersection(*shares)
    names = {
        "clips": "which clips were tested",
        "seeds": "the seeds",
        "training sets": "the training sets",
        "answers": "chance in single answers",
    }
    parts = [f"{_range([part[key] for part in shares])} {name}" for key, name in names.items() if key in known]
    return f"**Where the uncertainty of a mean comes from**, over the strategies: {listed(parts)}."


def _range(values: Sequence[float]) -> str:
    low, high = percent(min(values), 0), percent(max(values), 0)
    return f"{low} %" if low == high else f"{low} to {high} %"
