"""metrics/report.md: the answer in a sentence, then the tables, then what to keep in mind."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from permafrost.evaluation.cells import Cells
from permafrost.evaluation.choice import chosen_freeze, chosen_model
from permafrost.evaluation.headline import NAMES, headline
from permafrost.evaluation.statistics.contrasts import Contrast
from permafrost.evaluation.statistics.result import Analysis
from permafrost.evaluation.study import control_of, is_control
from permafrost.report.aligned_table import aligned_table
from permafrost.report.answer import answer, introduced, notes
from permafrost.report.data_section import data_cautions, data_rows
from permafrost.report.findings import effect, findings
from permafrost.report.wording import count, interval, limits, mean_and_sd, percent, plural, points, probability


def report(
    name: str,
    cells: Cells,
    summary: dict[str, Any],
    analysis: Analysis,
    audit: Mapping[str, Any],
    plots: str = "../plots",
) -> str:
    """The report of study ``name`` as Markdown; ``audit``: audit.json; ``plots``: where figures lie, seen from it."""
    model = chosen_model(cells)
    freeze = chosen_freeze(cells, model)
    shown = [name for name in cells.models if not is_control(name, cells.models)]
    blocks = [
        f"# Study `{name}`",
        answer(cells, summary, analysis),
        *_bullets(f"Beware: {line}." for line in data_cautions(audit, remarks=False)),
        f"![Test accuracy by freezing strategy; the numbers are in the tables below]({plots}/strategies.png)",
        f"[{plots.removeprefix('../')}/report.html]({plots}/report.html) has all of this with charts, each class, and "
        "the clips that every strategy gets wrong, to see and to hear.",
        "## Strategies",
        *(block for name in shown for block in (f"### `{name}`", strategy_table(cells, summary, name))),
        "Test accuracy, macro F1 and validation accuracy in percent, mean ± sd over seeds; the interval is that of the "
        "first. **Bold**: chosen on validation.",
        "## What is sure",
        *(block for name in shown for block in _sure(cells, analysis, name)),
        *_baselines(analysis),
        "## Learning curves and confusions",
        f"![Validation accuracy by epoch, for each strategy]({plots}/learning_curves.png)",
        f"![Confusion matrix of {model} with strategy {freeze} on the test clips]({plots}/confusion.png)",
        "## Data",
        aligned_table(["", ""], data_rows(summary["data"], audit), text_columns=2),
        *_bullets(f"{line}." for line in data_cautions(audit, remarks=True)),
        "## To keep in mind",
        *_bullets(notes(cells, summary, analysis)),
    ]
    return introduced("\n\n".join(blocks)) + "\n"


def _bullets(lines: Iterable[str]) -> list[str]:
    """A Markdown list as a block; no block without lines."""
    text = "\n".join(f"- {line}" for line in lines)
    return [text] * bool(text)


def strategy_table(cells: Cells, summary: dict[str, Any], model: str) -> str:
    """One row a strategy of ``model``, in order of depth, its control's score beside its own; then the baselines."""
    control, chosen = control_of(model, cells.models), chosen_freeze(cells, model)
    spread = len(cells.seeds) > 1
    lead, beside = headline(cells).scores
    header = ["strategy", "frozen units", "trained parameters", NAMES[lead]]
    header += ["95 % interval"] * spread + [NAMES[beside], "validation"] + ["random weights"] * bool(control)
    rows = []
    for freeze in cells.freezes:
        numbers = summary[model][freeze]
        size = cells.runs[(cells.runs["model"] == model) & (cells.runs["freeze"] == freeze)].iloc[0]
        share = size["trainable_parameters"] / size["total_parameters"]
        leading = numbers[lead]
        row = [
            f"**`{freeze}`**" if freeze == chosen else f"`{freeze}`",
            units(size),
            f"{count(size['trainable_parameters'])} ({percent(share, 0 if share > 0.1 else 2)} %)",
            f"**{mean_and_sd(leading)}**" if freeze == chosen else mean_and_sd(leading),
        ]
        row += [limits(leading["ci_low"], leading["ci_high"])] * spread
        row += [mean_and_sd(numbers[beside]), mean_and_sd(numbers["valid_accuracy"])]
        row += [mean_and_sd(summary[control][freeze][lead])] if control else []
        rows.append(row)
    for name, numbers in summary.get("baselines", {}).items():
        row = [f"`{name}` (baseline)", "", baseline_size(cells, name), mean_and_sd(numbers[lead])]
        row += [limits(numbers[lead]["ci_low"], numbers[lead]["ci_high"])] * spread
        row += [mean_and_sd(numbers[beside]), mean_and_sd(numbers["valid_accuracy"])] + [""] * bool(control)
        rows.append(row)
    return aligned_table(header, rows, text_columns=1)


def baseline_size(cells: Cells, name: str) -> str:
    """How many numbers baseline ``name`` learns; the largest of its seeds, for a support vector machine's differ."""
    runs = cells.baselines.runs
    return count(runs.loc[runs["model"] == name, "trainable_parameters"].max())


def contrast_table(contrasts: Sequence[Contrast]) -> str:
    """One row a planned contrast: the difference in points with its interval, its p value, what it amounts to."""
    rows = [
        [
            f"`{item.strategy}`",
            f"`{item.minus}`",
            f"{points(item.gap)} {interval(item.low, item.high, signed=True)}".strip(),
            effect(item.dz),
            probability(item.p),
            probability(item.p_claim),
            f"**{item.verdict}**" if item.verdict == "different" else item.verdict,
        ]
        for item in contrasts
    ]
    header = ["strategy", "minus", "points", "dz", "p", "p corrected", "difference"]
    return aligned_table(header, rows, text_columns=2)


def each_pair_once(contrasts: Sequence[Contrast]) -> list[Contrast]:
    """Without those that ask again what was asked: the first neighbour in depth is compared with ``none`` already."""
    pairs: dict[frozenset[str], Contrast] = {}
    for item in contrasts:
        pairs.setdefault(frozenset((item.strategy, item.minus)), item)
    return list(pairs.values())


def units(size: Any) -> str:
    """``4 of 13``; the count alone where the cells do not say how many units there are."""
    if size["frozen_units"] is None or size["frozen_units"] != size["frozen_units"]:
        return ""
    total = size["units"]
    return f"{size['frozen_units']:.0f}" + (f" of {total:.0f}" if total is not None and total == total else "")


def _baselines(analysis: Analysis) -> list[str]:
    """Every strategy against every baseline."""
    blocks = []
    for model, result in analysis.baselines.items():
        blocks += [f"### `{model}` against the baselines", "\n".join(f"- {line}" for line in result.answers)]
        blocks.append(contrast_table(result.contrasts))
    return blocks


def _sure(cells: Cells, analysis: Analysis, model: str) -> list[str]:
    """What the statistics say about one model: sentences, its contrasts, its transfer gain."""
    result = analysis.models[model]
    blocks = [
        f"### `{model}`",
        "\n".join(f"- {line}" for line in findings(result, chosen_freeze(cells, model), analysis.splits > 1)),
    ]
    if result.contrasts:
        blocks.append(contrast_table(each_pair_once(result.contrasts)))
        blocks.append(
            f"p: {result.contrasts[0].method}; corrected over {plural(result.contrasts[0].claims, 'statement')} about "
            "this model. dz: Cohen's, over seeds. `comparisons.csv` has the classical tests beside these."
        )
    if transfer := analysis.transfer.get(model):
        blocks += [f"### Transfer gain of `{model}`", transfer.answer, contrast_table(transfer.gains)]
    return blocks
