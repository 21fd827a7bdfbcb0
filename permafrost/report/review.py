"""The review of a change as Markdown: which strategies moved beyond noise, how strategies compare within each revision,
and what was changed. For a comment on a pull request."""

from collections.abc import Mapping
from math import nan
from typing import Any

from permafrost.evaluation.revisions import IDENTICAL, Move, Review, Revision
from permafrost.evaluation.study import BASELINES, NO_STRATEGY, RESERVED
from permafrost.evaluation.wording import gap_words, limits, listed, percent, plural, points, probability
from permafrost.report.findings import verdict_cell
from permafrost.report.names import code_span, plain
from permafrost.report.review_changes import Changes, change_words, entry_words
from permafrost.report.table import Table

# More rows of `dvc metrics diff` than this are left to the HTML page: a comment may hold 65,536 characters.
MOST_METRICS = 60


def review(result: Review, changes: Changes, metrics: Mapping[str, Mapping[str, Any]]) -> str:
    """The page as Markdown; ``metrics`` is what `dvc metrics diff --json` gives."""
    before, after = result.before.name, result.after.name
    blocks = [f"# Review: {code_span(before)} → {code_span(after)}", lead(result, changes)]
    blocks += ["## What was changed", "\n".join(f"- {line}" for line in change_lines(changes))]
    blocks += ["## Which strategies moved"]
    blocks += [moves.markdown()] if (moves := moves_table(result)) else []
    blocks += ["\n".join(f"- {line}" for line in notes(result))]
    blocks += ["## Strategies within each revision"]
    for model in models_of(result):
        blocks += [f"### `{model}`", within_table(result, model).markdown()]
    if metrics:
        shown = dict(list(metrics.items())[:MOST_METRICS])
        more = f" The first {MOST_METRICS} of {len(metrics)}." if len(metrics) > MOST_METRICS else ""
        blocks += [
            "<details><summary>All metrics that differ</summary>",
            f"As `dvc metrics diff` has them.{more}",
            metrics_table(shown, result).markdown(),
            "</details>",
        ]
    return "\n\n".join(blocks) + "\n"


def lead(result: Review, changes: Changes) -> str:
    """The review in a sentence or two."""
    by_verdict: dict[str, list[Move]] = {}
    for move in result.moves:
        by_verdict.setdefault(move.verdict, []).append(move)
    moved = sorted(by_verdict.get("different", []), key=lambda move: -abs(move.gap))
    total = plural(len(result.moves), "strategy")
    if len(by_verdict.get(IDENTICAL, [])) == len(result.moves):
        text = f"Every run of {total} is identical."
    else:
        named = ", ".join(f"`{move.model}` `{move.strategy}` {points(move.gap)} points" for move in moved[:6])
        few = f" and {len(moved) - 6} more" if len(moved) > 6 else ""
        text = f"**{len(moved)} of {total} moved beyond noise**" + (f": {named}{few}." if moved else ".")
        rest = [
            f"{len(items)} {words}"
            for verdict, words in (
                ("inconclusive", "inconclusive"),
                ("equivalent", f"without a move of {percent(result.relevant, 0)} points or more"),
                (IDENTICAL, "identical"),
            )
            if (items := by_verdict.get(verdict))
        ]
        text += f" The rest: {listed(rest)}." if rest else ""
    names = [f"`{name}`" for name in changes.recipes]
    return text + (f" Recipes that were changed: {listed(names)}." if names else " No recipe was changed.")


def notes(result: Review) -> list[str]:
    """How the revisions were compared, and what they do not share; Markdown."""
    tested = sum(move.verdict != IDENTICAL for move in result.moves)
    seeds = f"{plural(len(result.seeds), 'common seed')}; " if result.seeds else ""
    lines = []
    if tested:
        differ = f"{plural(tested, 'strategy')} that differ{'s' if tested == 1 else ''} at all"
        lines.append(
            f"{seeds}p: {result.method}, corrected over the {differ}. A move is different where p is at most .05."
        )
    for names, side in ((result.added, result.after), (result.removed, result.before)):
        if names:
            lines.append(
                f"Only in {code_span(side.name)}: {', '.join(f'`{model}` `{freeze}`' for model, freeze in names)}."
            )
    models = list(dict.fromkeys(move.model for move in result.moves))
    for model in models:
        same = [move.strategy for move in result.moves if move.model == model and move.verdict == IDENTICAL]
        if same:
            every = len(same) == sum(move.model == model for move in result.moves)
            named = "every strategy" if every else listed([f"`{name}`" for name in same])
            subject = f"`{model}`" if same == [NO_STRATEGY] else f"`{model}`: {named}"
            lines.append(f"{subject} scored the same in every run.")
    for model in models:
        old, new = (chosen(side, model) for side in (result.before, result.after))
        if old and new:
            lines.append(
                f"`{model}`: chosen on validation is still `{new}`."
                if old == new
                else f"`{model}`: chosen on validation was `{old}`, **is `{new}`**."
            )
    return [*lines, *result.notes]


def chosen(side: Revision, model: str) -> str | None:
    """The strategy that a revision chose on validation, where its summary says."""
    return side.summary.get("comparisons", {}).get("chosen_on_validation", {}).get(model)


def moves_table(result: Review) -> Table | None:
    """One row a strategy that both revisions have and that differs at all; None where there is none."""
    rows = [
        [
            f"`{move.model}`",
            f"`{move.strategy}`",
            percent(move.before),
            percent(move.after),
            gap_words(move.gap, move.low, move.high),
            probability(move.p_claim),
            verdict_cell(move.verdict),
        ]
        for move in result.moves
        if move.verdict != IDENTICAL
    ]
    header = ["model", "strategy", "before (%)", "after (%)", "points [95 % interval]", "p corrected", "move"]
    return Table("Test accuracy over the common seeds", header, rows, heads=2) if rows else None


def metrics_table(metrics: Mapping[str, Mapping[str, Any]], result: Review) -> Table:
    """Every metric that differs, as DVC has it."""
    rows = [[code_span(key), *(_plain(it.get(side)) for side in ("old", "new", "diff"))] for key, it in metrics.items()]
    header = ["metric", plain(result.before.name), plain(result.after.name), "difference"]
    return Table("Metrics that differ (dvc metrics diff)", header, rows)


def within_table(result: Review, model: str) -> Table:
    """The strategies of ``model`` in both revisions, each with its difference from the reference of its own."""
    sides = (result.before, result.after)
    parts = [strategy_rows(side, model) for side in sides]
    header = [f"{code_span(side.name)} {what}" for side in sides for what in ("(%)", "against `none`")]
    rows = [
        [f"`{name}`", *(text for part in parts for text in part.get(name, ["", ""]))]
        for name in strategies_of(result, model)
    ]
    caption = f"`{model}`: accuracy with its 95 % interval, and the difference from `none` in points"
    return Table(caption, ["strategy", *header], rows)


def change_lines(changes: Changes) -> list[str]:
    """Everything that was changed, one Markdown line each."""
    lines = [f"recipe `{name}`: {entry_words('models', items)}" for name, items in changes.recipes.items()]
    lines += [f"strategy `{name}`: {entry_words('freezing', items)}" for name, items in changes.strategies.items()]
    lines += [change_words(change) for change in changes.settings]
    lines += changes.data
    lines += [
        f"code of `{consumer}`: {', '.join(f'`{name}`' for name in names)}" for consumer, names in changes.code.items()
    ]
    return lines or ["nothing: parameters, data and code are the same"]


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
    names = [name for side in (result.after, result.before) for name in side.summary if name not in RESERVED]
    last = [BASELINES] if any(side.summary.get(BASELINES) for side in (result.after, result.before)) else []
    return [*dict.fromkeys(names), *last]


def strategies_of(result: Review, model: str) -> list[str]:
    """The strategies of ``model`` in either revision, by depth: those that only the older one has stand where they
    stood, and where it is known how many units each freezes, that decides."""
    new, old = (list(side.summary.get(model, {})) for side in (result.after, result.before))
    names = list(new)
    for place, name in enumerate(old):
        if name not in names:
            names.insert(names.index(old[place - 1]) + 1 if place else 0, name)
    frozen: dict[str, float] = {}
    for side in (result.before, result.after):
        if "frozen_units" in side.runs:
            rows = side.runs[side.runs["model"] == model]
            frozen |= dict(zip(rows["freeze"], rows["frozen_units"].astype(float), strict=True))
    known = all(frozen.get(name, nan) == frozen.get(name, nan) for name in names)
    return sorted(names, key=frozen.__getitem__) if known else names


def _plain(value: Any) -> str:
    return "–" if value is None else f"{value:.4g}" if isinstance(value, float) else plain(str(value))
