"""Stage aggregate: from the study's runs to its numbers, tables and figures."""

import json
from pathlib import Path

import numpy as np

from permafrost.data.tables import read_clips, read_rejected
from permafrost.evaluation.cells import read_study
from permafrost.evaluation.choice import chosen_freeze, chosen_model
from permafrost.evaluation.data_facts import data_facts, data_set_name, read_audit
from permafrost.evaluation.outcomes import outcome_table
from permafrost.evaluation.records import RUNS, check_runs, read_project
from permafrost.evaluation.study import Study
from permafrost.evaluation.study_analysis import analyse_study
from permafrost.evaluation.summary import summarise
from permafrost.report.answer import answer
from permafrost.report.comparisons_table import comparisons_table
from permafrost.report.confusion_figure import confusion_figure
from permafrost.report.curve_figure import curve_figure
from permafrost.report.html.clip_cards import Recordings
from permafrost.report.html.explanations import explained
from permafrost.report.html.study_page import Origin, study_page
from permafrost.report.markdown import report
from permafrost.report.strategy_figure import strategy_figure
from permafrost.report.style import save
from permafrost.report.tables import all_curves, confusion_rows, runs_table, write_csv
from stages.repeating import command
from stages.revisions import inputs_revision
from stages.stage import parameters, run, section


def main() -> None:
    """Write the study's numbers and report to metrics/, its page, tables and figures to plots/."""
    study = section("study", Study)
    metrics, plots, data = Path("metrics"), Path("plots"), Path("data")
    cells = read_study(RUNS, study.models, study.freezes, study.seeds, study.baselines)
    check_runs(study.runs(), read_project(parameters("")))
    audit, rejected = read_audit(data / "audit.json"), read_rejected(data / "rejected.csv")
    facts = data_facts(
        data_set_name(parameters("dataset.name"), parameters("dataset.path")),
        audit=audit,
        rejected=len(rejected),
        split_kind=parameters("split.kind"),
        repeats=cells.runs["repeat"],
    )
    analysis = analyse_study(cells, facts)
    summary = summarise(cells, facts, analysis)
    model = chosen_model(cells)
    chosen = (model, chosen_freeze(cells, model))

    metrics.mkdir(exist_ok=True)
    plots.mkdir(exist_ok=True)
    text = json.dumps(summary, indent=2, ensure_ascii=False, allow_nan=False)
    (metrics / "summary.json").write_text(text + "\n", encoding="utf-8")
    (metrics / "report.md").write_text(report(study.name, cells, summary, analysis, audit), encoding="utf-8")
    write_csv(metrics / "comparisons.csv", comparisons_table(analysis))
    write_csv(metrics / "outcomes.csv", outcome_table(cells))
    write_csv(plots / "runs.csv", runs_table(cells))
    write_csv(plots / "learning_curves.csv", all_curves(cells))
    write_csv(plots / "confusion.csv", confusion_rows(cells, *chosen))
    save(strategy_figure(cells, summary), plots / "strategies.png")
    save(curve_figure(cells, facts), plots / "learning_curves.png")
    save(confusion_figure(cells, *chosen, facts), plots / "confusion.png")
    recordings = Recordings(
        read_clips(data / "clips.csv"),
        np.load(data / "waveforms.npy", mmap_mode="r", allow_pickle=False),
        parameters("preprocess.sample_rate"),
    )
    page = study_page(
        study.name,
        cells,
        summary,
        analysis,
        audit,
        rejected,
        recordings,
        Origin(inputs_revision(), command()),
        explained(plots / "explain"),
    )
    (plots / "report.html").write_text(page, encoding="utf-8")
    print(answer(cells, summary, analysis))


if __name__ == "__main__":
    run(main)
