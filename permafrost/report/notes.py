"""What a reader has to know before believing a study's numbers, one Markdown sentence each."""

import pandas as pd

from permafrost.evaluation.study import BASELINES
from permafrost.evaluation.study_results import StudyResults
from permafrost.evaluation.wording import coded, limits, listed, percent, plain_points, plural
from permafrost.report.answer import rests_on

SAYS_NOTHING = 0.6  # width of an accuracy's interval, of 1


def notes(results: StudyResults) -> list[str]:
    """What the numbers are conditional on, what was not done, and what the verdicts mean."""
    analysis = results.analysis
    lines = [*analysis.notes, *_rates(results), *_statistics(results)]
    lines += [*_edges(results), *_unfinished(results), *_spread_over_splits(results), *_empty_intervals(results)]
    if analysis.seeds > 1:
        lines.append("± is the standard deviation over seeds; intervals are 95 %. " + verdicts(results))
    if without := [model for model in results.models if not results.control(model)]:
        lines.append(
            f"{', '.join(coded(without))} ran without a random-weights control (a recipe of that name with `_random` "
            "added): without it, a curve over strategies says little about transfer."
        )
    return lines


def verdicts(results: StudyResults) -> str:
    """What the verdicts on differences mean."""
    least = plain_points(results.analysis.relevant)
    return (
        "Two strategies are **different** where their difference's p value, corrected over all statements about the "
        f"model, is at most .05; **equivalent** within {least} points where that much or more is excluded; "
        "else the comparison is **inconclusive**: more seeds or clips would tell."
    )


def _rates(results: StudyResults) -> list[str]:
    """Where the rates of each model's strategies came from, or that they share one; none where runs do not say."""
    lines: dict[str, list[str]] = {}
    for model, runs in results.cells.runs.groupby("model", sort=False):
        rated = runs[runs["lr"].notna()]
        if len(results.cells.freezes) < 2 or rated.empty:
            continue
        searched = rated[rated["grid"].map(len) > 1]
        if len(searched):
            few = "" if len(searched) == len(rated) else f" ({listed(coded(_names(searched)))})"
            said = f"Each run{few} trained at every rate of a grid and kept the one that was best on validation"
        elif found := list(dict.fromkeys(runs["rates_from"].dropna())):
            said = f"Rate and epochs of each strategy were chosen: {listed(found)}"
        elif rated["lr"].nunique() > 1 or runs["epochs"].nunique() > 1:
            said = "Strategies have rates or epochs of their own; nothing says where these came from"
        else:
            said = "All strategies have one rate and number of epochs, which may suit one of them better than others"
        lines.setdefault(said, []).append(model)
    return [f"{said} ({', '.join(coded(models))})." for said, models in lines.items()]


def _edges(results: StudyResults) -> list[str]:
    """The strategies whose best rate is an end of their grid with most seeds."""
    runs = results.cells.runs
    at_end = [len(grid) > 1 and lr in (min(grid), max(grid)) for lr, grid in zip(runs["lr"], runs["grid"], strict=True)]
    shares = runs.assign(at_end=at_end).groupby(["model", "freeze"], sort=False)["at_end"].mean()
    told = [
        f"{listed(coded(names))} of `{model}`"
        for model in results.cells.models
        if (names := [freeze for freeze in results.cells.freezes if shares[model, freeze] > 0.5])
    ]
    said = (
        "The best rate stands at an end of the grid with most seeds for {}: a wider grid may change what these score."
    )
    return [said.format("; for ".join(told))] if told else []


def _names(runs: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys(runs["freeze"]))


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


def _unfinished(results: StudyResults) -> list[str]:
    """The strategies that were at their best in their last epoch with most seeds."""
    runs = results.cells.runs
    last = (runs["best_epoch"] == runs["epochs"]) & (runs["epochs"] > 1)
    shares = last.groupby([runs["model"], runs["freeze"]], sort=False).mean()
    told = []
    for model in results.cells.models:
        if names := [freeze for freeze in results.cells.freezes if shares[model, freeze] > 0.5]:
            told.append(f"{listed(coded(names))} of `{model}`")
    return [
        f"Training is unfinished: the best epoch is the last one with most seeds for {'; for '.join(told)}. More "
        "epochs, or a higher rate, may change what these score."
    ] * bool(told)


def _spread_over_splits(results: StudyResults) -> list[str]:
    """How far the chosen strategy and each baseline move from split to split, of several."""
    cells, freeze = results.cells, results.freeze
    runs = cells.runs[(cells.runs["model"] == results.model) & (cells.runs["freeze"] == freeze)]
    tables = {freeze: runs}
    if others := cells.baselines:
        tables |= {name: others.runs[others.runs["model"] == name] for name in others.models}
    scores = {name: table.groupby("repeat")["test_accuracy"].mean() for name, table in tables.items()}
    told = [f"`{name}` reads {limits(means.min(), means.max())} %" for name, means in scores.items()]
    splits = runs["repeat"].nunique()
    return [f"From split to split, of {splits}, test accuracy moves: {', '.join(told)}."] * (splits > 1)


def _empty_intervals(results: StudyResults) -> list[str]:
    """The strategies and baselines whose accuracy could be nearly anything, and why."""
    scores = {**results.accuracy(results.model), **results.accuracy(BASELINES)}
    wide = [
        name
        for name, score in scores.items()
        if score["ci_low"] is not None and score["ci_high"] - score["ci_low"] > SAYS_NOTHING
    ]
    if not wide:
        return []
    return [
        f"The 95 % intervals of {listed(coded(wide))} cover more than {percent(SAYS_NOTHING, 0)} of the 100 points "
        f"there are and say next to nothing: {rests_on(results.analysis)} are too few."
    ]


def counted(results: StudyResults) -> str:
    """``2 models × 6 strategies × 3 seeds, 1 baseline × 3 seeds``."""
    cells, seeds = results.cells, plural(len(results.cells.seeds), "seed")
    runs = f"{plural(len(cells.models), 'model')} × {plural(len(cells.freezes), 'strategy')} × {seeds}"
    return runs + (f", {plural(len(results.baselines), 'baseline')} × {seeds}" if results.baselines else "")
