"""metrics/report.md: the answer in a sentence, then the tables, then what to keep in mind."""

from collections.abc import Sequence
from typing import Any

from permafrost.evaluation.cells import Cells
from permafrost.evaluation.choice import chosen_freeze, chosen_model
from permafrost.evaluation.study import control_of, is_control
from permafrost.evaluation.summary import BASELINE
from permafrost.report.answer import answer, notes
from permafrost.report.wording import count, difference, interval, mean_and_sd, percent, plural


def report(name: str, cells: Cells, summary: dict[str, Any], plots: str = "../plots") -> str:
    """The report of study ``name`` as Markdown; ``plots`` is where the figures lie, seen from the report."""
    model = chosen_model(cells)
    freeze = chosen_freeze(cells, model)
    blocks = [
        f"# Study `{name}`",
        answer(cells, summary),
        f"![Test accuracy by freezing strategy; the numbers are in the tables below]({plots}/strategies.png)",
        "## Strategies",
        *(
            block
            for shown in cells.models
            if not is_control(shown, cells.models)
            for block in (f"### `{shown}`", strategy_table(cells, summary, shown))
        ),
        "Test accuracy, macro F1 and validation accuracy in percent, differences in percentage points with their 95 % "
        "interval, paired by seed. **Bold**: chosen on validation.",
        "## Learning curves and confusions",
        f"![Validation accuracy by epoch, for each strategy]({plots}/learning_curves.png)",
        f"![Confusion matrix of {model} with strategy {freeze} on the test clips]({plots}/confusion.png)",
        "## Data",
        data_table(summary["data"]),
        "## To keep in mind",
        "\n".join(f"- {line}" for line in notes(cells, summary)),
    ]
    return "\n\n".join(blocks) + "\n"


def strategy_table(cells: Cells, summary: dict[str, Any], model: str) -> str:
    """One row a strategy of ``model``, in order of depth; its control's score beside its own."""
    comparisons = summary["comparisons"]
    versus = comparisons.get("versus_none", {}).get(model, {})
    gain = comparisons.get("transfer_gain", {}).get(model, {})
    control, chosen = control_of(model, cells.models), chosen_freeze(cells, model)
    spread = len(cells.seeds) > 1
    header = ["strategy", "frozen units", "trained parameters", "test accuracy"]
    header += ["95 % interval"] * spread + ["macro F1", "validation"]
    header += [f"against `{BASELINE}`"] * bool(versus) + ["random weights", "transfer gain"] * bool(control)
    rows = []
    for freeze in cells.freezes:
        numbers = summary[model][freeze]
        size = cells.runs[(cells.runs["model"] == model) & (cells.runs["freeze"] == freeze)].iloc[0]
        share = size["trainable_parameters"] / size["total_parameters"]
        row = [
            f"**`{freeze}`**" if freeze == chosen else f"`{freeze}`",
            _units(size),
            f"{count(size['trainable_parameters'])} ({percent(share, 0 if share > 0.1 else 2)} %)",
            f"**{mean_and_sd(numbers['test_accuracy'])}**"
            if freeze == chosen
            else mean_and_sd(numbers["test_accuracy"]),
        ]
        row += [interval(numbers["test_accuracy"])] * spread
        row += [mean_and_sd(numbers["macro_f1"]), mean_and_sd(numbers["valid_accuracy"])]
        row += [difference(versus[freeze]) if freeze in versus else ""] * bool(versus)
        if control:
            row += [mean_and_sd(summary[control][freeze]["test_accuracy"]), difference(gain[freeze])]
        rows.append(row)
    return table(header, rows, text_columns=1)


def data_table(data: dict[str, Any]) -> str:
    """The data block as a table of two columns."""
    splits = plural(data["splits"], "split")
    rows = [
        ["data set", f"`{data['name']}`"],
        ["clips", f"{data['clips']} in {plural(data['classes'], 'class')}; {data['rejected']} rejected"],
        ["groups", str(data["groups"]) if data["groups"] else "unknown"],
        ["split", f"{data['split']}, {splits}"],
        ["train / valid / test", " / ".join(f"{data[f'{subset}_clips']:g}" for subset in ("train", "valid", "test"))],
        ["guessing evenly", f"{percent(data['chance'])} %"],
        ["always the most common class", f"{percent(data['majority'])} %"],
    ]
    return table(["", ""], rows, text_columns=2)


def table(header: Sequence[str], rows: Sequence[Sequence[str]], text_columns: int) -> str:
    """A Markdown table; the first ``text_columns`` are set left, numbers right."""
    align = [":--" if number < text_columns else "--:" for number in range(len(header))]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in (header, align, *rows)
    )


def _units(size: Any) -> str:
    """``4 of 13``; the count alone where the cells do not say how many units there are."""
    if size["frozen_units"] is None or size["frozen_units"] != size["frozen_units"]:
        return ""
    total = size["units"]
    return f"{size['frozen_units']:.0f}" + (f" of {total:.0f}" if total is not None and total == total else "")
