"""The results in sentences: what differs, what is equivalent, and what these data cannot decide."""

from collections.abc import Mapping, Sequence

import numpy as np

from permafrost.evaluation.statistics.contrasts import DIFFERENT, EQUIVALENT, INCONCLUSIVE, Contrast
from permafrost.evaluation.statistics.layered import HIGH_RATIO, Layered
from permafrost.evaluation.statistics.noise import FEW_GROUPS, Noise
from permafrost.evaluation.statistics.outliers import outliers
from permafrost.evaluation.statistics.power import Needed
from permafrost.evaluation.statistics.sample import Sample
from permafrost.evaluation.statistics.shape import EXCLUDED, SHOWN, Shape, Statement
from permafrost.evaluation.wording import limits, listed, percent, plain_points, points

# What the field calls the strategies.
TERMS = {
    "none": "full fine-tuning",
    "head": "linear probing",
    "surgical": "surgical fine-tuning",
    "top_frozen": "fine-tuning of the lower units",
    "layer_decay": "layer-wise rate decay",
    "discriminative": "discriminative rates",
    "gradual": "gradual unfreezing",
    "bias": "bias-only tuning",
    "norm": "normalisation-only tuning",
    "lora": "low-rank adapters",
    "auto_rgn": "rates by relative gradient norm",
    "lp_ft": "linear probing then fine-tuning",
    "wise_ft": "weight interpolation",
}


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
    start = f"{model}: {named(best)} has the highest mean ({percent(means[best])} %)"
    against = [item for item in contrasts if item.question == "reference"]
    if not against:
        return f"{start}."
    told = reference if reference == best else named(reference)
    return f"{start}; {sides(against, told, relevant, reliable)}."


def sides(items: Sequence[Contrast], against: str, relevant: float, reliable: bool) -> str:
    """Which strategies lie above ``against`` and which below, which are equivalent, and of which it cannot be told."""
    surely = "reliably " if reliable else ""
    said = {
        "above": f"{surely}above {against}",
        "below": f"{surely}below {against}",
        EQUIVALENT: f"equivalent to {against} within {plain_points(relevant)} points",
        INCONCLUSIVE: "inconclusive",
    }
    groups = _by_side(items, "above", "below")
    parts = [
        f"{listed(names)}{f' against {against}' * (side == INCONCLUSIVE)} "
        f"{'is' if len(names) == 1 else 'are'} {said[side]}"
        for side in said
        if (names := [item.strategy for item in groups.get(side, [])])
    ]
    return "; ".join(parts) + ("" if reliable else ", for the clips that were tested")


def transfer(model: str, control: str, gains: Sequence[Contrast]) -> str:
    """The transfer gain in one sentence."""
    groups = _by_side(gains, "helps", "hurts")
    parts = [
        f"{verb} at {', '.join(f'{item.strategy} ({points(item.gap)})' for item in groups[verb])}"
        for verb in ("helps", "hurts")
        if verb in groups
    ]
    for verdict, said in ((EQUIVALENT, "makes no relevant difference"), (INCONCLUSIVE, "is inconclusive")):
        if verdict in groups:
            parts.append(f"{said} at {', '.join(item.strategy for item in groups[verdict])}")
    return f"Pretraining ({model} against {control}) {'; '.join(parts)}."


def _by_side(items: Sequence[Contrast], above: str, below: str) -> dict[str, list[Contrast]]:
    """Contrasts by verdict, those that are different by their side."""
    groups: dict[str, list[Contrast]] = {}
    for item in items:
        side = item.verdict if item.verdict != DIFFERENT else above if item.gap > 0 else below
        groups.setdefault(side, []).append(item)
    return groups


def shape(result: Shape, needed: Needed | None, relevant: float) -> str:
    """The curve over depth in one or two sentences."""
    dip, trend, flat, least = result.dip, result.trend, result.flat, plain_points(relevant)
    if dip.verdict == SHOWN:
        first = (
            f"Dip and recover is shown: {dip.bottom} lies below {dip.before} and below {dip.after}, by at least "
            f"{percent(dip.low)} points (seen: {percent(dip.value)})"
        )
    elif dip.verdict == EXCLUDED:
        first = f"Dip and recover is excluded: no dip reaches {least} points ({_limits(dip)})"
    else:
        first = (
            f"Dip and recover is inconclusive (a dip of {percent(dip.value)} points at {dip.bottom} is seen, "
            f"{_limits(dip)})"
        )
    if trend.verdict == SHOWN:
        second = (
            f"The curve {trend.name}, by {percent(abs(trend.value))} points from {result.order[0]} to "
            f"{result.order[-1]} ({_limits(trend)}): shown"
        )
    elif flat.verdict == SHOWN:
        second = f"The curve is flat: no two strategies differ by {least} points or more"
    elif trend.verdict == EXCLUDED:
        reason = trend.against or f"a change of {least} points is excluded"
        second = f"That the curve {trend.name} throughout is excluded ({reason})"
    else:
        second = f"That the curve {trend.name} is inconclusive"
    calm = dip.verdict != SHOWN and SHOWN in (trend.verdict, flat.verdict)
    return ". ".join([second, first] if calm else [first, second]) + f"{_deciding(needed)}."


def notes(sample: Sample, noise: Noise | None, chance: float | None = None) -> list[str]:
    """What the numbers rest on: splits, clips and their groups, seeds; runs that lie far from the others."""
    lines = [_rests_on(sample, noise)]
    if noise is not None and (ratio := noise.ratio()) is not None:
        lines.append(_ratio(ratio, noise))
    lines += [
        f"{arm}, seed {seed}, scored {percent(score)} % where the median of its strategy is {percent(usual)} %: that "
        "run looks diverged; it counts like the others."
        for arm, seed, score, usual in outliers(sample, chance)
    ]
    return lines


def _rests_on(sample: Sample, noise: Noise | None) -> str:
    runs, splits, known = len(sample.seeds), sample.count, sample.blocks is not None
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
        few = f"Some split tests fewer than {FEW_GROUPS} groups, too few to tell what clips add to the variance"
        return (
            f"{few if known else 'Only one score a run is known'}: intervals and claims use the corrected resampled t "
            f"over the {splits} splits, with n_test / n_train = {noise.extra:.2f}."
        )
    return (
        f"{'All test clips are of one group' if known else 'Only one score a run is known'}: intervals and p values "
        f"are of a paired t over the {runs} runs and hold for the clips that were tested. How the result would change "
        "with other test clips cannot be seen."
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
    of = f"decide the {needed.statement}"
    what = (
        f"if the true size is {'the one seen' if needed.seen else 'the relevant gap'} ({percent(needed.size)} points)"
    )
    if needed.seeds is not None:
        return f". About {needed.seeds} {needed.unit} would {of} {what}, with 80 % power"
    if needed.more is None:
        return f". No number of {needed.unit} tried would {of} {what}"
    return (
        f". No number of {needed.unit} would {of}, but about {needed.more:g} times as many test clips, in as many more "
        f"groups, with {needed.at_seeds} {needed.unit} would {what}, with 80 % power"
    )


def _limits(statement: Statement) -> str:
    return f"95 % interval {limits(statement.low, statement.high, signed=True)}"
