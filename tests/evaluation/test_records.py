"""What made a run: recorded the same each time, and told key by key where the project says otherwise."""

import copy
import json
from pathlib import Path

import pytest
import yaml

from permafrost.errors import PermafrostError
from permafrost.evaluation.records import (
    Project,
    check_runs,
    differences,
    locked_outputs,
    make_record,
    read_project,
    read_record,
    shaping,
)
from permafrost.evaluation.study import NO_STRATEGY, Run
from permafrost.provenance.identity import file_md5

PARAMETERS = {
    "models": {"vit": {"lr": 0.1, "input": {"kind": "logmel", "size": (8, 8)}}, "other": {"lr": 1}},
    "baselines": {"svm": {"C": [1.0, 10.0]}},
    "freezing": {"none": {"freeze": 0}, "half": {"freeze": 0.5}},
    "train": {"threads": 2, "precision": "auto"},
    "machine": {"device": "auto"},
    "preprocess": {"sample_rate": 16000, "clip_seconds": 5.0, "silence_dbfs": -80},
    "split": {"kind": "grouped", "seed": 0},
}
NETWORK, SVM = Run("vit", "none", 0), Run("svm", NO_STRATEGY, 0)
CLIPS = Path("data/clips.csv")


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project's folder with data, code fingerprints and a dvc.lock that knows them."""
    monkeypatch.chdir(tmp_path)
    Path("data/code").mkdir(parents=True)
    CLIPS.write_text("a\n", encoding="utf-8")
    for name in ("train-vit.none", "baseline-svm"):
        Path(f"data/code/{name}.json").write_text(
            json.dumps({"modules": {"a": "1"}, "packages": {}, "parameters": {}}), encoding="utf-8"
        )
    lock(file_md5(CLIPS))
    return read_project(PARAMETERS)


def lock(md5):
    stage = {"cmd": "x", "outs": [{"path": str(CLIPS), "hash": "md5", "md5": md5}]}
    Path("dvc.lock").write_text(yaml.safe_dump({"schema": "2.0", "stages": {"preprocess": stage}}), encoding="utf-8")


def told(run, record, **sections):
    """The differences after sections of params.yaml were replaced, as lines."""
    return [str(item) for item in differences(run, record, read_project(copy.deepcopy(PARAMETERS) | sections))]


def stored(run, project):
    """The record as it is read again."""
    return json.loads(json.dumps(make_record(run, project, [CLIPS])))


@pytest.mark.parametrize("run", [NETWORK, SVM])
def test_nothing_differs_where_nothing_was_changed(project, run):
    record = stored(run, project)
    assert record == stored(run, project) and told(run, record) == []
    assert record["parameters"]["split"] == PARAMETERS["split"]
    assert record["files"] == {"data/clips.csv": file_md5(CLIPS)}
    assert "machine" not in record["parameters"] and "other" not in record["parameters"].get("models", {})


def test_each_key_that_shapes_a_run_is_named_with_both_values(project):
    record = stored(NETWORK, project)
    models = {"vit": {"lr": 0.2, "input": {"kind": "logmel"}}}
    assert told(NETWORK, record, models=models) == [
        "models.vit.input.size: [8, 8] when it was trained, nothing in params.yaml now",
        "models.vit.lr: 0.1 when it was trained, 0.2 in params.yaml now",
    ]
    assert told(NETWORK, record, train={"threads": 1, "precision": "auto"}) == [
        "train.threads: 2 when it was trained, 1 in params.yaml now"
    ]
    assert "freezing.none" in told(NETWORK, record, freezing={"half": {"freeze": 0.5}})[0]
    assert "models.vit: " in told(NETWORK, record, models={"cnn": {}})[0]
    (line,) = told(SVM, stored(SVM, project), baselines={"svm": {"C": [1.0]}})
    assert line == "baselines.svm.C: [1.0, 10.0] when it was trained, [1.0] in params.yaml now"


def test_a_strategy_s_own_rate_is_recorded_and_no_other_strategy_s(project):
    own = {"none": {"lr": 0.3}, "half": {"lr": 0.5, "epochs": None}}
    models = {"vit": PARAMETERS["models"]["vit"] | {"by_strategy": own, "rates_from": "validation"}}
    project = Project(PARAMETERS | {"models": models}, project.outputs)
    record = stored(NETWORK, project)
    recipe = record["parameters"]["models"]["vit"]
    assert recipe == {"lr": 0.3, "input": {"kind": "logmel", "size": [8, 8]}, "rates_from": "validation"}
    assert shaping(project.parameters, "vit", "half")["models"]["vit"]["lr"] == 0.5

    def now(**changed):
        entries = {"vit": models["vit"] | {"by_strategy": own | changed}}
        return told(NETWORK, record, models=entries)

    assert now(half={"lr": 0.7}) == []
    assert now(none={"lr": 0.4}) == ["models.vit.by_strategy.none.lr: 0.3 when it was trained, 0.4 in params.yaml now"]
    assert now(none={}) == ["models.vit.lr: 0.3 when it was trained, 0.1 in params.yaml now"]


def test_what_others_are_made_with_and_the_machine_do_not_count(project):
    record = stored(NETWORK, project)
    models = PARAMETERS["models"] | {"other": {"lr": 2}}
    assert told(NETWORK, record, models=models, machine={"device": "cuda"}, baselines={}, study={"seeds": [9]}) == []


def test_data_count_by_their_hash_and_their_parameters_say_why(project):
    record = stored(NETWORK, project)
    split = {"kind": "grouped", "seed": 1}
    assert told(NETWORK, record, split=split) == [], "another seed gave the same clips and splits"
    lock("f" * 32)
    lines = told(NETWORK, record, split=split)
    assert lines[0] == f"data/clips.csv: {file_md5(CLIPS)} when it was trained, {'f' * 32} in dvc.lock now"
    assert lines[1] == "split.seed: 0 when it was trained, 1 in params.yaml now"
    heard = PARAMETERS["preprocess"] | {"sample_rate": 44100}
    lock(file_md5(CLIPS))
    assert told(SVM, stored(SVM, project), preprocess=heard) == [
        "preprocess.sample_rate: 16000 when it was trained, 44100 in params.yaml now"
    ]


def test_code_counts_and_its_file_s_parameters_do_not_count_twice(project):
    record = stored(NETWORK, project)
    path = Path("data/code/train-vit.none.json")
    path.write_text(json.dumps({"modules": {"a": "1"}, "packages": {}, "parameters": {"models": 1}}), encoding="utf-8")
    assert told(NETWORK, record) == []
    path.write_text(json.dumps({"modules": {"a": "2"}, "packages": {}, "parameters": {}}), encoding="utf-8")
    (line,) = told(NETWORK, record)
    assert line.startswith(f"code: {record['code']} when it was trained") and "data/code/train-vit.none.json" in line


def test_stale_runs_are_refused_together_with_what_to_do(project, tmp_path):
    runs = [NETWORK, NETWORK._replace(seed=1), SVM]
    for run in runs:
        folder = tmp_path / "runs" / run.folder
        folder.mkdir(parents=True)
        (folder / "run.json").write_text(json.dumps(stored(run, project) | {"computed": {}}), encoding="utf-8")
    check_runs(runs, project)
    changed = Project(PARAMETERS | {"models": {"vit": PARAMETERS["models"]["vit"] | {"lr": 0.3}}}, project.outputs)
    with pytest.raises(PermafrostError) as error:
        check_runs(runs, changed)
    text = str(error.value)
    assert "2 of 3 runs would be made otherwise now:\n  vit/none: seeds 0, 1\n    models.vit.lr: 0.1" in text
    assert all(f"`{command}" in text for command in ("dvc repro`", "git checkout", "dvc checkout"))
    with pytest.raises(PermafrostError, match=r"(?s)1 of 1 run would.*dvc repro --glob '\*@vit-none-0'`"):
        check_runs(runs[:1], changed)


def test_a_record_that_is_missing_or_cut_is_named(project):
    folder = Path("runs/vit/none/0")
    folder.mkdir(parents=True)
    with pytest.raises(PermafrostError, match=r"run\.json does not exist.*dvc repro --glob '\*@vit-none-0'"):
        read_record(folder)
    (folder / "run.json").write_text('{"parameters": {}, "files": {}, "code": ""}', encoding="utf-8")
    with pytest.raises(PermafrostError, match=r"lacks 'computed': remove"):
        read_record(folder)


@pytest.mark.parametrize("text", ["", "schema: '2.0'\n", "[", "- 1\n", "stages: 3\n"])
def test_an_empty_or_broken_lock_knows_nothing(text):
    assert locked_outputs(text) == {}


def test_what_stage_code_writes_is_what_a_record_is_compared_by(project):
    made, record = shaping(PARAMETERS, "vit", "none"), stored(NETWORK, project)["parameters"]
    assert made["freezing"] == record["freezing"] == {"none": {"freeze": 0}}
    assert made["train"] == record["train"] and made["preprocess"].items() <= record["preprocess"].items()
    assert json.loads(json.dumps(made["models"])) == record["models"]
