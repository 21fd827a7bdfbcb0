"""The study's answer in a sentence, and what a reader has to know before believing it."""

from typing import Any

from permafrost.evaluation.cells import Cells
from permafrost.evaluation.choice import chosen_freeze, chosen_model
from permafrost.evaluation.study import control_of, is_control
from permafrost.evaluation.summary import BASELINE
from permafrost.report.wording import interval, percent, plural, points


def answer(cells: Cells, summary: dict[str, Any]) -> str:
    """One Markdown sentence: the strategy to take (chosen on validation), its test score, and what it gains."""
    model = chosen_model(cells)
    freeze = chosen_freeze(cells, model)
    score = summary[model][freeze]["test_accuracy"]
    seeds = f"mean of {score['n']} seeds, sd {percent(score['sd'])}" if score["n"] > 1 else "one seed"
    parts = [
        f"On `{summary['data']['name']}`, `{model}` does best with strategy **`{freeze}`** (chosen on validation): "
        f"**{percent(score['mean'])} %** test accuracy ({seeds})"
    ]
    comparisons = summary["comparisons"]
    versus = comparisons.get("versus_none", {}).get(model, {})
    if freeze in versus:
        parts.append(f"{_against(versus[freeze])} `{BASELINE}`, {_verdict(versus[freeze])}")
    elif freeze == BASELINE and versus:
        nearest = max(versus, key=lambda other: summary[model][other]["valid_accuracy"]["mean"])
        parts.append(
            "no strategy that freezes anything does better on validation, and the next, "
            f"`{nearest}`, stands on the test clips at {_against(versus[nearest])} it, {_verdict(versus[nearest])}"
        )
    if gain := comparisons.get("transfer_gain", {}).get(model, {}).get(freeze):
        parts.append(f"{_against(gain)} the same strategy from random weights, {_verdict(gain)}")
    return "; ".join(parts) + "."


def notes(cells: Cells, summary: dict[str, Any]) -> list[str]:
    """What the numbers are conditional on, one Markdown sentence each."""
    data, seeds = summary["data"], len(cells.seeds)
    lines = []
    if seeds == 1:
        lines.append("One seed was run: there is no spread, no interval, and no telling a difference from luck.")
    else:
        lines.append(
            f"± is the standard deviation over {seeds} seeds. Intervals are 95 %, by Student's t over the seeds; they "
            "do not count that other test clips would have given other scores."
        )
    if data["splits"] == 1:
        lines.append("All seeds share one split: every number is conditional on this split and its test clips.")
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


def _against(numbers: dict[str, Any]) -> str:
    """``+2.3 points [−0.5, +5.1] against``."""
    return " ".join(filter(None, [points(numbers["mean"]), "points", interval(numbers, signed=True), "against"]))


def _verdict(numbers: dict[str, Any]) -> str:
    if numbers["ci_low"] is None:
        return "from a single seed"
    if numbers["ci_low"] <= 0 <= numbers["ci_high"]:
        return f"which {numbers['n']} seeds cannot tell from zero"
    return "beyond the noise of the seeds"
