"""plots/report.html: one study on one page."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from permafrost.evaluation.cells import Cells
from permafrost.evaluation.choice import chosen_freeze
from permafrost.evaluation.mistakes import hard_clips
from permafrost.evaluation.statistics.result import Analysis
from permafrost.evaluation.study import is_control
from permafrost.report.answer import answer, notes, rests_on
from permafrost.report.data_section import data_cautions
from permafrost.report.findings import findings
from permafrost.report.html.audit_tables import (
    audit_findings,
    class_table,
    facts_table,
    machine_table,
    rejected_table,
)
from permafrost.report.html.class_charts import confusion_chart, recall_chart
from permafrost.report.html.clip_cards import Recordings, clip_cards
from permafrost.report.html.cost_chart import cost_charts, cost_legend, cost_table
from permafrost.report.html.curve_chart import curve_charts, curve_legend
from permafrost.report.html.explanations import Shown
from permafrost.report.html.gap_chart import baseline_chart, classical_table, contrast_table, gain_chart, gap_chart
from permafrost.report.html.page import render
from permafrost.report.html.strategy_chart import strategy_chart
from permafrost.report.markdown import each_pair_once
from permafrost.report.wording import percent, plural


@dataclass(frozen=True)
class Origin:
    """Where a page's numbers come from: the ``revision`` of code and parameters; the ``command`` that repeats them."""

    revision: str
    command: str


def study_page(
    name: str,
    cells: Cells,
    summary: dict[str, Any],
    analysis: Analysis,
    audit: Mapping[str, Any],
    rejected: Mapping[str, str],
    recordings: Recordings | None,
    origin: Origin,
    explanations: Mapping[str, list[Shown]] | None = None,
) -> str:
    """The page of study ``name`` as text.

    Args:
        name: the study's.
        cells: its cells.
        summary: the contents of summary.json.
        analysis: the statistics.
        audit: the contents of audit.json.
        rejected: path and reason of each recording that was left out.
        recordings: the clips, for pictures and sounds; None for a page without.
        origin: revision and command.
        explanations: pictures that explain models, by the model's name.
    """
    shown = [model for model in cells.models if not is_control(model, cells.models)]
    hard = hard_clips(cells)
    unanimous = [clip for clip in hard if clip.by_all]
    strategies = [strategy_chart(cells, summary, model) for model in shown]
    sure = [_sure(cells, analysis, model) for model in shown]
    gains = [
        {"chart": gain_chart(gain, cells.freezes), "answer": gain.answer, "words": gain.gain_words}
        for gain in analysis.transfer.values()
    ]
    against = [_against(cells, analysis, model) for model in analysis.baselines]
    costs, curves = cost_charts(cells, analysis), curve_charts(cells)
    classes = [chart(cells, model) for model in shown for chart in (recall_chart, confusion_chart)]
    drawn = [*strategies, *(it["chart"] for it in sure + gains + against if it["chart"]), *costs, *curves, *classes]
    return render(
        "study.html",
        drawn,
        len(cells.freezes),
        name=name,
        answer=answer(cells, summary, analysis),
        cautions=data_cautions(audit, remarks=False),
        keys=_key_numbers(cells, summary, analysis),
        strategies_charts=strategies,
        sure=sure,
        relevant=percent(analysis.relevant, 0),
        gains=gains,
        against=against,
        costs=costs,
        cost_table=cost_table(cells, analysis),
        cost_legend=cost_legend(cells),
        curves=curves,
        curve_legend=curve_legend(cells),
        classes=classes,
        unanimous=len(unanimous),
        tested=cells.predictions.loc[cells.predictions["subset"] == "test", "clip_id"].nunique(),
        cards=clip_cards(unanimous or hard, recordings),
        facts=facts_table(summary["data"], audit),
        class_counts=class_table(audit, cells.runs["repeat"].tolist()),
        findings=audit_findings(audit, summary["data"]),
        rejected=rejected_table(rejected),
        machines=machine_table(cells.machines),
        notes=notes(cells, summary, analysis),
        origin=origin,
        explanations=explanations or {},
    )


def _against(cells: Cells, analysis: Analysis, model: str) -> dict[str, Any]:
    """The block of one model in the section on baselines: the chosen strategy as a chart, all in a table."""
    result, chosen = analysis.baselines[model], chosen_freeze(cells, model)
    items = [replace(item, strategy=item.minus) for item in result.contrasts if item.strategy == chosen]
    return {
        "answers": result.answers,
        "chart": gap_chart(
            f"against-{model}",
            f"{model}, {chosen} (chosen on validation) minus each baseline",
            items,
            analysis.relevant,
        ),
        "table": contrast_table(result.contrasts, f"{model}: every strategy minus every baseline"),
    }


def _key_numbers(cells: Cells, summary: dict[str, Any], analysis: Analysis) -> list[tuple[str, str]]:
    data = summary["data"]
    counts = [(len(cells.models), "model"), (len(cells.freezes), "strategy"), (len(cells.seeds), "seed")]
    runs = " × ".join(plural(*count) for count in counts)
    if cells.baselines:
        runs += f", {plural(len(cells.baselines.models), 'baseline')} × {plural(len(cells.seeds), 'seed')}"
    return [
        ("runs", runs),
        ("tested on", f"{data['test_clips']:g} clips of {plural(data['classes'], 'class')}"),
        ("split", f"{data['split']}, {plural(data['splits'], 'split')}"),
        ("guessing evenly", f"{percent(data['chance'])} %"),
        ("always the most common class", f"{percent(data['majority'])} %"),
        ("uncertainty from", rests_on(analysis)),
    ]


def _sure(cells: Cells, analysis: Analysis, model: str) -> dict[str, Any]:
    """The block of one model in the section on what is sure."""
    result = analysis.models[model]
    contrasts = each_pair_once(result.contrasts)
    tested = [item for item in contrasts if item.seeds]
    return {
        "model": model,
        "answer": result.answer,
        "findings": findings(result, chosen_freeze(cells, model), analysis.splits > 1),
        "chart": baseline_chart(result, analysis.relevant),
        "contrasts": contrast_table(contrasts, f"{model}: every planned comparison of test accuracy")
        if contrasts
        else None,
        "classical": classical_table(tested, f"{model}: p values, in brackets after Holm's correction")
        if tested
        else None,
        "method": result.contrasts[0].method if result.contrasts else "",
        "claims": plural(result.contrasts[0].claims if result.contrasts else 0, "statement"),
    }
