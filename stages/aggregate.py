"""Stage aggregate: from the study's runs to its numbers, tables and figures."""

import json
from functools import partial
from pathlib import Path
from shutil import rmtree
from typing import Any

from permafrost import catalogue
from permafrost.data.tables import read_clips, read_rejected
from permafrost.evaluation.cells import read_study, with_groups
from permafrost.evaluation.data_facts import data_facts, data_set_name, read_audit
from permafrost.evaluation.outcomes import outcome_table
from permafrost.evaluation.records import RUNS, check_runs, read_project
from permafrost.evaluation.study import Study
from permafrost.evaluation.study_results import study_results
from permafrost.evaluation.summary import accuracies, details, summary
from permafrost.parameters.repeating import command
from permafrost.provenance.revisions import inputs_revision
from permafrost.report.answer import answer
from permafrost.report.comparisons_table import comparisons_table
from permafrost.report.explained import explained
from permafrost.report.html.clip_cards import read_recordings
from permafrost.report.html.study_figures import draw_study
from permafrost.report.html.study_page import Origin, study_page
from permafrost.report.markdown import report
from permafrost.report.tables import all_curves, confusion_rows, runs_table, write_csv
from stages.compose import compose_into
from stages.stage import parameters, run, section

METRICS, PLOTS, DATA = Path("metrics"), Path("plots"), Path("data")


def main() -> None:
    """Write the study's numbers and report to metrics/, its page, tables and figures to plots/."""
    study = section("study", Study)
    cells = read_study(RUNS, study.models, study.strategies, study.seeds, study.baselines)
    cells = with_groups(cells, {clip.clip_id: clip.group for clip in read_clips(DATA / "clips.csv")})
    check_runs(study.runs(), read_project(parameters("")))
    audit, rejected = read_audit(DATA / "audit.json"), read_rejected(DATA / "rejected.csv")
    name = data_set_name(parameters("dataset.name"), parameters("dataset.path"))
    facts = data_facts(name, audit, len(rejected), parameters("split.kind"), cells.runs["repeat"])
    results = study_results(study.name, cells, facts, audit, rejected, study.metrics)

    rmtree(METRICS / "test", ignore_errors=True)
    (METRICS / "test").mkdir(parents=True)
    PLOTS.mkdir(exist_ok=True)
    write_json(METRICS / "summary.json", summary(results))
    write_json(METRICS / "details.json", details(results))
    for freeze, numbers in accuracies(results).items():
        write_json(METRICS / "test" / f"{freeze}.json", numbers)
    (METRICS / "report.md").write_text(report(results), encoding="utf-8")
    write_csv(METRICS / "comparisons.csv", comparisons_table(results.analysis))
    write_csv(METRICS / "outcomes.csv", outcome_table(cells))
    write_csv(PLOTS / "runs.csv", runs_table(cells))
    write_csv(PLOTS / "learning_curves.csv", all_curves(cells))
    write_csv(PLOTS / "confusion.csv", confusion_rows(results))
    draw_study(results, PLOTS)
    reader = catalogue.load("readers", parameters("preprocess.reader"), "preprocess.reader")
    recordings = read_recordings(DATA, partial(reader.show, sample_rate=parameters("preprocess.sample_rate")))
    page = study_page(
        results, recordings, Origin(inputs_revision(), command(compose_into)), explained(PLOTS / "explain")
    )
    (PLOTS / "report.html").write_text(page, encoding="utf-8")
    print(answer(results))


def write_json(path: Path, values: dict[str, Any]) -> None:
    """Write ``values`` for people to read."""
    text = json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    run(main)
