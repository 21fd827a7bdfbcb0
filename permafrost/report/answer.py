"""The study's answer in a sentence, and what a reader has to know before believing it."""

from typing import Any

from permafrost.evaluation.cells import Cells
from permafrost.evaluation.choice import chosen_freeze, chosen_model
from permafrost.evaluation.statistics.contrasts import LEVEL, Contrast
from permafrost.evaluation.statistics.result import Analysis
from permafrost.evaluation.study import BASELINE, control_of, is_control
from permafrost.report.wording import interval, limits, percent, plural, points


def answer(cells: Cells, summary: dict[str, Any], analysis: Analysis) -> str:
    """One Markdown sentence: the strategy to take (chosen on validation), its test score, and what it gains."""
    model = chosen_model(cells)
    freeze = chosen_freeze(cells, model)
    score = summary[model][freeze]["test_accuracy"]
    spread = f"95 % interval {limits(score['ci_low'], score['ci_high'])}, {rests_on(analysis)}"
    parts = [
        f"On `{summary['data']['name']}`, `{model}` does best with strategy **`{freeze}`** (chosen on validation): "
        f"**{percent(score['mean'])} %** test accuracy ({spread if score['n'] > 1 else 'one seed'})"
    ]
    against = {item.strategy: item for item in analysis.models[model].contrasts if item.question == "baseline"}
    if freeze in against:
        parts.append(f"{_difference(against[freeze])} against `{BASELINE}`, {verdict(against[freeze], analysis)}")
    elif freeze == BASELINE and against:
        nearest = max(against, key=lambda other: summary[model][other]["valid_accuracy"]["mean"])
        parts.append(
            "no strategy that freezes anything does better on validation, and the next, "
            f"`{nearest}`, stands on the test clips at {_difference(against[nearest])} against it, "
            f"{verdict(against[nearest], analysis)}"
        )
    transfer = analysis.transfer.get(model)
    for gain in transfer.gains if transfer else []:
        if gain.strategy == freeze:
            parts.append(
                f"{_difference(gain)} against the same strategy from random weights, {verdict(gain, analysis)}"
            )
    return "; ".join(parts) + "."


def verdict(item: Contrast, analysis: Analysis) -> str:
    """What a contrast amounts to, as the end of a sentence."""
    if item.low is None or item.high is None:
        return "from a single seed"
    if item.verdict == "supported":
        return "a difference that survives correction"
    if item.verdict == "not supported":
        return f"so that a difference of {percent(analysis.relevant, 0)} points or more is excluded"
    if item.p_claim is not None and item.p_claim <= LEVEL:
        return f"which is undecided: {rests_on(analysis)} are too few to claim a difference"
    if item.low <= 0 <= item.high:
        return f"which {rests_on(analysis)} cannot tell from zero"
    return f"which is undecided: it does not survive correction over {plural(item.claims, 'statement')}"


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
    # The package's first note is about the split; where there is one split, that has just been said.
    lines += analysis.notes[1:] if analysis.splits == 1 else analysis.notes
    if analysis.seeds > 1:
        lines.append(
            "± is the standard deviation over seeds; intervals are 95 %. A difference is **supported** where its p "
            "value, corrected over all statements about the model, is at most .05; **not supported** where a "
            f"difference of {percent(analysis.relevant, 0)} points or more is excluded; else **undecided**."
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


def _difference(item: Contrast) -> str:
    """``+2.3 points [−0.5, +5.1]``."""
    return f"{points(item.gap)} points {interval(item.low, item.high, signed=True)}".strip()
