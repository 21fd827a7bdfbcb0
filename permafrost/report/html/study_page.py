"""plots/report.html: one study on one page."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from permafrost.evaluation.mistakes import hard_clips
from permafrost.evaluation.statistics.result import Against
from permafrost.evaluation.study_results import StudyResults
from permafrost.evaluation.wording import duration, plural
from permafrost.report.answer import answer, introduced, rests_on, strategies
from permafrost.report.data_section import audit_findings, beware, class_table, facts_table, rejected_table
from permafrost.report.explained import Shown
from permafrost.report.findings import contrast_table, findings
from permafrost.report.html.class_charts import confusion_chart, recall_chart
from permafrost.report.html.clip_cards import Recordings, clip_cards
from permafrost.report.html.cost_chart import RULE, cost_charts, cost_legend
from permafrost.report.html.curve_chart import curve_charts, curve_legend
from permafrost.report.html.gap_chart import gap_chart
from permafrost.report.html.page import render
from permafrost.report.html.strategy_chart import strategy_chart
from permafrost.report.names import plain
from permafrost.report.notes import counted, notes, verdicts
from permafrost.report.table import Table

TIMES = ("seconds_total", "seconds_per_epoch", "seconds_preparing")


@dataclass(frozen=True)
class Origin:
    """Where a page's numbers come from: the ``revision`` of code and parameters; the ``command`` that repeats them."""

    revision: str
    command: str


def study_page(
    results: StudyResults,
    recordings: Recordings | None,
    origin: Origin,
    explanations: Mapping[str, list[Shown]] | None = None,
) -> str:
    """The page of a study as text.

    Args:
        results: the study's.
        recordings: the clips, for pictures and sounds; None for a page without.
        origin: revision and command.
        explanations: pictures that explain models, by the model's name.
    """
    cells, analysis, shown = results.cells, results.analysis, results.models
    hard = hard_clips(cells)
    unanimous = [clip for clip in hard if clip.by_all]
    blocks = {
        "strategies_charts": [strategy_chart(results, model) for model in shown],
        "costs": cost_charts(results),
        "curves": curve_charts(results),
        "classes": [chart(results, model) for model in shown for chart in (recall_chart, confusion_chart)],
    }
    parts = {
        "sure": [_sure(results, model) for model in shown],
        "gains": [_gain(results, gain) for gain in analysis.transfer.values()],
        "against": [_against(results, result) for result in analysis.baselines.values()],
    }
    charts = [chart for drawn in blocks.values() for chart in drawn]
    charts += [it["chart"] for part in parts.values() for it in part if it["chart"]]
    return render(
        "study.html",
        charts,
        len(cells.by_depth),
        **blocks,
        **parts,
        name=results.name,
        answer=answer(results),
        beware=beware(results),
        keys=_key_numbers(results),
        order=introduced(strategies(cells)),
        verdicts=verdicts(results),
        cost_legend=cost_legend(results),
        cost_rule=RULE,
        curve_legend=curve_legend(results),
        unanimous=len(unanimous),
        tested=cells.predictions.loc[cells.predictions["subset"] == "test", "clip_id"].nunique(),
        cards=clip_cards(unanimous or hard, recordings),
        facts=facts_table(results),
        class_counts=class_table(results),
        findings=audit_findings(results),
        rejected=rejected_table(results.rejected),
        machines=machine_table(cells.machines),
        notes=notes(results),
        origin=origin,
        explanations=explanations or {},
    )


def machine_table(machines: list[dict[str, Any]]) -> Table:
    """What the cells were trained with: each value once, with the number of cells where there are several."""
    rows = []
    for key in dict.fromkeys(key for machine in machines for key in machine if key not in TIMES):
        counts = Counter(str(machine[key]) for machine in machines if key in machine)
        told = [value if len(counts) == 1 else f"{value} ({plural(n, 'cell')})" for value, n in sorted(counts.items())]
        rows.append([key.replace("_", " "), plain(", ".join(told))])
    seconds = [machine["seconds_total"] for machine in machines if machine.get("seconds_total") is not None]
    if seconds:
        rows.append(["training of all cells", f"{duration(sum(seconds))} in {plural(len(seconds), 'cell')}"])
    return Table("What the cells were trained with", ["what", "value"], rows, text_columns=(1,))


def _key_numbers(results: StudyResults) -> list[tuple[str, str]]:
    data, facts = results.data, dict(facts_table(results).rows)
    tested = f"{data['test_clips']:g} clips of {plural(data['classes'], 'class')}"
    told = [(name, facts[name]) for name in ("split", "guessing evenly", "always the most common class")]
    return [("runs", counted(results)), ("tested on", tested), *told, ("uncertainty from", rests_on(results.analysis))]


def _sure(results: StudyResults, model: str) -> dict[str, Any]:
    """The block of one model in the section on what is sure."""
    result = results.analysis.models[model]
    items = [item for item in result.contrasts if item.question == "reference"]
    title = f"{model}: difference from {result.reference}"
    caption = f"`{model}`: every planned comparison of test accuracy"
    return {
        "model": model,
        "answer": result.answer,
        "findings": findings(result, results.chosen[model]),
        "chart": gap_chart(f"gaps-{model}", title, items, results.analysis.relevant) if items else None,
        "contrasts": contrast_table(result.contrasts, caption) if result.contrasts else None,
    }


def _gain(results: StudyResults, gain: Against) -> dict[str, Any]:
    """The block of one model in the section on transfer."""
    title = f"Transfer gain by strategy: {gain.model} minus {gain.others[0]}"
    table = contrast_table(gain.contrasts, title)
    chart = gap_chart(f"gain-{gain.model}", title, gain.contrasts, results.analysis.relevant, table)
    return {"answer": gain.answers[0], "chart": chart}


def _against(results: StudyResults, result: Against) -> dict[str, Any]:
    """The block of one model in the section on baselines: the chosen strategy as a chart, all in a table."""
    model, chosen = result.model, results.chosen[result.model]
    items = [replace(item, strategy=item.minus) for item in result.contrasts if item.strategy == chosen]
    title = f"{model}, {chosen} (chosen on validation) minus each baseline"
    table = contrast_table(result.contrasts, f"`{model}`: every strategy minus every baseline")
    chart = gap_chart(f"against-{model}", title, items, results.analysis.relevant, table)
    return {"answers": result.answers, "chart": chart}
