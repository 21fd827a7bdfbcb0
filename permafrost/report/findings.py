"""What the statistics found, as Markdown sentences and tables: for report.md and for the page alike."""

from collections.abc import Iterable, Sequence

from permafrost.evaluation.statistics.contrasts import Contrast
from permafrost.evaluation.statistics.result import ModelResult
from permafrost.evaluation.statistics.selection import Selection
from permafrost.report.table import Table
from permafrost.report.wording import interval, listed, percent, plural, points, probability


def findings(result: ModelResult, chosen: str) -> list[str]:
    """The shape over depth, the choice, and where the uncertainty comes from; ``chosen`` on validation."""
    lines = [f"**Shape.** {result.shape_words}"]
    if result.selection:
        lines.append(selection(result.selection, chosen))
    if shares := variance(result):
        lines.append(shares)
    return lines


def contrast_table(contrasts: Iterable[Contrast], title: str) -> Table:
    """One row a planned contrast, each pair once: the difference in points with its interval, its p value, what it
    amounts to. The first neighbour in depth is compared with the reference already."""
    pairs: dict[frozenset[str], Contrast] = {}
    for item in contrasts:
        pairs.setdefault(frozenset((item.strategy, item.minus)), item)
    rows = [
        [
            f"`{item.strategy}`",
            f"`{item.minus}`",
            f"{points(item.gap)} {interval(item.low, item.high, signed=True)}".strip(),
            probability(item.p),
            probability(item.p_claim),
            f"**{item.verdict}**" if item.verdict == "different" else item.verdict,
        ]
        for item in pairs.values()
    ]
    first = next(iter(pairs.values()))
    caption = f"{title}. p: {first.method}; corrected over {plural(first.claims, 'statement')}"
    header = ["strategy", "minus", "points [95 % interval]", "p", "p corrected", "difference"]
    return Table(caption, header, rows, heads=2, text_columns=(5,))


def selection(result: Selection, chosen: str) -> str:
    """The strategy ``chosen`` on validation, and how much choosing flatters."""
    flatters, peeking = (percent(value) for value in (result.optimism, result.peeking_optimism))
    return (
        f"**The choice.** `{chosen}` was chosen on validation ({percent(result.valid)} %). The choice alone makes that "
        f"score {flatters} points too good; choosing on the test clips would flatter by {peeking} points."
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
