"""Test accuracy by strategy: mean, interval and every seed, a pretrained model beside its random control."""

from typing import Any

import altair as alt

from permafrost.evaluation.cells import Cells
from permafrost.evaluation.choice import chosen_freeze
from permafrost.evaluation.estimates import by_seed
from permafrost.evaluation.study import control_of
from permafrost.report.html.parts import Chart, Mark, Table, code
from permafrost.report.html.theme import BAND, CONTROL, FAINT, OWN, accuracy_axis, finished, strategies_axis, values
from permafrost.report.markdown import units
from permafrost.report.wording import count, limits, mean_and_sd, percent, plural

HEIGHT = 320
SIDE = 0.42  # how far left or right of a strategy's middle its pretrained and its random runs stand (1: the edge)


def strategy_chart(cells: Cells, summary: dict[str, Any], model: str) -> Chart:
    """The chart of ``model`` and its control; ``summary`` is that of summary.json."""
    control = control_of(model, cells.models)
    sides = {model: -SIDE, control: SIDE} if control else {model: 0.0}
    means, seeds = [], []
    for name, side in sides.items():
        for freeze in cells.freezes:
            numbers = summary[name][freeze]["test_accuracy"]
            scores = by_seed(cells, (name, freeze), "test_accuracy")
            step = 0.5 / max(len(scores), 6)
            means.append(
                {
                    "strategy": freeze,
                    "model": name,
                    "side": side,
                    "value": 100 * numbers["mean"],
                    "low": None if numbers["ci_low"] is None else 100 * numbers["ci_low"],
                    "high": None if numbers["ci_high"] is None else 100 * numbers["ci_high"],
                }
            )
            seeds += [
                {
                    "strategy": freeze,
                    "model": name,
                    "side": side + 0.14 + step * place,
                    "seed": seed,
                    "value": 100 * score,
                }
                for place, (seed, score) in enumerate(scores.items())
                if len(scores) > 1  # a single seed is its own mean
            ]
    chance = 100 * summary["data"]["chance"]
    return Chart(
        name=f"strategies-{model}",
        title=f"Test accuracy by freezing strategy: {model}",
        alt=_words(cells, summary, model, control),
        spec=_spec(
            cells.freezes, chosen_freeze(cells, model), means, seeds, chance, _extent(cells, summary), list(sides)
        ),
        table=strategy_table(cells, summary, model),
        legend=_legend(control, len(cells.seeds)),
        wide=True,
    )


def strategy_table(cells: Cells, summary: dict[str, Any], model: str) -> Table:
    """What the chart shows, and what each strategy trains."""
    control, chosen = control_of(model, cells.models), chosen_freeze(cells, model)
    header = ["strategy", "frozen units", "trained parameters", "test accuracy (%)", "95 % interval"]
    header += ["macro F1 (%)", "validation (%)"] + (["random weights (%)", "95 % interval"] if control else [])
    rows = []
    for freeze in cells.freezes:
        numbers = summary[model][freeze]
        size = cells.runs[(cells.runs["model"] == model) & (cells.runs["freeze"] == freeze)].iloc[0]
        share = size["trainable_parameters"] / size["total_parameters"]
        row = [
            code(freeze) + (" (chosen)" if freeze == chosen else ""),
            units(size),
            f"{count(size['trainable_parameters'])} ({percent(share, 0 if share > 0.1 else 2)} %)",
            *_scores(numbers["test_accuracy"]),
            mean_and_sd(numbers["macro_f1"]),
            mean_and_sd(numbers["valid_accuracy"]),
        ]
        rows.append(row + (_scores(summary[control][freeze]["test_accuracy"]) if control else []))
    caption = f"{model}: mean ± sd over {plural(len(cells.seeds), 'seed')}; chosen: the best on validation"
    return Table(caption, header, rows)


def _scores(numbers: dict[str, Any]) -> list[str]:
    return [mean_and_sd(numbers), limits(numbers["ci_low"], numbers["ci_high"])]


def _spec(
    freezes: list[str],
    chosen: str,
    means: list[dict[str, Any]],
    seeds: list[dict[str, Any]],
    chance: float,
    shown: list[float],
    names: list[str],
) -> dict[str, Any]:
    x, y = strategies_axis(freezes), accuracy_axis(shown)
    beside = alt.XOffset("side:Q", scale=alt.Scale(domain=[-1, 1]))
    colour = alt.Color("model:N", scale=alt.Scale(domain=names, range=[OWN, CONTROL][: len(names)]), legend=None)
    shape = alt.Shape("model:N", scale=alt.Scale(domain=names, range=["circle", "diamond"][: len(names)]), legend=None)
    tooltip = [alt.Tooltip("model:N"), alt.Tooltip("strategy:N"), alt.Tooltip("value:Q", format=".1f", title="%")]
    drawn = alt.Chart(values(means))
    line = alt.Chart(values([{"value": chance, "text": f"chance {chance:.0f} %"}]))
    # A diamond of the same area looks smaller than a disc.
    size = alt.condition(f"datum.model == '{names[0]}'", alt.value(85), alt.value(120))
    left, right = alt.ExprRef(f"scale('x', '{chosen}')"), alt.ExprRef(f"scale('x', '{chosen}') + bandwidth('x')")
    layers = [
        alt.Chart(values([{}])).mark_rect(color=BAND).encode(x=alt.value(left), x2=alt.value(right)),
        line.mark_rule(strokeDash=[2, 4], color=FAINT).encode(y=y),
        line.mark_text(align="left", dx=2, dy=-7, color=FAINT).encode(y=y, x=alt.value(0), text="text:N"),
        drawn.transform_filter("isValid(datum.low)")
        .mark_rule(strokeWidth=2.5, strokeCap="round")
        .encode(x=x, y=accuracy_axis(shown, field="low"), y2="high:Q", xOffset=beside, color=colour),
        drawn.mark_point(filled=True, opacity=1, stroke="var(--surface)", strokeWidth=1).encode(
            x=x,
            y=y,
            xOffset=beside,
            color=colour,
            shape=shape,
            size=size,
            tooltip=[
                *tooltip,
                alt.Tooltip("low:Q", format=".1f", title="from"),
                alt.Tooltip("high:Q", format=".1f", title="to"),
            ],
        ),
        # On a phone there is no room beside the dots, nor beside those of the control: the table has the numbers.
        drawn.transform_filter(f"datum.model == '{names[0]}'")
        .mark_text(align="right", dx=-9, opacity=alt.ExprRef("width > 620 ? 1 : 0"))
        .encode(x=x, y=y, xOffset=beside, color=colour, text=alt.Text("value:Q", format=".1f")),
    ]
    if seeds:
        single = alt.Chart(values(seeds)).mark_point(filled=True, size=22, opacity=0.6)
        tooltip = [*tooltip, alt.Tooltip("seed:N")]
        layers.insert(3, single.encode(x=x, y=y, xOffset=beside, color=colour, shape=shape, tooltip=tooltip))
    return finished(alt.layer(*layers), HEIGHT)


def _extent(cells: Cells, summary: dict[str, Any]) -> list[float]:
    """Everything that the charts of all models show: they share one scale."""
    numbers = [summary[model][freeze]["test_accuracy"] for model in cells.models for freeze in cells.freezes]
    ends = [100 * item[end] for item in numbers for end in ("ci_low", "ci_high") if item[end] is not None]
    return [*ends, *(100 * cells.runs["test_accuracy"]), 100 * summary["data"]["chance"]]


def _legend(control: str | None, seeds: int) -> list[Mark]:
    marks = [Mark("dot", OWN, "pretrained weights" if control else "mean")]
    marks += [Mark("diamond", CONTROL, "random weights (control)")] if control else []
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
    return text + (f" Its random-weights control: {told(control)}." if control else "")
