"""The results in sentences: what differs, what is equivalent, and what these data cannot decide."""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal

import numpy as np

from permafrost.evaluation.statistics.contrasts import DIFFERENT, EQUIVALENT, INCONCLUSIVE, Contrast
from permafrost.evaluation.statistics.layered import HIGH_RATIO, Layered
from permafrost.evaluation.statistics.noise import FEW_GROUPS, Noise
from permafrost.evaluation.statistics.outliers import outliers
from permafrost.evaluation.statistics.power import Needed
from permafrost.evaluation.statistics.sample import Sample
from permafrost.evaluation.statistics.shape import EXCLUDED, SHOWN, Shape, Statement

# What the field calls two of the strategies.
TERMS = {"none": "full fine-tuning", "head": "linear probing"}


def decimals(value: float, digits: int = 1) -> str:
    """``value`` rounded half away from zero, whatever its last bits: 82.75 is ``82.8`` by any sum that gives it."""
    step = Decimal(1).scaleb(-digits)
    return str(Decimal(repr(round(float(value), digits + 6))).quantize(step, ROUND_HALF_UP))


def points(value: float, signed: bool = False) -> str:
    """A fraction as percentage points: ``2.5``, or ``+2.5`` when ``signed``."""
    text = decimals(100 * value)
    if float(text) == 0:
        return "0.0"
    return ("+" if signed and value > 0 else "") + text.replace("-", "−")


def named(strategy: str) -> str:
    """A strategy with what the field calls it: ``none (full fine-tuning)``."""
    return f"{strategy} ({TERMS[strategy]})" if strategy in TERMS else strategy


def answer(
    model: str,
    means: Mapping[str, float],
    contrasts: Sequence[Contrast],
    reference: str | None,
    relevant: float,
    reliable: bool,
) -> str:
    """The model's answer in one sentence."""
    best = max(means, key=lambda name: means[name])
    start = f"{model}: {named(best)} has the highest mean ({points(means[best])} %)"
    against = [item for item in contrasts if item.question == "reference"]
    if not against:
        return f"{start}."
    told = reference if reference == best else named(reference)
    return f"{start}; {sides(against, told, relevant, reliable)}."


def sides(items: Sequence[Contrast], against: str, relevant: float, reliable: bool) -> str:
    """Which strategies lie above ``against`` and which below, which are equivalent, and of which it cannot be told."""
    surely = "reliably " if reliable else ""
    groups = [
        ([item for item in items if item.verdict == DIFFERENT and item.gap > 0], f"{surely}above {against}"),
        ([item for item in items if item.verdict == DIFFERENT and item.gap < 0], f"{surely}below {against}"),
        (
            [item for item in items if item.verdict == EQUIVALENT],
            f"equivalent to {against} within {_plain(relevant)} points",
        ),
    ]
    parts = [f"{_listed(group)} {'is' if len(group) == 1 else 'are'} {said}" for group, said in groups if group]
    if rest := [item for item in items if item.verdict == INCONCLUSIVE]:
        parts.append(f"{_listed(rest)} against {against} {'is' if len(rest) == 1 else 'are'} inconclusive")
    return "; ".join(parts) + ("" if reliable else ", for the clips that were tested")


def transfer(model: str, control: str, gains: Sequence[Contrast]) -> str:
    """The transfer gain in one sentence."""
    gained = [item for item in gains if item.verdict == DIFFERENT and item.gap > 0]
    lost = [item for item in gains if item.verdict == DIFFERENT and item.gap < 0]
    parts = [
        f"{verb} at {', '.join(f'{item.strategy} ({points(item.gap, True)})' for item in items)}"
        for verb, items in (("helps", gained), ("hurts", lost))
        if items
    ]
    if rest := [item.strategy for item in gains if item.verdict == EQUIVALENT]:
        parts.append(f"makes no relevant difference at {', '.join(rest)}")
    if rest := [item.strategy for item in gains if item.verdict == INCONCLUSIVE]:
        parts.append(f"is inconclusive at {', '.join(rest)}")
    return f"Pretraining ({model} against {control}) {'; '.join(parts)}."


def shape(result: Shape, needed: Needed | None, relevant: float) -> str:
    """The curve over depth in one or two sentences."""
    dip, trend, flat = result.dip, result.trend, result.flat
    if dip.verdict == SHOWN:
        first = (
            f"Dip and recover is shown: {dip.bottom} lies below {dip.before} and below {dip.after}, by at least "
            f"{points(dip.low)} points (seen: {points(dip.value)})"
        )
    elif dip.verdict == EXCLUDED:
        first = f"Dip and recover is excluded: no dip reaches {_plain(relevant)} points {_limits(dip)}"
    else:
        first = (
            f"Dip and recover is inconclusive (a dip of {points(dip.value)} points at {dip.bottom} is seen, "
            f"{_limits(dip)[1:]}"
        )
    if trend.verdict == SHOWN:
        second = (
            f"The curve {trend.name}, by {points(abs(trend.value))} points from {result.order[0]} to "
            f"{result.order[-1]} {_limits(trend)}: shown"
        )
    elif flat.verdict == SHOWN:
        second = f"The curve is flat: no two strategies differ by {_plain(relevant)} points or more"
    elif trend.verdict == EXCLUDED:
        reason = trend.against or f"a change of {_plain(relevant)} points is excluded"
        second = f"That the curve {trend.name} throughout is excluded ({reason})"
    else:
        second = f"That the curve {trend.name} is inconclusive"
    calm = dip.verdict != SHOWN and SHOWN in (trend.verdict, flat.verdict)
    lead = [second, first] if calm else [first, second]
    return f"{lead[0]}. {lead[1]}{_deciding(needed)}."


def notes(sample: Sample, noise: Noise | None, chance: float | None = None) -> list[str]:
    """What the numbers rest on: splits, clips and their groups, seeds; runs that lie far from the others."""
    lines = [_rests_on(sample, noise)]
    if isinstance(noise, Layered) and (ratio := noise.ratio()) is not None:
        lines.append(_ratio(ratio, noise))
    lines += [
        f"{arm}, seed {seed}, scored {points(score)} % where the median of its strategy is {points(usual)} %: that run "
        "looks diverged; it counts like the others."
        for arm, seed, score, usual in outliers(sample, chance)
    ]
    return lines


def _rests_on(sample: Sample, noise: Noise | None) -> str:
    runs, splits = len(sample.seeds), sample.count
    if noise is None:
        return (
            "There is one run a strategy: nothing is known about the luck of seeds, and no difference can be claimed."
        )
    if isinstance(noise, Layered):
        alone = all(len(np.unique(block.group)) == len(block.group) for block in sample.blocks)
        of = "no groups are known: each is one sample" if alone else f"in {sample.groups} groups, each one sample"
        if splits == 1:
            return (
                f"All seeds share one split, so that every statement is conditional on it; its {sample.clips} test "
                f"clips ({of}) and the {runs} seeds count as samples in intervals and claims."
            )
        return (
            f"{splits} splits were tested with {runs} runs a strategy, about {sample.clips} clips a split ({of}): "
            f"clips, seeds and training sets count as samples in intervals and claims, training sets with 1/{splits} + "
            f"{noise.extra():.2f} because they overlap."
        )
    if splits > 1:
        why = "Only one score a run is known"
        if sample.blocks is not None:
            why = f"Some split tests fewer than {FEW_GROUPS} groups, too few to tell what clips add to the variance"
        return (
            f"{why}: intervals and claims use the corrected resampled t over the {splits} splits, with "
            f"n_test / n_train = {noise.extra:.2f}."
        )
    why = "All test clips are of one group" if sample.blocks is not None else "Only one score a run is known"
    return (
        f"{why}: intervals and p values are of a paired t over the {runs} runs and hold for the clips that were "
        "tested. How the result would change with other test clips cannot be seen."
    )


def _ratio(ratio: float, noise: Layered) -> str:
    start = f"R = {ratio:.2f}: the means of splits vary {ratio:.2f} times as much as their clips and seeds explain"
    if ratio < HIGH_RATIO:
        return (
            f"{start}; no effect of training sets shows beyond that. Those that have most of their clips in common "
            "could hide one: `shared_training` assumes so."
        )
    share = noise.overlap.safe / (1 + noise.overlap.safe)
    return (
        f"{start}. That speaks of effects of training sets, which count as correlated by {share:.2f}, their clips in "
        "common: the safe assumption."
    )


def _deciding(needed: Needed | None) -> str:
    if needed is None:
        return ""
    what = f"if the true size is {'the one seen' if needed.seen else 'the relevant gap'} ({points(needed.size)} points)"
    if needed.seeds is not None:
        return f". About {needed.seeds} {needed.unit} would decide the {needed.statement} {what}, with 80 % power"
    if needed.more is not None:
        return (
            f". No number of {needed.unit} would decide the {needed.statement}, but about {needed.more:g} times "
            f"as many test clips, in as many more groups, with {needed.at_seeds} {needed.unit} would {what}, with 80 % "
            "power"
        )
    return f". No number of {needed.unit} tried would decide the {needed.statement} {what}"


def _limits(statement: Statement) -> str:
    return f"(95 % interval {points(statement.low, True)} to {points(statement.high, True)})"


def _plain(fraction: float) -> str:
    return f"{100 * fraction:g}"


def _listed(items: Sequence[Contrast]) -> str:
    names = [item.strategy for item in items]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
