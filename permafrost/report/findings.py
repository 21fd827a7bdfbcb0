"""What the statistics found, as Markdown sentences: for report.md and for the HTML page alike."""

from collections.abc import Sequence

from permafrost.evaluation.statistics.effects import Effect
from permafrost.evaluation.statistics.omnibus import Omnibus
from permafrost.evaluation.statistics.result import ModelResult
from permafrost.evaluation.statistics.selection import Selection
from permafrost.report.wording import MINUS, NONE, equals, limits, listed, percent


def findings(result: ModelResult, chosen: str, redrawn: bool) -> list[str]:
    """The shape over depth, whether strategies differ at all, the choice, and where the uncertainty comes from.

    ``chosen`` is the strategy chosen on validation; ``redrawn`` says that seeds have splits of their own.
    """
    lines = [f"**Shape.** {result.shape_words}"]
    if result.omnibus:
        lines.append(omnibus(result.omnibus, redrawn))
    if result.selection:
        lines.append(selection(result.selection, chosen))
    if shares := variance(result):
        lines.append(shares)
    return lines


def omnibus(result: Omnibus, redrawn: bool) -> str:
    """Friedman's test and the pairs that Nemenyi's critical difference keeps apart."""
    apart = [pair for pair, p in result.nemenyi_p.items() if p <= 0.05]
    pairs = [" and ".join(f"`{name}`" for name in pair.split(" / ")) for pair in apart]
    blocks = f"{result.blocks} {'splits' if redrawn else 'seeds'}"
    return (
        f"**Any difference at all?** Friedman's test over {blocks}: χ² = {result.chi2:.2f}, "
        f"p {equals(result.p)}, Kendall's W = {result.w:.2f} [{result.w_low:.2f}, {result.w_high:.2f}]. By mean ranks, "
        f"which must be {result.critical_difference:.2f} apart (Nemenyi), {'; '.join(pairs) or 'no pair'} "
        f"{'differ' if apart else 'differs'}." + ("" if redrawn else " This sees the luck of seeds, not that of clips.")
    )


def selection(result: Selection, chosen: str) -> str:
    """The strategy ``chosen`` on validation, and how much choosing flatters."""
    share = percent(result.chosen_share[chosen], 0)
    flatters, peeking = (percent(value) for value in (result.optimism, result.peeking_optimism))
    return (
        f"**The choice.** `{chosen}` was chosen on validation ({percent(result.valid)} %); {share} % of the resampled "
        f"studies choose it too. The choice alone makes that score {flatters} points too good; the test score of "
        f"whatever is chosen lies, in 95 % of them, from {limits(result.test_low, result.test_high)} %. Choosing on "
        f"the test clips would flatter by {peeking} points."
    )


def variance(result: ModelResult) -> str | None:
    """Where the uncertainty of the means comes from, as ranges over the strategies; None where it cannot be told."""
    shares = [item.variance for item in result.strategies if item.variance]
    if not shares:
        return None
    names = {
        "clips": "which clips were tested",
        "seeds": "the seeds",
        "splits": "the splits",
        "answers": "chance in single answers",
    }
    parts = [f"{_range([part[key] for part in shares])} {name}" for key, name in names.items() if key in shares[0]]
    return f"**Where the uncertainty of a mean comes from**, over the strategies: {listed(parts)}."


def effect(size: Effect | None) -> str:
    """``+1.50 [−0.31, +3.22]``; a dash where there is none."""
    if size is None:
        return NONE
    # Adding zero turns -0.0 into 0.0.
    value, low, high = (
        f"{round(number, 2) + 0.0:+.2f}".replace("-", MINUS) for number in (size.value, size.low, size.high)
    )
    return f"{value} [{low}, {high}]"


def _range(values: Sequence[float]) -> str:
    low, high = percent(min(values), 0), percent(max(values), 0)
    return f"{low} %" if low == high else f"{low} to {high} %"
