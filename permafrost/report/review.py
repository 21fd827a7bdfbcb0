"""The review of a change as Markdown: which strategies moved beyond noise, how strategies compare within each revision,
and what was changed. For a comment on a pull request."""

import pandas as pd

from permafrost.evaluation.revisions import IDENTICAL, Move, Review, Revision
from permafrost.evaluation.statistics.contrasts import DIFFERENT, EQUIVALENT, INCONCLUSIVE
from permafrost.evaluation.study import BASELINES, NO_STRATEGY, RESERVED
from permafrost.evaluation.wording import (
    coded,
    gap_words,
    limits,
    listed,
    percent,
    plain_points,
    plural,
    points,
    probability,
)
from permafrost.report.findings import verdict_cell
from permafrost.report.names import code_span
from permafrost.report.review_changes import Changes, change_lines
from permafrost.report.table import Table

MOST_MOVES = 6  # that are named in the first sentence


def review(result: Review, changes: Changes) -> str:
    """The page as Markdown."""
    before, after = result.before.name, result.after.name
    blocks = [f"# Review: {code_span(before)} → {code_span(after)}", lead(result, changes)]
    blocks += ["## What was changed", "\n".join(f"- {line}" for line in change_lines(changes))]
    blocks += ["## Which strategies moved"]
    blocks += [moves.markdown()] if (moves := moves_table(result)) else []
    blocks += ["\n".join(f"- {line}" for line in notes(result))]
    blocks += ["## Strategies within each revision"]
    for model in models_of(result):
        blocks += [f"### `{model}`", within_table(result, model).markdown()]
    return "\n\n".join(blocks) + "\n"


def lead(result: Review, changes: Changes) -> str:
    """The review in a sentence or two."""
    by_verdict: dict[str, list[Move]] = {}
    for move in result.moves:
        by_verdict.setdefault(move.verdict, []).append(move)
    total, said = plural(len(result.moves), "strategy"), []
    if set(by_verdict) <= {IDENTICAL}:
        said.append(f"Every run of {total} is identical.")
    else:
        moved = sorted(by_verdict.pop(DIFFERENT, []), key=lambda move: -abs(move.gap))
        named = [f"`{move.model}` `{move.strategy}` {points(move.gap)} points" for move in moved[:MOST_MOVES]]
        few = f" and {len(moved) - MOST_MOVES} more" if len(moved) > MOST_MOVES else ""
        end = f": {', '.join(named)}{few}." if moved else "."
        said.append(f"**{len(moved)} of {total} moved beyond noise**{end}")
        words = {EQUIVALENT: f"without a move of {plain_points(result.relevant)} points or more"}
        order = (INCONCLUSIVE, EQUIVALENT, IDENTICAL)
        rest = [f"{len(by_verdict[it])} {words.get(it, it)}" for it in order if it in by_verdict]
        said += [f"The rest: {listed(rest)}."] * bool(rest)
    recipes = f"Recipes that were changed: {listed(coded(changes.recipes))}." if changes.recipes else ""
    return " ".join([*said, recipes or "No recipe was changed."])


def notes(result: Review) -> list[str]:
    """How the revisions were compared, and what they do not share; Markdown."""
    tested, lines = sum(move.verdict != IDENTICAL for move in result.moves), []
    if tested:
        seeds = f"{plural(len(result.seeds), 'common seed')}; " if result.seeds else ""
        differ = f"{plural(tested, 'strategy')} that differ{'s' if tested == 1 else ''} at all"
        lines.append(
            f"{seeds}p: {result.method}, corrected over the {differ}. A move is different where p is at most .05."
        )
    for names, side in ((result.added, result.after), (result.removed, result.before)):
        named = ", ".join(f"`{model}` `{freeze}`" for model, freeze in names)
        lines += [f"Only in {code_span(side.name)}: {named}."] * bool(names)
    models = list(dict.fromkeys(move.model for move in result.moves))
    for model in models:
        own = [move for move in result.moves if move.model == model]
        if same := [move.strategy for move in own if move.verdict == IDENTICAL]:
            named = "every strategy" if len(same) == len(own) else listed(coded(same))
            subject = f"`{model}`" if same == [NO_STRATEGY] else f"`{model}`: {named}"
            lines.append(f"{subject} scored the same in every run.")
    for model in models:
        old, new = (
            side.summary.get("comparisons", {}).get("chosen_on_validation", {}).get(model)
            for side in (result.before, result.after)
        )
        if old and new:
            changed = f"is still `{new}`" if old == new else f"was `{old}`, **is `{new}`**"
            lines.append(f"`{model}`: chosen on validation {changed}.")
    return [*lines, *result.notes]


def moves_table(result: Review) -> Table | None:
    """One row a strategy that both revisions have and that differs at all; None where there is none."""
    rows = [
        [
            *(f"`{move.model}`", f"`{move.strategy}`", percent(move.before), percent(move.after)),
            *(gap_words(move.gap, move.low, move.high), probability(move.p_claim), verdict_cell(move.verdict)),
        ]
        for move in result.moves
        if move.verdict != IDENTICAL
    ]
    header = ["model", "strategy", "before (%)", "after (%)", "points [95 % interval]", "p corrected", "move"]
    return Table("Test accuracy over the common seeds", header, rows, heads=2) if rows else None


def within_table(result: Review, model: str) -> Table:
    """The strategies of ``model`` in both revisions, each with its difference from the reference of its own."""
    sides = (result.before, result.after)
    parts = [strategy_rows(side, model) for side in sides]
    header = [f"{code_span(side.name)} {what}" for side in sides for what in ("(%)", "against `none`")]
    rows = [
        [f"`{name}`", *(text for part in parts for text in part.get(name, ["", ""]))]
        for names in strategies_of(result, model)
        for name in names
    ]
    caption = f"`{model}`: accuracy with its 95 % interval, and the difference from `none` in points"
    return Table(caption, ["strategy", *header], rows)


def strategy_rows(side: Revision, model: str) -> dict[str, list[str]]:
    """``strategy → [mean with interval, difference from none]`` of one revision, by its details.json.

    The baselines stand as the strategies of a model of the name ``baselines``.
    """
    versus = side.summary.get("comparisons", {}).get("versus_none", {}).get(model, {})
    rows = {}
    for freeze, scores in side.summary.get(model, {}).items():
        numbers = scores["test_accuracy"]
        spread = limits(numbers["ci_low"], numbers["ci_high"])
        other = versus.get(freeze)
        # The comparison was called mean before it was called difference.
        gap = None if other is None else other.get("difference", other.get("mean"))
        against = "" if gap is None else gap_words(gap, other["ci_low"], other["ci_high"])
        rows[freeze] = [f"{percent(numbers['mean'])} ({spread})", against]
    return rows


def models_of(result: Review) -> list[str]:
    """Every model of either revision, ``baselines`` last."""
    sides = [side.summary for side in (result.after, result.before)]
    names = dict.fromkeys(name for side in sides for name in side if name not in RESERVED)
    return [*names, *[BASELINES] * any(side.get(BASELINES) for side in sides)]


def strategies_of(result: Review, model: str) -> tuple[list[str], list[str]]:
    """The strategies of ``model`` in either revision: by depth, as far as it is known how many units each freezes, and
    those that are no depth."""
    names = list(dict.fromkeys(name for side in (result.after, result.before) for name in side.summary.get(model, {})))
    runs = pd.concat([side.runs[side.runs["model"] == model] for side in (result.before, result.after)])
    known = runs.reindex(columns=["freeze", "frozen_units", "by_depth"]).groupby("freeze").last()
    frozen, no_depth = known["frozen_units"].reindex(names), known["by_depth"].eq(False)  # unknown of older revisions
    ordered = sorted(names, key=frozen.__getitem__) if frozen.notna().all() else names
    beside = [name for name in ordered if no_depth.get(name, False)]
    return [name for name in ordered if name not in beside], beside
