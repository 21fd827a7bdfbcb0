"""How far a study is: complete runs are those that need not run again; the time left is what such runs took."""

import json
import shutil

import pytest

from permafrost.evaluation.records import make_record, read_project
from permafrost.evaluation.study import Run, Study
from permafrost.evaluation.study_progress import progress_line, tell_progress

STUDY = {"name": "demo", "models": ["vit"], "freezes": ["none", "head"], "seeds": [0, 1], "baselines": ["svm"]}
PARAMETERS = {
    "models": {"vit": {"lr": 0.1}},
    "baselines": {"svm": {"C": 1}},
    "freezing": {"none": {}, "head": {}},
    "train": {},
    "study": STUDY,
}
SECONDS = {"none": 600.0, "head": 30.0, "baseline": 60.0}


@pytest.fixture
def study(fake_study):
    """All runs of the study, and their folder."""
    folder = fake_study(["vit"], ["none", "head"], [0, 1], baselines=["svm"])
    runs = Study(**STUDY).runs()
    for run in runs:
        record = make_record(run, read_project(PARAMETERS, folder), []) | {"computed": {}}
        (folder / run.folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
        (folder / run.folder / "environment.json").write_text(
            json.dumps({"seconds_of_stage": SECONDS[run.freeze]}), encoding="utf-8"
        )
    return runs, folder


def line(study, run, gone=(), parameters=PARAMETERS):
    runs, folder = study
    for other in gone:
        shutil.rmtree(folder / other.folder)
    return progress_line(run, runs, read_project(parameters, folder), folder)


def test_the_first_run_knows_no_time(study):
    assert line(study, study[0][0], gone=study[0]) == "run 1 of 6"


def test_the_time_left_is_what_runs_like_those_took(study):
    none, head = Run("vit", "none", 1), Run("vit", "head", 0)
    assert line(study, none) == "run 6 of 6, about 10 minutes left"
    assert line(study, none, gone=[head]) == "run 5 of 6, about 10 minutes left", "the other head took half a minute"
    assert line(study, head._replace(seed=1)) == "run 5 of 6, about 20 minutes left", "no other head is complete"
    assert line(study, Run("svm", "baseline", 0)) == "run 5 of 6, about 2 minutes left"


def test_runs_that_would_be_made_otherwise_now_are_not_complete(study):
    other = PARAMETERS | {"models": {"vit": {"lr": 0.2}}}
    assert line(study, Run("vit", "none", 0), parameters=other) == "run 3 of 6, about 4 minutes left"


@pytest.mark.parametrize("parameters", [{}, PARAMETERS])
def test_outside_of_a_study_nothing_is_said(study, capsys, parameters):
    tell_progress(Run("vit", "none", 7), read_project(parameters, study[1]), study[1])
    assert capsys.readouterr().err == ""


def test_a_study_s_run_is_told_of(study, capsys):
    tell_progress(Run("vit", "head", 0), read_project(PARAMETERS, study[1]), study[1])
    assert capsys.readouterr().err == "run 6 of 6, less than a minute left\n"
