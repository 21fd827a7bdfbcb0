"""The study's answer, in two sentences."""

from collections.abc import Sequence

from permafrost.evaluation.cells import Cells
from permafrost.evaluation.statistics.contrasts import DIFFERENT, EQUIVALENT, LEVEL, Contrast
from permafrost.evaluation.statistics.result import Analysis
from permafrost.evaluation.statistics.words import TERMS
from permafrost.evaluation.study import REFERENCE
from permafrost.evaluation.study_results import StudyResults
from permafrost.evaluation.wording import coded, interval, limits, listed, percent, plain_points, plural, points
from permafrost.report.headline import NAMES, headline
from permafrost.report.names import code_span

MOST = 5  # strategies that the answer names as better, or as worse


def answer(results: StudyResults) -> str:
    """The answer in Markdown: which strategies will do, how baselines and random weights stand to the choice; then the
    strategy chosen on validation with its test score."""
    analysis, model, freeze = results.analysis, results.model, results.freeze
    parts = [_strategies(results), *_baseline(results)]
    if model in analysis.transfer:
        parts += [
            f"pretraining is worth {_difference(gain)} to `{freeze}` against random weights, {verdict(gain, analysis)}"
            for gain in analysis.transfer[model].contrasts
            if gain.strategy == freeze
        ]
    return introduced(f"{'; '.join(parts)}. {_choice(results)}")


def introduced(text: str) -> str:
    """Markdown with the field's names of strategies where these first appear."""
    for name, term in TERMS.items():
        if f"{term} (`{name}`)" not in text:
            text = text.replace(f"`{name}`", f"{term} (`{name}`)", 1)
    return text


def strategies(cells: Cells) -> str:
    """In which order tables and figures have the strategies; Markdown."""
    parts = {"By depth, more and more of the network is frozen": cells.by_depth, "No depth": cells.beside}
    return " ".join(f"{what}: {listed(coded(names))}." for what, names in parts.items() if names)


def _strategies(results: StudyResults) -> str:
    """Which strategies can be told from full fine-tuning, and the cheapest that cannot."""
    cells, analysis, model = results.cells, results.analysis, results.model
    start = f"On {code_span(results.data['name'])}, "
    against = [item for item in analysis.models[model].contrasts if item.question == "reference"]
    if REFERENCE not in cells.freezes:
        return f"{start}no strategy of `{model}` is compared with `{REFERENCE}`, which the study does not have"
    if not against:
        return f"{start}no strategy of `{model}` is compared: the study has no strategy beside `{REFERENCE}`"
    if analysis.seeds == 1:
        return f"{start}whether any strategy of `{model}` differs from `{REFERENCE}` cannot be told from one seed"
    said = [
        f"{_named(items)} {'is' if len(items) == 1 else 'are'} {side}"
        for side, sign in (("better", 1), ("worse", -1))
        if (items := [item for item in against if item.verdict == DIFFERENT and item.gap * sign > 0])
    ]
    parts = [
        f"{start}{listed(said)} than `{REFERENCE}` for `{model}`"
        if said
        else f"{start}no strategy of `{model}` can be told from `{REFERENCE}` with {rests_on(analysis)}, after "
        "correction"
    ]
    size = {freeze: results.size(model, freeze)["trainable_parameters"] for freeze in cells.freezes}
    rest = sorted((item for item in against if item.verdict != DIFFERENT), key=lambda item: size[item.strategy])
    equal = [item for item in rest if item.verdict == EQUIVALENT]
    # What its own interval puts below full fine-tuning is no advice, though correction keeps it from being a claim.
    alike = [item for item in rest if item in equal or (item.high is not None and item.high >= 0)]
    if alike and alike[:1] != equal[:1]:
        parts.append(f"the cheapest that cannot be told from it is `{alike[0].strategy}` ({_difference(alike[0])})")
    if equal:
        parts.append(
            f"the cheapest equivalent, within {plain_points(analysis.relevant)} points of it, is "
            f"`{equal[0].strategy}` ({_difference(equal[0])})"
        )
    return "; ".join(parts)


def _named(items: Sequence[Contrast]) -> str:
    """Contrasts in words: of more than a sentence holds, those furthest from zero and how many there are beside."""
    furthest = items if len(items) <= MOST + 1 else sorted(items, key=lambda item: -abs(item.gap))[:MOST]
    more = [plural(len(items) - len(furthest), "other")] * (len(items) > len(furthest))
    return listed([*(f"`{item.strategy}` ({_difference(item)})" for item in furthest), *more])


def _baseline(results: StudyResults) -> list[str]:
    """How the baseline that does best on validation stands to the chosen strategy; empty without baselines."""
    analysis, model, freeze, known = results.analysis, results.model, results.freeze, results.baselines
    if model not in analysis.baselines:
        return []
    best = max(known, key=lambda name: known[name]["valid_accuracy"]["mean"])
    found = analysis.baselines[model].contrasts
    item = next(item for item in found if (item.strategy, item.minus) == (freeze, best))
    size = percent(abs(item.gap))
    told = f"{size} points {'higher' if item.gap < 0 else 'lower'}" if float(size) else "as high"
    limits_of = "" if item.low is None or item.high is None else f" {interval(-item.high, -item.low)}"
    than = "than" if float(size) else "as"
    return [f"the baseline `{best}` is {told}{limits_of} {than} `{freeze}`, {verdict(item, analysis)}"]


def _choice(results: StudyResults) -> str:
    """The strategy chosen on validation, its score, and what it gains; why macro F1 leads, where it does."""
    analysis, model, freeze = results.analysis, results.model, results.freeze
    first, scores = headline(results), results.scores[model][freeze]
    lead, beside = first.scores
    spread = f"95 % interval {limits(scores[lead]['ci_low'], scores[lead]['ci_high'])}, {rests_on(analysis)}"
    said = (
        f"`{model}` does best with strategy **`{freeze}`** (chosen on validation): "
        f"**{percent(scores[lead]['mean'])} %** {NAMES[lead]} ({spread if scores[lead]['n'] > 1 else 'one seed'})"
    )
    if first.why:
        said += f", {percent(scores[beside]['mean'])} % {NAMES[beside]}"
    for item in analysis.models[model].contrasts:
        if item.question == "reference" and item.strategy == freeze:
            said += f"; {_difference(item)} against `{REFERENCE}`, {verdict(item, analysis)}"
    return f"{said}. {first.why}".rstrip()


def verdict(item: Contrast, analysis: Analysis) -> str:
    """What a contrast amounts to, as the end of a sentence."""
    if item.low is None or item.high is None:
        return "from a single seed"
    if item.verdict == DIFFERENT:
        return "a difference that survives correction"
    if item.verdict == EQUIVALENT:
        return f"so that a difference of {plain_points(analysis.relevant)} points or more is excluded"
    if item.p_claim is not None and item.p_claim <= LEVEL:
        return f"which is inconclusive: {rests_on(analysis)} are too few to claim a difference"
    if item.low <= 0 <= item.high:
        return f"which {rests_on(analysis)} cannot tell from zero"
    return f"which is inconclusive: it does not survive correction over {plural(item.claims, 'statement')}"


def rests_on(analysis: Analysis) -> str:
    """``3 seeds and 128 test clips in 32 groups``: what was sampled."""
    seeds = plural(analysis.seeds, "seed")
    if analysis.splits > 1:
        return f"{seeds} over {plural(analysis.splits, 'split')}"
    if analysis.clips is None:
        return seeds
    grouped = f" in {plural(analysis.groups, 'group')}" if analysis.groups < analysis.clips else ""
    return f"{seeds} and {plural(analysis.clips, 'test clip')}{grouped}"


def _difference(item: Contrast) -> str:
    """``+2.3 points [−0.5, +5.1]``."""
    return f"{points(item.gap)} points {interval(item.low, item.high)}".strip()
