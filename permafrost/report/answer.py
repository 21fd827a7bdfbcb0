"""The study's answer, and what a reader has to know before believing it."""

from typing import Any

from permafrost.evaluation.cells import Cells
from permafrost.evaluation.choice import chosen_freeze, chosen_model
from permafrost.evaluation.headline import NAMES, Headline, headline
from permafrost.evaluation.statistics.contrasts import LEVEL, Contrast
from permafrost.evaluation.statistics.result import Analysis
from permafrost.evaluation.study import BASELINES, REFERENCE, control_of, is_control
from permafrost.report.data_section import spread_over_splits
from permafrost.report.names import code_span
from permafrost.report.wording import interval, limits, listed, percent, plural, points

SAYS_NOTHING = 0.6  # width of an accuracy's interval, of 1
# What the field calls two of the strategies.
TERMS = {REFERENCE: "full fine-tuning", "head": "linear probing"}


def answer(cells: Cells, summary: dict[str, Any], analysis: Analysis) -> str:
    """The answer in Markdown: how deep one may freeze, how baselines and random weights stand to the choice; then the
    strategy chosen on validation with its test score."""
    model = chosen_model(cells)
    freeze = chosen_freeze(cells, model)
    parts = [_depth(cells, summary["data"]["name"], analysis, model), *_baseline(summary, analysis, model, freeze)]
    transfer = analysis.transfer.get(model)
    for gain in transfer.gains if transfer else []:
        if gain.strategy == freeze:
            parts.append(
                f"pretraining is worth {_difference(gain)} to `{freeze}` against random weights, "
                f"{verdict(gain, analysis)}"
            )
    return introduced(f"{'; '.join(parts)}. {_choice(cells, summary, analysis, model, freeze)}")


def introduced(text: str) -> str:
    """Markdown with the field's names of the strategies ``none`` and ``head`` where they first appear."""
    for name, term in TERMS.items():
        if f"{term} (`{name}`)" not in text:
            text = text.replace(f"`{name}`", f"{term} (`{name}`)", 1)
    return text


def _depth(cells: Cells, data: str, analysis: Analysis, model: str) -> str:
    """Which depths can be told from full fine-tuning, and the cheapest that cannot."""
    start = f"On {code_span(data)}, "
    against = [item for item in analysis.models[model].contrasts if item.question == "reference"]
    if REFERENCE not in cells.freezes:
        return f"{start}no depth of `{model}` is compared with `{REFERENCE}`, which the study does not have"
    if not against:
        return f"{start}no depth of `{model}` is compared: the study has no strategy beside `{REFERENCE}`"
    if analysis.seeds == 1:
        return f"{start}whether any depth of `{model}` differs from `{REFERENCE}` cannot be told from one seed"
    told = {side: [item for item in against if _side(item) == side] for side in (1, -1)}
    said = [
        f"{listed([f'`{item.strategy}` ({_difference(item)})' for item in items])} "
        f"{'is' if len(items) == 1 else 'are'} {'better' if side > 0 else 'worse'}"
        for side, items in told.items()
        if items
    ]
    parts = [
        f"{start}{listed(said)} than `{REFERENCE}` for `{model}`"
        if said
        else f"{start}no depth of `{model}` can be told from `{REFERENCE}` with {rests_on(analysis)}, after correction"
    ]
    size = cells.runs[cells.runs["model"] == model].groupby("freeze")["trainable_parameters"].mean()
    rest = sorted((item for item in against if not _side(item)), key=lambda item: size[item.strategy])
    equal = [item for item in rest if item.verdict == "equivalent"]
    # What its own interval puts below full fine-tuning is no advice, though correction keeps it from being a claim.
    alike = [item for item in rest if item in equal or (item.high is not None and item.high >= 0)]
    if alike and alike[:1] != equal[:1]:
        parts.append(f"the cheapest that cannot be told from it is `{alike[0].strategy}` ({_difference(alike[0])})")
    if equal:
        parts.append(
            f"the cheapest equivalent, within {percent(analysis.relevant, 0)} points of it, is `{equal[0].strategy}` "
            f"({_difference(equal[0])})"
        )
    return "; ".join(parts)


def _side(item: Contrast) -> int:
    """1 where the strategy is better beyond doubt, -1 where it is worse, 0 where it cannot be told."""
    return 0 if item.verdict != "different" else 1 if item.gap > 0 else -1


def _baseline(summary: dict[str, Any], analysis: Analysis, model: str, freeze: str) -> list[str]:
    """How the baseline that does best on validation stands to the chosen strategy; empty without baselines."""
    if model not in analysis.baselines:
        return []
    known = summary[BASELINES]
    best = max(known, key=lambda name: known[name]["valid_accuracy"]["mean"])
    found = analysis.baselines[model].contrasts
    item = next(item for item in found if (item.strategy, item.minus) == (freeze, best))
    side = "higher" if item.gap < 0 else "lower"
    limits_of = "" if item.low is None or item.high is None else f" {interval(-item.high, -item.low, signed=True)}"
    gap = f"{percent(abs(item.gap))} points {side}" if item.gap else "as high"
    return [f"the baseline `{best}` is {gap}{limits_of} than `{freeze}`, {verdict(item, analysis)}"]


def _choice(cells: Cells, summary: dict[str, Any], analysis: Analysis, model: str, freeze: str) -> str:
    """The strategy chosen on validation, its score, and what it gains; why macro F1 leads, where it does."""
    first = headline(cells)
    lead, beside = first.scores
    score = summary[model][freeze][lead]
    spread = f"95 % interval {limits(score['ci_low'], score['ci_high'])}, {rests_on(analysis)}"
    said = (
        f"`{model}` does best with strategy **`{freeze}`** (chosen on validation): **{percent(score['mean'])} %** "
        f"{NAMES[lead]} ({spread if score['n'] > 1 else 'one seed'})"
    )
    if lead == "macro_f1":
        said += f", {percent(summary[model][freeze][beside]['mean'])} % {NAMES[beside]}"
    for item in analysis.models[model].contrasts:
        if item.question == "reference" and item.strategy == freeze:
            said += f"; {_difference(item)} against `{REFERENCE}`, {verdict(item, analysis)}"
    return f"{said}." + (f" {_why_macro_f1(first)}" if lead == "macro_f1" else "")


def _why_macro_f1(first: Headline) -> str:
    why = []
    if first.uneven:
        why.append(
            f"classes are uneven (`{first.majority}` has {percent(first.share, 0)} % of the test clips, "
            f"{percent(first.even, 0)} % would be even)"
        )
    if first.never:
        names = listed([f"`{name}`" for name in first.never])
        why.append(f"{names} {'is' if len(first.never) == 1 else 'are'} never predicted by `{first.strategy}`")
    return f"Macro F1 leads because {listed(why)}; differences and their tests are of accuracy."


def verdict(item: Contrast, analysis: Analysis) -> str:
    """What a contrast amounts to, as the end of a sentence."""
    if item.low is None or item.high is None:
        return "from a single seed"
    if item.verdict == "different":
        return "a difference that survives correction"
    if item.verdict == "equivalent":
        return f"so that a difference of {percent(analysis.relevant, 0)} points or more is excluded"
    if item.p_claim is not None and item.p_claim <= LEVEL:
        return f"which is inconclusive: {rests_on(analysis)} are too few to claim a difference"
    if item.low <= 0 <= item.high:
        return f"which {rests_on(analysis)} cannot tell from zero"
    return f"which is inconclusive: it does not survive correction over {plural(item.claims, 'statement')}"


def rests_on(analysis: Analysis) -> str:
    """``3 seeds and 128 test clips``: what was sampled."""
    seeds = plural(analysis.seeds, "seed")
    if analysis.splits > 1:
        return f"{seeds} over {plural(analysis.splits, 'split')}"
    return f"{seeds} and {plural(analysis.clips, 'test clip')}" if analysis.clips else seeds


def notes(cells: Cells, summary: dict[str, Any], analysis: Analysis) -> list[str]:
    """What the numbers are conditional on, one Markdown sentence each."""
    data = summary["data"]
    lines = []
    if analysis.splits == 1:
        line = "All seeds share one split: every number is conditional on this split."
        if analysis.seeds > 1:
            line += (
                f" Its {data['test_clips']:g} test clips and the {analysis.seeds} seeds both count as samples in "
                "intervals and verdicts."
            )
        lines.append(line)
    lines += filter(None, [spread_over_splits(cells), _empty_intervals(cells, summary, analysis)])
    # The package's first note is about the split; where there is one split, that has just been said.
    lines += analysis.notes[1:] if analysis.splits == 1 else analysis.notes
    if analysis.seeds > 1:
        lines.append(
            "± is the standard deviation over seeds; intervals are 95 %. A difference is **different** where its p "
            "value, corrected over all statements about the model, is at most .05; **equivalent** where a "
            f"difference of {percent(analysis.relevant, 0)} points or more is excluded; else **inconclusive**."
        )
    if without := [
        f"`{model}`"
        for model in cells.models
        if not is_control(model, cells.models) and not control_of(model, cells.models)
    ]:
        lines.append(
            f"{', '.join(without)} ran without a random-weights control (a recipe of that name with `_random` added): "
            "without it, a curve over strategies says little about transfer."
        )
    if data["groups_across_subsets"]:
        lines.append(
            f"{plural(data['groups_across_subsets'], 'group')} of {data['groups']} stand on both sides of a split: "
            "scores are probably too good. `split.kind: grouped` keeps them apart."
        )
    if data["duplicates_across_subsets"]:
        lines.append(
            f"{plural(data['duplicates_across_subsets'], 'set')} of (nearly) equal clips stand on both sides of a "
            "split; `data/audit.json` names them."
        )
    return lines


def _empty_intervals(cells: Cells, summary: dict[str, Any], analysis: Analysis) -> str | None:
    """The strategies and baselines whose accuracy could be nearly anything, and why; None where there are none."""
    shown = {name: summary[model][name] for model in [chosen_model(cells)] for name in cells.freezes}
    wide = [
        f"`{name}`"
        for name, numbers in (shown | summary.get(BASELINES, {})).items()
        if (score := numbers["test_accuracy"])["ci_low"] is not None
        and score["ci_high"] - score["ci_low"] > SAYS_NOTHING
    ]
    if not wide:
        return None
    return (
        f"The 95 % intervals of {listed(wide)} cover more than {percent(SAYS_NOTHING, 0)} of the 100 points there are "
        f"and say next to nothing: {rests_on(analysis)} are too few."
    )


def _difference(item: Contrast) -> str:
    """``+2.3 points [−0.5, +5.1]``."""
    return f"{points(item.gap)} points {interval(item.low, item.high, signed=True)}".strip()
