"""The results in sentences: what differs, what is equivalent, and what these data cannot decide."""

from collections.abc import Sequence

from permafrost.evaluation.statistics.contrasts import Contrast
from permafrost.evaluation.statistics.noise import ENOUGH_SEEDS
from permafrost.evaluation.statistics.paired import least_flip_p
from permafrost.evaluation.statistics.power import Needed
from permafrost.evaluation.statistics.result import ModelResult
from permafrost.evaluation.statistics.sample import Sample
from permafrost.evaluation.statistics.shape import Shape, Statement


def points(value: float, signed: bool = False) -> str:
    """A fraction as percentage points: ``2.5``, or ``+2.5`` when ``signed``."""
    text = f"{100 * value:+.1f}" if signed else f"{100 * value:.1f}"
    return "0.0" if float(text) == 0 else text.replace("-", "−")


def probability(p: float | None) -> str:
    """A p value: ``.031``, ``< .001``; a dash where there is none."""
    if p is None:
        return "–"
    return "< .001" if p < 0.001 else "1" if p > 0.9995 else f"{p:.3f}".removeprefix("0")


def contrast(result: Contrast, relevant: float) -> str:
    """One contrast as a sentence."""
    size, side = points(abs(result.gap)), "above" if result.gap >= 0 else "below"
    start = f"{result.strategy} lies {size} points {side} {result.minus}"
    if result.low is None or result.high is None:
        return f"{start}: inconclusive, one seed says nothing about the luck of seeds."
    limits = f"95 % interval {points(result.low, True)} to {points(result.high, True)}"
    start = f"{start} ({limits}; p {_equals(result.p_claim)} corrected over {result.claims} statements)"
    return f"{start}: {_ending(result, relevant)}."


def gain(result: Contrast, relevant: float) -> str:
    """One transfer gain as a sentence."""
    start = f"At {result.strategy} pretraining is worth {points(result.gap, True)} points"
    if result.low is None or result.high is None:
        return f"{start}: inconclusive, one seed says nothing about the luck of seeds."
    limits = f"95 % interval {points(result.low, True)} to {points(result.high, True)}"
    start = f"{start} ({limits}; p {_equals(result.p_claim)} corrected over {result.claims} statements)"
    return f"{start}: {_ending(result, relevant)}."


def answer(
    model: str, means: dict[str, float], contrasts: Sequence[Contrast], reference: str | None, relevant: float
) -> str:
    """The model's answer in one sentence."""
    best = max(means, key=lambda name: means[name])
    start = f"{model}: {best} has the highest mean ({points(means[best])} %)"
    against = [item for item in contrasts if item.question == "reference"]
    if not against:
        return f"{start}."
    above = [item for item in against if item.verdict == "different" and item.gap > 0]
    below = [item for item in against if item.verdict == "different" and item.gap < 0]
    parts = [
        f"{_listed(items)} {'is' if len(items) == 1 else 'are'} {side} {reference}"
        for items, side in ((above, "reliably above"), (below, "reliably below"))
        if items
    ]
    rest = [item for item in against if item.verdict == "inconclusive"]
    equal = [item for item in against if item.verdict == "equivalent"]
    if equal:
        parts.append(
            f"{_listed(equal)} {'does' if len(equal) == 1 else 'do'} not differ from {reference} by {points(relevant)} "
            "points or more"
        )
    if rest:
        parts.append(f"{_listed(rest)} against {reference} {'is' if len(rest) == 1 else 'are'} inconclusive at this n")
    return f"{start}; {'; '.join(parts)}."


def transfer(model: str, control: str, gains: Sequence[Contrast]) -> str:
    """The transfer gain in one sentence."""
    gained = [item for item in gains if item.verdict == "different" and item.gap > 0]
    lost = [item for item in gains if item.verdict == "different" and item.gap < 0]
    parts = [
        f"{verb} at {', '.join(f'{item.strategy} ({points(item.gap, True)})' for item in items)}"
        for verb, items in (("helps", gained), ("hurts", lost))
        if items
    ]
    rest = [item.strategy for item in gains if item.verdict != "different"]
    if rest:
        parts.append(f"shows no reliable gain at {', '.join(rest)}")
    return f"Pretraining ({model} against {control}) {'; '.join(parts)}."


def against(model: str, contrasts: Sequence[Contrast], baseline: str) -> str:
    """The strategies of ``model`` against one baseline, in one sentence."""
    items = [item for item in contrasts if item.minus == baseline]
    groups = [
        ([item for item in items if item.verdict == "different" and item.gap > 0], f"reliably above {baseline}"),
        ([item for item in items if item.verdict == "different" and item.gap < 0], f"reliably below {baseline}"),
        ([item for item in items if item.verdict == "equivalent"], f"within the relevant gap of {baseline}"),
        ([item for item in items if item.verdict == "inconclusive"], f"inconclusive against {baseline} at this n"),
    ]
    parts = [f"{_listed(group)} {'is' if len(group) == 1 else 'are'} {said}" for group, said in groups if group]
    return f"{model}: {'; '.join(parts)}."


def shape(result: Shape, needed: Needed | None, sample: Sample, relevant: float) -> str:
    """The curve over depth in one or two sentences."""
    count, unit = _units(sample)
    dip, trend, flat = result.dip, result.trend, result.flat
    if len(sample.seeds) < ENOUGH_SEEDS:
        said = f"The shape over depth is inconclusive at n = {count} {unit}"
        return f"{said}: {too_few(len(sample.seeds))}{_deciding(needed, sample)}."
    if dip.verdict == "shown":
        first = (
            f"Dip and recover is shown: {dip.bottom} lies below {dip.before} and below {dip.after}, by at least "
            f"{points(dip.low)} points (seen: {points(dip.value)}; p {_equals(dip.p)})"
        )
    elif dip.verdict == "excluded":
        first = f"Dip and recover is excluded: a dip of {points(relevant)} points or more {_limits(dip)}"
    else:
        first = (
            f"Dip and recover is inconclusive at n = {count} {unit} (a dip of {points(dip.value)} points at "
            f"{dip.bottom} is seen, {_limits(dip)[1:]}"
        )
    if trend.verdict == "shown":
        second = (
            f"The curve {trend.name}, by {points(abs(trend.value))} points from {result.order[0]} to "
            f"{result.order[-1]} {_limits(trend)}: shown"
        )
    elif flat.verdict == "shown":
        second = f"The curve is flat: no two strategies differ by {points(relevant)} points or more"
    elif trend.verdict == "excluded":
        reason = trend.against or f"a change of {points(relevant)} points is excluded"
        second = f"That the curve {trend.name} throughout is excluded ({reason})"
    else:
        second = f"That the curve {trend.name} is inconclusive at n = {count} {unit}"
    calm = dip.verdict != "shown" and "shown" in (trend.verdict, flat.verdict)
    lead = [second, first] if calm else [first, second]
    return f"{lead[0]}. {lead[1]}{_deciding(needed, sample)}."


def too_few(seeds: int) -> str:
    """Why so few seeds decide nothing by themselves."""
    return (
        f"with {seeds} seeds a sign-flip test cannot give p below {f'{least_flip_p(seeds):.2g}'.removeprefix('0')}, "
        f"at least {ENOUGH_SEEDS} seeds are needed"
    )


def notes(sample: Sample, test_per_train: float) -> list[str]:
    """What the numbers rest on: the split, the clips, the seeds."""
    lines = []
    if sample.redrawn:
        count = len(set(sample.splits.tolist()))
        lines.append(
            f"Splits are redrawn ({count} splits, {len(sample.seeds)} seeds): intervals and claims use the corrected "
            f"resampled t over splits with n_test / n_train = {test_per_train:.2f}."
        )
    elif sample.correct is not None:
        lines.append(
            f"All seeds share one split, so that every statement is conditional on it; its {sample.correct.shape[2]} "
            "test clips and the seeds both count as samples in intervals and claims."
        )
    else:
        lines.append(
            "Only one score a run is known. Intervals and claims hold for the clips that were tested: how the result "
            "would change with other test clips cannot be seen without predictions clip by clip."
        )
    if len(sample.seeds) == 1:
        lines.append("There is one seed: nothing is known about the luck of seeds, and no difference can be claimed.")
    elif len(sample.seeds) < ENOUGH_SEEDS:
        lines.append(f"{too_few(len(sample.seeds))[0].upper()}{too_few(len(sample.seeds))[1:]}.")
    return lines


def other_clips(result: ModelResult, clips: int) -> list[str]:
    """For each difference claimed: how much it may differ from clip to clip before other clips could undo it.

    With C clips of which the gap varies by sd d from clip to clip, the draw of clips adds d^2 / C to its variance; the
    limit is the d at which the gap is two standard errors from zero.
    """
    lines = []
    for item in result.contrasts:
        if item.verdict != "different" or item.low is None or item.high is None or item.question != "reference":
            continue
        error = (item.high - item.low) / 4
        spare = max((item.gap / 2) ** 2 - error**2, 0.0)
        lines.append(
            f"{result.model}, {item.strategy} against {item.minus}: with {clips} test clips the difference would "
            f"hold for other clips if it varies by less than {points((spare * clips) ** 0.5)} points (sd) from clip to "
            "clip; only predictions can tell."
        )
    return lines


def _ending(result: Contrast, relevant: float) -> str:
    if result.verdict == "different":
        return "different"
    if result.verdict == "equivalent":
        return f"no difference is shown, and none as large as {points(relevant)} points is likely"
    return "inconclusive"


def _deciding(needed: Needed | None, sample: Sample) -> str:
    if needed is None:
        return ""
    what = f"if the true size is {'the one seen' if needed.seen else 'the relevant gap'} ({points(needed.size)} points)"
    if needed.seeds is not None:
        return f". About {needed.seeds} {_units(sample)[1]} would decide the {needed.statement} {what}, with 80 % power"
    if needed.clips is not None:
        return (
            f". No number of seeds would decide the {needed.statement}, but about {needed.clips} test clips with "
            f"{needed.at_seeds} seeds would {what}, with 80 % power"
        )
    return f". No number of {_units(sample)[1]} tried would decide the {needed.statement} {what}"


def _units(sample: Sample) -> tuple[int, str]:
    return (len(set(sample.splits.tolist())), "splits") if sample.redrawn else (len(sample.seeds), "seeds")


def _limits(statement: Statement) -> str:
    return f"(95 % interval {points(statement.low, True)} to {points(statement.high, True)})"


def _equals(p: float | None) -> str:
    text = probability(p)
    return text if text.startswith("<") else f"= {text}"


def _listed(items: Sequence[Contrast]) -> str:
    names = [item.strategy for item in items]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
