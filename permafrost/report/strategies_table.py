"""The strategies of a model: what each trains and what it scores, its control beside it; then the baselines."""

from collections.abc import Mapping

import pandas as pd

from permafrost.evaluation.costs import costs
from permafrost.evaluation.estimates import Estimate
from permafrost.evaluation.study_results import StudyResults
from permafrost.evaluation.wording import NONE, count, duration, limits, mean_and_sd, percent, plural
from permafrost.report.headline import NAMES, headline
from permafrost.report.table import Table


def strategies_table(results: StudyResults, model: str, timed: bool = False) -> Table:
    """One row a strategy of ``model``, in order of depth, then those that are no depth, then one a baseline; columns
    that would be empty left out. ``timed``: with the time of a training, which is another each time, and the fronts of
    accuracy against cost that the strategy is on."""
    cells, control, chosen = results.cells, results.control(model), results.chosen[model]
    spread = len(cells.seeds) > 1
    lead, _ = headline(results).scores
    shown = {key: metric for key, metric in results.metrics.items() if key != lead}
    runs = cells.runs[cells.runs["model"] == model]
    rated = ["learning rate", "epochs"] * bool(runs["lr"].notna().any())
    spent = costs(results).query("model == @model").set_index("freeze") if timed else None
    header = ["strategy", "frozen units", "trained parameters", *rated, f"{NAMES[lead]} (%)"]
    header += ["95 % interval"] * spread
    header += [f"{metric.TITLE} ({metric.UNIT})" for metric in shown.values()] + ["validation (%)"]
    header += ["random weights (%)"] * bool(control) + ["training", "on the front of"] * timed

    def scored(numbers: dict[str, Estimate], mark: str = "") -> list[str]:
        row = [f"{mark}{mean_and_sd(numbers[lead])}{mark}"]
        row += [limits(numbers[lead]["ci_low"], numbers[lead]["ci_high"])] * spread
        row += [mean_and_sd(numbers[key], metric.UNIT) for key, metric in shown.items()]
        return [*row, mean_and_sd(numbers["valid_accuracy"])]

    rows = []
    for freeze in (*cells.by_depth, *cells.beside):
        size, mark = results.size(model, freeze), "**" if freeze == chosen else ""
        share = size["trainable_parameters"] / size["total_parameters"]
        trained = f"{count(size['trainable_parameters'])} ({percent(share, 0 if share > 0.1 else 2)} %)"
        own = runs[runs["freeze"] == freeze]
        name = f"{mark}`{freeze}`{mark}{' (no depth)' * (freeze in cells.beside)}"
        trained_with = [rates(own["lr"]) or rates(own["alpha"], "α "), str(own["epochs"].max())] if rated else []
        row = [name, units(size), trained, *trained_with, *scored(results.scores[model][freeze], mark)]
        row += [mean_and_sd(results.scores[control][freeze][lead])] if control else []
        rows.append(row + (_spent(spent.loc[freeze]) if timed else []))
    for name, numbers in results.baselines.items():
        own = cells.baselines.runs
        # The largest of its seeds: a support vector machine's differ.
        size = count(own.loc[own["model"] == name, "trainable_parameters"].max())
        row = [f"`{name}` (baseline)", "", size, *[""] * len(rated), *scored(numbers)]
        rows.append(row + [""] * (len(header) - len(row)))
    caption = (
        f"{model}: mean ± sd over {plural(len(cells.seeds), 'seed')}"
        + f"; the interval is that of {NAMES[lead]}" * spread
        + "; bold: chosen on validation"
    )
    return Table(caption, header, rows)


def _spent(row: pd.Series) -> list[str]:
    fronts = ["parameters"] * bool(row["cheap_parameters"]) + ["time"] * bool(row["cheap_seconds"])
    return [NONE if pd.isna(row["seconds"]) else duration(row["seconds"]), " and ".join(fronts) or NONE]


def rates(values: pd.Series, of: str = "") -> str:
    """The learning rates of a strategy's runs, or what else they tried a grid ``of``: one, or the smallest and the
    largest; nothing where there is none."""
    found = sorted(set(values.dropna()))
    return of + " to ".join(f"{rate:g}" for rate in dict.fromkeys((found[0], found[-1]))) if found else ""


def units(size: Mapping[str, float]) -> str:
    """``4 of 13``; the count alone where the cells do not say how many units there are."""
    told = [f"{size[key]:.0f}" for key in ("frozen_units", "units") if pd.notna(size[key])]
    return " of ".join(told) if pd.notna(size["frozen_units"]) else ""
