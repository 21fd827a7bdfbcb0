"""What a reader has to know before believing a study's numbers, one Markdown sentence each."""

from permafrost.evaluation.study_results import StudyResults
from permafrost.evaluation.wording import limits, listed, percent, plural
from permafrost.report.answer import rests_on

SAYS_NOTHING = 0.6  # width of an accuracy's interval, of 1


def notes(results: StudyResults) -> list[str]:
    """What the numbers are conditional on, what was not done, and what the verdicts mean."""
    analysis = results.analysis
    lines = list(analysis.notes)
    lines += [*_rates(results), *_statistics(results)]
    lines += filter(None, [_unfinished(results), _spread_over_splits(results), _empty_intervals(results)])
    if analysis.seeds > 1:
        lines.append("± is the standard deviation over seeds; intervals are 95 %. " + verdicts(results))
    if without := [f"`{model}`" for model in results.models if not results.control(model)]:
        lines.append(
            f"{', '.join(without)} ran without a random-weights control (a recipe of that name with `_random` added): "
            "without it, a curve over strategies says little about transfer."
        )
    return lines


def verdicts(results: StudyResults) -> str:
    """What the verdicts on differences mean."""
    return (
        "Two strategies are **different** where their difference's p value, corrected over all statements about the "
        f"model, is at most .05; **equivalent** within {percent(results.analysis.relevant, 0)} points where that much "
        "or more is excluded; else the comparison is **inconclusive**: more seeds or clips would tell."
    )


def _rates(results: StudyResults) -> list[str]:
    """Where the rates of each model's strategies came from, or that they share one; none where runs do not say."""
    lines: dict[str, list[str]] = {}
    for model, runs in results.cells.runs.groupby("model", sort=False):
        if len(results.cells.freezes) < 2 or runs["lr"].isna().any():
            continue
        if found := list(dict.fromkeys(runs["rates_from"].dropna())):
            said = f"Rate and epochs of each strategy were chosen: {listed(found)}"
        elif runs["lr"].nunique() > 1 or runs["epochs"].nunique() > 1:
            said = "Strategies have rates or epochs of their own; nothing says where these came from"
        else:
            said = "All strategies have one rate and number of epochs, which may suit one of them better than others"
        lines.setdefault(said, []).append(f"`{model}`")
    return [f"{said} ({', '.join(models)})." for said, models in lines.items()]


def _statistics(results: StudyResults) -> list[str]:
    """Which random control it was, where its frozen units have BatchNorm layers."""
    said = {
        "estimated": "estimated once on the training clips, before freezing",
        "as_drawn": "as drawn, so that nothing in frozen units is normalised",
        "drift": "updated in training",
    }
    lines = []
    for model in filter(None, map(results.control, results.models)):
        runs = results.cells.runs
        if kinds := [said[kind] for kind in said if (runs.loc[runs["model"] == model, "batchnorm"] == kind).any()]:
            lines.append(f"The BatchNorm statistics of the random control `{model}` are {listed(kinds)}.")
    return lines


def _unfinished(results: StudyResults) -> str | None:
    """The strategies that were at their best in their last epoch with most seeds; None where there are none."""
    runs = results.cells.runs
    last = (runs["best_epoch"] == runs["epochs"]) & (runs["epochs"] > 1)
    shares = last.groupby([runs["model"], runs["freeze"]], sort=False).mean()
    told = []
    for model in results.cells.models:
        if names := [f"`{freeze}`" for freeze in results.cells.freezes if shares[model, freeze] > 0.5]:
            told.append(f"{listed(names)} of `{model}`")
    if not told:
        return None
    return (
        f"Training is unfinished: the best epoch is the last one with most seeds for {'; for '.join(told)}. More "
        "epochs, or a higher rate, may change what these score."
    )


def _spread_over_splits(results: StudyResults) -> str | None:
    """How far the chosen strategy and each baseline move from split to split; None with one split."""
    cells, freeze = results.cells, results.freeze
    runs = cells.runs[(cells.runs["model"] == results.model) & (cells.runs["freeze"] == freeze)]
    if runs["repeat"].nunique() < 2:
        return None
    tables = {freeze: runs}
    if others := cells.baselines:
        tables |= {name: others.runs[others.runs["model"] == name] for name in others.models}
    scores = {name: table.groupby("repeat")["test_accuracy"].mean() for name, table in tables.items()}
    told = [f"`{name}` reads {limits(means.min(), means.max())} %" for name, means in scores.items()]
    return f"From split to split, of {runs['repeat'].nunique()}, test accuracy moves: {', '.join(told)}."


def _empty_intervals(results: StudyResults) -> str | None:
    """The strategies and baselines whose accuracy could be nearly anything, and why; None where there are none."""
    wide = [
        f"`{name}`"
        for name, numbers in {**results.scores[results.model], **results.baselines}.items()
        if (score := numbers["test_accuracy"])["ci_low"] is not None
        and score["ci_high"] - score["ci_low"] > SAYS_NOTHING
    ]
    if not wide:
        return None
    return (
        f"The 95 % intervals of {listed(wide)} cover more than {percent(SAYS_NOTHING, 0)} of the 100 points there are "
        f"and say next to nothing: {rests_on(results.analysis)} are too few."
    )


def counted(results: StudyResults) -> str:
    """``2 models × 6 strategies × 3 seeds, 1 baseline × 3 seeds``."""
    cells, seeds = results.cells, plural(len(results.cells.seeds), "seed")
    runs = f"{plural(len(cells.models), 'model')} × {plural(len(cells.freezes), 'strategy')} × {seeds}"
    return runs + (f", {plural(len(results.baselines), 'baseline')} × {seeds}" if results.baselines else "")
