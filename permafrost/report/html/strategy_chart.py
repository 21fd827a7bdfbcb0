"""Test accuracy by strategy: mean, interval and every seed, a pretrained model beside its random control."""

from typing import Any

from permafrost.evaluation.cells import Cells
from permafrost.evaluation.choice import chosen_freeze
from permafrost.evaluation.estimates import by_seed
from permafrost.evaluation.headline import NAMES, headline
from permafrost.evaluation.study import control_of
from permafrost.evaluation.summary import baseline_accuracies
from permafrost.report.html.parts import Chart, Mark, Table, code
from permafrost.report.html.series_chart import mean_row, places, seed_rows, series_spec
from permafrost.report.html.theme import BAND, CONTROL, FAINT, OWN, REFERENCE
from permafrost.report.markdown import baseline_size, units
from permafrost.report.wording import count, limits, mean_and_sd, percent, plural


def strategy_chart(cells: Cells, summary: dict[str, Any], model: str) -> Chart:
    """The chart of ``model`` and its control; ``summary`` is that of summary.json."""
    control = control_of(model, cells.models)
    colours = {model: OWN, control: CONTROL} if control else {model: OWN}
    means, seeds = [], []
    for name, side in zip(colours, places(len(colours)), strict=True):
        for freeze in cells.freezes:
            numbers = summary[name][freeze]["test_accuracy"]
            scores = by_seed(cells, (name, freeze), "test_accuracy")
            means.append(mean_row(freeze, name, side, numbers))
            seeds += seed_rows(freeze, name, side, scores)
    chance, references = 100 * summary["data"]["chance"], baseline_accuracies(summary)
    return Chart(
        name=f"strategies-{model}",
        title=f"Test accuracy by freezing strategy: {model}",
        alt=_words(cells, summary, model, control),
        spec=series_spec(
            cells.freezes,
            means,
            seeds,
            colours,
            _extent(cells, summary),
            chance,
            chosen_freeze(cells, model),
            references,
        ),
        table=strategy_table(cells, summary, model),
        legend=_legend(control, len(cells.seeds), bool(references)),
        wide=True,
    )


def strategy_table(cells: Cells, summary: dict[str, Any], model: str) -> Table:
    """What the chart shows, and what each strategy trains."""
    control, chosen = control_of(model, cells.models), chosen_freeze(cells, model)
    lead, beside = headline(cells).scores
    header = ["strategy", "frozen units", "trained parameters", f"{NAMES[lead]} (%)", "95 % interval"]
    header += [f"{NAMES[beside]} (%)", "validation (%)"] + (["random weights (%)", "95 % interval"] if control else [])
    rows = []
    for freeze in cells.freezes:
        numbers = summary[model][freeze]
        size = cells.runs[(cells.runs["model"] == model) & (cells.runs["freeze"] == freeze)].iloc[0]
        share = size["trainable_parameters"] / size["total_parameters"]
        row = [
            code(freeze) + (" (chosen)" if freeze == chosen else ""),
            units(size),
            f"{count(size['trainable_parameters'])} ({percent(share, 0 if share > 0.1 else 2)} %)",
            *_scores(numbers[lead]),
            mean_and_sd(numbers[beside]),
            mean_and_sd(numbers["valid_accuracy"]),
        ]
        rows.append(row + (_scores(summary[control][freeze][lead]) if control else []))
    for name, numbers in summary.get("baselines", {}).items():
        row = [code(name) + " (baseline)", "", baseline_size(cells, name), *_scores(numbers[lead])]
        row += [mean_and_sd(numbers[beside]), mean_and_sd(numbers["valid_accuracy"])]
        rows.append(row + ["", ""] * bool(control))
    caption = f"{model}: mean ± sd over {plural(len(cells.seeds), 'seed')}; chosen: the best on validation"
    return Table(caption, header, rows)


def _scores(numbers: dict[str, Any]) -> list[str]:
    return [mean_and_sd(numbers), limits(numbers["ci_low"], numbers["ci_high"])]


def _extent(cells: Cells, summary: dict[str, Any]) -> list[float]:
    """Everything that the charts of all models show: they share one scale."""
    numbers = [summary[model][freeze]["test_accuracy"] for model in cells.models for freeze in cells.freezes]
    numbers += baseline_accuracies(summary).values()
    ends = [100 * item[end] for item in numbers for end in ("ci_low", "ci_high") if item[end] is not None]
    means = (100 * item["mean"] for item in numbers)
    return [*ends, *means, *(100 * cells.runs["test_accuracy"]), 100 * summary["data"]["chance"]]


def _legend(control: str | None, seeds: int, referenced: bool) -> list[Mark]:
    marks = [Mark("dot", OWN, "pretrained weights" if control else "mean")]
    marks += [Mark("diamond", CONTROL, "random weights (control)")] if control else []
    marks += [Mark("dashed", REFERENCE, "baseline")] if referenced else []
    if seeds > 1:
        marks += [Mark("interval", OWN, "95 % interval"), Mark("small", OWN, "one seed")]
    return [*marks, Mark("square", BAND, "chosen on validation"), Mark("dashed", FAINT, "guessing evenly")]


def _words(cells: Cells, summary: dict[str, Any], model: str, control: str | None) -> str:
    def told(name: str) -> str:
        parts = []
        for freeze in cells.freezes:
            numbers = summary[name][freeze]["test_accuracy"]
            spread = limits(numbers["ci_low"], numbers["ci_high"])
            parts.append(f"{freeze} {percent(numbers['mean'])} % ({spread})")
        return ", ".join(parts)

    text = f"Mean test accuracy and its 95 % interval for each strategy of {model}: {told(model)}."
    text += f" Its random-weights control: {told(control)}." if control else ""
    others = [
        f"{name} {percent(numbers['mean'])} % ({limits(numbers['ci_low'], numbers['ci_high'])})"
        for name, numbers in baseline_accuracies(summary).items()
    ]
    return text + (f" Baselines: {', '.join(others)}." if others else "")
